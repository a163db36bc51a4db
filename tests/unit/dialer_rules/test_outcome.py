"""One verdict per ended call: every cause, every reason, every way an answered call can end."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialer.outcome import CallFacts, Fault, Outcome, Verdict, verdict

T0 = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
RANG = T0 + timedelta(seconds=2)
ANSWERED = T0 + timedelta(seconds=8)

# ITU-T Q.850, each cause of the recommendation (and Asterisk's own 0): what an unanswered call with it is.
Q850: dict[int, Outcome] = {
    0: Outcome.UNKNOWN,
    1: Outcome.INVALID_NUMBER,  # unallocated number (SIP 404)
    2: Outcome.FAILED_TRUNK,  # no route to transit network
    3: Outcome.FAILED_TRUNK,  # no route to destination
    4: Outcome.CONGESTION,  # send special information tone
    5: Outcome.FAILED_TRUNK,  # misdialled trunk prefix
    6: Outcome.FAILED_TRUNK,  # channel unacceptable
    7: Outcome.FAILED_TRUNK,  # call awarded in an established channel
    8: Outcome.FAILED_TRUNK,  # pre-emption
    9: Outcome.FAILED_TRUNK,  # pre-emption, circuit reserved
    14: Outcome.FAILED_TRUNK,  # query on release: ported number
    16: Outcome.NO_ANSWER,  # normal clearing, before any answer
    17: Outcome.BUSY,
    18: Outcome.UNREACHABLE,  # no user responding
    19: Outcome.NO_ANSWER,  # alerted, no answer (SIP 480)
    20: Outcome.UNREACHABLE,  # subscriber absent
    21: Outcome.DECLINED,  # call rejected
    22: Outcome.INVALID_NUMBER,  # number changed
    23: Outcome.NO_ANSWER,  # redirected to a new destination
    24: Outcome.DECLINED,  # rejected by a feature at the destination
    25: Outcome.CONGESTION,  # exchange routing error
    26: Outcome.NO_ANSWER,  # non-selected user clearing
    27: Outcome.UNREACHABLE,  # destination out of order
    28: Outcome.INVALID_NUMBER,  # invalid number format
    29: Outcome.FAILED_TRUNK,  # facility rejected
    30: Outcome.FAILED_TRUNK,  # response to STATUS ENQUIRY
    31: Outcome.NO_ANSWER,  # normal, unspecified
    34: Outcome.FAILED_TRUNK,  # no circuit available (SIP 503)
    38: Outcome.FAILED_TRUNK,  # network out of order (SIP 500)
    39: Outcome.FAILED_TRUNK,
    40: Outcome.FAILED_TRUNK,
    41: Outcome.CONGESTION,  # temporary failure
    42: Outcome.CONGESTION,  # switching equipment congestion
    43: Outcome.FAILED_TRUNK,
    44: Outcome.FAILED_TRUNK,  # requested circuit not available
    45: Outcome.CONGESTION,
    46: Outcome.CONGESTION,  # precedence call blocked
    47: Outcome.FAILED_TRUNK,  # resource unavailable
    **dict.fromkeys((49, 50, 52, 53, 57, 58, 62, 63, 65, 66, 69, 70, 79), Outcome.FAILED_TRUNK),
    54: Outcome.DECLINED,  # incoming calls barred
    55: Outcome.DECLINED,
    **dict.fromkeys((81, 82, 83, 84, 85, 86, 87, 90, 91, 95, 96, 97, 98, 99), Outcome.FAILED_TRUNK),
    88: Outcome.CONGESTION,  # incompatible destination
    **dict.fromkeys((100, 101, 103, 110, 111), Outcome.FAILED_TRUNK),
    102: Outcome.CONGESTION,  # recovery on timer expiry (SIP 504)
    127: Outcome.CONGESTION,  # interworking, unspecified
}
FAULTS = {
    Outcome.INVALID_NUMBER: Fault.NETWORK,
    Outcome.BUSY: Fault.CUSTOMER,
    Outcome.NO_ANSWER: Fault.CUSTOMER,
    Outcome.UNREACHABLE: Fault.NETWORK,
    Outcome.DECLINED: Fault.CUSTOMER,
    Outcome.FAILED_TRUNK: Fault.TRUNK,
    Outcome.CONGESTION: Fault.NETWORK,
    Outcome.UNKNOWN: Fault.OURS,
}


@pytest.mark.parametrize(("cause", "outcome"), Q850.items())
def test_every_q850_cause_of_an_unanswered_call_has_its_outcome_and_fault(
    cause: int, outcome: Outcome
) -> None:
    found = verdict(CallFacts(cause=cause))
    assert (found.outcome, found.fault) == (outcome, FAULTS[outcome])
    assert found.bad_number is (outcome is Outcome.INVALID_NUMBER)
    assert found.redial is (outcome is not Outcome.INVALID_NUMBER)
    assert found.costs_attempt is (outcome is not Outcome.FAILED_TRUNK)


@pytest.mark.parametrize("cause", sorted(set(range(1, 128)) - Q850.keys()))
def test_a_cause_q850_does_not_list_is_a_congestion_and_never_a_bad_number(cause: int) -> None:
    found = verdict(CallFacts(cause=cause))
    assert (found.outcome, found.bad_number, found.costs_attempt) == (Outcome.CONGESTION, False, True)


@pytest.mark.parametrize(
    ("reason", "outcome"),
    [
        (None, Outcome.UNKNOWN),
        (0, Outcome.FAILED_TRUNK),  # no channel could be made
        (1, Outcome.NO_ANSWER),  # hung up, and nobody says why
        (2, Outcome.NO_ANSWER),
        (3, Outcome.NO_ANSWER),  # the ring time is over
        (4, Outcome.NO_ANSWER),  # said to be answered, and no answer was ever seen
        (5, Outcome.BUSY),
        (6, Outcome.NO_ANSWER),
        (7, Outcome.NO_ANSWER),
        (8, Outcome.FAILED_TRUNK),
    ],
)
def test_every_originate_reason_without_a_cause_has_its_outcome(reason: int | None, outcome: Outcome) -> None:
    assert verdict(CallFacts(originate_reason=reason)).outcome is outcome


@pytest.mark.parametrize("cause", [0, 16, 19, 26, 31, 127])
def test_our_own_ring_time_ending_is_no_answer_whatever_the_cancelled_channel_says(cause: int) -> None:
    found = verdict(CallFacts(cause=cause, originate_reason=3, ringing_at=RANG))
    assert (found.outcome, found.reason) == (Outcome.NO_ANSWER, "ring_time_over")


def test_a_call_that_never_rang_says_so_in_its_reason() -> None:
    assert verdict(CallFacts(cause=19, sip_status=480, originate_reason=3)).reason == "never_rang"


@pytest.mark.parametrize(
    ("facts", "outcome"),
    [
        (CallFacts(cause=17, sip_status=486, originate_reason=0), Outcome.BUSY),
        (CallFacts(cause=1, sip_status=404, originate_reason=0), Outcome.INVALID_NUMBER),
        (CallFacts(cause=34, sip_status=503, originate_reason=0), Outcome.FAILED_TRUNK),
        (CallFacts(cause=21, sip_status=603, originate_reason=0), Outcome.DECLINED),
        (CallFacts(cause=19, sip_status=480, originate_reason=3, ringing_at=RANG), Outcome.NO_ANSWER),
        (CallFacts(cause=19, sip_status=480, originate_reason=0, ringing_at=RANG), Outcome.NO_ANSWER),
        # An endpoint that does not exist: an answer to the originate, and no channel at all.
        (CallFacts(originate_reason=0), Outcome.FAILED_TRUNK),
        (CallFacts(cause=16, originate_reason=4, answered_at=ANSWERED, hung_up_by="customer"), Outcome.GONE),
    ],
)
def test_what_asterisk_22_was_seen_to_tell_of_a_carriers_answers(facts: CallFacts, outcome: Outcome) -> None:
    assert verdict(facts).outcome is outcome


def test_a_real_cause_says_more_than_the_originates_reason() -> None:
    assert verdict(CallFacts(cause=1, originate_reason=8)).outcome is Outcome.INVALID_NUMBER
    assert verdict(CallFacts(cause=17, originate_reason=1)).outcome is Outcome.BUSY
    assert verdict(CallFacts(cause=16, originate_reason=5)).outcome is Outcome.BUSY


@pytest.mark.parametrize(
    ("status", "cause", "outcome"),
    [
        (404, 1, Outcome.INVALID_NUMBER),
        (484, 28, Outcome.INVALID_NUMBER),
        (604, 1, Outcome.INVALID_NUMBER),
        (486, 17, Outcome.BUSY),
        (600, 17, Outcome.BUSY),
        (480, 19, Outcome.NO_ANSWER),
        (408, 18, Outcome.UNREACHABLE),
        (603, 21, Outcome.DECLINED),
        (401, 21, Outcome.FAILED_TRUNK),  # our credentials, not the customer's refusal
        (403, 21, Outcome.FAILED_TRUNK),
        (488, 58, Outcome.FAILED_TRUNK),
        (500, 38, Outcome.FAILED_TRUNK),
        (502, 27, Outcome.FAILED_TRUNK),
        (503, 34, Outcome.FAILED_TRUNK),
        (504, 102, Outcome.FAILED_TRUNK),
    ],
)
def test_the_sip_status_decides_where_asterisk_folds_several_into_one_cause(
    status: int, cause: int, outcome: Outcome
) -> None:
    assert verdict(CallFacts(cause=cause, sip_status=status)).outcome is outcome


def test_every_5xx_is_the_trunks_fault_and_costs_the_customer_no_attempt() -> None:
    for status in range(500, 600):
        found = verdict(CallFacts(cause=34, sip_status=status))
        assert (found.fault, found.costs_attempt, found.redial) == (Fault.TRUNK, False, True)


def test_a_phone_that_rang_costs_an_attempt_whatever_ended_the_call() -> None:
    for cause in Q850:
        assert verdict(CallFacts(cause=cause, ringing_at=RANG)).costs_attempt


def test_ringing_that_just_ends_is_no_answer_and_no_congestion() -> None:
    for facts in (CallFacts(cause=127), CallFacts(cause=127, sip_status=487), CallFacts(cause=16)):
        assert verdict(replace(facts, ringing_at=RANG)).outcome is Outcome.NO_ANSWER


def test_a_trunk_that_gives_no_sign_of_life_is_not_a_customer_who_did_not_answer() -> None:
    silent = CallFacts(cause=0, originate_reason=3, trunk_replied=False)
    assert verdict(silent).outcome is Outcome.FAILED_TRUNK
    assert verdict(replace(silent, trunk_replied=True)).outcome is Outcome.NO_ANSWER


@pytest.mark.parametrize(
    ("facts", "outcome", "fault"),
    [
        (CallFacts(connected_at=ANSWERED), Outcome.CONNECTED, Fault.NONE),
        (CallFacts(connected_at=ANSWERED, amd="MACHINE"), Outcome.CONNECTED, Fault.NONE),
        (CallFacts(connected_at=ANSWERED, closed=True), Outcome.CONNECTED, Fault.NONE),
        (CallFacts(amd="MACHINE"), Outcome.MACHINE, Fault.CUSTOMER),
        (CallFacts(closed=True), Outcome.ABANDONED, Fault.OURS),
        (CallFacts(closed=True, hung_up_by="customer"), Outcome.ABANDONED, Fault.OURS),
        (CallFacts(hung_up_by="customer"), Outcome.GONE, Fault.CUSTOMER),
        (CallFacts(amd="HANGUP"), Outcome.GONE, Fault.CUSTOMER),
        (CallFacts(hung_up_by="dialer"), Outcome.ABANDONED, Fault.OURS),
        (CallFacts(hung_up_by="network"), Outcome.ABANDONED, Fault.OURS),
        (CallFacts(lost=True), Outcome.ABANDONED, Fault.OURS),
        (CallFacts(cancelled=True), Outcome.ABANDONED, Fault.OURS),
    ],
)
def test_an_answered_call_is_connected_abandoned_machine_or_gone(
    facts: CallFacts, outcome: Outcome, fault: Fault
) -> None:
    found = verdict(replace(facts, answered_at=ANSWERED, ringing_at=RANG, cause=16, originate_reason=4))
    assert (found.outcome, found.fault, found.costs_attempt) == (outcome, fault, True)


def test_only_a_conversation_and_an_invalid_number_are_never_redialled_by_themselves() -> None:
    assert not verdict(CallFacts(answered_at=ANSWERED, connected_at=ANSWERED)).redial
    assert not verdict(CallFacts(cause=1)).redial
    assert verdict(CallFacts(answered_at=ANSWERED, closed=True)).redial


def test_a_call_we_lost_sight_of_counts_as_sent() -> None:
    found = verdict(CallFacts(lost=True))
    assert found == Verdict(Outcome.UNKNOWN, Fault.OURS, True, True, False, "lost")


def test_what_was_learnt_after_a_loss_is_believed() -> None:
    assert verdict(CallFacts(lost=True, cause=17)).outcome is Outcome.BUSY


def test_a_refused_originate_was_never_sent_and_costs_nothing() -> None:
    found = verdict(CallFacts(refused=True))
    assert (found.outcome, found.fault, found.costs_attempt) == (Outcome.REFUSED, Fault.OURS, False)


def test_a_call_we_hung_up_while_it_rang_is_cancelled_and_costs_its_attempt() -> None:
    found = verdict(CallFacts(cancelled=True, ringing_at=RANG, cause=26))
    assert (found.outcome, found.costs_attempt) == (Outcome.CANCELLED, True)


moments = st.none() | st.just(RANG)
facts_of_any_kind = st.builds(
    CallFacts,
    cause=st.integers(0, 255),
    sip_status=st.sampled_from([0, 100, 200, 302, *range(400, 700)]),
    originate_reason=st.none() | st.integers(0, 40),
    amd=st.sampled_from(["", "HUMAN", "MACHINE", "NOTSURE", "HANGUP", "odd"]),
    ringing_at=moments,
    answered_at=moments,
    connected_at=moments,
    closed=st.booleans(),
    hung_up_by=st.sampled_from(["", "customer", "agent", "dialer", "network"]),
    cancelled=st.booleans(),
    refused=st.booleans(),
    lost=st.booleans(),
    trunk_replied=st.booleans(),
)


@given(facts_of_any_kind)
def test_any_facts_at_all_have_a_verdict_that_agrees_with_itself(facts: CallFacts) -> None:
    found = verdict(facts)
    answered = facts.answered_at is not None or facts.connected_at is not None
    of_answered = {Outcome.CONNECTED, Outcome.ABANDONED, Outcome.MACHINE, Outcome.GONE}
    assert (found.outcome in of_answered) == (answered and not facts.refused)
    assert found.reason
    assert found.bad_number == (found.outcome is Outcome.INVALID_NUMBER)
    if not found.costs_attempt:
        assert facts.ringing_at is None
        assert found.outcome in (Outcome.FAILED_TRUNK, Outcome.REFUSED)
    if found.outcome is Outcome.FAILED_TRUNK:
        assert found.fault is Fault.TRUNK
