"""Calls that come in, and calls an agent places by hand."""

from collections.abc import Callable, Coroutine
from typing import Any
from uuid import UUID

import msgspec
import pytest

from ami.simulator import Behaviour, Fate, Phone
from ami.simulator import Settings as PbxSettings
from dialer import campaigns, commands
from dialer.agents import Agent, Line
from dialer.answering import Answering
from dialer.campaigns import Campaign, Desired
from dialer.campaigns import Kind as CampaignKind
from dialer.commands import Kind, State
from dialer.live import Offered, decode
from dialer.settings import Mode
from lists import customers
from tests.integration.dialer.house import ANSWERS, SETTINGS, SILENT, House, in_virtual_time, number
from typifications.model import Action

MAIN, FIRST, UNKNOWN = number(1), number(2), number(99)
PICKED_UP = Phone(ring_s=4)


async def one_agent(house: House) -> tuple[Campaign, Agent, UUID]:
    await house.trunk()
    campaign = await house.campaign()
    return campaign, await house.agent("ana", campaign.id), await house.list_(campaign.id)


async def offer_of(house: House, agent: Agent, number_shown: str) -> Offered:
    """What the desktop is told when somebody with this CallerID calls."""
    async with house.bus.subscribe(f"agent.{agent.id}") as desktop:
        house.pbx.pbx.inbound(number_shown, "5550000", behaviour=ANSWERS)
        await house.until(lambda: house.state(agent.id) == "talking")
        await house.clock.sleep(1)
        bodies = [decode(message.payload).body for message in desktop._items]
    (offer,) = [body for body in bodies if isinstance(body, Offered)]
    return offer


def test_a_caller_shown_internationally_is_found_by_number(database_dsn: str) -> None:
    async def story(house: House) -> None:
        _, ana, people = await one_agent(house)
        contact = await house.contact(people, MAIN, agent_id=ana.id, state="done")
        offer = await offer_of(house, ana, MAIN)
        assert offer.customer_id == (await house.contact_row(contact))["customer_id"]
        assert (offer.e164, offer.direction) == (MAIN, "in")

    in_virtual_time(database_dsn, story)


def test_a_caller_shown_in_national_form_is_found_by_number(database_dsn: str) -> None:
    async def story(house: House) -> None:
        campaign, ana, people = await one_agent(house)
        await house.change(campaign.id, region="FR")
        contact = await house.contact(people, MAIN, state="done")
        offer = await offer_of(house, ana, "0" + MAIN.removeprefix("+33"))
        assert offer.customer_id == (await house.contact_row(contact))["customer_id"]
        assert offer.e164 == MAIN

    in_virtual_time(database_dsn, story)


def test_an_unknown_caller_is_offered_with_the_number_alone(database_dsn: str) -> None:
    async def story(house: House) -> None:
        _, ana, _ = await one_agent(house)
        offer = await offer_of(house, ana, UNKNOWN)
        assert (offer.customer_id, offer.e164) == (None, UNKNOWN)

    in_virtual_time(database_dsn, story)


def test_a_hidden_caller_is_served_too(database_dsn: str) -> None:
    async def story(house: House) -> None:
        _, ana, _ = await one_agent(house)
        offer = await offer_of(house, ana, "anonymous")
        assert (offer.customer_id, offer.e164) == (None, "")
        await house.until(lambda: house.state(ana.id) == "wrapup")
        row = await house.row("SELECT kind, outcome, agent_id FROM attempt")
        assert row == {"kind": "inbound", "outcome": "connected", "agent_id": ana.id}

    in_virtual_time(database_dsn, story)


def test_who_calls_back_comes_to_the_campaign_that_dialled_and_the_agent_who_talked(
    database_dsn: str,
) -> None:
    async def story(house: House) -> None:
        campaign, ana, people = await one_agent(house)
        done = await house.result(campaign.id, Action.NO_ACTION)
        house.calls_to(MAIN, ANSWERS)
        await house.contact(people, MAIN)
        await house.until(lambda: house.state(ana.id) == "wrapup")
        bea = await house.agent("bea", campaign.id)  # idle longer than Ana will be
        await house.typify(ana.id, done)
        offer = await offer_of(house, ana, MAIN)
        assert offer.campaign_id == campaign.id
        assert house.state(bea.id) == "ready"

    in_virtual_time(database_dsn, story)


