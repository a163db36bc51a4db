"""What only time brings about: lists expire, attempts run out, a shift ends with calls nobody typified."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec

from dialer.agents import Agent
from dialer.campaigns import Campaign, Desired
from dialer.outcome import Outcome
from dialer.settings import RetryRule
from tests.integration.dialer.house import (
    ANSWERS,
    BUSY,
    NO_GAPS,
    SETTINGS,
    House,
    in_virtual_time,
    number,
)
from typifications.model import Action, Result, ScheduleRequest

MAIN, OTHER, THIRD = (number(n) for n in range(1, 4))
BUSY_WAITS = {**SETTINGS.retry, Outcome.BUSY: RetryRule(wait_s=7200, max=2)}
EVENING = datetime(2026, 3, 2, 22, 30, tzinfo=UTC)


async def open_campaign(house: House, **settings: Any) -> tuple[Campaign, Agent]:
    await house.trunk()
    campaign = await house.campaign(settings=msgspec.structs.replace(SETTINGS, **settings))
    return campaign, await house.agent("ana", campaign.id)


async def left_untypified(house: House, agent: Agent, people: UUID, phone: str) -> UUID:
    """A conversation of which the agent says nothing."""
    house.calls_to(phone, ANSWERS)
    contact = await house.contact(people, phone)
    await house.until(lambda: house.state(agent.id) == "wrapup", 600)
    await house.until(lambda: house.state(agent.id) == "ready", SETTINGS.wrapup_s + 1)
    return contact


async def state_of(house: House, contact_id: UUID) -> str:
    return str((await house.contact_row(contact_id))["state"])


async def interactions_of(house: House, contact_id: UUID) -> list[dict[str, Any]]:
    return await house.rows(
        "SELECT state, result_names, agent_id FROM interaction WHERE contact_id = $1 ORDER BY created_at",
        contact_id,
    )


def test_an_expired_lists_contacts_end_and_the_campaign_says_it_has_finished(database_dsn: str) -> None:
    async def story(house: House) -> None:
        campaign, _ = await open_campaign(house, retry=BUSY_WAITS)
        expires_at = house.clock.now() + timedelta(minutes=30)
        people = await house.list_(campaign.id, expires_at=expires_at)
        house.calls_to(MAIN, BUSY, ANSWERS)
        contact = await house.contact(people, MAIN)
        await house.clock.sleep(29 * 60)
        assert await state_of(house, contact) == "pending", "its time is not over yet"
        await house.clock.sleep(4 * 60)
        row = await house.contact_row(contact)
        assert (row["state"], row["final_reason"]) == ("expired", "list_expired")
        assert row["finished_at"] >= expires_at
        status = (await house.row("SELECT status FROM campaign"))["status"]
        assert (status["doing"], status["finals"]) == ("finished", {"expired": 1})
        assert house.dialled() == [MAIN]

    in_virtual_time(database_dsn, story)


def test_a_call_back_that_outlives_its_list_is_for_an_agent_to_make(database_dsn: str) -> None:
    """The customer was promised it; no list dials it any more, so it must be shown to somebody."""

    async def story(house: House) -> None:
        campaign, ana = await open_campaign(house)
        expires_at = house.clock.now() + timedelta(minutes=30)
        people = await house.list_(campaign.id, expires_at=expires_at)
        later = await house.result(campaign.id, Action.SCHEDULE)
        house.calls_to(MAIN, ANSWERS)
        contact = await house.contact(people, MAIN)
        await house.until(lambda: house.state(ana.id) == "wrapup")
        due = (expires_at + timedelta(hours=1)).replace(tzinfo=None)
        await house.typify(ana.id, later, ScheduleRequest(due, "UTC", MAIN))
        assert (await house.row("SELECT contact_id FROM agenda_event"))["contact_id"] == contact
        await house.clock.sleep((expires_at - house.clock.now()).total_seconds() + 120)
        assert await state_of(house, contact) == "expired"
        event = await house.row("SELECT state, contact_id FROM agenda_event")
        assert event == {"state": "pending", "contact_id": None}

    in_virtual_time(database_dsn, story)


def test_contacts_live_without_a_call_go_on_after_a_take_over(database_dsn: str) -> None:
    async def story(house: House) -> None:
        campaign, ana = await open_campaign(house, retry=BUSY_WAITS)
        people = await house.list_(campaign.id)
        house.calls_to(MAIN, BUSY)
        unanswered = await house.contact(people, MAIN)
        await house.until(lambda: len(house.dialled()) == 1)
        talked = await left_untypified(house, ana, people, OTHER)
        never_called = await house.contact(people, THIRD, next_at=house.clock.now() + timedelta(days=1))
        await house.kill_worker()
        async with house.db.transaction() as conn:
            await conn.execute("UPDATE contact SET state = 'live'")
            await conn.execute("DELETE FROM interaction")
        await house.start_worker()
        assert await state_of(house, talked) == "awaiting_typification"
        left = {"state": "untypified", "result_names": [], "agent_id": ana.id}
        assert await interactions_of(house, talked) == [left], "somebody can complete it"
        row = await house.contact_row(unanswered)
        assert row["state"] == "pending"
        assert timedelta(hours=1) < row["next_at"] - house.clock.now() <= timedelta(hours=2)
        assert await state_of(house, never_called) == "pending"

    in_virtual_time(database_dsn, story)


async def final_result(house: House, campaign: Campaign) -> Result:
    final = await house.result(campaign.id, Action.NO_ACTION, "not viable")
    await house.change(campaign.id, final_result_id=final.id)
    return final


def test_a_contact_whose_calls_have_run_out_gets_the_campaigns_final_result_once(database_dsn: str) -> None:
    async def story(house: House) -> None:
        campaign, _ = await open_campaign(house)
        await final_result(house, campaign)
        house.calls_to(MAIN, BUSY)
        contact = await house.contact(await house.list_(campaign.id), MAIN)
        await house.finished()
        await house.clock.sleep(600)
        assert await state_of(house, contact) == "exhausted"
        told = {"state": "typified", "result_names": ["not viable"], "agent_id": None}
        assert await interactions_of(house, contact) == [told]

    in_virtual_time(database_dsn, story)


def test_a_recall_beyond_the_cap_gets_the_final_result_after_what_the_agent_said(database_dsn: str) -> None:
    async def story(house: House) -> None:
        once = msgspec.structs.replace(SETTINGS, caps=NO_GAPS).caps
        campaign, ana = await open_campaign(house, caps=once)
        await final_result(house, campaign)
        recall = await house.result(campaign.id, Action.RECALL, "call again")
        house.calls_to(MAIN, *[ANSWERS] * once.per_number)
        contact = await house.contact(await house.list_(campaign.id), MAIN)
        house.typifies_everything(ana, recall)
        await house.finished()
        await house.clock.sleep(120)
        assert await state_of(house, contact) == "exhausted"
        names = [row["result_names"] for row in await interactions_of(house, contact)]
        assert names == [["call again"]] * once.per_number + [["not viable"]]

    in_virtual_time(database_dsn, story)


def test_without_a_final_result_an_exhausted_contact_has_no_interaction(database_dsn: str) -> None:
    async def story(house: House) -> None:
        campaign, _ = await open_campaign(house)
        house.calls_to(MAIN, BUSY)
        contact = await house.contact(await house.list_(campaign.id), MAIN)
        await house.finished()
        await house.clock.sleep(120)
        assert await interactions_of(house, contact) == []
        await final_result(house, campaign)
        await house.clock.sleep(120)
        assert len(await interactions_of(house, contact)) == 1, "named later, it is for those before as well"

    in_virtual_time(database_dsn, story)


async def default_result(house: House, campaign: Campaign, action: Action) -> Result:
    default = await house.result(campaign.id, action, "nobody said")
    await house.change(campaign.id, default_result_id=default.id)
    return default


def test_untypified_calls_get_the_default_when_the_day_turns_in_the_campaigns_zone(database_dsn: str) -> None:
    async def story(house: House) -> None:
        campaign, ana = await open_campaign(house, zone="Europe/Paris")  # an hour ahead of UTC
        await default_result(house, campaign, Action.NO_ACTION)
        people = await house.list_(campaign.id)
        contact = await left_untypified(house, ana, people, MAIN)
        await house.clock.sleep((EVENING.replace(hour=22, minute=59) - house.clock.now()).total_seconds())
        assert await state_of(house, contact) == "awaiting_typification", "the shift is not over"
        await house.clock.sleep(180)
        assert await state_of(house, contact) == "done"
        told = {"state": "typified", "result_names": ["nobody said"], "agent_id": ana.id}
        assert await interactions_of(house, contact) == [told]
        fresh = await left_untypified(house, ana, people, OTHER)
        await house.clock.sleep(600)
        assert await state_of(house, fresh) == "awaiting_typification", "the new shift has just begun"

    in_virtual_time(database_dsn, story, start=EVENING)


def test_a_default_result_that_recalls_brings_the_contact_back(database_dsn: str) -> None:
    async def story(house: House) -> None:
        campaign, ana = await open_campaign(house)
        await default_result(house, campaign, Action.RECALL)
        await left_untypified(house, ana, await house.list_(campaign.id), MAIN)
        assert house.dialled() == [MAIN]
        await house.until(lambda: len(house.dialled()) == 2, 2 * 3600)
        assert house.pbx.calls[1].at >= EVENING.replace(hour=0, minute=1) + timedelta(days=1)

    in_virtual_time(database_dsn, story, start=EVENING)


def test_a_stopped_campaign_ends_its_shift_also_for_the_wrap_up_that_still_runs(database_dsn: str) -> None:
    async def story(house: House) -> None:
        campaign, ana = await open_campaign(house, wrapup_s=300)
        await default_result(house, campaign, Action.NO_ACTION)
        house.calls_to(MAIN, ANSWERS)
        contact = await house.contact(await house.list_(campaign.id), MAIN)
        await house.until(lambda: house.state(ana.id) == "talking")
        await house.want(campaign.id, Desired.DRAINING)
        await house.until(lambda: house.state(ana.id) == "wrapup")
        await house.clock.sleep(200)
        assert await state_of(house, contact) == "awaiting_typification", "the agent may still say it"
        await house.until(lambda: house.state(ana.id) != "wrapup", 200)
        await house.clock.sleep(120)
        assert (await house.row("SELECT desired FROM campaign"))["desired"] == "stopped"
        assert await state_of(house, contact) == "done"

    in_virtual_time(database_dsn, story)


def test_a_default_that_needs_a_date_is_given_to_nobody(database_dsn: str) -> None:
    async def story(house: House) -> None:
        campaign, ana = await open_campaign(house)
        await default_result(house, campaign, Action.SCHEDULE)
        contact = await left_untypified(house, ana, await house.list_(campaign.id), MAIN)
        await house.want(campaign.id, Desired.STOPPED)
        await house.clock.sleep(300)
        assert await state_of(house, contact) == "awaiting_typification"
        (kept,) = await interactions_of(house, contact)
        assert kept["state"] == "untypified"

    in_virtual_time(database_dsn, story)
