"""How conversations stand that are no plain ones, kept for whoever comes to look (table `call_handling`)."""

from datetime import datetime
from uuid import UUID

from storage.database import Connection
from storage.queries import Queries

QUERIES = Queries.load("dialer", "sql/handling.sql")


async def save(
    conn: Connection, attempt_id: UUID, agent_id: UUID | None, state: str, third: str, since: datetime
) -> None:
    """`agent_id` None: the call has been given away."""
    await conn.execute(QUERIES["save"], attempt_id, agent_id, state, third, since)


async def forget(conn: Connection, attempt_id: UUID) -> None:
    await conn.execute(QUERIES["forget"], attempt_id)


async def forget_all(conn: Connection) -> None:
    """At a take-over: the first listing tells them anew."""
    await conn.execute(QUERIES["forget_all"])
