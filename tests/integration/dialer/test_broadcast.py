"""Campaigns that broadcast: an audio at the answer, keys, and agents for those who ask for one."""

from collections import Counter
from datetime import timedelta
from typing import Any
from uuid import UUID

import msgspec
import pytest

from ami.simulator import Behaviour, Fate, Population, Shares
from ami.simulator.population import MACHINE
from dialer.agents import Agent
from dialer.broadcast import Broadcast
from dialer.campaigns import Campaign
from dialer.commands import Kind
from dialer.outcome import Outcome
from dialer.settings import Mode, RetryRule, Settings
from lists import tallies
from tests.integration.dialer.house import NOON, SETTINGS, House, in_virtual_time, number
from typifications.model import Action, ScheduleRequest

MAIN, OTHER = number(1), number(2)
LISTENS = Behaviour(ring_s=3, talk_s=30)
MACHINE_ANSWERS = Behaviour(fate=Fate.MACHINE, ring_s=3, amd=MACHINE)


def settings(amd: bool = False, channels: int = 200, **said: Any) -> Settings:
    broadcast = Broadcast(**{"audio": "campaigns/notice", **said})
    return msgspec.structs.replace(
        SETTINGS, mode=Mode.BROADCAST, amd=amd, channels=channels, broadcast=broadcast
    )


async def call_one(house: House, behaviour: Behaviour, using: Settings) -> dict[str, Any]:
    """One contact of such a campaign, called once; its attempt and what became of the contact."""
    await house.trunk()
    campaign = await house.campaign(settings=using)
    house.calls_to(MAIN, behaviour)
    contact = await house.contact(await house.list_(campaign.id), MAIN)

    async def ended() -> bool:
        return bool(await house.rows("SELECT FROM attempt WHERE ended_at IS NOT NULL"))

    await house.until(ended, 120)
    attempt = await house.row("SELECT * FROM attempt")
    found = await house.contact_row(contact)
    return {**attempt, "contact": (found["state"], found["final_reason"])}


@pytest.mark.parametrize(
    ("behaviour", "using", "expected"),
    [
        (LISTENS, settings(), ("played", "played", "", "done")),
        (
            Behaviour(presses="2"),
            settings(answers={"2": "yes", "3": "no"}),
            ("pressed", "key_2", "2", "done"),
        ),
        (
            Behaviour(presses="73"),
            settings(answers={"2": "yes", "3": "no"}),
            ("pressed", "key_3", "73", "done"),
        ),
        (Behaviour(presses="7"), settings(), ("played", "played", "7", "done")),
        (Behaviour(presses="9"), settings(), ("opted_out", "opted_out", "9", "do_not_call")),
        (Behaviour(gives_up_s=2), settings(), ("gone", "hung_up_before_end", "", "pending")),
        (
            MACHINE_ANSWERS,
            settings(amd=True, machine_audio="campaigns/machine"),
            ("message_left", "message_left", "", "done"),
        ),
        (MACHINE_ANSWERS, settings(amd=True), ("machine", "machine", "", "pending")),
        (Behaviour(fate=Fate.BUSY), settings(), ("busy", "sip_486", "", "pending")),
        (
            Behaviour(presses="1"),
            settings(agents=True, within_agents=False),
            ("unattended", "patience_over", "1", "pending"),
        ),
        (
            Behaviour(presses="1", gives_up_s=12),
            settings(agents=True, within_agents=False),
            ("unattended", "gave_up", "1", "pending"),
        ),
    ],
    ids=[
        "heard", "answered_by_key", "answered_at_the_second_key", "a_key_that_means_nothing", "opted_out",
        "gone_before_the_end", "message_left", "machine", "busy", "nobody_came", "gave_up_waiting",
    ],
)  # fmt: skip
def test_a_broadcast_ends_in_one_verdict_and_its_contact_is_settled_by_it(
    database_dsn: str, behaviour: Behaviour, using: Settings, expected: tuple[str, str, str, str]
) -> None:
    async def story(house: House) -> None:
        found = await call_one(house, behaviour, using)
        outcome, reason, pressed, state = expected
        assert (found["outcome"], found["reason"], found["pressed"]) == (outcome, reason, pressed)
        assert found["contact"][0] == state
        assert found["kind"] == "broadcast"
        assert await house.rows("SELECT * FROM campaign_hour") == [], "outside the law's ratio"

    in_virtual_time(database_dsn, story)


def test_9_is_on_do_not_call_before_the_call_is_over(database_dsn: str) -> None:
    async def story(house: House) -> None:
        found = await call_one(house, Behaviour(presses="9"), settings())
        stored = await house.row("SELECT e164, source, attempt_id, created_at FROM do_not_call")
        assert (stored["e164"], stored["source"], stored["attempt_id"]) == (MAIN, "opt_out", found["id"])
        assert stored["created_at"] < found["ended_at"]

    in_virtual_time(database_dsn, story)


