"""Agents and their lines, in calls and between them."""

from datetime import timedelta
from itertools import pairwise
from uuid import UUID

import pytest

from ami.simulator import Behaviour, Fate
from ami.simulator import Phone as PbxPhone
from ami.simulator import Settings as PbxSettings
from dialer import agents
from dialer.agents import Agent, AgentFields, Line
from dialer.campaigns import Campaign
from dialer.commands import Kind, State
from tests.integration.dialer.house import ANSWERS, House, in_virtual_time, number
from typifications.model import Action

MAIN, FIRST, SECOND = (number(n) for n in range(1, 4))
LONG_TALK = Behaviour(fate=Fate.ANSWER, setup_s=0.3, ring_s=3, talk_s=300)


async def a_campaign(house: House) -> tuple[Campaign, UUID]:
    await house.trunk()
    campaign = await house.campaign()
    return campaign, await house.list_(campaign.id)


async def talking(house: House, agent: Agent) -> UUID:
    await house.until(lambda: house.state(agent.id) == "talking")
    attempt: UUID = house.live_agent(agent.id).state.attempt_id
    return attempt


def test_a_pause_asked_for_in_a_call_takes_effect_after_the_wrap_up(database_dsn: str) -> None:
    async def story(house: House) -> None:
        campaign, people = await a_campaign(house)
        done = await house.result(campaign.id, Action.NO_ACTION)
        ana = await house.agent("ana", campaign.id)
        for phone in (MAIN, FIRST):
            house.calls_to(phone, ANSWERS)
            await house.contact(people, phone)
        await talking(house, ana)
        answer = await house.ask(Kind.AGENT_PAUSE, ana.id, reason="lunch")
        assert answer.result == {"state": "talking", "pending": "pause"}
        await house.until(lambda: house.state(ana.id) == "wrapup")
        await house.typify(ana.id, done)
        assert house.state(ana.id) == "paused"
        await house.clock.sleep(300)
        assert house.dialled() == [MAIN]
        await house.ask(Kind.AGENT_READY, ana.id)
        await talking(house, ana)
        assert house.dialled() == [MAIN, FIRST]

    in_virtual_time(database_dsn, story)


def test_a_line_lost_while_idle_is_called_back_and_not_offered_calls(database_dsn: str) -> None:
    async def story(house: House) -> None:
        campaign, people = await a_campaign(house)
        ana = await house.agent("ana", campaign.id)
        house.calls_to(MAIN, ANSWERS)
        house.pbx.pbx.far_end_hangs_up(house.live_agent(ana.id).line)
        await house.until(lambda: house.state(ana.id) == "line_lost", 5)
        await house.contact(people, MAIN)
        await house.clock.sleep(1)
        assert not house.dialled(), "nobody is there to take it"
        await house.until(lambda: house.state(ana.id) != "line_lost", 60)
        await talking(house, ana)

    in_virtual_time(database_dsn, story)


def test_a_phone_that_never_comes_back_leaves_no_phantom_agent(database_dsn: str) -> None:
    async def story(house: House) -> None:
        campaign, _ = await a_campaign(house)
        ana = await house.agent("ana", campaign.id)
        house.phones["ana"] = PbxPhone(answers=False)
        house.pbx.pbx.far_end_hangs_up(house.live_agent(ana.id).line)
        await house.until(lambda: house.state(ana.id) == "logged_out", 600)
        await house.clock.sleep(1)
        assert (await house.row("SELECT state FROM agent_presence"))["state"] == "logged_out"

    in_virtual_time(database_dsn, story, pbx_settings=PbxSettings(phones={}))


def test_a_line_lost_in_talk_keeps_the_customer_who_gets_the_same_agent_back(database_dsn: str) -> None:
    async def story(house: House) -> None:
        campaign, people = await a_campaign(house)
        ana = await house.agent("ana", campaign.id)
        house.calls_to(MAIN, LONG_TALK)
        await house.contact(people, MAIN)
        attempt = await talking(house, ana)
        house.pbx.pbx.far_end_hangs_up(house.live_agent(ana.id).line)
        await house.until(lambda: house.state(ana.id) == "line_lost", 5)
        bea = await house.agent("bea", campaign.id)
        assert await talking(house, ana) == attempt
        assert house.state(bea.id) == "ready"
        assert house.dialled() == [MAIN]

    in_virtual_time(database_dsn, story)


