"""The call's machine, sentence by sentence, and every pair of state and event."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import product
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialer import call
from dialer.call import (
    AgentChosen,
    Answered,
    AudioPlayed,
    BeginTalk,
    Closed,
    Command,
    EarlyMedia,
    Elsewhere,
    EndAsked,
    EndRequested,
    Event,
    Facts,
    Failing,
    FindAgent,
    HandedOver,
    HangUp,
    HungUp,
    JoinAgent,
    Joined,
    JoinFailed,
    Joining,
    Judged,
    Keyed,
    NoteAbandoned,
    NoteEarlyMedia,
    OptedOut,
    OriginateFailed,
    OriginateRefused,
    Over,
    PatienceEnded,
    PickedUp,
    Rang,
    ReleaseAgent,
    Ringing,
    Sent,
    Settle,
    State,
    Talking,
    TurnedAway,
    Unexpected,
    Vanished,
    WaitEntered,
    Waiting,
)

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
ANA, BEA = UUID(int=1), UUID(int=2)
FACTS = Facts(NOW)
ANSWERED = replace(FACTS, ringing_at=NOW, answered_at=NOW)
CONNECTED = replace(ANSWERED, connected_at=NOW, agent_id=ANA)

STATES: list[State] = [
    Sent(FACTS),
    Ringing(replace(FACTS, ringing_at=NOW)),
    Answered(ANSWERED),
    Waiting(ANSWERED, NOW),
    Waiting(CONNECTED, NOW, rescued=True),
    Joining(ANSWERED, NOW, ANA),
    Talking(CONNECTED, ANA),
    Elsewhere(CONNECTED),
    Closed(replace(ANSWERED, closed=True)),
    Failing(replace(FACTS, originate_reason=5)),
    Failing(replace(FACTS, cause=0)),
    Over(replace(FACTS, ended_at=NOW)),
]
EVENTS: list[Event] = [
    OriginateRefused("no"),
    OriginateFailed(5),
    OriginateFailed(0),
    Rang(),
    EarlyMedia(),
    PickedUp(),
    Judged("HUMAN"),
    Judged("MACHINE"),
    WaitEntered(),
    AgentChosen(ANA),
    Joined(ANA),
    Joined(BEA),
    JoinFailed(ANA),
    JoinFailed(BEA),
    HandedOver(),
    PatienceEnded(),
    OptedOut(),
    Keyed("1"),
    AudioPlayed(),
    AudioPlayed(on_machine=True),
    TurnedAway(),
    EndAsked(call.DIALER),
    EndRequested(),
    HungUp(0),
    HungUp(16),
    HungUp(17, 486),
    Vanished(),
]


PAIRS = list(product(STATES, EVENTS))


def run(state: State, *events: Event) -> tuple[State, list[Command]]:
    told: list[Command] = []
    for event in events:
        state, commands = call.step(state, event, NOW + timedelta(seconds=1))
        told += commands
    return state, told


def kinds(commands: list[Command]) -> list[type[Command]]:
    return [type(command) for command in commands if not isinstance(command, call.NoteProgress)]


def _name(value: object) -> str:
    return repr(value).replace(repr(NOW), "t")[:40]


# --- early media ----------------------------------------------------------------------------------


@pytest.mark.parametrize("state", [Sent(FACTS), Ringing(replace(FACTS, ringing_at=NOW))])
def test_early_media_is_noted_once_and_is_neither_ringing_nor_an_answer(state: State) -> None:
    after, told = run(state, EarlyMedia(), EarlyMedia())
    assert (type(after), told) == (type(state), [NoteEarlyMedia()])
    assert after.facts.early_media_at == NOW + timedelta(seconds=1)
    assert after.facts.answered_at is None


# --- every pair -----------------------------------------------------------------------------------


def test_every_state_and_every_event_is_in_the_pairs() -> None:
    # By name: a slotted dataclass is made twice, and the first one may still be about.
    assert {type(state).__name__ for state in STATES} == {cls.__name__ for cls in State.__subclasses__()}
    assert {type(event).__name__ for event in EVENTS} == {cls.__name__ for cls in Event.__subclasses__()}


@pytest.mark.parametrize(("state", "event"), PAIRS, ids=_name)
def test_any_pair_is_harmless_and_a_call_is_settled_exactly_when_it_gets_over(
    state: State, event: Event
) -> None:
    after, commands = call.step(state, event, NOW)
    settled = sum(isinstance(command, Settle) for command in commands)
    assert settled == (isinstance(after, Over) and not isinstance(state, Over))
    if any(isinstance(command, Unexpected) for command in commands):
        assert after == state
    if isinstance(after, Over):
        assert after.facts.ended_at is not None


@pytest.mark.parametrize(("state", "event"), PAIRS, ids=_name)
def test_an_agent_is_never_left_with_a_call_that_went_on_without_them(state: State, event: Event) -> None:
    def holder(of: State) -> UUID | None:
        return of.agent_id if isinstance(of, Joining | Talking) else None

    after, commands = call.step(state, event, NOW)
    before, now = holder(state), holder(after)
    released = {command.agent_id for command in commands if isinstance(command, ReleaseAgent)}
    assert released == ({before} - {now} if before is not None else set())


@given(st.lists(st.sampled_from(EVENTS), max_size=12))
def test_whatever_comes_in_whatever_order_a_call_ends_once_and_stays_over(events: list[Event]) -> None:
    state, told = run(Sent(FACTS), *events, Vanished(), *events)
    assert isinstance(state, Over)
    assert sum(isinstance(command, Settle) for command in told) == 1
    assert sum(isinstance(command, NoteAbandoned) for command in told) <= 1


# --- the rules ------------------------------------------------------------------------------------


def test_an_answered_call_waits_is_joined_and_ends() -> None:
    state, told = run(
        Sent(FACTS), Rang(), PickedUp(), PickedUp(), WaitEntered(), AgentChosen(ANA), Joined(ANA), HungUp(16)
    )
    assert kinds(told) == [FindAgent, JoinAgent, BeginTalk, ReleaseAgent, Settle]
    assert state.facts.agent_id == ANA
    assert state.facts.connected_at is not None
    assert state.facts.hung_up_by == call.CUSTOMER


def test_only_both_legs_in_one_bridge_make_a_conversation() -> None:
    state, _ = run(Waiting(ANSWERED, NOW), AgentChosen(ANA))
    assert isinstance(state, Joining)
    assert state.facts.connected_at is None


def test_nobody_in_time_is_abandoned_and_later_joins_fail() -> None:
    state, told = run(Waiting(ANSWERED, NOW), PatienceEnded(), AgentChosen(ANA))
    assert isinstance(state, Closed)
    assert kinds(told) == [NoteAbandoned, Unexpected]


def test_the_deadline_wins_over_a_join_under_way_and_frees_the_agent() -> None:
    state, told = run(Joining(ANSWERED, NOW, ANA), PatienceEnded(), JoinFailed(ANA))
    assert isinstance(state, Closed)
    assert told == [ReleaseAgent(ANA, talked=False), NoteAbandoned()]


def test_a_failed_join_looks_for_the_next_agent_in_what_is_left_of_the_wait() -> None:
    state, told = run(Joining(ANSWERED, NOW, ANA), JoinFailed(ANA))
    assert state == Waiting(ANSWERED, NOW)
    assert kinds(told) == [ReleaseAgent, FindAgent]


def test_the_failure_of_an_earlier_join_does_not_disturb_the_present_one() -> None:
    state, _ = run(Joining(ANSWERED, NOW, BEA), JoinFailed(ANA))
    assert state == Joining(ANSWERED, NOW, BEA)


def test_an_agent_the_call_was_taken_from_is_released_when_another_is_joined() -> None:
    state, told = run(Joining(ANSWERED, NOW, ANA), Joined(BEA))
    assert isinstance(state, Talking)
    assert ReleaseAgent(ANA, talked=False) in told


def test_a_customer_who_hangs_up_while_waiting_is_not_abandoned() -> None:
    state, told = run(Waiting(ANSWERED, NOW), HungUp(16))
    assert state.facts.hung_up_by == call.CUSTOMER
    assert kinds(told) == [Settle]


def test_a_lost_line_in_talk_keeps_the_customer_for_a_rescue() -> None:
    state, told = run(Talking(CONNECTED, ANA), WaitEntered())
    assert isinstance(state, Waiting)
    assert state.rescued
    assert told == [ReleaseAgent(ANA, talked=True, rescue=True), FindAgent()]


def test_a_customer_given_away_frees_the_agent_and_is_one_call_to_its_end() -> None:
    state, told = run(Talking(CONNECTED, ANA), HandedOver(), HungUp(16))
    assert isinstance(state, Over)
    assert kinds(told) == [ReleaseAgent, Settle]
    assert state.facts.agent_id == ANA


def test_a_customer_nobody_answered_at_the_transfer_waits_for_an_agent_again_and_is_never_abandoned() -> None:
    state, told = run(Elsewhere(CONNECTED), WaitEntered(), PatienceEnded())
    assert told == [FindAgent()]
    assert isinstance(state, Closed)


def test_a_colleague_who_takes_over_frees_the_first_agent_whose_call_it_stays() -> None:
    state, told = run(Talking(CONNECTED, ANA), Joined(BEA))
    assert state == Talking(CONNECTED, BEA)
    assert kinds(told) == [ReleaseAgent, BeginTalk]
    assert state.facts.agent_id == ANA


def test_a_customer_nobody_rescues_was_connected_and_is_not_abandoned() -> None:
    _, told = run(Waiting(CONNECTED, NOW, rescued=True), PatienceEnded(), HungUp(16))
    assert NoteAbandoned not in kinds(told)


def test_a_refused_originate_is_over_at_once() -> None:
    state, _ = run(Sent(FACTS), OriginateRefused("no such trunk"))
    assert isinstance(state, Over)
    assert state.facts.refused


def test_a_failed_originate_waits_for_the_cause() -> None:
    state, told = run(Ringing(FACTS), OriginateFailed(5))
    assert isinstance(state, Failing)
    assert not told
    state, _ = run(state, HungUp(17, 486))
    assert (state.facts.originate_reason, state.facts.cause, state.facts.sip_status) == (5, 17, 486)


def test_a_failed_originate_whose_cause_never_comes_is_no_lost_call() -> None:
    state, _ = run(Sent(FACTS), OriginateFailed(0), Vanished())
    assert isinstance(state, Over)
    assert (state.facts.originate_reason, state.facts.vanished) == (0, False)


def test_a_hangup_without_cause_waits_for_the_originates_answer() -> None:
    state, told = run(Ringing(FACTS), HungUp(0))
    assert isinstance(state, Failing)
    assert not told
    state, told = run(state, OriginateFailed(3))
    assert isinstance(state, Over)
    assert state.facts.originate_reason == 3


def test_a_call_whose_end_was_missed_says_so() -> None:
    state, _ = run(Ringing(FACTS), Vanished())
    assert state.facts.vanished


def test_the_opt_out_key_blocks_the_number_once() -> None:
    _, told = run(Closed(ANSWERED), OptedOut(), HungUp(16), OptedOut())
    assert kinds(told) == [call.BlockNumber, Settle, Unexpected]


def test_a_missed_answer_is_made_up_for_by_what_follows_it() -> None:
    state, told = run(Ringing(FACTS), WaitEntered())
    assert isinstance(state, Waiting)
    assert state.facts.answered_at is not None
    assert FindAgent in kinds(told)


def test_who_asked_first_for_the_end_hung_up() -> None:
    state, told = run(Talking(CONNECTED, ANA), EndAsked(call.AGENT), EndRequested(), HungUp(16))
    assert kinds(told)[0] is HangUp
    assert state.facts.hung_up_by == call.AGENT