def test_a_message_on_a_machine_may_be_followed_by_another_try(database_dsn: str) -> None:
    async def story(house: House) -> None:
        using = settings(amd=True, machine_audio="campaigns/machine")
        retry = {**using.retry, Outcome.MESSAGE_LEFT: RetryRule(wait_s=3600, max=1)}
        found = await call_one(house, MACHINE_ANSWERS, msgspec.structs.replace(using, retry=retry))
        assert found["contact"][0] == "pending"

    in_virtual_time(database_dsn, story)


def test_1_is_joined_to_an_agent_whose_result_settles_the_contact(database_dsn: str) -> None:
    async def story(house: House) -> None:
        await house.trunk()
        campaign = await house.campaign(settings=settings(agents=True))
        ana = await house.agent("ana", campaign.id)
        done = await house.result(campaign.id, Action.NO_ACTION)
        house.calls_to(MAIN, Behaviour(presses="1", talk_s=20))
        contact = await house.contact(await house.list_(campaign.id), MAIN)
        await house.until(lambda: house.state(ana.id) == "talking")
        await house.until(lambda: house.state(ana.id) == "wrapup")
        await house.typify(ana.id, done)
        await house.finished(60)
        assert (await house.contact_row(contact))["state"] == "done"
        row = await house.row("SELECT outcome, agent_id, pressed FROM attempt")
        assert row == {"outcome": "connected", "agent_id": ana.id, "pressed": "1"}

    in_virtual_time(database_dsn, story)


def test_keys_are_counted_call_by_call_with_what_they_mean(database_dsn: str) -> None:
    async def story(house: House) -> None:
        await house.trunk()
        using = settings(answers={"2": "yes", "3": "no"})
        campaign = await house.campaign(settings=using)
        people = await house.list_(campaign.id)
        for n, keys in enumerate(("2", "2", "772", "9", "")):
            house.calls_to(number(n), Behaviour(presses=keys))
            await house.contact(people, number(n))
        await house.finished()
        async with house.db.connection() as conn:
            found = await tallies.keys(conn, campaign.id, NOON)
        assert {using.broadcast.meaning(key): n for key, n in found.items()} == {
            "yes": 3,
            "": 1,
            "opt_out": 1,
        }

    in_virtual_time(database_dsn, story)


def test_without_agents_every_channel_is_used_and_no_more(database_dsn: str) -> None:
    async def story(house: House) -> None:
        await house.trunk()
        campaign = await house.campaign(settings=settings(channels=7))
        people = await house.list_(campaign.id)
        for n in range(40):
            house.calls_to(number(n), LISTENS)
            await house.contact(people, number(n))
        most = await _most_at_once(house, campaign)
        assert most == 7
        assert await house.outcomes() == {"played": 40}
        assert max(Counter(house.dialled()).values()) == 1

    in_virtual_time(database_dsn, story)


async def _most_at_once(house: House, campaign: Campaign) -> int:
    most = 0
    run = await house.until(lambda: house.engine.hub.runs.get(campaign.id))
    while (await house.states())["pending"] + (await house.states())["live"]:
        most = max(most, len(run.live))
        await house.clock.sleep(0.5)
    return most


def test_with_three_agents_and_one_in_five_pressing_1_most_who_ask_are_attended(database_dsn: str) -> None:

    async def story(house: House) -> None:
        await house.trunk()
        campaign = await house.campaign(settings=settings(agents=True, agent_patience_s=20))
        done = await house.result(campaign.id, Action.NO_ACTION)
        people = await house.list_(campaign.id)
        for n in range(300):
            await house.contact(people, number(n))
        for agent in await house.many_agents(3, campaign.id):
            house.typifies_everything(agent, done, after_s=5)
        await house.finished()
        outcomes = await house.outcomes()
        asked = outcomes["connected"] + outcomes["unattended"]
        assert asked > 20
        assert outcomes["unattended"] <= 0.2 * asked

    shares = Shares(0.6, machine=0.1, busy=0.05, no_answer=0.25, invalid=0, congestion=0, rejected=0)
    people = Population(seed=11, shares=shares, presses={"1": 0.2, "9": 0.02}, gives_up=0.0)
    in_virtual_time(database_dsn, story, population=people)


def test_no_agent_at_work_and_a_campaign_that_waits_for_agents_dials_nobody_and_says_so(
    database_dsn: str,
) -> None:
    async def story(house: House) -> None:
        await house.trunk()
        campaign = await house.campaign(settings=settings(agents=True))
        await house.contact(await house.list_(campaign.id), MAIN)
        await house.clock.sleep(30)
        assert not house.dialled()
        assert house.engine.hub.runs[campaign.id].status.why == "no_agents"

    in_virtual_time(database_dsn, story)


def test_a_broadcast_under_way_outlives_its_worker(database_dsn: str) -> None:
    async def story(house: House) -> None:
        await house.trunk()
        campaign = await house.campaign(settings=settings())
        house.calls_to(MAIN, LISTENS)
        await house.contact(await house.list_(campaign.id), MAIN)
        await house.until(lambda: house.dialled())
        await house.clock.sleep(6)
        await house.restart_worker()
        await house.finished(120)
        assert await house.outcomes() == {"played": 1}

    in_virtual_time(database_dsn, story)