@pytest.mark.parametrize("since", ["deleted", "unknown"])
def test_who_calls_back_is_known_by_the_number_where_the_call_to_it_was_nobodys_who_is_still_there(
    database_dsn: str, since: str
) -> None:
    async def story(house: House) -> None:
        campaign, ana, people = await one_agent(house)
        done = await house.result(campaign.id, Action.NO_ACTION)
        house.calls_to(MAIN, ANSWERS)
        if since == "deleted":
            called = (await house.contact_row(await house.contact(people, MAIN)))["customer_id"]
        else:
            await house.ask(Kind.CALL_CLICK, ana.id, campaign_id=str(campaign.id), e164=MAIN)
        await house.until(lambda: house.state(ana.id) == "wrapup")
        await house.typify(ana.id, done)
        async with house.db.transaction() as conn:
            if since == "deleted":
                await conn.execute("UPDATE customer SET deleted_at = now() WHERE id = $1", called)
            phones = [customers.NewPhone(MAIN)]
            made = await customers.create(
                conn, house.base_id, key="new", phones=phones, now=house.clock.now()
            )
        assert (await offer_of(house, ana, MAIN)).customer_id == made.id

    in_virtual_time(database_dsn, story)


def test_a_call_ringing_to_a_customer_who_calls_in_is_cancelled(database_dsn: str) -> None:
    async def story(house: House) -> None:
        _, ana, people = await one_agent(house)
        house.calls_to(MAIN, SILENT)
        await house.contact(people, MAIN)
        await house.until(lambda: house.dialled())
        await house.clock.sleep(2)
        offer = await offer_of(house, ana, MAIN)
        assert offer.e164 == MAIN
        assert (await house.outcomes())["cancelled"] == 1

    in_virtual_time(database_dsn, story)


def test_a_caller_who_hangs_up_before_the_call_is_stored_is_on_record_all_the_same(
    database_dsn: str,
) -> None:
    async def story(house: House) -> None:
        _, _, people = await one_agent(house)
        house.calls_to(MAIN, SILENT)
        await house.contact(people, MAIN)
        await house.until(lambda: house.dialled())
        await house.clock.sleep(2)  # our own call to them has to end first
        caller = house.pbx.pbx.inbound(MAIN, "5550000", behaviour=ANSWERS)
        await house.clock.sleep(0.1)
        house.pbx.pbx.far_end_hangs_up(caller)
        await house.clock.sleep(10)
        row = await house.row("SELECT outcome, ended_at FROM attempt WHERE kind = 'inbound'")
        assert row["outcome"] == "gone"
        assert not await house.rows("SELECT * FROM live_attempt")

    in_virtual_time(database_dsn, story)


def test_a_caller_waits_for_the_next_agent_who_gets_free(database_dsn: str) -> None:
    async def story(house: House) -> None:
        _, ana, _ = await one_agent(house)
        await house.ask(Kind.AGENT_PAUSE, ana.id, reason="lunch")
        house.pbx.pbx.inbound(UNKNOWN, "5550000", behaviour=ANSWERS)
        await house.clock.sleep(30)
        assert house.state(ana.id) == "paused"
        await house.ask(Kind.AGENT_READY, ana.id)
        await house.until(lambda: house.state(ana.id) == "talking", 1)

    in_virtual_time(database_dsn, story)


# --- phones that are picked up by hand ------------------------------------------------------------


async def by_hand(house: House, campaign: Campaign, code: str, phone: Phone = PICKED_UP) -> Agent:
    house.phones[code] = phone
    return await house.agent(code, campaign.id, line=Line.RINGING, auto_answer=False)


async def a_voice_campaign(house: House, **inbound: Any) -> Campaign:
    await house.trunk()
    settings = msgspec.structs.replace(SETTINGS, mode=Mode.MANUAL, inbound=Answering(**inbound))
    async with house.db.transaction() as conn:
        made = await campaigns.create(conn, "care", settings, kind=CampaignKind.VOICE, now=house.clock.now())
        made = await campaigns.set_desired(conn, made.id, Desired.RUNNING)
    commands.wake(house.bus)
    return made


def by_phones(database_dsn: str, story: Callable[[House], Coroutine[Any, Any, None]]) -> None:
    in_virtual_time(database_dsn, story, pbx_settings=PbxSettings(phones={}))


