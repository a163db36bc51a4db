"""The values the lists room speaks in: contacts, attempts, caps, and the decisions that settle a contact."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Literal
from uuid import UUID

# `number_use` and `customer_use` remember this many attempts, so a cap above it could never be reached.
RECENT_ATTEMPTS = 10


class ContactState(StrEnum):
    PENDING = "pending"
    LIVE = "live"
    AWAITING_TYPIFICATION = "awaiting_typification"
    SCHEDULED = "scheduled"
    DONE = "done"
    DO_NOT_CALL = "do_not_call"
    EXHAUSTED = "exhausted"
    EXPIRED = "expired"
    REMOVED = "removed"
    REJECTED = "rejected"

    @property
    def is_open(self) -> bool:
        return self in OPEN_STATES


OPEN_STATES = frozenset(
    {
        ContactState.PENDING,
        ContactState.LIVE,
        ContactState.AWAITING_TYPIFICATION,
        ContactState.SCHEDULED,
    }
)


class SameCustomer(StrEnum):
    """What becomes of a customer who is to be queued and waits in another list of the campaign already."""

    REFUSE = "refuse"
    MOVE = "move"
    """The contact that waits comes to the new list, with its attempts, waits and call-back. One that is in a
    call, or about to be, stays."""
    ALLOW = "allow"
    """A further contact is made. A customer has one live call at a time all the same, and the gaps hold."""


class AttemptKind(StrEnum):
    DIALLED = "dialled"
    AGENT_FIRST = "agent_first"
    """Paced, but the agent's phone was rung first: it always has an agent."""
    AGENT_BOUND = "agent_bound"
    MANUAL = "manual"
    PREVIEW = "preview"
    BROADCAST = "broadcast"
    INBOUND = "inbound"


class LiveState(StrEnum):
    BEGUN = "begun"
    RINGING = "ringing"
    ANSWERED = "answered"
    CONNECTED = "connected"


class PhoneState(StrEnum):
    GOOD = "good"
    BAD = "bad"
    WRONG_NUMBER = "wrong_number"


@dataclass(frozen=True, slots=True)
class Reserved:
    """A contact lent to one worker until its lease ends, with the number at its cursor.

    `zones` are the candidate zones already resolved in the order customer, list, base, number; `list_zone`
    is set only where the list's or base's zone decided. No zones at all: only the campaign may know.
    """

    contact_id: UUID
    dial_list_id: UUID
    campaign_id: UUID
    customer_id: UUID
    phone_id: UUID
    e164: str
    cursor: int
    zones: tuple[str, ...]
    list_zone: str | None
    attempts: int
    number_attempts: int
    retries: Mapping[str, int]
    agent_id: UUID | None
    priority: int
    zone_key: str
    data: Mapping[str, Any]
    phone_kind: str = ""
    """As the list names it: mobile, work, home or nothing."""


@dataclass(frozen=True, slots=True)
class Caps:
    """How often a customer may be tried. None means no such cap."""

    per_contact: int = 6
    per_number: int = 3
    number_gap_s: float = 1800
    customer_gap_s: float = 1800
    number_per_24h: int | None = None
    customer_per_7d: int | None = None
    quiet_days_after_conversation: int | None = None

    def __post_init__(self) -> None:
        for name in ("number_per_24h", "customer_per_7d"):
            cap = getattr(self, name)
            if cap is not None and not 1 <= cap <= RECENT_ATTEMPTS:
                raise ValueError(f"{name} must lie between 1 and {RECENT_ATTEMPTS}, not {cap}")


@dataclass(frozen=True, slots=True)
class Begin:
    """One originate about to be sent. `contact` is None for a manual call outside any list.

    `epoch` 0 passes the fence unchecked (manual calls); any other must equal the campaign's.
    """

    attempt_id: UUID
    begun_at: datetime
    kind: AttemptKind
    campaign_id: UUID
    contact: Reserved | None
    customer_id: UUID | None
    phone_id: UUID | None
    e164: str
    trunk: str
    server: str
    caller_id: str
    epoch: int
    worker: str
    agent_id: UUID | None = None


