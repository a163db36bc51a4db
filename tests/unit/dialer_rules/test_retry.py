"""What becomes of a contact when only the network has spoken."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialer.outcome import CallFacts, Outcome, Verdict, verdict
from dialer.retry import TRUNK_WAIT_MAX_S, after_call, agenda_retry
from dialer.settings import RetryRule, Settings
from lists.model import AwaitTypification, ContactState, Finish, Retry

NOW = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)
BUSY = verdict(CallFacts(cause=17))
TRUNK = verdict(CallFacts(sip_status=503))
CONNECTED = verdict(CallFacts(answered_at=NOW, connected_at=NOW))


def test_a_conversation_waits_for_its_typification_and_is_never_redialled() -> None:
    assert after_call(CONNECTED, Settings(), {}, NOW) == AwaitTypification()


def test_an_outcome_waits_and_takes_the_phone_its_rule_says() -> None:
    settings = Settings(retry={Outcome.BUSY: RetryRule(wait_s=90, max=2, phone="next")})
    assert after_call(BUSY, settings, {}, NOW) == Retry(
        NOW + timedelta(seconds=90), phone="next", outcome="busy"
    )


def test_an_outcome_brings_a_contact_back_so_often_and_no_more() -> None:
    settings = Settings(retry={Outcome.BUSY: RetryRule(wait_s=90, max=2)})
    assert isinstance(after_call(BUSY, settings, {"busy": 1, "no_answer": 9}, NOW), Retry)
    assert after_call(BUSY, settings, {"busy": 2}, NOW) == Finish(ContactState.EXHAUSTED, "busy")


def test_a_bad_number_moves_to_the_next_phone_at_once() -> None:
    found = after_call(verdict(CallFacts(cause=1)), Settings(), {"invalid_number": 50}, NOW)
    assert found == Retry(NOW, phone="next", outcome="invalid_number")


def test_a_trunks_fault_backs_off_by_itself_and_keeps_the_phone() -> None:
    waits = []
    for done in range(7):
        found = after_call(TRUNK, Settings(), {"failed_trunk": done}, NOW)
        assert isinstance(found, Retry)
        assert found.phone == "same"
        waits.append((found.not_before - NOW).total_seconds())
    assert waits == [60, 120, 240, 480, 900, 900, 900]


def test_even_a_trunks_fault_is_not_tried_for_ever() -> None:
    assert after_call(TRUNK, Settings(), {"failed_trunk": 20}, NOW) == Finish(
        ContactState.EXHAUSTED, "failed_trunk"
    )


def test_a_call_that_was_lost_waits_before_it_is_tried_again() -> None:
    found = after_call(verdict(CallFacts(lost=True)), Settings(), {}, NOW)
    assert isinstance(found, Retry)
    assert found.not_before >= NOW + timedelta(minutes=30)


verdicts = st.builds(
    verdict,
    st.builds(
        CallFacts,
        cause=st.integers(0, 127),
        sip_status=st.sampled_from([0, 404, 480, 486, 503]),
        answered_at=st.none() | st.just(NOW),
        ringing_at=st.none() | st.just(NOW),
        refused=st.booleans(),
        lost=st.booleans(),
    ),
)


@given(verdicts, st.dictionaries(st.sampled_from([str(outcome) for outcome in Outcome]), st.integers(0, 200)))
def test_every_retry_has_a_limit_and_none_is_dialled_before_now(
    found: Verdict, retries: dict[str, int]
) -> None:
    decision = after_call(found, Settings(), retries, NOW)
    if isinstance(decision, Retry):
        assert decision.not_before >= NOW
        assert decision.outcome == found.outcome
        assert not decision.to_end
        if not found.bad_number:  # those are bounded by the number of phones
            assert retries.get(found.outcome, 0) <= 100
        if not found.costs_attempt:
            assert decision.not_before <= NOW + timedelta(seconds=TRUNK_WAIT_MAX_S)


@pytest.mark.parametrize(("tries", "again"), [(1, True), (2, True), (3, False)])
def test_a_call_back_nobody_answers_is_tried_three_times_a_quarter_of_an_hour_apart(
    tries: int, again: bool
) -> None:
    found = agenda_retry(verdict(CallFacts(cause=19)), Settings(), tries, NOW)
    assert found == (Retry(NOW + timedelta(minutes=15)) if again else None)


def test_a_call_back_that_is_answered_waits_for_its_typification() -> None:
    assert agenda_retry(CONNECTED, Settings(), 1, NOW) == AwaitTypification()
