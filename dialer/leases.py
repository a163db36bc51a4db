"""Who dials. One worker owns a floor (its campaigns and agents) at a time; the others stand by.

Each new owner raises the epoch, which *begin attempt* checks: an owner that was asleep when it lost the floor
cannot begin a single call.
"""

from storage.database import Connection
from storage.queries import Queries

QUERIES = Queries.load("dialer", "sql/lease.sql")


async def take(conn: Connection, name: str, owner: str, ttl_s: float) -> int | None:
    """The epoch, when nobody else owns it."""
    row = await conn.fetchrow(QUERIES["take"], name, owner, ttl_s)
    return row["epoch"] if row else None


async def renew(conn: Connection, name: str, owner: str, epoch: int, ttl_s: float) -> bool:
    """False: another one owns it now."""
    return await conn.fetchrow(QUERIES["renew"], name, owner, epoch, ttl_s) is not None


async def give_back(conn: Connection, name: str, owner: str, epoch: int) -> None:
    await conn.execute(QUERIES["give_back"], name, owner, epoch)
