"""A merge undone: what had moved goes back, what happened since stays with the one that stayed.

Its limits: of two merges the later one is undone first. A number that was found wrong stays wrong, and
rolling caps stay added up, so that undoing lets nobody be called more often. Fields edited since stay.
Contacts that had ended because both waited in one campaign wait again, unless something else came instead
or the merge is older than the record of them.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from lists import merging
from lists.errors import NotFound, Refused
from lists.gate import close_gate
from lists.merging import BULK_S, Merge
from lists.queries import Row
from storage.database import Connection
from storage.queries import Queries

SQL = Queries.load("lists", "queries_unmerging.sql")
_OWN = ("document", "name", "zone", "owner_id")
_EMPTY: Mapping[str, Any] = {"document": "", "name": "", "zone": None, "owner_id": None}


@dataclass(frozen=True, slots=True)
class Undone:
    """What went back. `reopened`: contacts the merge had ended, which wait again; `fields`: what the one that
    stayed had from the other, and has no more."""

    phones: int
    contacts: int
    reopened: int
    attempts: int
    fields: tuple[str, ...]


async def begin(conn: Connection, customer_id: UUID, merge_id: UUID) -> Merge:
    """The merge, if it can be undone; nothing else happens to either until the transaction ends.

    Raises NotFound, Refused (already_undone, merge_not_last, customer_live; customer_deleted: the one that
    stayed is gone, with its base or otherwise).
    """
    await close_gate(conn)
    row = await conn.fetchrow(SQL.lock, merge_id)
    if row is None or customer_id not in (row["kept_id"], row["merged_id"]):
        raise NotFound(f"there is no merge {merge_id} of this customer")
    if row["undone_at"] is not None:
        raise Refused("already_undone", "This merge has been undone already.")
    both = [row["kept_id"], row["merged_id"]]
    if await conn.fetchval(SQL.later, merge_id, both):
        raise Refused("merge_not_last", "The customer was merged again since: undo that first.")
    found = {one["id"]: one for one in await conn.fetch(SQL.lock_customers, both)}
    if found[row["kept_id"]]["deleted_at"] is not None:
        raise Refused("customer_deleted", "The customer who stayed is not there any more.")
    if await conn.fetchval(SQL.live, both):
        raise Refused("customer_live", "The customer is in a call: try again when it is over.")
    return Merge(**dict(row))


async def undo(
    conn: Connection,
    merge: Merge,
    *,
    scheduled: Collection[UUID] = (),
    user_id: UUID | None,
    now: datetime,
) -> Undone:
    """`merge` as `begin` gave it, in the same transaction. `scheduled`: those of the ended contacts whose
    call-back is agreed on again."""
    kept, gone, was = merge.kept_id, merge.merged_id, merge.undo
    contacts = [UUID(one) for one in was["contacts"]]
    await conn.execute(SQL.revive, gone, now)
    stood = await conn.fetch(SQL.cursors, contacts, kept)
    places = [(UUID(one), place) for one, place in was["phones"]]
    phones = await conn.fetch(
        SQL.return_phones, gone, kept, [one for one, _ in places], [at for _, at in places]
    )
    back = await conn.fetch(SQL.return_contacts, gone, kept, contacts)
    await conn.execute(SQL.return_cursors, [one["id"] for one in stood], [one["e164"] for one in stood])
    reopened = await _reopen(conn, was, scheduled, now)
    await conn.execute(SQL.mend, [kept, gone])
    called = [UUID(one) for one in was["attempts"]]
    attempts = await conn.fetch(SQL.return_attempts, gone, kept, called, timeout=BULK_S)
    fields = await _fields(conn, merge, now)
    await conn.execute(SQL.unfollow, gone, kept)
    await conn.execute(SQL.undone, merge.id, now, user_id)
    return Undone(len(phones), len(back), reopened, len(attempts), fields)


async def _reopen(
    conn: Connection, was: Mapping[str, Any], scheduled: Collection[UUID], now: datetime
) -> int:
    """Contacts the merge had ended; what it had added to those in their place is taken off again."""
    ended: Mapping[str, Mapping[str, Any]] = was.get("ended_was", {})
    ids = [UUID(one) for one in ended]
    states = [one["state"] for one in ended.values()]
    rows = await conn.fetch(SQL.reopen, ids, states, now, list(scheduled))
    stays = [UUID(was["ended"][str(one)]) for one in ids]
    await conn.execute(SQL.subtract, stays, [one["attempts"] for one in ended.values()])
    return len(rows)


async def _fields(conn: Connection, merge: Merge, now: datetime) -> tuple[str, ...]:
    """What the one that stayed had from the other and still has as it came: as it was before."""
    before, theirs = merge.undo["kept"], merge.undo["gone"]
    row = next(
        one for one in await conn.fetch(SQL.lock_customers, [merge.kept_id]) if one["id"] == merge.kept_id
    )
    own, data = _own(row), dict(row["data"])
    returned = []
    for name, value in theirs.items():
        if name in ("id", "key") or not value or before.get(name):
            continue
        if name in _OWN and own[name] == value:
            own[name] = before.get(name) or _EMPTY[name]
        elif name.startswith("data.") and data.get(name.removeprefix("data.")) == value:
            del data[name.removeprefix("data.")]
        else:
            continue
        returned.append(name)
    owner = UUID(own["owner_id"]) if own["owner_id"] else None
    await conn.execute(
        merging.SQL.take_over, merge.kept_id, own["document"], own["name"], own["zone"], owner, data, now
    )
    return tuple(sorted(returned))


def _own(row: Row) -> dict[str, Any]:
    owner = str(row["owner_id"]) if row["owner_id"] else None
    return {"document": row["document"], "name": row["name"], "zone": row["zone"], "owner_id": owner}
