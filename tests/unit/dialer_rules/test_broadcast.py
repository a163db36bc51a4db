"""What a broadcast's settings may say, and what its calls come to."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialer import call as machine
from dialer.broadcast import KEYS, Broadcast
from dialer.call import AudioPlayed, Facts, Keyed, NoteKeys, OptedOut, PickedUp, Sent
from dialer.compliance import Counts, counts
from dialer.engine.broadcast import listened, needs_agents, variables
from dialer.errors import BadValue
from dialer.outcome import CallFacts, Listened, Outcome, Verdict, verdict
from dialer.retry import after_call
from dialer.settings import DEFAULT_RETRIES, Mode, RetryRule, Settings, decode, encode
from lists.model import AttemptKind, ContactState, Finish, Retry

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
SETTINGS = Settings(mode=Mode.BROADCAST, broadcast=Broadcast(audio="notice"))


def heard(**facts: object) -> Verdict:
    """Of a call that was answered, and came to this."""
    return verdict(CallFacts(answered_at=NOON, hung_up_by="customer", listened=Listened(**facts)))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("facts", "outcome"),
    [
        ({"played": True}, Outcome.PLAYED),
        ({"answer": "2"}, Outcome.PRESSED),
        ({"opted_out": True, "answer": "2", "wanted_agent": True}, Outcome.OPTED_OUT),
        ({"wanted_agent": True, "answer": "2"}, Outcome.UNATTENDED),
        ({"left_message": True}, Outcome.MESSAGE_LEFT),
        ({}, Outcome.GONE),
    ],
)
def test_a_broadcast_has_one_verdict(facts: dict[str, object], outcome: Outcome) -> None:
    assert heard(**facts).outcome is outcome


def test_a_broadcast_joined_to_an_agent_is_connected_whatever_was_pressed() -> None:
    facts = CallFacts(answered_at=NOON, connected_at=NOON, listened=Listened(wanted_agent=True))
    assert verdict(facts).outcome is Outcome.CONNECTED


@given(st.builds(Listened), st.booleans(), st.sampled_from(["", "HUMAN", "MACHINE", "HANGUP"]))
def test_no_broadcast_is_ever_abandoned_or_counted_in_the_laws_ratio(
    to: Listened, closed: bool, amd: str
) -> None:
    found = verdict(CallFacts(answered_at=NOON, closed=closed, amd=amd, listened=to))
    assert found.outcome is not Outcome.ABANDONED
    assert counts(AttemptKind.BROADCAST, found) == Counts()


def test_the_reason_names_the_key_that_answered() -> None:
    assert [heard(answer=key).reason for key in "2*#"] == ["key_2", "key_star", "key_hash"]


def test_who_heard_answered_or_has_a_message_is_done_unless_the_campaign_says_otherwise() -> None:
    for facts in ({"played": True}, {"answer": "2"}, {"left_message": True}):
        decision = after_call(heard(**facts), SETTINGS, {}, NOON)
        assert isinstance(decision, Finish)
        assert decision.state is ContactState.DONE
    again = Settings(retry={Outcome.MESSAGE_LEFT: RetryRule(wait_s=60, max=1)})
    assert isinstance(after_call(heard(left_message=True), again, {}, NOON), Retry)
    tried = after_call(heard(left_message=True), again, {"message_left": 1}, NOON)
    assert tried == Finish(ContactState.DONE, "message_left")


def test_who_pressed_9_is_never_called_again_whatever_the_retries_say() -> None:
    eager = Settings(retry={Outcome.OPTED_OUT: RetryRule(wait_s=0, max=9)})
    decision = after_call(heard(opted_out=True), eager, {}, NOON)
    assert decision == Finish(ContactState.DO_NOT_CALL, "opted_out")


def test_who_asked_for_an_agent_in_vain_hears_it_again_later() -> None:
    decision = after_call(heard(wanted_agent=True), SETTINGS, {}, NOON)
    assert isinstance(decision, Retry)
    assert decision.not_before == NOON + timedelta(seconds=DEFAULT_RETRIES[Outcome.UNATTENDED].wait_s)


def test_keys_are_written_down_as_they_are_pressed() -> None:
    state: machine.State = Sent(Facts(NOON))
    told: list[machine.Command] = []
    for event in (PickedUp(), Keyed("7"), Keyed("9"), OptedOut(), AudioPlayed()):
        state, commands = machine.step(state, event, NOON)
        told += commands
    assert [command.keys for command in told if isinstance(command, NoteKeys)] == ["7", "79"]
    assert (state.facts.pressed, state.facts.opted_out, state.facts.played) == ("79", True, True)


def test_1_is_an_agent_only_where_the_campaign_has_them() -> None:
    facts = Facts(NOON, pressed="1")
    assert listened(facts, Broadcast(audio="a", agents=True)).wanted_agent
    assert listened(facts, Broadcast(audio="a", answers={"1": "yes"})) == Listened(answer="1")


def test_the_dialplan_is_told_what_the_campaign_has_and_no_more() -> None:
    assert variables(Broadcast(audio="a", key_wait_s=3)) == {"MARCADOR_AUDIO": "a", "MARCADOR_KEY_WAIT": "3"}
    full = Broadcast(audio="a", answers={"2": "yes", "*": "no"}, agents=True, machine_audio="m")
    assert variables(full) == {
        "MARCADOR_AUDIO": "a",
        "MARCADOR_KEY_WAIT": "5",
        "MARCADOR_ANSWERS": "2*",
        "MARCADOR_AGENT_PATIENCE_MS": "30000",
        "MARCADOR_MACHINE_AUDIO": "m",
    }


def test_agents_are_needed_only_by_a_broadcast_that_keeps_within_them() -> None:
    kept = Settings(mode=Mode.BROADCAST, broadcast=Broadcast(audio="a", agents=True))
    free = Settings(mode=Mode.BROADCAST, broadcast=Broadcast(audio="a", agents=True, within_agents=False))
    assert (needs_agents(Settings()), needs_agents(kept)) == (True, True)
    assert (needs_agents(SETTINGS), needs_agents(free)) == (False, False)


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"audio": ""}, "broadcast.audio"),
        ({"audio": "../../etc/passwd"}, "broadcast.audio"),
        ({"audio": "a,b&c"}, "broadcast.audio"),
        ({"audio": "a", "machine_audio": "m"}, "amd"),
        ({"audio": "a", "answers": {"9": "no"}}, "broadcast.answers"),
        ({"audio": "a", "answers": {"1": "no"}, "agents": True}, "broadcast.answers"),
        ({"audio": "a", "answers": {"22": "no"}}, "broadcast.answers"),
        ({"audio": "a", "agent_patience_s": 0}, "broadcast.agent_patience_s"),
    ],
)
def test_a_broadcast_that_makes_no_sense_is_refused_by_field(said: dict[str, object], field: str) -> None:
    with pytest.raises(BadValue) as refused:
        decode({"mode": "broadcast", "broadcast": said})
    assert refused.value.params["field"] == field


def test_other_modes_need_no_audio() -> None:
    assert decode({"mode": "predictive"}).broadcast == Broadcast()


@given(st.dictionaries(st.sampled_from([key for key in KEYS if key not in "19"]), st.just("yes")))
def test_settings_of_a_broadcast_are_kept_as_they_were_written(answers: dict[str, str]) -> None:
    settings = Settings(mode=Mode.BROADCAST, broadcast=Broadcast(audio="a/b-c_1", answers=answers))
    assert decode(encode(settings)) == settings
