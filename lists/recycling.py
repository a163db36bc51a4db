"""Recycling: ended contacts of a list are called anew, chosen by how they ended.

The rolling caps and gaps of number and customer stay as they are: recycling lets nobody be called more often
than the law allows.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from lists import dial_lists
from lists.errors import Refused
from lists.settling import last_position
from storage.database import Connection
from storage.queries import Queries

SQL = Queries.load("lists", "queries_recycling.sql")
BULK_S = 120.0
_PIECE = 5_000


@dataclass(frozen=True, slots=True)
class Ended:
    """Which contacts; None: whichever. Do-not-call, removed and expired ones never."""

    outcomes: Collection[str] | None = None
    result_ids: Collection[UUID] | None = None
    """The customer's last typification in the campaign, at any level."""
    since: datetime | None = None
    until: datetime | None = None


async def count(conn: Connection, dial_list_id: UUID, ended: Ended) -> int:
    """How many would be called anew. Raises NotFound, Refused."""
    return len(await _candidates(conn, dial_list_id, ended))


async def recycle(conn: Connection, dial_list_id: UUID, ended: Ended, *, now: datetime) -> int:
    """Put them back to the end of their list. How many. Needs a transaction. Raises NotFound, Refused."""
    found = await _candidates(conn, dial_list_id, ended)
    place, done = last_position(now), 0
    for start in range(0, len(found), _PIECE):
        piece = found[start : start + _PIECE]
        ids, cursors, zone_keys = (list(column) for column in zip(*piece, strict=True))
        rows = await conn.fetch(SQL.recycle, ids, cursors, zone_keys, place + start, now, timeout=BULK_S)
        await conn.execute(SQL.forget_attempts, [row["id"] for row in rows], timeout=BULK_S)
        done += len(rows)
    return done


async def _candidates(conn: Connection, dial_list_id: UUID, ended: Ended) -> list[tuple[UUID, int, str]]:
    await dial_lists.get(conn, dial_list_id)
    if ended.outcomes is None and ended.result_ids is None:
        raise Refused("nothing_chosen", "Choose the outcomes or the typifications to be called anew.")
    rows = await conn.fetch(
        SQL.candidates,
        dial_list_id,
        list(ended.outcomes) if ended.outcomes is not None else None,
        list(ended.result_ids) if ended.result_ids is not None else None,
        ended.since,
        ended.until,
        timeout=BULK_S,
    )
    return [(row["id"], row["position"], row["zone_key"]) for row in rows]