def test_a_customer_whose_agent_does_not_come_back_goes_to_a_free_one_as_rescued(database_dsn: str) -> None:
    async def story(house: House) -> None:
        campaign, people = await a_campaign(house)
        done = await house.result(campaign.id, Action.NO_ACTION)
        ana = await house.agent("ana", campaign.id)
        house.calls_to(MAIN, LONG_TALK)
        contact = await house.contact(people, MAIN)
        attempt = await talking(house, ana)
        bea = await house.agent("bea", campaign.id)
        house.phones["ana"] = PbxPhone(answers=False)
        house.pbx.pbx.far_end_hangs_up(house.live_agent(ana.id).line)
        assert await talking(house, bea) == attempt
        await house.clock.sleep(1)
        again = await house.offer_of(bea)
        assert (again.rescued, again.transferred) == (True, False), "a desktop that comes back is told, too"
        await house.typify(ana.id, done)  # the first agent still can
        await house.until(lambda: house.state(bea.id) == "wrapup", 600)
        assert (await house.row("SELECT outcome, agent_id FROM attempt")) == {
            "outcome": "connected",
            "agent_id": ana.id,
        }
        await house.finished()
        assert (await house.contact_row(contact))["state"] == "done"
        assert house.dialled() == [MAIN], "and it is never redialled by itself"

    in_virtual_time(database_dsn, story, pbx_settings=PbxSettings(phones={}))


def test_a_ringing_agent_is_rung_for_each_call_and_talks(database_dsn: str) -> None:
    async def story(house: House) -> None:
        campaign, people = await a_campaign(house)
        ana = await house.agent("ana", campaign.id, line=Line.RINGING)
        house.calls_to(MAIN, ANSWERS)
        await house.contact(people, MAIN)
        await talking(house, ana)
        await house.until(lambda: house.state(ana.id) == "wrapup")
        assert (await house.outcomes()) == {"connected": 1}

    in_virtual_time(database_dsn, story)


def test_one_unanswered_ring_pauses_the_agent_and_the_caller_goes_to_the_next(database_dsn: str) -> None:
    async def story(house: House) -> None:
        campaign, _ = await a_campaign(house)
        ana = await house.agent("ana", campaign.id, line=Line.RINGING)
        await house.clock.sleep(1)
        bea = await house.agent("bea", campaign.id)
        house.phones["ana"] = PbxPhone(answers=False)
        house.pbx.pbx.inbound(MAIN, "5550000", behaviour=LONG_TALK)
        await house.until(lambda: house.state(ana.id) == "offered")
        await talking(house, bea)
        assert house.state(ana.id) == "paused"
        assert house.live_agent(ana.id).state.reason == "not_answering"

    in_virtual_time(database_dsn, story, pbx_settings=PbxSettings(phones={}))


def test_a_customer_who_hangs_up_while_a_phone_rings_is_nothing_against_its_agent(database_dsn: str) -> None:
    async def story(house: House) -> None:
        campaign, people = await a_campaign(house)
        house.phones["ana"] = PbxPhone(ring_s=1.5)
        ana = await house.agent("ana", campaign.id, line=Line.RINGING)
        house.calls_to(MAIN, LONG_TALK)
        await house.contact(people, MAIN)
        await house.until(lambda: house.state(ana.id) == "offered")
        house.pbx.pbx.far_end_hangs_up(str(house.live_agent(ana.id).state.attempt_id))
        await house.until(lambda: house.state(ana.id) != "offered")
        assert house.state(ana.id) == "ready"
        await house.clock.sleep(5)
        assert await house.outcomes() == {"gone": 1}

    in_virtual_time(database_dsn, story, pbx_settings=PbxSettings(phones={}))


def test_an_agent_who_dials_in_from_the_phone_is_logged_in(database_dsn: str) -> None:
    async def story(house: House) -> None:
        campaign, people = await a_campaign(house)
        ana = await house.agent("ana", campaign.id)
        await house.ask(Kind.AGENT_LOGOUT, ana.id)
        assert house.state(ana.id) == "logged_out"
        house.pbx.pbx.agent_dials_in("ana", "ana")
        await house.until(lambda: house.state(ana.id) == "ready")
        house.calls_to(MAIN, ANSWERS)
        await house.contact(people, MAIN)
        await talking(house, ana)

    in_virtual_time(database_dsn, story)


def test_the_agent_hangs_up_first_and_the_customer_hears_no_message(database_dsn: str) -> None:
    async def story(house: House) -> None:
        campaign, people = await a_campaign(house)
        ana = await house.agent("ana", campaign.id)
        house.calls_to(MAIN, LONG_TALK)
        await house.contact(people, MAIN)
        attempt = await talking(house, ana)
        answer = await house.ask(Kind.CALL_HANGUP, attempt)
        assert answer.state is State.DONE
        await house.until(lambda: house.state(ana.id) == "wrapup", 5)
        row = await house.row("SELECT outcome, hung_up_by FROM attempt")
        assert row == {"outcome": "connected", "hung_up_by": "agent"}
        await house.until(lambda: house.live_agent(ana.id).held, 5, "the line is back in hold")

    in_virtual_time(database_dsn, story)


