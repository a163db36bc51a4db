"""A worker is killed, and the next one goes on where its agents and customers were."""

from unittest.mock import patch

import msgspec
import pytest

from ami.simulator import Behaviour, Fate
from ami.simulator import Phone as PbxPhone
from ami.simulator import Settings as PbxSettings
from dialer.agents import Agent, Line
from dialer.broadcast import Broadcast
from dialer.commands import Kind
from dialer.live import AgentIs
from dialer.outcome import Outcome
from dialer.settings import Mode
from tests.integration.dialer.house import ANSWERS, SETTINGS, House, in_virtual_time, number
from typifications.model import Action

MAIN = number(1)
LONG_TALK = Behaviour(fate=Fate.ANSWER, setup_s=0.3, ring_s=3, talk_s=120)


async def loses_the_line(house: House, agent: Agent) -> None:
    house.pbx.pbx.far_end_hangs_up(house.live_agent(agent.id).line)
    await house.until(lambda: house.state(agent.id) == "line_lost", 5)
    await house.clock.sleep(0.5)


def test_a_wrap_up_whose_line_is_lost_goes_on_with_the_next_owner(database_dsn: str) -> None:
    async def story(house: House) -> None:
        campaign, ana = await house.opened()
        contact = await house.somebody(campaign, MAIN, ANSWERS)
        await house.until(lambda: house.state(ana.id) == "wrapup")
        await loses_the_line(house, ana)
        await house.restart_worker()
        await house.until(lambda: house.state(ana.id) == "wrapup", 20)
        await house.until(lambda: house.state(ana.id) == "ready", 60)
        await house.clock.sleep(1)
        assert await house.rows("SELECT contact_id, state FROM interaction") == [
            {"contact_id": contact, "state": "untypified"}
        ]

    in_virtual_time(database_dsn, story)


def test_a_pause_whose_line_is_lost_goes_on_with_the_next_owner(database_dsn: str) -> None:
    async def story(house: House) -> None:
        _, ana = await house.opened()
        await house.ask(Kind.AGENT_PAUSE, ana.id, reason="lunch")
        await loses_the_line(house, ana)
        await house.restart_worker()
        await house.until(lambda: house.live_agent(ana.id).held, 60)
        assert house.state(ana.id) == "paused"
        assert house.live_agent(ana.id).state.reason == "lunch"

    in_virtual_time(database_dsn, story)


def test_a_customer_whose_agents_line_is_lost_comes_back_to_that_agent_with_the_next_owner(
    database_dsn: str,
) -> None:
    async def story(house: House) -> None:
        campaign, ana = await house.opened()
        await house.in_talk(ana, campaign, MAIN, LONG_TALK)
        await loses_the_line(house, ana)
        await house.restart_worker()
        await house.until(lambda: house.state(ana.id) == "talking", 20)
        await house.until(lambda: house.state(ana.id) == "wrapup", 200)
        assert await house.outcomes() == {"connected": 1}

    in_virtual_time(database_dsn, story)


@pytest.mark.parametrize("breaks", ["worker", "line", "line and worker"])
def test_what_was_said_during_the_talk_spares_the_wrap_up_whatever_breaks(
    database_dsn: str, breaks: str
) -> None:
    async def story(house: House) -> None:
        campaign, ana = await house.opened()
        done = await house.result(campaign.id, Action.NO_ACTION)
        contact = await house.in_talk(ana, campaign, MAIN, LONG_TALK)
        await house.typify(ana.id, done)
        if "line" in breaks:
            await loses_the_line(house, ana)
        if "worker" in breaks:
            await house.restart_worker()
        desktop = await house.listens(ana)
        await house.until(lambda: house.state(ana.id) == "talking", 20)
        await house.until(lambda: house.state(ana.id) != "talking", 200)
        assert house.state(ana.id) == "ready"
        await house.clock.sleep(1)
        assert "wrapup" not in [told.state for told in desktop if isinstance(told, AgentIs)]
        assert (await house.contact_row(contact))["state"] == "done"

    in_virtual_time(database_dsn, story)


def test_a_pause_that_is_held_back_comes_with_the_next_owner(database_dsn: str) -> None:
    async def story(house: House) -> None:
        _, ana = await house.opened()
        with patch.object(house.engine.hub, "answers_expected", return_value=True):
            asked = await house.ask(Kind.AGENT_PAUSE, ana.id, reason="lunch")
        assert asked.result == {"state": "ready", "pending": "pause"}
        await house.restart_worker()
        await house.until(lambda: house.state(ana.id) == "paused", 30)

    in_virtual_time(database_dsn, story)


