"""Call control where things go wrong or cross each other; tests/system proves the acts on a real Asterisk."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any
from unittest.mock import patch
from uuid import UUID

import pytest

from ami.actions import Action, Bridge, Redirect
from ami.errors import ActionRefused
from ami.link import Response
from ami.simulator import Behaviour, Fate
from ami.simulator.controlled import ThirdParty
from dialer import agents, commands, live
from dialer.agents import Agent, AgentFields, Line
from dialer.commands import Command, Kind, State
from storage.bus import Message
from tests.integration.dialer.house import SILENT, House, in_virtual_time, number
from typifications.model import Action as ResultAction

MAIN, THIRD = number(1), number(50)
PATIENT = Behaviour(fate=Fate.ANSWER, setup_s=0.3, ring_s=2, talk_s=600)
Talk = Callable[[House, Agent, UUID], Awaitable[None]]


def talking(dsn: str, story: Talk, **agent: Any) -> None:
    """Ana talks with a patient customer; the third party answers, too."""

    async def whole(house: House) -> None:
        await house.trunk()
        campaign = await house.campaign()
        house.calls_to(MAIN, PATIENT)
        house.calls_to(THIRD, PATIENT)
        house.spawn(floor_told(house))
        ana = await house.agent("ana", campaign.id, **agent)
        await house.contact(await house.list_(campaign.id), MAIN)
        await house.until(lambda: house.state(ana.id) == "talking")
        await story(house, ana, house.live_agent(ana.id).state.attempt_id)

    in_virtual_time(dsn, whole)


async def floor_told(house: House) -> None:
    async with house.bus.subscribe(live.FLOOR) as subscription:
        async for item in subscription:
            assert isinstance(item, Message)
            house.heard.append(live.decode(item.payload))


async def done(house: House, kind: Kind, attempt: UUID, **payload: Any) -> Command:
    answer = await house.ask(kind, attempt, **payload)
    assert answer.state is State.DONE, answer.result
    return answer


async def refused(house: House, kind: Kind, attempt: UUID, **payload: Any) -> str:
    answer = await house.ask(kind, attempt, **payload)
    assert answer.state is State.REFUSED
    assert answer.result is not None
    return str(answer.result["error_id"])


async def colleague(house: House, ana: Agent, code: str = "bea") -> Agent:
    return await house.agent(code, *ana.campaign_ids)


async def handling(house: House, agent: Agent) -> tuple[str, str]:
    async with house.db.connection() as conn:
        seen = await live.agent_snapshot(conn, agent.id, now=house.clock.now())
    return seen.handling, seen.third


async def consulting(house: House, attempt: UUID, **whom: str) -> None:
    await done(house, Kind.CONTROL_CONSULT, attempt, **whom)

    def answered() -> bool:
        calls = (said.body for said in house.heard if isinstance(said.body, live.CallIs))
        return any(body.third_answered for body in calls)

    await house.until(answered)


def channels_in_use(house: House) -> int:
    trunk = house.engine.tools.trunks.by_name("trunk")
    assert trunk is not None
    return trunk.limits.in_use


# --- what Asterisk does not do --------------------------------------------------------------------


def test_an_act_asterisk_refuses_or_never_shows_is_refused_and_the_talk_goes_on(database_dsn: str) -> None:
    async def story(house: House, ana: Agent, attempt: UUID) -> None:
        send = house.link.send

        async def refuses(action: Action, *, deadline: float = 5.0) -> Response:
            if isinstance(action, Redirect):
                raise ActionRefused("Redirect: no")
            return await send(action, deadline=deadline)

        async def forgets(action: Action, *, deadline: float = 5.0) -> Response:
            return (
                Response("forgotten")
                if isinstance(action, Redirect)
                else await send(action, deadline=deadline)
            )

        for fault in (refuses, forgets):
            with patch.object(house.link, "send", fault):
                assert await refused(house, Kind.CONTROL_HOLD, attempt) == "not_done"
            assert house.state(ana.id) == "talking"
        await done(house, Kind.CONTROL_HOLD, attempt)

    talking(database_dsn, story)


def test_an_act_asked_for_while_nobody_worked_is_not_done_late(database_dsn: str) -> None:
    async def story(house: House, ana: Agent, attempt: UUID) -> None:
        asked_at = house.clock.now()
        await house.clock.sleep(30)
        async with house.db.transaction() as conn:
            old = await commands.submit(conn, Kind.CONTROL_HOLD, attempt, now=asked_at)
        commands.wake(house.bus)
        answer = await commands.wait_done(house.db, house.clock, old.id, patience_s=10)
        assert answer.result is not None
        assert answer.result["error_id"] == "too_late"
        assert await handling(house, ana) == ("", "")

    talking(database_dsn, story)


# --- given away -----------------------------------------------------------------------------------


def test_a_customer_given_away_is_hung_up_by_no_cancel_no_emergency_stop_and_not_by_the_first_agent(
    database_dsn: str,
) -> None:
    async def story(house: House, ana: Agent, attempt: UUID) -> None:
        await done(house, Kind.CONTROL_TRANSFER, attempt, agent_id=str(ana.id), phone=THIRD)
        await house.block(MAIN)
        await house.ask(Kind.EMERGENCY_STOP, next(iter(ana.campaign_ids)))
        own = {"agent_id": str(ana.id)}
        assert await refused(house, Kind.CALL_HANGUP, attempt, **own) == "attempt_not_yours"
        for act in (Kind.CONTROL_HOLD, Kind.CONTROL_CANCEL):
            assert await refused(house, act, attempt, **own) == "not_talking"
        await house.clock.sleep(60)
        assert house.engine.tools.calls.get(attempt) is not None
        assert house.dialled() == [MAIN]

    talking(database_dsn, story)


def test_a_third_party_that_left_while_the_link_was_down_gives_its_channel_back(
    database_dsn: str,
) -> None:
    async def story(house: House, ana: Agent, attempt: UUID) -> None:
        await consulting(house, attempt, phone=THIRD)
        assert channels_in_use(house) == 2
        (third,) = [party for party in house.pbx.pbx._parties.values() if isinstance(party, ThirdParty)]
        house.pbx.cut()
        await house.until(lambda: not house.link.connected, 5)
        house.pbx.pbx.far_end_hangs_up(third.channel.uniqueid)
        await house.until(lambda: house.link.connected, 60)
        await house.until(lambda: channels_in_use(house) == 1, 10)

    talking(database_dsn, story)


@pytest.mark.parametrize("act", [Kind.CONTROL_CONSULT, Kind.CONTROL_TRANSFER], ids=["consult", "transfer"])
@pytest.mark.parametrize("answers", [True, False], ids=["talks", "rings"])
def test_a_third_partys_channel_is_counted_by_the_next_owner_too(
    database_dsn: str, act: Kind, answers: bool
) -> None:
    async def story(house: House, ana: Agent, attempt: UUID) -> None:
        house.calls_to(THIRD, PATIENT if answers else SILENT)
        await house.ask(act, attempt, phone=THIRD)
        await house.clock.sleep(5)
        await house.restart_worker()
        await house.until(lambda: house.engine.tools.sender.ready("main"), 10)
        assert channels_in_use(house) == 2
        house.pbx.pbx.far_end_hangs_up(str(attempt))
        await house.until(lambda: channels_in_use(house) == 0)

    talking(database_dsn, story)


@pytest.mark.parametrize("act", [Kind.CONTROL_CONSULT, Kind.CONTROL_TRANSFER], ids=["consult", "transfer"])
def test_a_third_party_dialled_while_the_link_was_cut_takes_one_channel(database_dsn: str, act: Kind) -> None:
    async def story(house: House, ana: Agent, attempt: UUID) -> None:
        with house.deaf():
            await house.ask(act, attempt, phone=THIRD)
            await house.clock.sleep(5)
            house.pbx.cut()
        await house.until(lambda: house.link.generation > 1 and house.engine.tools.sender.ready("main"), 60)
        assert channels_in_use(house) == 2
        house.pbx.pbx.far_end_hangs_up(str(attempt))
        await house.until(lambda: channels_in_use(house) == 0)

    talking(database_dsn, story)


def test_a_third_party_takes_a_channel_of_the_trunk_and_gives_it_back(database_dsn: str) -> None:
    async def story(house: House, ana: Agent, attempt: UUID) -> None:
        assert channels_in_use(house) == 1
        await consulting(house, attempt, phone=THIRD)
        assert channels_in_use(house) == 2
        await done(house, Kind.CONTROL_CANCEL, attempt)
        await house.until(lambda: channels_in_use(house) == 1)
        house.calls_to(number(51), Behaviour(fate=Fate.BUSY))
        await house.ask(Kind.CONTROL_CONSULT, attempt, phone=number(51))
        await house.until(lambda: channels_in_use(house) == 1)
        await house.ask(Kind.CONTROL_RESUME, attempt)
        house.calls_to(number(52), PATIENT)
        await done(house, Kind.CONTROL_TRANSFER, attempt, phone=number(52))
        await house.clock.sleep(5)
        assert channels_in_use(house) == 2
        house.pbx.pbx.far_end_hangs_up(str(attempt))
        await house.until(lambda: channels_in_use(house) == 0)

    talking(database_dsn, story)


def test_a_colleague_who_cannot_be_joined_after_all_leaves_the_customer_to_whoever_is_free(
    database_dsn: str,
) -> None:
    async def story(house: House, ana: Agent, attempt: UUID) -> None:
        bea, eva = await colleague(house, ana), await colleague(house, ana, "eva")
        send, failures = house.link.send, [ActionRefused("Bridge: Channel1 does not exist: x")]

        async def once_refused(action: Action, *, deadline: float = 5.0) -> Response:
            if isinstance(action, Bridge) and failures:
                raise failures.pop()
            return await send(action, deadline=deadline)

        with patch.object(house.link, "send", once_refused):
            await done(house, Kind.CONTROL_TRANSFER, attempt, to_agent=str(bea.id))
            await house.until(lambda: house.state(eva.id) == "talking")
        assert house.state(bea.id) == "ready"
        assert house.live_agent(eva.id).state.attempt_id == attempt

    talking(database_dsn, story)


@pytest.mark.parametrize("held", [True, False])
def test_a_rung_phone_is_hung_up_when_its_customer_is_given_away(database_dsn: str, held: bool) -> None:
    async def story(house: House, ana: Agent, attempt: UUID) -> None:
        if held:
            await done(house, Kind.CONTROL_HOLD, attempt)
        await done(house, Kind.CONTROL_TRANSFER, attempt, phone=THIRD)
        await house.until(lambda: house.state(ana.id) == "wrapup")
        await house.clock.sleep(5)
        names = [channel.name for channel in house.pbx.pbx.exchange.channels()]
        assert not [name for name in names if name.startswith("PJSIP/ana-")]
        assert await house.rows("SELECT attempt_id, state FROM call_handling") == [
            {"attempt_id": attempt, "state": "transferred"}
        ]

    talking(database_dsn, story, line=Line.RINGING)


# --- colleagues -----------------------------------------------------------------------------------


def test_a_colleague_who_was_consulted_in_vain_is_ready_again(database_dsn: str) -> None:
    async def story(house: House, ana: Agent, attempt: UUID) -> None:
        bea = await colleague(house, ana)
        await consulting(house, attempt, to_agent=str(bea.id))
        assert house.state(bea.id) == "reserved"
        assert await handling(house, ana) == ("consulting", "bea")
        await done(house, Kind.CONTROL_CANCEL, attempt)
        await house.until(lambda: house.state(bea.id) == "ready")
        await house.until(lambda: house.live_agent(bea.id).held)
        assert house.state(ana.id) == "talking"
        assert await handling(house, ana) == ("", "")

    talking(database_dsn, story)


def test_a_colleague_left_with_the_customer_in_a_conference_has_the_call(database_dsn: str) -> None:
    async def story(house: House, ana: Agent, attempt: UUID) -> None:
        bea = await colleague(house, ana)
        await consulting(house, attempt, to_agent=str(bea.id))
        await done(house, Kind.CONTROL_CONFERENCE, attempt)
        await done(house, Kind.CONTROL_COMPLETE, attempt, agent_id=str(ana.id))
        await house.until(lambda: house.state(bea.id) == "talking")
        assert house.state(ana.id) == "wrapup"
        own = {"agent_id": str(bea.id)}
        await done(house, Kind.CONTROL_CANCEL, attempt, **own)
        assert await handling(house, bea) == ("", "")
        await done(house, Kind.CALL_HANGUP, attempt, **own)
        await house.until(lambda: house.state(bea.id) == "wrapup")

    talking(database_dsn, story)


@pytest.mark.parametrize("dialer", ["the same", "a new"])
def test_who_was_left_with_the_customer_in_a_conference_is_let_go_with_the_customer(
    database_dsn: str, dialer: str
) -> None:
    async def story(house: House, ana: Agent, attempt: UUID) -> None:
        await consulting(house, attempt, phone=THIRD)
        await done(house, Kind.CONTROL_CONFERENCE, attempt)
        await done(house, Kind.CONTROL_COMPLETE, attempt)
        if dialer == "a new":
            await house.restart_worker()
            await house.until(lambda: house.engine.tools.sender.ready("main"), 10)
        await house.clock.sleep(30)
        assert channels_in_use(house) == 2
        house.pbx.pbx.far_end_hangs_up(str(attempt))
        await house.until(lambda: channels_in_use(house) == 0, 5)

    talking(database_dsn, story)


def test_a_customer_who_hangs_up_during_a_consultation_frees_everybody(database_dsn: str) -> None:
    async def story(house: House, ana: Agent, attempt: UUID) -> None:
        bea = await colleague(house, ana)
        await consulting(house, attempt, to_agent=str(bea.id))
        house.pbx.pbx.far_end_hangs_up(str(attempt))
        await house.until(lambda: house.state(ana.id) == "wrapup")
        await house.until(lambda: house.state(bea.id) == "ready")
        await house.until(lambda: house.live_agent(ana.id).held and house.live_agent(bea.id).held)

    talking(database_dsn, story)


def test_an_agent_whose_line_is_lost_in_a_conference_leaves_the_others_together(database_dsn: str) -> None:
    async def story(house: House, ana: Agent, attempt: UUID) -> None:
        await consulting(house, attempt, phone=THIRD)
        await done(house, Kind.CONTROL_CONFERENCE, attempt)
        house.pbx.pbx.far_end_hangs_up(house.live_agent(ana.id).line)
        await house.clock.sleep(60)
        assert house.engine.tools.calls.get(attempt) is not None
        assert house.dialled() == [MAIN]

    talking(database_dsn, story)


# --- time, and a new dialer -----------------------------------------------------------------------


def test_a_hold_is_talking_time_of_the_agent_and_never_a_second_call(database_dsn: str) -> None:
    async def story(house: House, ana: Agent, attempt: UUID) -> None:
        began = house.clock.now()
        await done(house, Kind.CONTROL_HOLD, attempt)
        await house.clock.sleep(300)
        await done(house, Kind.CONTROL_RESUME, attempt)
        await house.ask(Kind.CALL_HANGUP, attempt)
        await house.until(lambda: house.state(ana.id) == "wrapup")
        await house.clock.sleep(1)
        (stay,) = await house.rows("SELECT * FROM agent_log WHERE state = 'talking'")
        assert stay["from_at"] <= began
        assert stay["to_at"] - stay["from_at"] >= timedelta(seconds=300)
        (hold,) = await house.rows("SELECT * FROM agent_log WHERE state = 'held'")
        assert stay["from_at"] <= hold["from_at"] < hold["to_at"] <= stay["to_at"]
        assert timedelta(seconds=299) <= hold["to_at"] - hold["from_at"] <= timedelta(seconds=302)
        assert (hold["agent_id"], hold["campaign_id"]) == (ana.id, stay["campaign_id"])
        assert house.dialled() == [MAIN]
        assert (await house.outcomes()) == {"connected": 1}

    talking(database_dsn, story)


def test_a_hold_from_which_a_consultation_begins_and_the_customer_hangs_up_is_one_hold(
    database_dsn: str,
) -> None:
    async def story(house: House, ana: Agent, attempt: UUID) -> None:
        await done(house, Kind.CONTROL_HOLD, attempt)
        await house.clock.sleep(20)
        await consulting(house, attempt, phone=THIRD)
        await house.clock.sleep(40)
        await house.ask(Kind.CALL_HANGUP, attempt)
        await house.until(lambda: house.state(ana.id) == "wrapup")
        await house.clock.sleep(1)
        (hold,) = await house.rows("SELECT * FROM agent_log WHERE state = 'held'")
        assert timedelta(seconds=60) <= hold["to_at"] - hold["from_at"] <= timedelta(seconds=80)

    talking(database_dsn, story)


def test_a_new_dialer_takes_up_a_consultation_where_it_was(database_dsn: str) -> None:
    async def story(house: House, ana: Agent, attempt: UUID) -> None:
        await consulting(house, attempt, phone=THIRD)
        await house.restart_worker()

        async def consults() -> bool:
            return (await handling(house, ana))[0] == "consulting"

        await house.until(consults)
        await done(house, Kind.CONTROL_COMPLETE, attempt)
        await house.until(lambda: house.state(ana.id) == "wrapup")
        await house.clock.sleep(60)
        assert house.engine.tools.calls.get(attempt) is not None
        assert house.dialled() == [MAIN]

    talking(database_dsn, story)


def test_a_lost_link_forgets_nothing_of_a_held_call(database_dsn: str) -> None:
    async def story(house: House, ana: Agent, attempt: UUID) -> None:
        await done(house, Kind.CONTROL_HOLD, attempt)
        house.pbx.cut()
        await house.until(lambda: house.engine.tools.sender.ready("main") and house.link.generation > 1)
        assert await handling(house, ana) == ("held", "")
        await done(house, Kind.CONTROL_RESUME, attempt)

    talking(database_dsn, story)


def test_what_the_first_agent_says_is_the_calls_only_word(database_dsn: str) -> None:
    async def story(house: House, ana: Agent, attempt: UUID) -> None:
        bea = await colleague(house, ana)
        result = await house.result(next(iter(ana.campaign_ids)), ResultAction.NO_ACTION)
        await done(house, Kind.CONTROL_TRANSFER, attempt, to_agent=str(bea.id))
        await house.until(lambda: house.state(bea.id) == "talking")
        await house.typify(ana.id, result)
        await house.ask(Kind.CALL_HANGUP, attempt)
        await house.until(lambda: house.state(bea.id) == "ready")
        said = await house.rows("SELECT agent_id FROM interaction")
        assert [row["agent_id"] for row in said] == [ana.id]
        assert (await house.outcomes()) == {"connected": 1}

    talking(database_dsn, story)


# --- what cannot be done --------------------------------------------------------------------------


def test_an_act_asked_for_while_another_is_under_way_is_refused(database_dsn: str) -> None:
    async def story(house: House, ana: Agent, attempt: UUID) -> None:
        both = [house.ask(Kind.CONTROL_HOLD, attempt) for _ in range(2)]
        answers = {one.state: one.result for one in await asyncio.gather(*both)}
        assert answers.keys() == {State.DONE, State.REFUSED}
        assert (answers[State.REFUSED] or {})["error_id"] == "act_under_way"

    talking(database_dsn, story)


def test_a_supervisor_listens_to_one_call_at_a_time_and_leaves_what_it_listens_to(database_dsn: str) -> None:
    async def story(house: House, ana: Agent, attempt: UUID) -> None:
        bea, boss = await colleague(house, ana), await colleague(house, ana, "boss")
        ear = {"supervisor": str(boss.id), "how": "listen"}
        await done(house, Kind.AGENT_PAUSE, boss.id, reason="listens")
        house.pbx.pbx.inbound(number(2), "5550000", behaviour=PATIENT)
        await house.until(lambda: house.state(bea.id) == "talking")
        theirs = house.live_agent(bea.id).state.attempt_id
        assert await refused(house, Kind.CONTROL_UNLISTEN, attempt, **ear) == "not_listening"
        assert await refused(house, Kind.CONTROL_LISTEN, attempt, **ear | {"how": "shout"}) == "bad_command"
        await done(house, Kind.CONTROL_LISTEN, attempt, **ear)
        assert await refused(house, Kind.CONTROL_LISTEN, theirs, **ear) == "already_listening"

    talking(database_dsn, story)


def test_who_may_not_work_or_has_no_line_and_whom_nobody_waits_for_any_more(database_dsn: str) -> None:
    async def story(house: House, ana: Agent, attempt: UUID) -> None:
        nobody = UUID(int=0)
        assert await refused(house, Kind.CALL_HANGUP, nobody) == "call_over"
        bea = await colleague(house, ana)
        click = {"campaign_id": str(next(iter(ana.campaign_ids))), "e164": number(3)}
        over = click | {"contact_id": str(nobody)}
        assert await refused(house, Kind.CALL_CLICK, bea.id, **over) == "contact_busy"
        await done(house, Kind.AGENT_LOGOUT, bea.id)
        assert await refused(house, Kind.CALL_CLICK, bea.id, **click) == "no_held_line"
        async with house.db.transaction() as conn:
            fields = AgentFields(code="bea", name="Bea", dial=bea.dial, enabled=False)
            await agents.edit(conn, bea.id, fields)
        house.bus.publish(commands.WAKE, b"")
        await house.until(lambda: not house.live_agent(bea.id).row.enabled, 120)
        assert await refused(house, Kind.AGENT_LOGIN, bea.id) == "agent_disabled"

    talking(database_dsn, story)
