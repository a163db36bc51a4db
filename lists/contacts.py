"""A contact's life between attempts: settled, added, explained."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from lists.model import Caps, ContactState, Decision, Settled, Settlement
from storage.database import Connection


@dataclass(frozen=True, slots=True)
class Record:
    """One record for a running campaign, as the API takes it. Numbers as typed; `region` reads national ones."""

    campaign_id: UUID
    destination: str
    region: str
    alternatives: Sequence[str] = ()
    calldate: datetime | None = None
    agent_id: UUID | None = None
    priority: int = 100
    name: str = ""
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ScheduledRelease:
    """A scheduled contact whose event is due: to this number, for this agent or for anyone."""

    contact_id: UUID
    e164: str
    agent_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class WhyNot:
    """The facts that keep a contact from being dialled now; hours and agents are the dialer's to add."""

    contact_id: UUID
    state: ContactState
    reasons: tuple[
        str, ...
    ]  # stable words: list_paused, waits, do_not_call, attempts_used, agent_only, live, ...
    until: datetime | None
    zones: tuple[str, ...]
    attempts: int
    facts: Mapping[str, Any]


async def settle(
    conn: Connection, contact_id: UUID, decision: Decision, caps: Caps, now: datetime
) -> Settled:
    """Apply one decision (see settle_many)."""
    return (await settle_many(conn, [Settlement(contact_id, decision, caps)], now))[0]


async def settle_many(conn: Connection, settlements: Sequence[Settlement], now: datetime) -> list[Settled]:
    """Apply decisions in one read and one write, in the given order of answers.

    An ended contact stays as it is. A contact of a deleted or expired list ends instead of waiting again.
    """
    raise NotImplementedError


async def release_scheduled(
    conn: Connection, releases: Sequence[ScheduledRelease], now: datetime
) -> list[UUID]:
    """Make scheduled contacts dialable now, bound to their agent if there is one. The ids really released.

    A number that is none of the customer's phones leaves the contact where it is.
    """
    raise NotImplementedError


async def stranded(conn: Connection, campaign_id: UUID) -> list[UUID]:
    """Contacts marked live without a live attempt: their worker died between closing and settling."""
    raise NotImplementedError


async def remove_from_lists(conn: Connection, customer_id: UUID, now: datetime) -> int:
    """End waiting contacts of every list that hold one of the customer's numbers; live calls finish."""
    raise NotImplementedError


async def add_one(conn: Connection, record: Record, now: datetime) -> UUID:
    """Add one record to a campaign's list for such records. The contact's id. Raises Refused (bad number, twice)."""
    raise NotImplementedError


async def why_not(conn: Connection, contact_id: UUID, now: datetime) -> WhyNot:
    """Why this contact is not being dialled, as far as the lists know."""
    raise NotImplementedError