def test_a_callers_phone_rings_until_it_is_picked_up_by_hand(database_dsn: str) -> None:
    async def story(house: House) -> None:
        campaign = await a_voice_campaign(house)
        ana = await by_hand(house, campaign, "ana")
        heard = await house.listens(ana)
        house.pbx.pbx.inbound(UNKNOWN, "5550000", behaviour=ANSWERS)
        await house.until(lambda: house.state(ana.id) == "offered")
        await house.clock.sleep(1)
        assert [body.e164 for body in heard if isinstance(body, Offered)] == [UNKNOWN]
        await house.until(lambda: house.state(ana.id) == "talking", 10)
        await house.until(lambda: house.state(ana.id) == "wrapup", 60)
        row = await house.row("SELECT kind, outcome, agent_id FROM attempt")
        assert row == {"kind": "inbound", "outcome": "connected", "agent_id": ana.id}

    by_phones(database_dsn, story)


def test_a_phone_nobody_picks_up_gives_the_caller_to_the_next_and_pauses_its_agent(database_dsn: str) -> None:
    async def story(house: House) -> None:
        campaign = await a_voice_campaign(house)
        ana = await by_hand(house, campaign, "ana", Phone(answers=False))
        await house.clock.sleep(5)
        bea = await by_hand(house, campaign, "bea")
        house.pbx.pbx.inbound(UNKNOWN, "5550000", behaviour=ANSWERS)
        await house.until(lambda: house.state(ana.id) == "offered", 2)
        begun = house.clock.now()
        await house.until(lambda: house.state(bea.id) == "talking")
        assert (house.clock.now() - begun).total_seconds() < 20
        assert house.state(ana.id) == "paused"
        assert house.live_agent(ana.id).state.reason == "not_answering"

    by_phones(database_dsn, story)


def test_a_held_line_takes_a_caller_before_a_phone_is_rung(database_dsn: str) -> None:
    async def story(house: House) -> None:
        campaign = await a_voice_campaign(house)
        ana = await by_hand(house, campaign, "ana")
        await house.clock.sleep(5)
        bea = await house.agent("bea", campaign.id)
        house.pbx.pbx.inbound(UNKNOWN, "5550000", behaviour=ANSWERS)
        await house.until(lambda: house.state(bea.id) == "talking", 5)
        assert house.state(ana.id) == "ready"

    by_phones(database_dsn, story)


def test_a_caller_who_hangs_up_while_it_rings_leaves_the_agent_ready(database_dsn: str) -> None:
    async def story(house: House) -> None:
        campaign = await a_voice_campaign(house)
        ana = await by_hand(house, campaign, "ana", Phone(answers=False))
        caller = house.pbx.pbx.inbound(UNKNOWN, "5550000", behaviour=ANSWERS)
        await house.until(lambda: house.state(ana.id) == "offered")
        await house.clock.sleep(5)
        house.pbx.pbx.far_end_hangs_up(caller)
        await house.until(lambda: house.state(ana.id) == "ready", 2)

    by_phones(database_dsn, story)


def test_a_patience_that_ends_while_it_rings_is_nothing_against_the_agent(database_dsn: str) -> None:
    async def story(house: House) -> None:
        campaign = await a_voice_campaign(house, patience_s=8)
        ana = await by_hand(house, campaign, "ana", Phone(answers=False))
        house.pbx.pbx.inbound(UNKNOWN, "5550000", behaviour=Behaviour(talk_s=120))
        await house.until(lambda: house.state(ana.id) == "offered")
        await house.until(lambda: house.state(ana.id) == "ready", 15)
        await house.clock.sleep(60)
        assert (await house.outcomes()) == {"abandoned": 1}

    by_phones(database_dsn, story)


def test_an_agent_who_gets_ready_is_rung_for_who_waits_already(database_dsn: str) -> None:
    async def story(house: House) -> None:
        campaign = await a_voice_campaign(house)
        ana = await by_hand(house, campaign, "ana")
        await house.ask(Kind.AGENT_PAUSE, ana.id, reason="lunch")
        house.pbx.pbx.inbound(UNKNOWN, "5550000", behaviour=ANSWERS)
        await house.clock.sleep(20)
        await house.ask(Kind.AGENT_READY, ana.id)
        await house.until(lambda: house.state(ana.id) == "talking", 10)

    by_phones(database_dsn, story)


