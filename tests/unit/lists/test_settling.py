"""What a decision makes of a contact."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lists.model import (
    AwaitTypification,
    Caps,
    ContactState,
    Decision,
    Finish,
    PhoneState,
    Retry,
    Schedule,
)
from lists.settling import ContactFacts, PhoneFacts, Place, last_position, next_phone, place

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
CAPS = Caps()
LATER = NOW + timedelta(minutes=30)


def phone(position: int, **facts: object) -> PhoneFacts:
    good = PhoneFacts(position, PhoneState.GOOD, 0, False, (f"Zone/{position}",))
    return replace(good, **facts)  # type: ignore[arg-type]


def contact(*phones: PhoneFacts, **facts: object) -> ContactFacts:
    plain = ContactFacts(
        contact_id=uuid4(),
        state=ContactState.LIVE,
        cursor=0,
        position=7,
        next_at=NOW - timedelta(hours=1),
        attempts=1,
        retries={},
        agent_id=None,
        zone_key="",
        list_deleted=False,
        list_expired=False,
        phones=phones,
    )
    return replace(plain, **facts)  # type: ignore[arg-type]


def placed(facts: ContactFacts, decision: Decision, caps: Caps = CAPS) -> Place:
    result = place(facts, decision, caps, NOW)
    assert result is not None
    return result


def test_recall_keeps_the_phone_takes_the_last_place_and_waits() -> None:
    new = placed(contact(phone(0), phone(1)), Retry(LATER, "same", to_end=True))

    assert (new.state, new.cursor, new.next_at) == (ContactState.PENDING, 0, LATER)
    assert new.position == last_position(NOW) > 7


def test_recall_alternate_moves_to_next_phone_and_end_of_list() -> None:
    new = placed(contact(phone(0), phone(1), phone(2)), Retry(LATER, "next", to_end=True))

    assert (new.cursor, new.zone_key) == (1, "Zone/1")
    assert new.position == last_position(NOW)


def test_recall_alternate_wraps_round_to_the_main_phone() -> None:
    assert placed(contact(phone(0), phone(1), cursor=1), Retry(LATER, "next")).cursor == 0


def test_recall_alternate_without_alternatives_is_a_recall() -> None:
    assert placed(contact(phone(0)), Retry(LATER, "next")).cursor == 0


@pytest.mark.parametrize(
    "unusable",
    [{"state": PhoneState.BAD}, {"state": PhoneState.WRONG_NUMBER}, {"attempts": 3}, {"do_not_call": True}],
)
def test_unusable_phones_are_passed_over(unusable: dict[str, object]) -> None:
    assert placed(contact(phone(0), phone(1, **unusable), phone(2)), Retry(LATER, "next")).cursor == 2


def test_a_retry_on_the_same_phone_moves_on_when_that_phone_can_no_longer_be_called() -> None:
    facts = contact(phone(0), phone(1, state=PhoneState.BAD), phone(2), cursor=1)

    assert placed(facts, Retry(LATER, "same")).cursor == 2


def test_a_contact_whose_attempts_are_used_up_is_exhausted() -> None:
    new = placed(contact(phone(0), attempts=6), Retry(LATER))

    assert (new.state, new.reason) == (ContactState.EXHAUSTED, "contact_attempts")


def test_a_contact_whose_numbers_are_all_used_up_is_exhausted() -> None:
    facts = contact(phone(0, attempts=3), phone(1, state=PhoneState.BAD))

    assert placed(facts, Retry(LATER)).reason == "number_attempts"


def test_a_contact_all_of_whose_good_numbers_are_forbidden_ends_as_do_not_call() -> None:
    facts = contact(phone(0, do_not_call=True), phone(1, state=PhoneState.BAD))

    assert placed(facts, Retry(LATER)).state is ContactState.DO_NOT_CALL


def test_a_contact_with_only_bad_numbers_is_exhausted() -> None:
    new = placed(contact(phone(0, state=PhoneState.BAD)), Retry(LATER))

    assert (new.state, new.reason) == (ContactState.EXHAUSTED, "no_good_phone")


def test_a_retry_counts_its_outcome_and_keeps_its_place() -> None:
    new = placed(contact(phone(0), retries={"busy": 1}), Retry(LATER, outcome="busy"))

    assert (new.retries, new.position) == ({"busy": 2}, 7)


def test_a_retry_in_the_past_is_due_now() -> None:
    assert placed(contact(phone(0)), Retry(NOW - timedelta(days=1))).next_at == NOW


@pytest.mark.parametrize(
    ("facts", "state"),
    [({"list_deleted": True}, ContactState.REMOVED), ({"list_expired": True}, ContactState.EXPIRED)],
)
def test_a_contact_of_a_list_that_is_gone_ends_instead_of_waiting(
    facts: dict[str, object], state: ContactState
) -> None:
    assert placed(contact(phone(0), **facts), Retry(LATER)).state is state


def test_a_retry_may_bind_to_an_agent_keep_the_binding_or_end_it() -> None:
    agent = uuid4()
    bound = contact(phone(0), agent_id=agent)

    assert placed(bound, Retry(LATER)).agent_id == agent
    assert placed(bound, Retry(LATER, unbind=True)).agent_id is None
    assert placed(contact(phone(0)), Retry(LATER, agent_id=agent)).agent_id == agent


@pytest.mark.parametrize(
    ("decision", "state"),
    [
        (Finish(ContactState.DONE, "sold"), ContactState.DONE),
        (AwaitTypification(), ContactState.AWAITING_TYPIFICATION),
        (Schedule(), ContactState.SCHEDULED),
    ],
)
def test_other_decisions_set_their_state(decision: Decision, state: ContactState) -> None:
    assert placed(contact(phone(0)), decision).state is state


@pytest.mark.parametrize("state", [s for s in ContactState if not s.is_open])
def test_an_ended_contact_stays_as_it_is(state: ContactState) -> None:
    assert place(contact(phone(0), state=state), Retry(LATER), CAPS, NOW) is None


def test_a_finish_needs_a_final_state() -> None:
    with pytest.raises(ValueError, match="not a final state"):
        Finish(ContactState.PENDING)


def test_caps_beyond_what_is_remembered_are_refused() -> None:
    with pytest.raises(ValueError, match="between 1 and 10"):
        Caps(number_per_24h=11)


phones_ = st.lists(
    st.builds(
        PhoneFacts,
        position=st.integers(0, 9),
        state=st.sampled_from(PhoneState),
        attempts=st.integers(0, 4),
        do_not_call=st.booleans(),
        zones=st.just(()),
    ),
    unique_by=lambda p: p.position,
    max_size=6,
).map(lambda found: sorted(found, key=lambda p: p.position))


@given(phones=phones_, cursor=st.integers(0, 9), stay=st.booleans())
def test_the_next_phone_is_always_usable_and_every_usable_phone_has_its_turn(
    phones: list[PhoneFacts], cursor: int, stay: bool
) -> None:
    usable = {
        p.position
        for p in phones
        if p.state is PhoneState.GOOD and not p.do_not_call and p.attempts < CAPS.per_number
    }
    facts = contact(*phones, cursor=cursor)
    seen: set[int] = set()
    for turn in range(len(usable)):
        found = next_phone(facts, CAPS, stay=stay and turn == 0)
        assert found is not None
        seen.add(found.position)
        facts = replace(facts, cursor=found.position)
    assert seen == usable
