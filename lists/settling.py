"""What a decision makes of a contact: which phone next, when, at which place, or how it ends. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

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
from lists.zones import zone_key

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def last_position(now: datetime) -> int:
    """A place behind every contact placed before `now`: microseconds since 1970, so that no counter is
    shared."""
    return (now - _EPOCH) // timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class PhoneFacts:
    position: int
    state: PhoneState
    attempts: int
    do_not_call: bool
    zones: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ContactFacts:
    contact_id: UUID
    state: ContactState
    cursor: int
    position: int
    next_at: datetime
    attempts: int
    retries: Mapping[str, int]
    agent_id: UUID | None
    zone_key: str
    list_deleted: bool
    list_expired: bool
    phones: Sequence[PhoneFacts]  # in order


@dataclass(frozen=True, slots=True)
class Place:
    """A contact's new state, place and cursor. `reason` is '' while it is open."""

    state: ContactState
    cursor: int
    position: int
    next_at: datetime
    retries: Mapping[str, int]
    agent_id: UUID | None
    zone_key: str
    reason: str = ""


def place(contact: ContactFacts, decision: Decision, caps: Caps, now: datetime) -> Place | None:
    """Where the decision puts the contact; None when it has already ended and stays so."""
    if not contact.state.is_open:
        return None
    here = Place(
        state=contact.state,
        cursor=contact.cursor,
        position=contact.position,
        next_at=contact.next_at,
        retries=contact.retries,
        agent_id=contact.agent_id,
        zone_key=contact.zone_key,
    )
    match decision:
        case Finish(state, reason):
            return replace(here, state=state, reason=reason or state.value)
        case AwaitTypification():
            return replace(here, state=ContactState.AWAITING_TYPIFICATION)
        case Schedule():
            return replace(here, state=ContactState.SCHEDULED)
        case Retry():
            return _retry(contact, here, decision, caps, now)


def _retry(contact: ContactFacts, here: Place, retry: Retry, caps: Caps, now: datetime) -> Place:
    if contact.list_deleted:
        return replace(here, state=ContactState.REMOVED, reason="list_deleted")
    if contact.list_expired:
        return replace(here, state=ContactState.EXPIRED, reason="list_expired")
    if contact.attempts >= caps.per_contact:
        return replace(here, state=ContactState.EXHAUSTED, reason="contact_attempts")
    phone = next_phone(contact, caps, stay=retry.phone == "same")
    if phone is None:
        state, reason = _why_no_phone(contact.phones)
        return replace(here, state=state, reason=reason)
    retries = dict(contact.retries)
    if retry.outcome is not None:
        retries[retry.outcome] = retries.get(retry.outcome, 0) + 1
    agent_id = None if retry.unbind else retry.agent_id or contact.agent_id
    return Place(
        state=ContactState.PENDING,
        cursor=phone.position,
        position=last_position(now) if retry.to_end else contact.position,
        next_at=max(retry.not_before, now),
        retries=retries,
        agent_id=agent_id,
        zone_key=zone_key(phone.zones),
    )


def next_phone(contact: ContactFacts, caps: Caps, *, stay: bool) -> PhoneFacts | None:
    """The phone to call next: the one at the cursor if it may stay there, else the next usable one,
    wrapping round.

    The present phone comes last of all, so that a contact without alternatives is recalled on the same one.
    """

    def distance(phone: PhoneFacts) -> tuple[bool, int]:
        ahead = phone.position >= contact.cursor if stay else phone.position > contact.cursor
        return (not ahead, phone.position)

    usable = [
        phone
        for phone in contact.phones
        if phone.state is PhoneState.GOOD and not phone.do_not_call and phone.attempts < caps.per_number
    ]
    return min(usable, key=distance, default=None)


def _why_no_phone(phones: Sequence[PhoneFacts]) -> tuple[ContactState, str]:
    """Exhausted if attempts ran out on any number; do-not-call only if that alone stands in the way."""
    if any(p.state is PhoneState.GOOD and not p.do_not_call for p in phones):
        return ContactState.EXHAUSTED, "number_attempts"
    if any(p.do_not_call for p in phones):
        return ContactState.DO_NOT_CALL, "do_not_call"
    return ContactState.EXHAUSTED, "no_good_phone"
