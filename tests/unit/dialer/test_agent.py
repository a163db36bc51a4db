"""The agent's machine, sentence by sentence, and every pair of state and event."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import product
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialer import agent
from dialer.agent import (
    CALL_BACK_S,
    CallBack,
    CallBackFell,
    CallEnded,
    CallOffered,
    CallReserved,
    CallTaken,
    CallWithdrawn,
    Command,
    Connecting,
    ContactShown,
    DropLine,
    Event,
    HoldBack,
    HoldBackEnded,
    LeaveUntypified,
    LineDropped,
    LineFailed,
    LineLost,
    LineOpened,
    LoggedOut,
    LoginAsked,
    LogoutAsked,
    Offered,
    OnCall,
    OpenLine,
    PauseAsked,
    Paused,
    Pending,
    Previewing,
    Ready,
    ReadyAsked,
    Refuse,
    Reserved,
    State,
    Talking,
    TimeWrapUp,
    Typified,
    Unexpected,
    WrapUp,
    WrapUpEnded,
    WrapUpExtended,
)

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
LATER = NOW + timedelta(minutes=2)
CALL, OTHER = UUID(int=1), UUID(int=2)
TALKING = Talking(NOW, attempt_id=CALL)
WRAPUP = WrapUp(NOW, attempt_id=CALL, until=NOW + timedelta(seconds=60))

STATES: list[State] = [
    LoggedOut(NOW),
    Connecting(NOW),
    Ready(NOW),
    Ready(NOW, Pending.PAUSE, "lunch"),
    Paused(NOW, reason="lunch"),
    Previewing(NOW, attempt_id=CALL),
    Reserved(NOW, attempt_id=CALL),
    Offered(NOW, attempt_id=CALL),
    Offered(NOW, Pending.LOGOUT, attempt_id=CALL),
    TALKING,
    Talking(NOW, Pending.PAUSE, "lunch", attempt_id=CALL),
    Talking(NOW, attempt_id=CALL, typified=True),
    WRAPUP,
    WrapUp(NOW, Pending.LOGOUT, attempt_id=CALL, until=NOW),
    LineLost(NOW, was=Ready(NOW)),
    LineLost(NOW, was=Paused(NOW)),
    LineLost(NOW, was=TALKING, tries=2),
    LineLost(NOW, was=WRAPUP),
]
EVENTS: list[Event] = [
    LoginAsked(has_line=True),
    LoginAsked(has_line=False),
    LineOpened(),
    LineFailed(),
    LineDropped(),
    ReadyAsked(),
    PauseAsked("lunch"),
    PauseAsked("lunch", answers_expected=True),
    LogoutAsked(),
    LogoutAsked(answers_expected=True),
    HoldBackEnded(),
    ContactShown(OTHER),
    CallReserved(CALL),
    CallReserved(OTHER),
    CallOffered(OTHER),
    CallOffered(CALL),
    CallTaken(CALL),
    CallTaken(OTHER),
    CallWithdrawn(CALL),
    CallWithdrawn(CALL, unanswered=True),
    CallWithdrawn(OTHER),
    CallEnded(CALL, 60),
    CallEnded(OTHER, 60),
    Typified(CALL),
    Typified(OTHER),
    WrapUpExtended(30),
    WrapUpEnded(LATER),
    CallBackFell(),
]


PAIRS = list(product(STATES, EVENTS))


def run(state: State, *events: Event, now: datetime = LATER) -> tuple[State, list[Command]]:
    told: list[Command] = []
    for event in events:
        state, commands = agent.step(state, event, now)
        told += commands
    return state, told


def _name(value: object) -> str:
    return repr(value).replace(repr(NOW), "t")[:50]


# --- every pair -----------------------------------------------------------------------------------


def test_every_state_and_every_event_is_in_the_pairs() -> None:
    # By name: a slotted dataclass is made twice, and the first one may still be about.
    states = {cls.__name__ for cls in (*State.__subclasses__(), *OnCall.__subclasses__())} - {"OnCall"}
    assert {type(state).__name__ for state in STATES} == states
    assert {type(event).__name__ for event in EVENTS} == {cls.__name__ for cls in Event.__subclasses__()}


@pytest.mark.parametrize(("state", "event"), PAIRS, ids=_name)
def test_any_pair_is_harmless_and_has_a_name(state: State, event: Event) -> None:
    after, commands = agent.step(state, event, LATER)
    assert agent.name(after) in agent.AgentState
    if any(isinstance(command, Unexpected | Refuse) for command in commands):
        assert after == state


@pytest.mark.parametrize(("state", "event"), PAIRS, ids=_name)
def test_a_call_is_never_forgotten_without_a_word(state: State, event: Event) -> None:
    """Who had a call to typify still has it, typified it, or leaves it untypified."""
    talked = state.was if isinstance(state, LineLost) else state
    if not isinstance(talked, WrapUp) or isinstance(event, Typified):
        return
    after, commands = agent.step(state, event, LATER)
    left = LeaveUntypified(CALL) in commands
    assert left != (agent.attempt_of(after) == CALL)


@given(st.lists(st.sampled_from(EVENTS), max_size=20))
def test_an_agent_can_always_log_out_in_the_end(events: list[Event]) -> None:
    state, _ = run(LoggedOut(NOW), *events)
    call = agent.attempt_of(state) or CALL
    state, _ = run(state, LogoutAsked(), CallEnded(call, 0))
    wrapped = LATER + timedelta(hours=24)  # whatever wrap-up there was, extensions included, is over by then
    state, _ = run(state, WrapUpEnded(wrapped), CallWithdrawn(call), HoldBackEnded(), now=wrapped)
    state, _ = run(state, LogoutAsked(), *[LineFailed()] * len(CALL_BACK_S))
    assert isinstance(state, LoggedOut)


# --- log-in and line ------------------------------------------------------------------------------


def test_a_held_line_is_opened_at_log_in_and_the_agent_is_ready_when_it_is_up() -> None:
    state, told = run(LoggedOut(NOW), LoginAsked(has_line=True))
    assert isinstance(state, Connecting)
    assert told == [OpenLine()]
    assert isinstance(run(state, LineOpened())[0], Ready)


def test_a_ringing_agent_is_ready_at_once() -> None:
    assert run(LoggedOut(NOW), LoginAsked(has_line=False)) == (Ready(LATER), [])


def test_an_agent_who_dials_in_is_logged_in() -> None:
    assert isinstance(run(LoggedOut(NOW), LineOpened())[0], Ready)


def test_a_phone_that_does_not_answer_the_log_in_leaves_the_agent_out() -> None:
    assert run(Connecting(NOW), LineFailed())[0] == LoggedOut(LATER, reason="not_answering")


def test_a_lost_line_is_called_back_with_growing_waits_and_given_up_in_the_end() -> None:
    state, told = run(Ready(NOW), LineDropped())
    assert told == [CallBack(CALL_BACK_S[0])]
    waits = []
    while isinstance(state, LineLost):
        state, told = run(state, CallBackFell(), LineFailed())
        waits += [command.after_s for command in told if isinstance(command, CallBack)]
    assert waits == list(CALL_BACK_S[1:])
    assert isinstance(state, LoggedOut)


def test_a_line_lost_in_wrap_up_comes_back_to_the_wrap_up() -> None:
    assert run(WRAPUP, LineDropped(), LineOpened())[0] == replace(WRAPUP, since=LATER)


def test_a_line_lost_in_talk_leaves_the_call_to_be_typified() -> None:
    state, _ = run(TALKING, LineDropped(), CallEnded(CALL, 60), LineOpened())
    assert isinstance(state, WrapUp)
    assert state.attempt_id == CALL


def test_a_line_back_while_the_customer_waits_makes_the_agent_free_for_them() -> None:
    assert isinstance(run(TALKING, LineDropped(), LineOpened())[0], Ready)


# --- calls ----------------------------------------------------------------------------------------


def test_a_call_is_offered_taken_and_wrapped_up() -> None:
    state, told = run(Ready(NOW), CallOffered(CALL), CallTaken(CALL), CallEnded(CALL, 60))
    assert state == WrapUp(LATER, attempt_id=CALL, until=LATER + timedelta(seconds=60))
    assert told == [TimeWrapUp(LATER + timedelta(seconds=60))]


def test_an_offer_that_came_to_nothing_keeps_the_agents_place_in_the_queue() -> None:
    assert run(Offered(NOW, attempt_id=CALL), CallWithdrawn(CALL))[0] == Ready(NOW)


def test_one_unanswered_offer_pauses_a_ringing_agent() -> None:
    state, _ = run(Offered(NOW, attempt_id=CALL), CallWithdrawn(CALL, unanswered=True))
    assert state == Paused(LATER, reason="not_answering")


def test_a_contact_shown_is_called_or_given_back() -> None:
    shown, _ = run(Ready(NOW), ContactShown(CALL))
    assert shown == Previewing(LATER, attempt_id=CALL)
    assert run(shown, CallReserved(CALL))[0] == Reserved(LATER, attempt_id=CALL)
    assert isinstance(run(shown, CallWithdrawn(CALL))[0], Ready)


def test_no_other_call_comes_between_an_agent_and_the_contact_it_is_shown() -> None:
    shown = Previewing(NOW, attempt_id=CALL)
    for event in (CallReserved(OTHER), CallOffered(OTHER), ContactShown(OTHER), CallTaken(OTHER)):
        assert run(shown, event)[0] == shown


def test_an_agent_who_is_shown_a_contact_pauses_and_logs_out_at_once() -> None:
    shown = Previewing(NOW, attempt_id=CALL)
    assert run(shown, PauseAsked("lunch")) == (Paused(LATER, reason="lunch"), [])
    assert run(shown, LogoutAsked()) == (LoggedOut(LATER), [DropLine()])
    lost, _ = run(shown, LineDropped())
    assert lost == LineLost(LATER, was=Ready(LATER))


def test_a_pause_asked_for_while_the_line_of_a_wrap_up_is_lost_follows_the_wrap_up() -> None:
    lost, _ = agent.step(LineLost(NOW, was=WRAPUP), PauseAsked("lunch"), LATER)
    back, _ = agent.step(lost, LineOpened(), LATER)
    after, _ = agent.step(back, Typified(WRAPUP.attempt_id), LATER)
    assert after == Paused(LATER, reason="lunch")


def test_who_decides_on_nothing_is_taken_to_be_away() -> None:
    state, _ = run(Previewing(NOW, attempt_id=CALL), CallWithdrawn(CALL, unanswered=True))
    assert state == Paused(LATER, reason="not_answering")


def test_typified_in_the_conversation_there_is_no_wrap_up() -> None:
    assert isinstance(run(TALKING, Typified(CALL), CallEnded(CALL, 60))[0], Ready)


def test_the_wrap_up_ends_with_the_typification() -> None:
    assert run(WRAPUP, Typified(CALL)) == (Ready(LATER), [])


def test_a_wrap_up_that_runs_out_leaves_the_call_untypified() -> None:
    assert run(WRAPUP, WrapUpEnded(WRAPUP.until)) == (Ready(LATER), [LeaveUntypified(CALL)])


def test_a_wrap_up_that_runs_out_while_the_clock_is_set_back_is_over_all_the_same() -> None:
    assert run(WRAPUP, WrapUpEnded(WRAPUP.until), now=NOW) == (Ready(NOW), [LeaveUntypified(CALL)])


def test_a_wrap_up_that_was_extended_does_not_end_at_its_first_time() -> None:
    extended, _ = run(WRAPUP, WrapUpExtended(30))
    assert run(extended, WrapUpEnded(WRAPUP.until)) == (extended, [])


def test_a_wrap_up_may_be_extended() -> None:
    state, _ = run(WRAPUP, WrapUpExtended(30))
    assert isinstance(state, WrapUp)
    assert state.until == WRAPUP.until + timedelta(seconds=30)


def test_a_call_by_hand_from_a_pause_goes_back_to_the_pause() -> None:
    state, _ = run(
        Paused(NOW, reason="admin"), CallReserved(CALL), CallTaken(CALL), CallEnded(CALL, 60), Typified(CALL)
    )
    assert state == Paused(LATER, reason="admin")


# --- pauses and log-outs --------------------------------------------------------------------------


def test_an_idle_agent_pauses_at_once() -> None:
    assert run(Ready(NOW), PauseAsked("lunch")) == (Paused(LATER, reason="lunch"), [])


def test_a_pause_in_a_call_takes_effect_after_the_wrap_up() -> None:
    state, _ = run(TALKING, PauseAsked("lunch"), CallEnded(CALL, 60), Typified(CALL))
    assert state == Paused(LATER, reason="lunch")


def test_a_log_out_in_a_call_takes_effect_after_the_wrap_up_and_drops_the_line() -> None:
    state, told = run(TALKING, LogoutAsked(), CallEnded(CALL, 60), Typified(CALL))
    assert isinstance(state, LoggedOut)
    assert DropLine() in told


def test_a_pause_is_held_back_while_answers_are_expected_and_calls_still_come() -> None:
    state, told = run(Ready(NOW), PauseAsked("lunch", answers_expected=True))
    assert told == [HoldBack()]
    assert isinstance(state, Ready)
    assert run(state, HoldBackEnded())[0] == Paused(LATER, reason="lunch")
    assert isinstance(run(state, CallOffered(CALL))[0], Offered)


def test_ready_takes_a_pending_pause_back() -> None:
    state, _ = run(TALKING, PauseAsked("lunch"), ReadyAsked(), CallEnded(CALL, 60), Typified(CALL))
    assert isinstance(state, Ready)


def test_who_is_logged_out_can_neither_pause_nor_be_ready() -> None:
    assert run(LoggedOut(NOW), PauseAsked("x"))[1] == [Refuse("not_logged_in")]
    assert run(LoggedOut(NOW), ReadyAsked())[1] == [Refuse("not_logged_in")]


def test_what_an_agent_may_not_do_yet_or_any_more_says_why() -> None:
    for asked in (PauseAsked("x"), ReadyAsked()):
        assert run(Connecting(NOW), asked)[1] == [Refuse("still_connecting")]
    for state in (Ready(NOW), TALKING, Paused(NOW)):
        assert run(state, WrapUpExtended(30))[1] == [Refuse("not_in_wrapup")]
