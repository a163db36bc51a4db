"""What reaches the pacer in the live engine: forms, ringing, pauses, each contact's chance, the budget."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import msgspec
import pytest

from ami.simulator import Behaviour, Fate
from dialer import counters, live
from dialer.campaigns import Campaign
from dialer.chance import Standing
from dialer.commands import Kind
from dialer.engine.campaign import CampaignRun
from dialer.settings import Mode, RetryRule
from tests.integration.dialer.house import ANSWERS, BUSY, NOON, SETTINGS, House, in_virtual_time, number

PREDICTIVE = msgspec.structs.replace(SETTINGS, mode=Mode.PREDICTIVE, target=0.03)


def heard(run: CampaignRun, name: str) -> list[tuple[Any, ...]]:
    """What the campaign's pacer is told by this name from now on."""
    told: list[tuple[Any, ...]] = []
    inner: Callable[..., Any] = getattr(run.pacer, name)

    def listen(*args: Any) -> Any:
        told.append(args)
        return inner(*args)

    setattr(run.pacer, name, listen)
    return told


async def floor(house: House, *behaviours: Behaviour, **changes: Any) -> tuple[Campaign, CampaignRun, UUID]:
    """One agent, and a contact for each behaviour."""
    await house.trunk()
    campaign = await house.campaign(settings=msgspec.structs.replace(PREDICTIVE, **changes))
    ana = await house.agent("ana", campaign.id)
    people = await house.list_(campaign.id)
    for n, behaviour in enumerate(behaviours):
        house.calls_to(number(n), behaviour)
        await house.contact(people, number(n))
    return campaign, house.engine.hub.runs[campaign.id], ana.id


def test_the_form_opened_after_the_talk_reaches_the_pacer_of_the_agents_campaign(database_dsn: str) -> None:
    async def story(house: House) -> None:
        _, run, ana = await floor(house, ANSWERS)
        told = heard(run, "finishing")
        await house.until(lambda: house.state(ana) == "talking")
        attempt = str(house.live_agent(ana).about.attempt_id)
        await house.ask(Kind.AGENT_FINISHING, ana, attempt_id=attempt)
        assert told == []  # the conversation still runs
        await house.until(lambda: house.state(ana) == "wrapup")
        await house.ask(Kind.AGENT_FINISHING, ana, attempt_id=attempt)
        assert [agent for agent, _ in told] == [ana]

    in_virtual_time(database_dsn, story)


def test_a_form_of_an_earlier_call_says_nothing_of_this_one(database_dsn: str) -> None:
    async def story(house: House) -> None:
        _, run, ana = await floor(house, ANSWERS)
        told = heard(run, "finishing")
        await house.until(lambda: house.state(ana) == "wrapup")
        await house.ask(Kind.AGENT_FINISHING, ana, attempt_id="00000000-0000-7000-8000-000000000000")
        assert told == []
        await house.ask(Kind.AGENT_FINISHING, ana)  # a desktop that does not say which call
        assert len(told) == 1

    in_virtual_time(database_dsn, story)


def test_ringing_reaches_the_pacer_once_a_call_and_not_for_numbers_that_never_ring(database_dsn: str) -> None:
    async def story(house: House) -> None:
        _, run, ana = await floor(house, ANSWERS, BUSY)
        told = heard(run, "progress")
        await house.until(lambda: house.state(ana) == "wrapup")
        rang = {row["id"] for row in await house.rows("SELECT id FROM attempt WHERE e164 = $1", number(0))}
        assert [(call, code) for call, _, code in told] == [(call, 180) for call in rang]

    in_virtual_time(database_dsn, story)


