"""Interactions and agenda events of a customer who was merged into another."""

from collections.abc import Mapping
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


async def count(conn: Connection, customer_id: UUID) -> tuple[int, int]:
    """How many interactions and agenda events the customer has."""
    row = await conn.fetchrow(QUERIES["count"], customer_id)
    assert row is not None
    return row["interactions"], row["events"]


async def take_over(conn: Connection, kept_id: UUID, gone_id: UUID, contacts: Mapping[UUID, UUID]) -> Moved:
    """Both histories are the one's who stays. `contacts`: for each contact that ended the one that waits in
    its place, for its call-back too."""
    interactions = await conn.fetch(QUERIES["move_interactions"], kept_id, gone_id, timeout=BULK_S)
    events = await conn.fetch(QUERIES["move_events"], kept_id, gone_id, timeout=BULK_S)
    await conn.execute(QUERIES["move_waiting"], list(contacts), list(contacts.values()))
    return Moved(tuple(row["id"] for row in interactions), tuple(row["id"] for row in events))
