"""Agents whose phone rings and is picked up by hand: their leg first, then the customer's."""

from datetime import timedelta
from uuid import UUID

import msgspec
import pytest

from ami.simulator import Behaviour, Fate
from ami.simulator import Phone as PbxPhone
from ami.simulator import Settings as PbxSettings
from dialer.agents import Agent, Line
from dialer.campaigns import Campaign, Desired
from dialer.commands import Kind, State
from dialer.live import CallIs, Offered
from dialer.settings import Mode
from lists.model import Caps
from tests.integration.dialer.house import (
    ANSWERS,
    BUSY,
    SETTINGS,
    SILENT,
    House,
    in_virtual_time,
    number,
)
from typifications.model import Action

MAIN, FIRST, SECOND = (number(n) for n in range(1, 4))
TALKS_LONG = Behaviour(fate=Fate.ANSWER, setup_s=0.3, ring_s=3, talk_s=300)
PHONES = {"ana": PbxPhone(ring_s=4.0), "bea": PbxPhone(ring_s=4.0)}
DEAF = PbxPhone(answers=False)


def run(dsn: str, story: object) -> None:
    in_virtual_time(dsn, story, pbx_settings=PbxSettings(phones=dict(PHONES)))  # type: ignore[arg-type]


async def a_campaign(house: House, **changes: object) -> tuple[Campaign, UUID]:
    others = len(await house.rows("SELECT 1 FROM campaign"))
    if not others:
        await house.trunk()
    settings = msgspec.structs.replace(SETTINGS, **changes)
    campaign = await house.campaign(name=f"c{others}", settings=settings)
    return campaign, await house.list_(campaign.id)


async def by_hand(house: House, code: str, *campaigns: UUID) -> Agent:
    """An agent who picks up the phone for each call."""
    return await house.agent(code, *campaigns, line=Line.RINGING, auto_answer=False)


async def contact(house: House, people: UUID, phone: str, behaviour: Behaviour = ANSWERS) -> UUID:
    house.calls_to(phone, behaviour)
    return await house.contact(people, phone)


@pytest.mark.parametrize("mode", [Mode.PROGRESSIVE, Mode.POWER, Mode.PREDICTIVE])
def test_the_agents_phone_rings_first_with_the_customers_number_then_the_customer_is_dialled(
    database_dsn: str, mode: Mode
) -> None:
    async def story(house: House) -> None:
        campaign, people = await a_campaign(house, mode=mode, ratio=3.0)
        ana = await by_hand(house, "ana", campaign.id)
        people_id = await contact(house, people, MAIN)
        await house.until(lambda: house.state(ana.id) == "reserved")
        phone = house.pbx.pbx.exchange.find(house.live_agent(ana.id).line)
        assert phone is not None
        assert phone.caller_number == MAIN
        assert not house.dialled(), "nobody is dialled before the agent is there"
        assert (await house.contact_row(people_id))["attempts"] == 0
        await house.until(lambda: house.state(ana.id) == "talking")
        await house.until(lambda: house.state(ana.id) == "wrapup")
        row = await house.row("SELECT kind, outcome, agent_id FROM attempt")
        assert row == {"kind": "agent_first", "outcome": "connected", "agent_id": ana.id}
        assert house.dialled() == [MAIN]
        await house.until(lambda: not house.live_agent(ana.id).line, 5, "the phone is hung up")

    run(database_dsn, story)


def test_the_record_pops_while_the_agents_phone_rings_and_again_with_the_call(database_dsn: str) -> None:
    async def story(house: House) -> None:
        campaign, people = await a_campaign(house)
        ana = await by_hand(house, "ana", campaign.id)
        heard = await house.listens(ana)
        contact_id = await contact(house, people, MAIN)
        await house.until(lambda: house.state(ana.id) == "reserved")
        await house.clock.sleep(1)
        shown = await house.offer_of(ana)
        assert (shown.stage, shown.contact_id, shown.e164) == ("ringing", contact_id, MAIN)
        await house.until(lambda: house.state(ana.id) == "talking")
        pops = [body for body in heard if isinstance(body, Offered)]
        assert [(pop.stage, pop.attempt_at is None) for pop in pops] == [("ringing", True), ("call", False)]
        assert len({pop.attempt_id for pop in pops}) == 1
        assert (await house.offer_of(ana)).stage == "call"
        assert not await house.rows("SELECT 1 FROM proposal")

    run(database_dsn, story)