def test_a_pause_or_log_out_asked_for_in_a_call_is_told_to_the_pacer_at_once(database_dsn: str) -> None:
    async def story(house: House) -> None:
        _, run, ana = await floor(house, ANSWERS, ANSWERS)
        leaving, left = heard(run, "leaving"), heard(run, "left")
        await house.until(lambda: house.state(ana) == "talking")
        await house.ask(Kind.AGENT_PAUSE, ana, reason="lunch")
        assert [agent for agent, _ in leaving] == [ana]
        assert left == []
        await house.until(lambda: house.state(ana) == "paused")
        assert [agent for agent, _ in left] == [ana]

    in_virtual_time(database_dsn, story)


# --- each contact's own chance -----------------------------------------------------------------------------

HOPELESS, HOPEFUL = "mobile", "work"


async def people_of_two_kinds(house: House, campaign: Campaign, count: int) -> None:
    """Every second one has a work phone and answers; the others' mobiles are busy."""
    people = await house.list_(campaign.id)
    for n in range(count):
        house.calls_to(number(n), BUSY if n % 2 else Behaviour(fate=Fate.ANSWER, ring_s=2, talk_s=2))
        await house.contact(people, number(n))
    async with house.db.transaction() as conn:
        await conn.execute(
            "UPDATE phone SET kind = CASE WHEN right(e164, 4)::int % 2 = 1 THEN 'mobile' ELSE 'work' END"
        )


@pytest.mark.timeout(300)  # 560 calls, on a busy machine too
def test_who_answers_is_learned_from_closed_attempts_and_told_with_the_dial(database_dsn: str) -> None:
    once = dict.fromkeys(SETTINGS.retry, RetryRule(wait_s=0, max=0))

    async def story(house: House) -> None:
        campaign, run, _ = await floor(house, mode=Mode.POWER, ratio=10.0, retry=once, wrapup_s=0)
        await house.agent("eva", campaign.id)
        dialed = heard(run, "dialed")
        await people_of_two_kinds(house, campaign, 560)
        await house.until(lambda: run.learned.chances.calls >= 550, 7200)
        assert {p for _, _, p in dialed[:400]} == {None}  # too little data
        assert run.learned.chances.standing is Standing.USED
        told = {p > 0.5 for _, _, p in dialed[-20:]}
        assert told == {True, False}

        await run.remember()
        await house.restart_worker()
        again = house.engine.hub.runs[campaign.id]
        assert again.learned.chances.calls == run.learned.chances.calls
        assert again.learned.standing(campaign.settings) is Standing.USED
        off = msgspec.structs.replace(campaign.settings, answer_chances="off")
        assert again.learned.standing(off) is Standing.OFF

    in_virtual_time(database_dsn, story, write_gap_s=0.25)


def test_a_fault_of_ours_or_of_the_trunk_teaches_nothing_of_the_customer(database_dsn: str) -> None:
    async def story(house: House) -> None:
        congested = Behaviour(fate=Fate.CONGESTION, setup_s=0.1)
        _, run, _ = await floor(house, congested, BUSY)
        await house.until(lambda: len(house.dialled()) >= 2 and not run.live)
        assert run.learned.chances.calls == 1

    in_virtual_time(database_dsn, story)


# --- memory and budget -------------------------------------------------------------------------------------


def test_what_one_mode_learned_is_not_handed_to_another(database_dsn: str) -> None:
    async def story(house: House) -> None:
        campaign, run, _ = await floor(house, ANSWERS, mode=Mode.PROGRESSIVE)
        await run.remember()
        await house.change(campaign.id, mode="predictive")
        assert run.pacer.mode is Mode.PREDICTIVE
        await run.remember()
        await house.restart_worker()
        assert house.engine.hub.runs[campaign.id].pacer.mode is Mode.PREDICTIVE
        async with house.db.connection() as conn:
            memory = await counters.load_memory(conn, campaign.id)
        assert memory is not None
        assert {"progressive", "predictive"} <= memory.keys()

    in_virtual_time(database_dsn, story)


def test_the_budget_counts_the_conversations_under_way(database_dsn: str) -> None:
    async def story(house: House) -> None:
        _, run, ana = await floor(house, LONG)
        await house.until(lambda: house.state(ana) == "talking")
        told = heard(run, "budget")
        await run.recall_budget()
        await house.clock.sleep(120)
        assert set(told) == {(0, 1)}

    in_virtual_time(database_dsn, story)


