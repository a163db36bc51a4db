"""A list's contacts as people look at them: where each stands, and who would be dialled next."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from lists.errors import NotFound
from lists.gate import close_gate
from lists.model import ContactState
from lists.queries import Row
from storage.database import Connection
from storage.queries import Queries

SQL = Queries.load("lists", "queries_queue.sql")
READ_S = 60.0


@dataclass(frozen=True, slots=True)
class Contact:
    """`e164`: the number that would be called next."""

    id: UUID
    dial_list_id: UUID
    campaign_id: UUID
    customer_id: UUID
    key: str
    name: str
    state: ContactState
    priority: int
    position: int
    next_at: datetime
    attempts: int
    agent_id: UUID | None
    last_outcome: str | None
    last_at: datetime | None
    final_reason: str | None
    finished_at: datetime | None
    created_at: datetime
    e164: str | None


class Sort(StrEnum):
    POSITION = "position"
    PRIORITY = "priority"
    NEXT_AT = "next_at"
    ATTEMPTS = "attempts"
    STATE = "state"
    LAST_AT = "last_at"
    FINISHED_AT = "finished_at"


async def of_list(
    conn: Connection,
    dial_list_id: UUID,
    *,
    states: Collection[ContactState] | None = None,
    sort: Sort = Sort.POSITION,
    descending: bool = False,
    limit: int = 50,
    offset: int = 0,
) -> list[Contact]:
    """A page of the list, whatever became of its contacts. What is missing comes last."""
    order = f"c.{sort} {'DESC' if descending else 'ASC'} NULLS LAST, c.id"
    sql = SQL.shown.replace("{contacts}", SQL.of_list.replace("{order}", order))
    wanted = list(states) if states is not None else None
    rows = await conn.fetch(sql, dial_list_id, wanted, limit, offset, timeout=READ_S)
    return [_contact(row) for row in rows]


async def upcoming(conn: Connection, campaign_id: UUID, *, at: datetime, limit: int = 50) -> list[Contact]:
    """Who would be dialled next at `at`, in order: due contacts of the campaign's open lists. Hours and caps
    are judged when a contact's turn comes, and may pass it by."""
    sql = SQL.shown.replace("{contacts}", SQL.upcoming)
    return [_contact(row) for row in await conn.fetch(sql, campaign_id, at, limit, timeout=READ_S)]


async def get(conn: Connection, contact_id: UUID) -> Contact:
    """Raises NotFound."""
    row = await conn.fetchrow(SQL.shown.replace("{contacts}", SQL.one), contact_id)
    if row is None:
        raise NotFound(f"there is no contact {contact_id}")
    return _contact(row)


async def set_priority(conn: Connection, contact_id: UUID, priority: int) -> bool:
    """Lower is dialled first; a wait is not shortened by it. False: the contact has ended."""
    return bool(await conn.fetchval(SQL.set_priority, contact_id, priority))


async def remove(conn: Connection, contact_id: UUID, now: datetime) -> bool:
    """End one waiting contact. False: it has ended already, or is live. Needs a transaction."""
    await close_gate(conn)
    return bool(await conn.fetchval(SQL.remove, contact_id, now))


def _contact(row: Row) -> Contact:
    return Contact(**{**dict(row), "state": ContactState(row["state"])})
