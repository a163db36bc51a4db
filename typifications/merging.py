"""Interactions and agenda events of a customer who was merged into another."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from uuid import UUID

from storage.database import Connection
from storage.queries import Queries

QUERIES = Queries.load("typifications", "sql/merging.sql")
BULK_S = 120.0


@dataclass(frozen=True, slots=True)
class Moved:
    interactions: tuple[UUID, ...]
    events: tuple[UUID, ...]
    waiting: Mapping[UUID, UUID]
    """Call-backs that wait at another contact now, with the one they waited at."""


async def count(conn: Connection, customer_id: UUID) -> tuple[int, int]:
    """How many interactions and agenda events the customer has."""
    row = await conn.fetchrow(QUERIES["count"], customer_id)
    assert row is not None
    return row["interactions"], row["events"]


async def campaigns_of(conn: Connection, customer_ids: Collection[UUID]) -> set[UUID]:
    """Those of their interactions and agenda events."""
    return {row["campaign_id"] for row in await conn.fetch(QUERIES["campaigns_of"], list(customer_ids))}


async def take_over(conn: Connection, kept_id: UUID, gone_id: UUID, contacts: Mapping[UUID, UUID]) -> Moved:
    """Both histories are the one's who stays. `contacts`: for each contact that ended the one that waits in
    its place, for its call-back too."""
    interactions = await conn.fetch(QUERIES["move_interactions"], kept_id, gone_id, timeout=BULK_S)
    events = await conn.fetch(QUERIES["move_events"], kept_id, gone_id, timeout=BULK_S)
    waiting = await conn.fetch(QUERIES["move_waiting"], list(contacts), list(contacts.values()))
    return Moved(
        tuple(row["id"] for row in interactions),
        tuple(row["id"] for row in events),
        {row["id"]: row["ended"] for row in waiting},
    )


async def give_back(
    conn: Connection, kept_id: UUID, gone_id: UUID, moved: Moved
) -> tuple[int, int, set[UUID]]:
    """What moved and is still there is the other's again: how many interactions and events, and the contacts
    whose call-back is agreed on again. What was added since stays."""
    interactions = await conn.fetch(
        QUERIES["move_these_interactions"], gone_id, kept_id, list(moved.interactions), timeout=BULK_S
    )
    events = await conn.fetch(
        QUERIES["move_these_events"], gone_id, kept_id, list(moved.events), timeout=BULK_S
    )
    waiting = await conn.fetch(QUERIES["wait_again"], list(moved.waiting), list(moved.waiting.values()))
    return len(interactions), len(events), {row["contact_id"] for row in waiting}