LONG = Behaviour(fate=Fate.ANSWER, setup_s=0.3, ring_s=3, talk_s=600)


def test_a_shifts_budget_outlives_the_worker_and_not_the_day(database_dsn: str) -> None:
    async def story(house: House) -> None:
        campaign, run, ana = await floor(house, ANSWERS, abandon_window="shift", zone="Europe/Madrid")
        await house.until(lambda: house.state(ana) == "wrapup")
        await house.until(lambda: house.engine.tools.writer.idle)
        await run.recall_budget()
        assert run.found.connected == 1  # within the first hour too, which no hour of the counters ends in
        await house.restart_worker()
        assert house.engine.hub.runs[campaign.id].found.connected == 1
        await house.clock.sleep(600)  # midnight in Madrid
        again = house.engine.hub.runs[campaign.id]
        await again.recall_budget()
        assert again.found.connected == 0

    in_virtual_time(database_dsn, story, start=NOON.replace(hour=22, minute=55))


# --- limits and reasons ------------------------------------------------------------------------------------


def test_a_call_the_trunk_does_not_allow_yet_is_not_on_the_pacers_books(database_dsn: str) -> None:
    async def story(house: House) -> None:
        await house.trunk(calls_per_s=2, channels=6)
        campaign = await house.campaign(
            settings=msgspec.structs.replace(PREDICTIVE, mode=Mode.POWER, ratio=9)
        )
        await house.agent("ana", campaign.id)
        run = house.engine.hub.runs[campaign.id]
        dialed = heard(run, "dialed")
        people = await house.list_(campaign.id)
        for n in range(30):
            house.calls_to(number(n), Behaviour(fate=Fate.NO_ANSWER))
            await house.contact(people, number(n))
        await house.until(lambda: len(run.live) == 6)
        for _ in range(100):
            await house.clock.sleep(0.5)
            assert len(dialed) == len(house.pbx.calls)
            assert run.pacer.explain(run.at(house.clock.now()))["in_flight"] == len(run.live) <= 6
        placed = [call.at.timestamp() for call in house.pbx.calls]
        assert len(placed) > 6
        for first, third in zip(placed, placed[3:], strict=False):
            assert third - first >= 0.9  # two a second, and what the slack allows

    in_virtual_time(database_dsn, story)


def test_why_it_dials_is_a_live_message_and_a_row(database_dsn: str) -> None:
    async def story(house: House) -> None:
        campaign, run, ana = await floor(house, LONG, channels=1)
        messages: list[live.CampaignIs] = []

        async def listen() -> None:
            async with house.bus.subscribe(live.campaign_topic(campaign.id)) as subscription:
                async for message in subscription:
                    messages.append(live.decode(message.payload).body)  # type: ignore[union-attr,arg-type]

        house.spawn(listen())
        await house.until(lambda: house.state(ana) == "talking")
        await house.until(lambda: len(messages) > 2)
        why = messages[-1].pacing
        assert {"expected_answers", "expected_free", "price", "budget_left"} <= why.keys()
        assert (why["bound"], why["mode"], why["chances"]) == ("channels", "predictive", "too_little_data")
        await house.clock.sleep(15)
        async with house.db.connection() as conn:
            found = await counters.load_pacing(conn, campaign.id)
        assert found.at is not None
        assert found.figures.keys() == why.keys()
        assert run.pace.decisions > 0

    in_virtual_time(database_dsn, story)


def test_decisions_are_coalesced_to_twenty_a_second(database_dsn: str) -> None:
    async def story(house: House) -> None:
        _, run, _ = await floor(house, ANSWERS)
        for _ in range(500):
            run.wake()
            await house.clock.sleep(0.01)
        assert run.pace.decisions <= 5 * 20 + 20

    in_virtual_time(database_dsn, story)