@pytest.mark.parametrize("dead_s", [1, 8], ids=["picked_up_with_the_next", "picked_up_without_an_owner"])
def test_a_phone_that_is_rung_for_a_waiting_customer_is_talked_on_with_the_next_owner(
    database_dsn: str, dead_s: float
) -> None:
    async def story(house: House) -> None:
        _, ana = await house.opened(line=Line.RINGING)
        house.phones["ana"] = PbxPhone(ring_s=5)
        house.pbx.pbx.inbound(MAIN, "5550000", behaviour=LONG_TALK)
        await house.until(lambda: house.state(ana.id) == "offered")
        await house.clock.sleep(1)
        await house.kill_worker()
        await house.clock.sleep(dead_s)
        await house.start_worker()
        await house.until(lambda: house.state(ana.id) == "talking", 10)
        await house.until(lambda: house.state(ana.id) == "wrapup", 200)
        assert await house.outcomes() == {"connected": 1}

    in_virtual_time(database_dsn, story, pbx_settings=PbxSettings(phones={}))


def test_a_customer_for_whom_a_phone_rang_in_vain_goes_to_the_next_agent_with_the_next_owner(
    database_dsn: str,
) -> None:
    async def story(house: House) -> None:
        campaign, ana = await house.opened(line=Line.RINGING)
        house.phones["ana"] = PbxPhone(answers=False)
        house.pbx.pbx.inbound(MAIN, "5550000", behaviour=LONG_TALK)
        await house.until(lambda: house.state(ana.id) == "offered")
        bea = await house.agent("bea", campaign.id)
        await house.kill_worker()
        await house.clock.sleep(20)
        await house.start_worker()
        await house.until(lambda: house.state(bea.id) == "talking", 10)
        assert house.state(ana.id) == "paused"

    in_virtual_time(database_dsn, story, pbx_settings=PbxSettings(phones={}))


def test_a_caller_in_talk_is_known_to_the_next_owner(database_dsn: str) -> None:
    async def story(house: House) -> None:
        _, ana = await house.opened()
        house.pbx.pbx.inbound(MAIN, "5550000", behaviour=LONG_TALK)
        await house.until(lambda: house.state(ana.id) == "talking")
        await house.clock.sleep(1)
        await house.restart_worker()
        await house.clock.sleep(30)
        assert house.state(ana.id) == "talking"
        await house.until(lambda: house.state(ana.id) == "wrapup", 200)
        row = await house.row("SELECT outcome, agent_id, ended_at - connected_at AS talk FROM attempt")
        assert (row["outcome"], row["agent_id"]) == ("connected", ana.id)
        assert row["talk"].total_seconds() == pytest.approx(120, abs=1)

    in_virtual_time(database_dsn, story)


def test_a_caller_who_waits_is_known_to_the_next_owner(database_dsn: str) -> None:
    async def story(house: House) -> None:
        _, ana = await house.opened()
        await house.ask(Kind.AGENT_PAUSE, ana.id, reason="lunch")
        house.pbx.pbx.inbound(MAIN, "5550000", behaviour=LONG_TALK)
        await house.clock.sleep(5)
        await house.restart_worker()
        await house.clock.sleep(5)
        await house.ask(Kind.AGENT_READY, ana.id)
        await house.until(lambda: house.state(ana.id) == "talking", 5)

    in_virtual_time(database_dsn, story)


@pytest.mark.parametrize(
    ("keys", "outcome"), [("73", Outcome.PRESSED), ("9", Outcome.OPTED_OUT)], ids=["answered", "opted_out"]
)
def test_keys_pressed_before_the_dialer_died_are_its_calls_verdict(
    database_dsn: str, keys: str, outcome: Outcome
) -> None:
    async def story(house: House) -> None:
        await house.trunk()
        broadcast = Broadcast(audio="campaigns/notice", answers={"3": "no"})
        settings = msgspec.structs.replace(SETTINGS, mode=Mode.BROADCAST, broadcast=broadcast)
        campaign = await house.campaign(settings=settings)
        house.calls_to(MAIN, Behaviour(fate=Fate.ANSWER, ring_s=3, presses=keys, presses_after_s=3))
        await house.contact(await house.list_(campaign.id), MAIN)

        async def pressed() -> bool:
            return bool(await house.rows("SELECT FROM attempt WHERE pressed = $1", keys))

        await house.until(pressed)
        assert await house.rows("SELECT FROM live_attempt"), "the confirmation is heard"
        await house.kill_worker()
        await house.clock.sleep(10)
        await house.start_worker()
        await house.until(lambda: not len(house.engine.tools.calls), 10)
        await house.clock.sleep(1)
        row = await house.row("SELECT outcome, pressed FROM attempt")
        assert row == {"outcome": outcome, "pressed": keys}

    in_virtual_time(database_dsn, story)


def test_a_call_that_rings_may_ring_as_long_as_its_campaign_says_with_the_next_owner(
    database_dsn: str,
) -> None:
    async def story(house: House) -> None:
        await house.trunk()
        settings = msgspec.structs.replace(SETTINGS, ring_timeout_s=90)
        campaign = await house.campaign(settings=settings)
        ana = await house.agent("ana", campaign.id)
        house.calls_to(MAIN, Behaviour(fate=Fate.ANSWER, setup_s=0.3, ring_s=70, talk_s=30))
        await house.contact(await house.list_(campaign.id), MAIN)
        await house.until(lambda: house.dialled())
        await house.clock.sleep(1)
        await house.restart_worker()
        await house.until(lambda: house.state(ana.id) == "talking", 90)

    in_virtual_time(database_dsn, story)