class RefusalReason(StrEnum):
    FENCED = "fenced"  # another worker owns the campaign now, or it is closed
    LIST_CLOSED = "list_closed"  # paused, deleted, expired or not ready
    LOST_RESERVATION = "lost_reservation"  # no longer pending, or lent to another worker
    DO_NOT_CALL = "do_not_call"
    LIVE_CONTACT = "live_contact"
    LIVE_CUSTOMER = "live_customer"
    LIVE_NUMBER = "live_number"
    PHONE_UNUSABLE = "phone_unusable"  # bad, a wrong number, or no longer the customer's
    CONTACT_CAP = "contact_cap"
    NUMBER_CAP = "number_cap"
    NUMBER_GAP = "number_gap"
    CUSTOMER_GAP = "customer_gap"
    NUMBER_24H = "number_24h"
    CUSTOMER_7D = "customer_7d"
    QUIET_AFTER_CONVERSATION = "quiet_after_conversation"


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why an attempt was not begun, and, where waiting helps, until when."""

    attempt_id: UUID
    reason: RefusalReason
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class BeginInbound:
    """A call that came in. It spends no attempt and meets no cap; `e164` is None when the caller hides the
    number."""

    attempt_id: UUID
    begun_at: datetime
    campaign_id: UUID | None
    customer_id: UUID | None
    e164: str | None
    trunk: str
    server: str
    worker: str
    channel: str = ""
    """Asterisk's own id of the caller's channel: the next owner finds the call by it."""


@dataclass(frozen=True, slots=True)
class Called:
    """Whom an attempt was for."""

    e164: str
    """Empty when an inbound caller hides the number."""
    customer_id: UUID | None
    campaign_id: UUID | None

    @property
    def known(self) -> bool:
        return bool(self.e164) or self.customer_id is not None


@dataclass(frozen=True, slots=True)
class Progress:
    attempt_id: UUID
    state: LiveState
    at: datetime
    agent_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Closing:
    """What is known of an ended attempt. `costs_attempt` False (the trunk's fault) gives every counter
    back."""

    attempt_id: UUID
    begun_at: datetime
    ended_at: datetime
    outcome: str
    fault: str
    cause: int | None = None
    reason: str = ""
    amd: str = ""
    hung_up_by: str = ""
    ringing_at: datetime | None = None
    early_media_at: datetime | None = None
    answered_at: datetime | None = None
    connected_at: datetime | None = None
    agent_id: UUID | None = None
    costs_attempt: bool = True
    phone_state: PhoneState | None = None


@dataclass(frozen=True, slots=True)
class LiveAttempt:
    attempt_id: UUID
    begun_at: datetime
    kind: AttemptKind
    campaign_id: UUID | None
    contact_id: UUID | None
    customer_id: UUID | None
    phone_id: UUID | None
    e164: str | None
    worker: str
    server: str
    trunk: str
    agent_id: UUID | None
    state: LiveState
    updated_at: datetime
    channel: str
    """Of a call that came in; empty where it is the attempt's id."""
    pressed: str
    """A broadcast's keys so far, in order."""


@dataclass(frozen=True, slots=True)
class Retry:
    """Dial the contact again, not before `not_before`, on the same phone or on the next usable one.

    `to_end` takes the last position of the list (a recall). `outcome` counts one network retry of that kind.
    `unbind` frees a contact bound to an agent. `agent_id` binds it to one.
    """

    not_before: datetime
    phone: Literal["same", "next"] = "same"
    to_end: bool = False
    outcome: str | None = None
    unbind: bool = False
    agent_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Finish:
    """The contact is over. `state` is a final one."""

    state: ContactState
    reason: str = ""

    def __post_init__(self) -> None:
        if self.state.is_open:
            raise ValueError(f"{self.state} is not a final state")


@dataclass(frozen=True, slots=True)
class AwaitTypification:
    """Not dialled until an agent or supervisor says what the conversation was."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """Not dialled until its agenda event is due."""


Decision = Retry | Finish | AwaitTypification | Schedule


@dataclass(frozen=True, slots=True)
class Settlement:
    """A decision to apply to one contact."""

    contact_id: UUID
    decision: Decision
    caps: Caps = field(default_factory=Caps)


@dataclass(frozen=True, slots=True)
class Settled:
    """What became of the contact. `changed` False: it had already ended, and nothing was done."""

    contact_id: UUID
    state: ContactState
    reason: str
    next_at: datetime
    cursor: int
    changed: bool
