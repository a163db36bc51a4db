"""A due "Para mí" event whose agent is away: anyone, a supervisor, or the next log-in."""

from datetime import datetime, timedelta
from uuid import UUID

import msgspec
import pytest

from dialer import agents
from dialer.agents import Agent
from dialer.campaigns import Campaign
from dialer.commands import Kind
from dialer.settings import AgendaAway
from tests.integration.dialer.house import ANSWERS, SETTINGS, House, in_virtual_time, number
from typifications import agenda
from typifications.model import Action, ScheduleRequest

MAIN = number(1)
GRACE_S = 300


async def an_event_for_an_agent_who_leaves(
    house: House, away: AgendaAway
) -> tuple[Campaign, Agent, UUID, datetime]:
    """Campaign, the agent (logged out), the contact, and when the event is due."""
    await house.trunk()
    settings = msgspec.structs.replace(SETTINGS, agenda_away=away, agenda_grace_s=GRACE_S)
    campaign = await house.campaign(settings=settings)
    people = await house.list_(campaign.id)
    ana = await house.agent("ana", campaign.id)
    later = await house.result(campaign.id, Action.SCHEDULE)
    house.calls_to(MAIN, ANSWERS)
    contact = await house.contact(people, MAIN)
    await house.until(lambda: house.state(ana.id) == "wrapup")
    due = (house.clock.now() + timedelta(minutes=5)).replace(second=0, microsecond=0)
    await house.typify(ana.id, later, ScheduleRequest(due.replace(tzinfo=None), "UTC", MAIN, mine=True))
    await house.ask(Kind.AGENT_LOGOUT, ana.id)
    return campaign, ana, contact, due


async def log_in(house: House, agent: Agent) -> None:
    await house.ask(Kind.AGENT_LOGIN, agent.id)
    await house.until(lambda: house.live_agent(agent.id).at_work)


async def orphans(house: House) -> list[UUID]:
    async with house.db.connection() as conn:
        return [event.id for event in await agenda.orphaned(conn)]


def test_for_the_next_log_in_it_stays_its_agents_however_late_and_is_dialled_then(database_dsn: str) -> None:
    async def story(house: House) -> None:
        campaign, ana, contact, _ = await an_event_for_an_agent_who_leaves(house, AgendaAway.NEXT_LOGIN)
        bea = await house.agent("bea", campaign.id)
        await house.clock.sleep(1200)
        assert house.dialled() == [MAIN], "nobody else may have it"
        assert not await orphans(house)
        await log_in(house, ana)
        await house.until(lambda: house.state(ana.id) == "talking", 60)
        assert house.state(bea.id) == "ready"
        attempt = (await house.rows("SELECT kind, agent_id, contact_id FROM attempt ORDER BY begun_at"))[1]
        assert attempt == {"kind": "agent_bound", "agent_id": ana.id, "contact_id": contact}

    in_virtual_time(database_dsn, story)


def test_for_a_supervisor_it_is_orphaned_after_the_grace_and_dialled_for_nobody(database_dsn: str) -> None:
    async def story(house: House) -> None:
        campaign, ana, contact, due = await an_event_for_an_agent_who_leaves(house, AgendaAway.SUPERVISOR)
        bea = await house.agent("bea", campaign.id)
        await house.clock.sleep((due - house.clock.now()).total_seconds() + GRACE_S - 60)
        assert not await orphans(house)
        await house.clock.sleep(180)
        (event_id,) = await orphans(house)
        assert (await house.contact_row(contact))["state"] == "scheduled"
        await log_in(house, ana)
        await house.clock.sleep(600)
        assert house.dialled() == [MAIN], "not even for its agent: a supervisor decides"
        async with house.db.transaction() as conn:
            assert await agenda.reassign(conn, [event_id], bea.id, now=house.clock.now()) == 1
        await house.until(lambda: house.state(bea.id) == "talking", 120)
        assert house.state(ana.id) == "ready"
        assert not await orphans(house)

    in_virtual_time(database_dsn, story)


def test_an_agent_who_works_in_other_campaigns_only_is_away_for_this_one(database_dsn: str) -> None:
    async def story(house: House) -> None:
        campaign, ana, _, due = await an_event_for_an_agent_who_leaves(house, AgendaAway.ANYONE)
        async with house.db.transaction() as conn:
            await agents.set_campaigns(conn, ana.id, [(await house.campaign("other")).id])
        await log_in(house, ana)
        bea = await house.agent("bea", campaign.id)
        await house.clock.sleep((due - house.clock.now()).total_seconds() + GRACE_S - 60)
        assert house.dialled() == [MAIN]
        await house.until(lambda: house.state(bea.id) == "talking", 180)
        assert house.state(ana.id) == "ready"

    in_virtual_time(database_dsn, story)


@pytest.mark.parametrize("gone", ["elsewhere", "disabled"])
def test_an_event_of_an_agent_who_will_never_log_in_for_it_is_a_supervisors(
    database_dsn: str, gone: str
) -> None:
    async def story(house: House) -> None:
        campaign, ana, _, due = await an_event_for_an_agent_who_leaves(house, AgendaAway.NEXT_LOGIN)
        async with house.db.transaction() as conn:
            if gone == "elsewhere":
                await agents.set_campaigns(conn, ana.id, [])
            else:
                fields = agents.AgentFields(code="ana", name="Ana", dial=ana.dial, enabled=False)
                await agents.edit(conn, ana.id, fields)
        await house.clock.sleep((due - house.clock.now()).total_seconds() + GRACE_S - 60)
        assert not await orphans(house)
        await house.clock.sleep(180)
        (event_id,) = await orphans(house)
        bea = await house.agent("bea", campaign.id)
        async with house.db.transaction() as conn:
            await agenda.reassign(conn, [event_id], bea.id, now=house.clock.now())
        await house.until(lambda: house.state(bea.id) == "talking", 120)

    in_virtual_time(database_dsn, story)


@pytest.mark.parametrize("to_whom", ["bea", "anyone"])
def test_a_due_event_that_waits_for_its_agent_can_be_given_to_another(
    database_dsn: str, to_whom: str
) -> None:
    async def story(house: House) -> None:
        campaign, ana, contact, due = await an_event_for_an_agent_who_leaves(house, AgendaAway.NEXT_LOGIN)
        bea = await house.agent("bea", campaign.id)
        await house.clock.sleep((due - house.clock.now()).total_seconds() + 60)
        assert (await house.contact_row(contact))["agent_id"] == ana.id, "it is due, and waits for Ana"
        event = await house.row("SELECT id FROM agenda_event")
        async with house.db.transaction() as conn:
            taker = bea.id if to_whom == "bea" else None
            await agenda.reassign(conn, [event["id"]], taker, now=house.clock.now())
        await house.until(lambda: house.state(bea.id) == "talking", 120)

    in_virtual_time(database_dsn, story)
