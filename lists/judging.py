"""May this attempt begin? Pure: the facts read after the claim, the caps, and now."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from lists.model import AttemptKind, Begin, Caps, ContactState, Refusal, RefusalReason

# A person chose the moment of these calls, so the minimum gaps do not hold them; every other rule does.
_CHOSEN_BY_A_PERSON = frozenset({AttemptKind.MANUAL, AttemptKind.AGENT_BOUND})
LIVE_ELSEWHERE_S = 60.0


@dataclass(frozen=True, slots=True)
class Facts:
    """What the database said about one claimed attempt. Lists and contacts are only looked at when there is
    one."""

    attempt_id: UUID
    epoch: int | None = None
    open: bool | None = None
    list_open: bool = True
    list_paused: bool = False
    contact_state: ContactState | None = ContactState.PENDING
    reserved_by: str | None = None
    attempts: int = 0
    number_attempts: int = 0
    phone_good: bool = True
    do_not_call: bool = False
    number_last: datetime | None = None
    number_recent: list[datetime] = field(default_factory=list)
    customer_last: datetime | None = None
    customer_recent: list[datetime] = field(default_factory=list)
    conversation_at: datetime | None = None


def judge(begin: Begin, facts: Facts, caps: Caps, now: datetime) -> Refusal | None:
    """None: it may begin. The first broken rule otherwise, ownership before law, law before courtesy."""

    def refuse(reason: RefusalReason, until: datetime | None = None) -> Refusal:
        return Refusal(begin.attempt_id, reason, until)

    manual = begin.kind is AttemptKind.MANUAL
    if begin.epoch and (facts.epoch != begin.epoch or not (facts.open or manual)):
        return refuse(RefusalReason.FENCED)
    if begin.contact is not None:
        if not facts.list_open or (facts.list_paused and not manual):
            return refuse(RefusalReason.LIST_CLOSED)
        waiting = facts.contact_state is ContactState.PENDING
        # Who calls by hand may come before the appointment.
        waiting = waiting or (manual and facts.contact_state is ContactState.SCHEDULED)
        if not waiting or facts.reserved_by != begin.worker:
            return refuse(RefusalReason.LOST_RESERVATION)
    if facts.do_not_call:
        return refuse(RefusalReason.DO_NOT_CALL)
    if begin.phone_id is not None and not facts.phone_good:
        return refuse(RefusalReason.PHONE_UNUSABLE)
    if begin.contact is not None:
        if facts.attempts >= caps.per_contact:
            return refuse(RefusalReason.CONTACT_CAP)
        if facts.number_attempts >= caps.per_number:
            return refuse(RefusalReason.NUMBER_CAP)
    if ends := waits(begin.kind, facts, caps, now):
        until, reason = max(ends)
        return refuse(reason, until)
    return None


def waits(kind: AttemptKind, facts: Facts, caps: Caps, now: datetime) -> list[tuple[datetime, RefusalReason]]:
    """Every rule that only time can satisfy, with the moment it will be."""
    ends: list[tuple[datetime, RefusalReason]] = []
    if kind not in _CHOSEN_BY_A_PERSON:
        if facts.number_last:
            ends.append((facts.number_last + timedelta(seconds=caps.number_gap_s), RefusalReason.NUMBER_GAP))
        if facts.customer_last:
            gap = timedelta(seconds=caps.customer_gap_s)
            ends.append((facts.customer_last + gap, RefusalReason.CUSTOMER_GAP))
    if caps.number_per_24h is not None:
        end = _window_end(facts.number_recent, caps.number_per_24h, timedelta(hours=24))
        ends += [(end, RefusalReason.NUMBER_24H)] if end else []
    if caps.customer_per_7d is not None:
        end = _window_end(facts.customer_recent, caps.customer_per_7d, timedelta(days=7))
        ends += [(end, RefusalReason.CUSTOMER_7D)] if end else []
    if caps.quiet_days_after_conversation is not None and facts.conversation_at:
        quiet = timedelta(days=caps.quiet_days_after_conversation)
        ends.append((facts.conversation_at + quiet, RefusalReason.QUIET_AFTER_CONVERSATION))
    return [(end, reason) for end, reason in ends if end > now]


def _window_end(recent: list[datetime], cap: int, window: timedelta) -> datetime | None:
    """When fewer than `cap` of the attempts (oldest first) will lie within the window."""
    return recent[-cap] + window if len(recent) >= cap else None
