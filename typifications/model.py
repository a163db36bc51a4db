"""What an agent may say of a conversation, and what follows from it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID

MAX_LEVEL = 3


class Action(StrEnum):
    RECALL = "recall"
    """To the end of the list, the same phone."""
    RECALL_ALTERNATE = "recall_alternate"
    """To the end of the list, the next phone, wrapping round."""
    NO_ACTION = "no_action"
    """The contact is done."""
    DO_NOT_CALL = "do_not_call"
    SCHEDULE = "schedule"
    """A date, a time and a phone are chosen; never together with another action."""


class DoNotCallScope(StrEnum):
    CAMPAIGN = "campaign"
    """The number called and all of the customer's, this campaign."""
    ALL_CAMPAIGNS = "all_campaigns"
    NUMBER_ONLY = "number_only"
    """Only the number called, this campaign; the customer stays on the others."""


class ResultClass(StrEnum):
    """What a result says of the conversation, for statistics and for the law."""

    HUMAN = "human"
    RIGHT_PARTY = "right_party"
    SUCCESS = "success"
    MACHINE = "machine"
    WRONG_NUMBER = "wrong_number"
    """Retires the phone."""
    OPT_OUT = "opt_out"
    """Do not call, whatever the action says."""


class CampaignKind(StrEnum):
    DIALER = "dialer"
    VOICE = "voice"


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultFields:
    """What a supervisor sets of a result."""

    name: str
    action: Action | None = None
    """SCHEDULE lets the agent choose date and time; None: this level leaves the deciding to another."""
    do_not_call_scope: DoNotCallScope = DoNotCallScope.CAMPAIGN
    recall_wait_s: int | None = None
    """None: the campaign's."""
    deletes_events: bool = False
    """The customer's earlier agenda events go."""
    removes_from_lists: bool = False
    """Waiting contacts of any list that hold one of the customer's numbers go."""
    classes: frozenset[ResultClass] = frozenset()
    measure: Decimal | None = None
    ordinal: int = 0
    enabled: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Result(ResultFields):
    id: UUID
    parent_id: UUID | None = None
    level: int = 1
    retired_at: datetime | None = None
    revision: int = 1
    """Grows with each edit."""


@dataclass(frozen=True, slots=True)
class ResultNode:
    result: Result
    children: tuple["ResultNode", ...] = ()


@dataclass(frozen=True, slots=True)
class ResultTree:
    """The results of one campaign, in their order."""

    roots: tuple[ResultNode, ...] = ()

    def results(self) -> Iterator[Result]:
        yield from _walk(self.roots)

    def path(self, ids: tuple[UUID, ...]) -> tuple[Result, ...] | None:
        """The chosen results from the first level down, or None where that is no way through the tree."""
        found: list[Result] = []
        nodes = self.roots
        for result_id in ids:
            node = next((node for node in nodes if node.result.id == result_id), None)
            if node is None:
                return None
            found.append(node.result)
            nodes = node.children
        return tuple(found) or None


def _walk(nodes: tuple[ResultNode, ...]) -> Iterator[Result]:
    for node in nodes:
        yield node.result
        yield from _walk(node.children)


@dataclass(frozen=True, slots=True)
class ScheduleRequest:
    """A call-back as the agent typed it."""

    local: datetime
    """Naive: the customer's local time."""
    zone: str
    """IANA: the customer's."""
    e164: str
    mine: bool = False
    """"Para mí": for this agent alone."""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Typification:
    """What an agent sends. Without an attempt it is about the customer alone (a note, a walk-in)."""

    campaign_id: UUID
    path: tuple[UUID, ...]
    """The chosen results, first level first."""
    attempt_id: UUID | None = None
    attempt_at: datetime | None = None
    """The attempt's begun_at."""
    customer_id: UUID | None = None
    contact_id: UUID | None = None
    agent_id: UUID | None = None
    e164: str = ""
    """The number talked to."""
    schedule: ScheduleRequest | None = None
    note: str = ""
    profile_data: Mapping[str, Any] = field(default_factory=dict)
    idempotency_key: str | None = None


class InteractionState(StrEnum):
    TYPIFIED = "typified"
    UNTYPIFIED = "untypified"
    """The wrap-up ended without a word: to be completed by the agent or a supervisor."""


class EventState(StrEnum):
    PENDING = "pending"
    MANAGED = "managed"
    REMOVED = "removed"


@dataclass(frozen=True, slots=True, kw_only=True)
class EventFields:
    """What can be set of an agenda event. Its customer's name is a copy: no customer is changed by it."""

    customer_id: UUID | None = None
    customer_name: str = ""
    campaign_id: UUID | None = None
    contact_id: UUID | None = None
    agent_id: UUID | None = None
    """None: whoever is free."""
    e164: str
    due_at: datetime
    zone: str
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AgendaEvent(EventFields):
    id: UUID
    state: EventState
    tries: int = 0
    interaction_id: UUID | None = None
    managed_by: UUID | None = None
    created_by: UUID | None = None
    created_at: datetime
    closed_at: datetime | None = None
    orphaned_at: datetime | None = None
    """Its agent stayed away: since then it waits for a supervisor, and nobody is dialled for it."""
    taken_by: UUID | None = None
    taken_until: datetime | None = None

    def held_from(self, agent_id: UUID | None, now: datetime) -> bool:
        """Whether another agent holds it now. None, a supervisor, is stopped by nobody."""
        if agent_id is None or self.taken_by in (None, agent_id) or self.taken_until is None:
            return False
        return self.taken_until > now


@dataclass(frozen=True, slots=True, kw_only=True)
class Interaction:
    """One conversation with a customer, as it was typified. `result_names` read as they did then."""

    id: UUID
    channel: str
    customer_id: UUID | None
    campaign_id: UUID | None
    contact_id: UUID | None
    attempt_id: UUID | None
    attempt_at: datetime | None
    agent_id: UUID | None
    e164: str
    state: InteractionState
    result_ids: tuple[UUID, ...]
    result_names: tuple[str, ...]
    action: Action | None
    schedule: ScheduleRequest | None
    note: str
    profile_data: Mapping[str, Any]
    idempotency_key: str | None
    applied_at: datetime | None
    """None: the conversation still runs, or nobody has typified it yet."""
    created_at: datetime