def test_the_agent_of_the_last_talk_who_does_not_pick_up_keeps_the_caller_from_nobody(
    database_dsn: str,
) -> None:
    async def story(house: House) -> None:
        campaign = await a_voice_campaign(house, last_agent_s=90)
        done = await house.result(campaign.id, Action.NO_ACTION)
        ana = await by_hand(house, campaign, "ana")
        house.pbx.pbx.inbound(UNKNOWN, "5550000", behaviour=ANSWERS)
        await house.until(lambda: house.state(ana.id) == "wrapup", 90)
        await house.typify(ana.id, done)
        house.phones["ana"] = Phone(answers=False)
        bea = await by_hand(house, campaign, "bea")
        house.pbx.pbx.inbound(UNKNOWN, "5550000", behaviour=ANSWERS)
        await house.until(lambda: house.state(ana.id) == "offered", 5)
        await house.until(lambda: house.state(bea.id) == "talking", 25)

    by_phones(database_dsn, story)


# --- click to call --------------------------------------------------------------------------------


async def click(house: House, campaign: Campaign, ana: Agent, e164: str, **more: str) -> State:
    answer = await house.ask(Kind.CALL_CLICK, ana.id, campaign_id=str(campaign.id), e164=e164, **more)
    if answer.state is State.REFUSED:
        assert answer.result is not None
        assert answer.result["error_id"]
    return answer.state


def test_click_to_call_dials_from_the_agents_line_and_counts_as_a_conversation(database_dsn: str) -> None:
    async def story(house: House) -> None:
        campaign, ana, _ = await one_agent(house)
        house.calls_to(UNKNOWN, ANSWERS)
        assert await click(house, campaign, ana, UNKNOWN) is State.DONE
        assert house.state(ana.id) == "reserved"
        await house.until(lambda: house.state(ana.id) == "talking")
        await house.until(lambda: house.state(ana.id) == "wrapup")
        row = await house.row("SELECT id, kind, outcome, agent_id FROM attempt")
        assert (row["kind"], row["outcome"], row["agent_id"]) == ("manual", "connected", ana.id)
        assert [call.attempt for call in house.pbx.calls] == [str(row["id"])]
        await house.until(lambda: house.live_agent(ana.id).held)

    in_virtual_time(database_dsn, story)


def test_a_click_to_a_busy_number_leaves_the_agent_ready(database_dsn: str) -> None:
    async def story(house: House) -> None:
        campaign, ana, _ = await one_agent(house)
        house.calls_to(UNKNOWN, Behaviour(fate=Fate.BUSY))
        assert await click(house, campaign, ana, UNKNOWN) is State.DONE
        await house.until(lambda: house.state(ana.id) == "ready")
        await house.clock.sleep(1)
        assert (await house.outcomes()) == {"busy": 1}
        await house.until(lambda: house.live_agent(ana.id).free)

    in_virtual_time(database_dsn, story)


def test_an_agent_in_pause_may_call_and_is_in_pause_again_afterwards(database_dsn: str) -> None:
    async def story(house: House) -> None:
        campaign, ana, _ = await one_agent(house)
        await house.ask(Kind.AGENT_PAUSE, ana.id, reason="admin")
        house.calls_to(UNKNOWN, SILENT)
        assert await click(house, campaign, ana, UNKNOWN) is State.DONE
        await house.until(lambda: house.state(ana.id) == "paused")

    in_virtual_time(database_dsn, story)


def test_a_number_on_do_not_call_is_refused_to_a_click_too(database_dsn: str) -> None:
    async def story(house: House) -> None:
        campaign, ana, _ = await one_agent(house)
        await house.block(UNKNOWN, campaign.id)
        assert await click(house, campaign, ana, UNKNOWN) is State.REFUSED
        assert house.state(ana.id) == "ready"
        assert not house.pbx.calls

    in_virtual_time(database_dsn, story)


def test_a_click_can_be_hung_up_while_it_rings(database_dsn: str) -> None:
    async def story(house: House) -> None:
        campaign, ana, _ = await one_agent(house)
        house.calls_to(UNKNOWN, SILENT)
        await click(house, campaign, ana, UNKNOWN)
        await house.clock.sleep(3)
        (attempt,) = await house.rows("SELECT id FROM attempt")
        await house.ask(Kind.CALL_HANGUP, attempt["id"])
        await house.until(lambda: house.state(ana.id) == "ready", 5)

    in_virtual_time(database_dsn, story)