# --- call-backs of a broadcast: a person is promised, not the audio once more ---------------------


async def a_call_back_for_whoever_is_free(
    house: House, *behaviours: Behaviour, mine: bool = False, **changes: Any
) -> tuple[Campaign, Agent, UUID]:
    """Ana agreed on a call with somebody who had pressed 1; campaign, Ana (ready again), the contact."""
    await house.trunk()
    using = msgspec.structs.replace(settings(agents=True), agenda_retry_s=300, **changes)
    campaign = await house.campaign(settings=using)
    ana = await house.agent("ana", campaign.id)
    later = await house.result(campaign.id, Action.SCHEDULE)
    house.calls_to(MAIN, Behaviour(presses="1", talk_s=20), *behaviours)
    contact = await house.contact(await house.list_(campaign.id), MAIN)
    await house.until(lambda: house.state(ana.id) == "wrapup")
    due = (house.clock.now() + timedelta(minutes=10)).replace(second=0, microsecond=0, tzinfo=None)
    await house.typify(ana.id, later, ScheduleRequest(due, "UTC", MAIN, mine=mine))
    await house.until(lambda: house.state(ana.id) == "ready")
    return campaign, ana, contact


async def kinds(house: House) -> list[str]:
    return [row["kind"] for row in await house.rows("SELECT kind FROM attempt ORDER BY begun_at")]


def test_a_call_back_for_anyone_goes_to_a_free_agent_without_the_audio(database_dsn: str) -> None:
    async def story(house: House) -> None:
        campaign, ana, contact = await a_call_back_for_whoever_is_free(house, Behaviour(talk_s=20))
        await house.ask(Kind.AGENT_PAUSE, ana.id)
        bea = await house.agent("bea", campaign.id)
        await house.until(lambda: house.state(bea.id) == "talking", 900)
        assert await kinds(house) == ["broadcast", "agent_bound"]
        done = await house.result(campaign.id, Action.NO_ACTION)
        await house.until(lambda: house.state(bea.id) == "wrapup")
        await house.typify(bea.id, done)
        await house.finished(60)
        assert (await house.contact_row(contact))["state"] == "done"
        assert (await house.row("SELECT state FROM agenda_event"))["state"] == "managed"

    in_virtual_time(database_dsn, story)


def test_a_call_back_for_anyone_waits_until_an_agent_is_free(database_dsn: str) -> None:
    async def story(house: House) -> None:
        _, ana, contact = await a_call_back_for_whoever_is_free(house, Behaviour(talk_s=20))
        await house.ask(Kind.AGENT_PAUSE, ana.id)
        await house.clock.sleep(1800)
        assert house.dialled() == [MAIN]
        assert (await house.contact_row(contact))["state"] == "scheduled"
        await house.ask(Kind.AGENT_READY, ana.id)
        await house.until(lambda: house.state(ana.id) == "talking", 60)
        assert await kinds(house) == ["broadcast", "agent_bound"]

    in_virtual_time(database_dsn, story)


def test_an_unanswered_call_back_is_tried_again_by_whoever_is_free_then(database_dsn: str) -> None:
    async def story(house: House) -> None:
        silent = Behaviour(fate=Fate.NO_ANSWER)
        campaign, ana, _ = await a_call_back_for_whoever_is_free(house, silent, Behaviour(talk_s=20))
        await house.until(lambda: len(house.dialled()) == 2, 900)
        await house.until(lambda: house.state(ana.id) == "ready", 60)
        await house.ask(Kind.AGENT_LOGOUT, ana.id)
        bea = await house.agent("bea", campaign.id)
        await house.until(lambda: house.state(bea.id) == "talking", 900)
        assert await kinds(house) == ["broadcast", "agent_bound", "agent_bound"]

    in_virtual_time(database_dsn, story)


def test_a_call_back_whose_own_agent_stays_away_goes_to_another_and_not_to_the_audio(
    database_dsn: str,
) -> None:
    async def story(house: House) -> None:
        campaign, ana, _ = await a_call_back_for_whoever_is_free(
            house, Behaviour(talk_s=20), mine=True, agenda_grace_s=120
        )
        await house.ask(Kind.AGENT_LOGOUT, ana.id)
        bea = await house.agent("bea", campaign.id)
        await house.until(lambda: house.state(bea.id) == "talking", 1200)
        assert await kinds(house) == ["broadcast", "agent_bound"]

    in_virtual_time(database_dsn, story)


def test_after_its_tries_a_call_back_is_the_lists_again(database_dsn: str) -> None:
    async def story(house: House) -> None:
        silent = Behaviour(fate=Fate.NO_ANSWER)
        await a_call_back_for_whoever_is_free(house, silent, LISTENS, agenda_tries=1)
        await house.finished()
        assert await kinds(house) == ["broadcast", "agent_bound", "broadcast"]

    in_virtual_time(database_dsn, story)