def test_who_pauses_while_answers_are_expected_is_held_back_for_a_moment(database_dsn: str) -> None:
    async def story(house: House) -> None:
        campaign, people = await a_campaign(house)
        ana = await house.agent("ana", campaign.id)
        for n in range(8):
            house.calls_to(number(n), Behaviour(fate=Fate.NO_ANSWER))
            await house.contact(people, number(n))
        run = house.engine.hub.runs[campaign.id]
        await house.until(lambda: run.live)
        for n in range(100, 104):  # as many answers under way as would miss the agent
            run.pacer.dialed(n, run.at(house.clock.now()))
        answer = await house.ask(Kind.AGENT_PAUSE, ana.id, reason="lunch")
        assert answer.result == {"state": "ready", "pending": "pause"}
        began = house.clock.now()
        await house.until(lambda: house.state(ana.id) == "paused")
        assert timedelta(seconds=20) < house.clock.now() - began < timedelta(seconds=30)

    in_virtual_time(database_dsn, story)


@pytest.mark.parametrize("kind", [Kind.AGENT_PAUSE, Kind.AGENT_READY, Kind.AGENT_WRAPUP_EXTEND])
def test_an_act_the_state_does_not_allow_is_refused_with_a_stable_id(database_dsn: str, kind: Kind) -> None:
    async def story(house: House) -> None:
        campaign, _ = await a_campaign(house)
        ana = await house.agent("ana", campaign.id)
        await house.ask(Kind.AGENT_LOGOUT, ana.id)
        answer = await house.ask(kind, ana.id, reason="x", seconds=10)
        assert answer.state is State.REFUSED
        assert answer.result is not None
        assert answer.result["error_id"] == "not_logged_in"

    in_virtual_time(database_dsn, story)


def test_an_agent_made_a_moment_ago_can_log_in_at_once(database_dsn: str) -> None:
    async def story(house: House) -> None:
        await house.clock.sleep(1)
        async with house.db.transaction() as conn:
            fields = AgentFields(code="eva", name="Eva", dial="PJSIP/eva")
            eva = await agents.create(conn, fields, now=house.clock.now())
        assert (await house.ask(Kind.AGENT_LOGIN, eva.id)).state is State.DONE
        await house.until(lambda: house.state(eva.id) == "ready")

    in_virtual_time(database_dsn, story)


def test_time_in_each_state_is_logged_for_occupancy(database_dsn: str) -> None:
    async def story(house: House) -> None:
        campaign, people = await a_campaign(house)
        done = await house.result(campaign.id, Action.NO_ACTION)
        ana = await house.agent("ana", campaign.id)
        house.calls_to(MAIN, ANSWERS)
        await house.contact(people, MAIN)
        await talking(house, ana)
        await house.until(lambda: house.state(ana.id) == "wrapup")
        await house.clock.sleep(10)
        await house.typify(ana.id, done)
        await house.clock.sleep(1)
        rows = await house.rows("SELECT * FROM agent_log ORDER BY from_at, to_at")
        seconds = {row["state"]: (row["to_at"] - row["from_at"]).total_seconds() for row in rows}
        assert seconds["talking"] == pytest.approx(30, abs=0.2)
        assert seconds["wrapup"] == pytest.approx(10, abs=0.2)
        assert all(a["to_at"] <= b["from_at"] for a, b in pairwise(rows))
        assert {row["campaign_id"] for row in rows} == {campaign.id}, "waiting is its only campaign's, too"

    in_virtual_time(database_dsn, story)


@pytest.mark.parametrize("state", ["paused", "wrapup"])
def test_the_time_of_a_pause_or_wrap_up_whose_line_is_lost_is_counted_once(
    database_dsn: str, state: str
) -> None:
    async def story(house: House) -> None:
        campaign, people = await a_campaign(house)
        ana = await house.agent("ana", campaign.id)
        if state == "wrapup":
            house.calls_to(MAIN, ANSWERS)
            await house.contact(people, MAIN)
            await house.until(lambda: house.state(ana.id) == "wrapup")
        else:
            await house.ask(Kind.AGENT_PAUSE, ana.id, reason="lunch")
        await house.clock.sleep(5)
        house.pbx.pbx.far_end_hangs_up(house.live_agent(ana.id).line)
        await house.until(lambda: house.state(ana.id) == "line_lost", 5)
        await house.until(lambda: house.state(ana.id) == state, 30)
        await house.ask(Kind.AGENT_LOGOUT, ana.id)
        await house.until(lambda: house.state(ana.id) == "logged_out", 60)
        await house.clock.sleep(1)
        stays = await house.rows("SELECT from_at, to_at FROM agent_log ORDER BY from_at, to_at")
        assert all(one["to_at"] == following["from_at"] for one, following in pairwise(stays))
        assert stays[-1]["to_at"] == house.live_agent(ana.id).state.since

    in_virtual_time(database_dsn, story)
