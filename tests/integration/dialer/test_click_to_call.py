"""Click to call: ringing agents first, hours, and what a supervisor may override."""

from datetime import timedelta
from uuid import UUID

import msgspec
import pytest

from ami.simulator import Behaviour, Fate
from ami.simulator import Phone as PbxPhone
from ami.simulator import Settings as PbxSettings
from dialer.agents import Agent, Line
from dialer.campaigns import Campaign
from dialer.commands import Command, Kind, State
from dialer.live import CallIs, Offered
from dialer.settings import Mode
from dialer.week import Week
from lists import dial_lists
from tests.integration.dialer.house import ANSWERS, SETTINGS, SILENT, House, in_virtual_time, number

MAIN, FIRST = number(1), number(2)
MORNINGS = Week(*[("08:00-10:00",)] * 7)  # it is noon
LONG = Behaviour(fate=Fate.ANSWER, setup_s=0.3, ring_s=3, talk_s=300)


def run(dsn: str, story: object) -> None:
    in_virtual_time(dsn, story, pbx_settings=PbxSettings(phones={}))  # type: ignore[arg-type]


async def a_campaign(house: House, name: str = "ventas", **changes: object) -> Campaign:
    settings = msgspec.structs.replace(SETTINGS, mode=Mode.MANUAL, **changes)
    return await house.campaign(name, settings, running=False)


async def ringing_agent(house: House, *campaigns: UUID) -> Agent:
    await house.trunk()
    return await house.agent("ana", *campaigns, line=Line.RINGING, auto_answer=False)


async def click(house: House, agent: Agent, campaign: Campaign, e164: str, **more: object) -> Command:
    return await house.ask(Kind.CALL_CLICK, agent.id, campaign_id=str(campaign.id), e164=e164, **more)


def test_a_ringing_agents_phone_rings_first_then_the_customer(database_dsn: str) -> None:
    async def story(house: House) -> None:
        sales, service = await a_campaign(house), await a_campaign(house, "service", caller_ids=("5550",))
        ana = await ringing_agent(house, sales.id, service.id)
        heard = await house.listens(ana)
        house.calls_to(MAIN, ANSWERS)
        answer = await click(house, ana, service, MAIN)
        assert answer.state is State.DONE
        assert answer.result is not None
        assert not house.dialled()
        await house.until(lambda: house.state(ana.id) == "talking")
        row = await house.row("SELECT id, kind, campaign_id, caller_id FROM attempt")
        wanted = {"kind": "manual", "campaign_id": service.id, "caller_id": "5550"}
        assert row == {"id": UUID(answer.result["attempt_id"]), **wanted}
        pops = [(body.stage, body.direction) for body in heard if isinstance(body, Offered)]
        assert pops == [("ringing", "manual"), ("call", "manual")]

    run(database_dsn, story)


def test_a_phone_that_is_not_picked_up_calls_nobody_and_says_so(database_dsn: str) -> None:
    async def story(house: House) -> None:
        campaign = await a_campaign(house)
        house.phones["ana"] = PbxPhone(answers=False)
        ana = await ringing_agent(house, campaign.id)
        heard = await house.listens(ana)
        await click(house, ana, campaign, MAIN)
        await house.until(lambda: house.state(ana.id) == "paused")
        await house.clock.sleep(1)
        assert not house.dialled()
        (ended,) = [body for body in heard if isinstance(body, CallIs)]
        assert (ended.outcome, ended.reason) == ("not_placed", "not_answering")

    run(database_dsn, story)


def test_who_is_not_at_work_is_not_rung(database_dsn: str) -> None:
    async def story(house: House) -> None:
        campaign = await a_campaign(house)
        ana = await ringing_agent(house, campaign.id)
        await house.ask(Kind.AGENT_LOGOUT, ana.id)
        answer = await click(house, ana, campaign, MAIN)
        assert (answer.result or {})["error_id"] == "not_logged_in"

    run(database_dsn, story)


def test_who_is_in_a_call_is_not_rung_for_another(database_dsn: str) -> None:
    async def story(house: House) -> None:
        campaign = await a_campaign(house)
        ana = await ringing_agent(house, campaign.id)
        house.calls_to(MAIN, SILENT)
        await click(house, ana, campaign, MAIN)
        second = await click(house, ana, campaign, FIRST)
        assert (second.result or {})["error_id"] == "agent_busy"
        await house.clock.sleep(120)
        assert house.dialled() == [MAIN]

    run(database_dsn, story)


@pytest.mark.parametrize("line", [Line.HELD, Line.RINGING])
def test_a_click_outside_the_campaigns_hours_is_refused_unless_a_supervisor_overrides_it(
    database_dsn: str, line: Line
) -> None:
    async def story(house: House) -> None:
        campaign = await a_campaign(house, hours=MORNINGS)
        await house.trunk()
        ana = await house.agent("ana", campaign.id, line=line, auto_answer=False)
        heard = await house.listens(ana)
        house.calls_to(MAIN, LONG)
        answer = await click(house, ana, campaign, MAIN)
        await house.until(lambda: any(isinstance(body, CallIs) for body in heard), 20)
        (ended,) = [body for body in heard if isinstance(body, CallIs)]
        assert ended.reason == "outside_hours"
        if line is Line.HELD:
            assert (answer.result or {})["error_id"] == "outside_hours"
        assert not house.dialled()
        await house.until(lambda: house.live_agent(ana.id).idle)
        await click(house, ana, campaign, MAIN, override="promised")
        await house.until(lambda: house.state(ana.id) == "talking")

    run(database_dsn, story)