def test_a_phone_nobody_picks_up_pauses_the_agent_and_costs_the_customer_nothing(database_dsn: str) -> None:
    async def story(house: House) -> None:
        campaign, people = await a_campaign(house)
        house.phones["ana"] = DEAF
        ana = await by_hand(house, "ana", campaign.id)
        heard = await house.listens(ana)
        contact_id = await contact(house, people, MAIN)
        await house.until(lambda: house.state(ana.id) == "paused")
        assert house.live_agent(ana.id).state.reason == "not_answering"
        assert not house.dialled()
        assert not await house.rows("SELECT 1 FROM attempt")
        (ended,) = [body for body in heard if isinstance(body, CallIs)]
        assert (ended.outcome, ended.reason) == ("not_placed", "not_answering")
        bea = await by_hand(house, "bea", campaign.id)
        await house.until(lambda: house.state(bea.id) == "talking", 10, "the contact was given back at once")
        row = await house.contact_row(contact_id)
        assert (row["attempts"], house.dialled()) == (1, [MAIN])

    run(database_dsn, story)


def test_a_phone_that_is_not_registered_pauses_the_agent(database_dsn: str) -> None:
    async def story(house: House) -> None:
        campaign, people = await a_campaign(house)
        ana = await by_hand(house, "ana", campaign.id)
        await contact(house, people, MAIN)
        await house.until(lambda: house.state(ana.id) == "reserved")
        house.pbx.pbx.far_end_hangs_up(house.live_agent(ana.id).line, 21)
        await house.until(lambda: house.state(ana.id) == "paused", 3, "rejecting is not answering")

    run(database_dsn, story)


def test_a_customer_who_does_not_answer_leaves_the_agent_free_and_the_contact_to_its_retry(
    database_dsn: str,
) -> None:
    async def story(house: House) -> None:
        campaign, people = await a_campaign(house)
        ana = await by_hand(house, "ana", campaign.id)
        contacts = [await contact(house, people, MAIN, BUSY), await contact(house, people, FIRST, SILENT)]
        await contact(house, people, SECOND, TALKS_LONG)
        await house.until(lambda: house.state(ana.id) == "talking", 120)
        rows = await house.rows("SELECT outcome FROM attempt WHERE ended_at IS NOT NULL ORDER BY begun_at")
        assert [row["outcome"] for row in rows] == ["busy", "no_answer"]
        for contact_id in contacts:
            row = await house.contact_row(contact_id)
            assert (row["state"], row["attempts"]) == ("pending", 1)

    run(database_dsn, story)


def test_an_agent_who_hangs_up_while_the_customer_rings_ends_that_call_and_is_not_paused(
    database_dsn: str,
) -> None:
    async def story(house: House) -> None:
        campaign, people = await a_campaign(house)
        ana = await by_hand(house, "ana", campaign.id)
        await contact(house, people, MAIN, SILENT)
        await house.until(lambda: house.dialled())
        await house.clock.sleep(2)
        house.pbx.pbx.far_end_hangs_up(house.live_agent(ana.id).line)
        await house.until(lambda: house.state(ana.id) == "ready", 5)
        await house.clock.sleep(1)
        row = await house.row("SELECT outcome, hung_up_by FROM attempt")
        assert row == {"outcome": "cancelled", "hung_up_by": "agent"}

    run(database_dsn, story)


def test_an_agent_who_hangs_up_in_talk_goes_to_wrap_up(database_dsn: str) -> None:
    async def story(house: House) -> None:
        campaign, people = await a_campaign(house)
        ana = await by_hand(house, "ana", campaign.id)
        await contact(house, people, MAIN, TALKS_LONG)
        await house.until(lambda: house.state(ana.id) == "talking")
        house.pbx.pbx.far_end_hangs_up(house.live_agent(ana.id).line)
        await house.until(lambda: house.state(ana.id) == "wrapup", 5)
        await house.clock.sleep(1)
        row = await house.row("SELECT outcome, hung_up_by FROM attempt")
        assert row == {"outcome": "connected", "hung_up_by": "agent"}

    run(database_dsn, story)


def test_held_and_ringing_agents_mix_and_no_number_is_called_twice(database_dsn: str) -> None:
    async def story(house: House) -> None:
        campaign, people = await a_campaign(house)
        done = await house.result(campaign.id, Action.NO_ACTION)
        agents = [
            await by_hand(house, "ana", campaign.id),
            await house.agent("eva", campaign.id),
            await by_hand(house, "bea", campaign.id),
        ]
        for agent in agents:
            house.typifies_everything(agent, done)
        for n in range(30):
            await contact(house, people, number(100 + n))
        await house.finished(3600)
        dialled = house.dialled()
        assert len(dialled) == len(set(dialled)) == 30
        kinds = await house.rows("SELECT kind, agent_id, outcome FROM attempt")
        assert {row["outcome"] for row in kinds} == {"connected"}
        assert {row["kind"] for row in kinds if row["agent_id"] == agents[1].id} == {"dialled"}
        for agent in (agents[0], agents[2]):
            assert {row["kind"] for row in kinds if row["agent_id"] == agent.id} == {"agent_first"}

    run(database_dsn, story)


def test_predictive_counts_on_no_agent_whose_phone_must_be_picked_up(database_dsn: str) -> None:
    async def story(house: House) -> None:
        campaign, people = await a_campaign(house, mode=Mode.POWER, ratio=4.0)
        ana = await by_hand(house, "ana", campaign.id)
        for n in range(8):
            await contact(house, people, number(100 + n), TALKS_LONG)
        await house.until(lambda: house.state(ana.id) == "talking")
        assert len(house.dialled()) == 1, "one call for one agent, whatever the ratio"
        counted = await house.rows("SELECT * FROM campaign_hour WHERE attempts > 0")
        assert not counted, "outside the ratio: there is always an agent"

    run(database_dsn, story)


@pytest.mark.parametrize("change", ["do_not_call", "paused", "gap"])
def test_every_rule_is_looked_at_when_the_agent_has_picked_up(database_dsn: str, change: str) -> None:
    async def story(house: House) -> None:
        caps = Caps(number_gap_s=600, customer_gap_s=600) if change == "gap" else SETTINGS.caps
        campaign, people = await a_campaign(house, caps=caps)
        ana = await by_hand(house, "ana", campaign.id)
        heard = await house.listens(ana)
        await contact(house, people, MAIN)
        await house.until(lambda: house.state(ana.id) == "reserved")
        if change == "do_not_call":
            await house.block(MAIN)
        elif change == "paused":
            await house.want(campaign.id, Desired.PAUSED)
        else:
            async with house.db.transaction() as conn:
                await conn.execute(
                    "INSERT INTO number_use (e164, last_at, recent) "
                    "VALUES ($1, $2::timestamptz, ARRAY[$2::timestamptz])",
                    MAIN,
                    house.clock.now() - timedelta(seconds=60),
                )
        await house.until(lambda: house.state(ana.id) == "ready", 20)
        await house.clock.sleep(1)
        assert not house.dialled()
        reasons = [body.reason for body in heard if isinstance(body, CallIs)]
        # A blocked number ends its contact: there is nothing left that could be begun.
        wanted = {"do_not_call": "lost_reservation", "paused": "campaign_closed", "gap": "number_gap"}
        assert reasons == [wanted[change]]
        assert not house.live_agent(ana.id).line, "the phone is hung up"

    run(database_dsn, story)


def test_a_pause_while_the_phone_rings_takes_effect_after_the_call(database_dsn: str) -> None:
    async def story(house: House) -> None:
        campaign, people = await a_campaign(house)
        ana = await by_hand(house, "ana", campaign.id)
        await contact(house, people, MAIN, BUSY)
        await house.until(lambda: house.state(ana.id) == "reserved")
        answer = await house.ask(Kind.AGENT_PAUSE, ana.id, reason="lunch")
        assert answer.result == {"state": "reserved", "pending": "pause"}
        await house.until(lambda: house.state(ana.id) == "paused", 30)
        assert house.live_agent(ana.id).state.reason == "lunch"

    run(database_dsn, story)