@pytest.mark.parametrize("more", [{}, {"override": "promised"}], ids=["plain", "override"])
def test_no_override_reaches_a_customer_outside_legal_hours_or_a_blocked_number(
    database_dsn: str, more: dict[str, str]
) -> None:
    async def story(house: House) -> None:
        campaign = await a_campaign(house, callee_hours=MORNINGS)
        await house.trunk()
        ana = await house.agent("ana", campaign.id)
        closed = await click(house, ana, campaign, MAIN, **more)
        assert (closed.result or {})["error_id"] == "outside_hours"
        await house.change(campaign.id, callee_hours=None)
        await house.block(MAIN)
        blocked = await click(house, ana, campaign, MAIN, **more)
        assert (blocked.result or {})["error_id"] == "do_not_call"
        assert not house.dialled()

    run(database_dsn, story)


def test_a_contact_called_by_hand_is_its_lists_again_when_nobody_was_dialled(database_dsn: str) -> None:
    async def story(house: House) -> None:
        campaign = await a_campaign(house)
        people = await house.list_(campaign.id)
        contact_id = await house.contact(people, MAIN)
        house.phones["ana"] = PbxPhone(answers=False)
        ana = await ringing_agent(house, campaign.id)
        await click(house, ana, campaign, "", contact_id=str(contact_id))
        await house.until(lambda: house.state(ana.id) == "paused")
        await house.clock.sleep(1)
        row = await house.contact_row(contact_id)
        assert (row["state"], row["attempts"], row["reserved_by"]) == ("pending", 0, None)

    run(database_dsn, story)


@pytest.mark.parametrize("line", [Line.HELD, Line.RINGING])
def test_a_paused_list_stops_the_dialer_and_nobody_who_calls_by_hand(database_dsn: str, line: Line) -> None:
    async def story(house: House) -> None:
        campaign = await a_campaign(house)
        people = await house.list_(campaign.id)
        contact_id = await house.contact(people, MAIN)
        async with house.db.transaction() as conn:
            await dial_lists.pause(conn, people, True)
        await house.trunk()
        ana = await house.agent("ana", campaign.id, line=line, auto_answer=False)
        house.calls_to(MAIN, LONG)
        await click(house, ana, campaign, "", contact_id=str(contact_id))
        await house.until(lambda: house.state(ana.id) == "talking")
        assert (await house.contact_row(contact_id))["attempts"] == 1

    run(database_dsn, story)


@pytest.mark.parametrize("why", ["do_not_call", "outside_hours"])
def test_on_a_paused_list_do_not_call_and_hours_hold_by_hand_as_anywhere(database_dsn: str, why: str) -> None:
    async def story(house: House) -> None:
        campaign = await (a_campaign(house) if why == "do_not_call" else a_campaign(house, hours=MORNINGS))
        people = await house.list_(campaign.id)
        contact_id = await house.contact(people, MAIN)
        async with house.db.transaction() as conn:
            await dial_lists.pause(conn, people, True)
        await house.trunk()
        ana = await house.agent("ana", campaign.id)
        if why == "do_not_call":
            await house.block(FIRST)
        asked = FIRST if why == "do_not_call" else ""
        refused = await click(house, ana, campaign, asked, contact_id=str(contact_id))
        assert (refused.result or {})["error_id"] == why
        assert not house.dialled()

    run(database_dsn, story)


def test_a_click_that_waits_for_a_trunk_keeps_nobody_elses_command_waiting(database_dsn: str) -> None:
    async def story(house: House) -> None:
        await house.trunk(channels=0)
        campaign = await a_campaign(house)
        ana, bea = await house.agent("ana", campaign.id), await house.agent("bea", campaign.id)
        house.spawn(asked(house, ana, campaign))
        await house.until(lambda: house.state(ana.id) == "reserved", 5)
        began = house.clock.now()
        await house.ask(Kind.AGENT_PAUSE, bea.id, reason="lunch")
        assert house.clock.now() - began < timedelta(seconds=1)
        await house.until(lambda: house.state(ana.id) == "ready", 10)

    async def asked(house: House, ana: Agent, campaign: Campaign) -> None:
        answer = await click(house, ana, campaign, MAIN)
        assert answer.result is not None
        assert answer.result["error_id"] == "no_trunk"

    run(database_dsn, story)


def test_a_second_click_on_the_same_contact_does_not_undo_the_first(database_dsn: str) -> None:
    async def story(house: House) -> None:
        campaign = await a_campaign(house)
        ana = await ringing_agent(house, campaign.id)
        house.calls_to(MAIN, ANSWERS)
        contact = await house.contact(await house.list_(campaign.id), MAIN)
        first = await click(house, ana, campaign, MAIN, contact_id=str(contact))
        second = await click(house, ana, campaign, MAIN, contact_id=str(contact))
        assert (first.state, second.state) == (State.DONE, State.REFUSED)
        await house.until(lambda: house.state(ana.id) == "talking", 30)

    run(database_dsn, story)