def test_campaigns_that_share_such_an_agent_take_turns(database_dsn: str) -> None:
    async def story(house: House) -> None:
        first, people = await a_campaign(house)
        second, others = await a_campaign(house)
        done = {c.id: await house.result(c.id, Action.NO_ACTION) for c in (first, second)}
        ana = await by_hand(house, "ana", first.id, second.id)
        house.typifies_everything(ana, done)
        for n in range(6):
            await contact(house, people, number(100 + n))
            await contact(house, others, number(200 + n))
        await house.until(lambda: len(house.dialled()) == 8, 1200)
        rows = await house.rows("SELECT campaign_id, count(*) AS n FROM attempt GROUP BY campaign_id")
        assert sorted(row["n"] for row in rows) == [4, 4]

    run(database_dsn, story)


def test_an_agent_bound_contact_rings_its_agent_first(database_dsn: str) -> None:
    async def story(house: House) -> None:
        campaign, people = await a_campaign(house)
        ana = await by_hand(house, "ana", campaign.id)
        await by_hand(house, "bea", campaign.id)
        house.calls_to(MAIN, ANSWERS)
        await house.contact(people, MAIN, agent_id=ana.id)
        await house.until(lambda: house.state(ana.id) == "talking", 60)
        row = await house.row("SELECT kind, agent_id FROM attempt")
        assert row == {"kind": "agent_bound", "agent_id": ana.id}

    run(database_dsn, story)


def test_a_call_of_a_phone_that_rang_first_is_held_resumed_and_ended_like_any_other(
    database_dsn: str,
) -> None:
    async def story(house: House) -> None:
        campaign, people = await a_campaign(house)
        ana = await by_hand(house, "ana", campaign.id)
        await contact(house, people, MAIN, TALKS_LONG)
        await house.until(lambda: house.state(ana.id) == "talking")
        attempt = house.live_agent(ana.id).state.attempt_id
        for kind in (Kind.CONTROL_HOLD, Kind.CONTROL_RESUME):
            answer = await house.ask(kind, attempt, agent_id=str(ana.id))
            assert answer.state is State.DONE, answer.result
            await house.clock.sleep(5)
            assert house.state(ana.id) == "talking"
        house.pbx.pbx.far_end_hangs_up(house.live_agent(ana.id).line)
        await house.until(lambda: house.state(ana.id) == "wrapup", 5)
        await house.clock.sleep(1)
        row = await house.row("SELECT outcome, hung_up_by FROM attempt")
        assert row == {"outcome": "connected", "hung_up_by": "agent"}

    run(database_dsn, story)


def test_a_worker_that_dies_while_the_phone_rings_leaves_no_call_and_the_next_one_dials(
    database_dsn: str,
) -> None:
    async def story(house: House) -> None:
        campaign, people = await a_campaign(house)
        ana = await by_hand(house, "ana", campaign.id)
        await contact(house, people, MAIN, TALKS_LONG)
        await house.until(lambda: house.state(ana.id) == "reserved")
        await house.clock.sleep(1)
        await house.restart_worker()
        await house.until(lambda: house.state(ana.id) == "talking", 120)
        assert house.dialled() == [MAIN]
        assert len(await house.rows("SELECT 1 FROM attempt")) == 1

    run(database_dsn, story)


def test_a_conversation_survives_the_dialers_restart(database_dsn: str) -> None:
    async def story(house: House) -> None:
        campaign, people = await a_campaign(house)
        ana = await by_hand(house, "ana", campaign.id)
        await contact(house, people, MAIN, TALKS_LONG)
        await house.until(lambda: house.state(ana.id) == "talking")
        await house.clock.sleep(5)
        await house.restart_worker()
        await house.clock.sleep(60)
        assert house.state(ana.id) == "talking"
        await house.until(lambda: house.state(ana.id) == "wrapup", 300)
        await house.clock.sleep(1)
        assert await house.outcomes() == {"connected": 1}
        assert house.dialled() == [MAIN]

    run(database_dsn, story)
