"""Two customers who are one person become one: phones, contacts, attempts and caps go to the one that stays.

What it would do is shown first; what it did is kept, so that it can be undone (`lists.unmerging`).

Interactions and agenda events are another room's, which is told by the caller (`typifications.merging`).
"""

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from lists.errors import NotFound, Refused
from lists.gate import close_gate
from lists.model import RECENT_ATTEMPTS
from lists.queries import Row
from storage.database import Connection
from storage.ids import uuid7
from storage.queries import Queries

SQL = Queries.load("lists", "queries_merging.sql")
BULK_S = 120.0
_WEIGHT = {"scheduled": 2, "awaiting_typification": 1, "pending": 0}


class DuplicatesBy(StrEnum):
    DOCUMENT = "document"
    PHONE = "phone"


@dataclass(frozen=True, slots=True)
class Duplicates:
    """Customers of one base who have this document or number in common, the oldest first."""

    value: str
    customers: int
    customer_ids: tuple[UUID, ...]
    """The first twenty."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What a merge does. `gains`: fields only the one that goes has; `loses`: what both say otherwise, as the
    one that goes says it. `ended`: contacts that end because both waited in one campaign."""

    phones_added: tuple[str, ...]
    phones_shared: tuple[str, ...]
    contacts: int
    ended: int
    attempts: int
    gains: Mapping[str, Any]
    loses: Mapping[str, Any]
    token: str


@dataclass(frozen=True, slots=True)
class Merged:
    """`contacts`: for every ended contact the one that waits on in its place."""

    merge_id: UUID
    plan: Plan
    contacts: Mapping[UUID, UUID]


@dataclass(frozen=True, slots=True)
class Merge:
    """One that was done. `undo`: both as they were, and the ids of all that moved."""

    id: UUID
    kept_id: UUID
    merged_id: UUID
    at: datetime
    by: UUID | None
    undo: Mapping[str, Any]
    undone_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class _Pair:
    kept: Row
    gone: Row
    phones: Sequence[Row]
    twice: Sequence[Row]


async def plan(conn: Connection, kept_id: UUID, gone_id: UUID) -> Plan:
    """Nothing is changed. Needs a transaction. Raises NotFound, Refused (same_customer, other_base)."""
    return await _plan(conn, await _pair(conn, kept_id, gone_id))


async def merge(
    conn: Connection, kept_id: UUID, gone_id: UUID, *, confirm: str, user_id: UUID | None, now: datetime
) -> Merged:
    """`confirm` is the plan's token. Needs a transaction.

    Raises NotFound, Refused (same_customer, other_base, not_as_shown, customer_live: either is in a call).
    """
    await close_gate(conn)  # no attempt to either begins until this is done
    pair = await _pair(conn, kept_id, gone_id)
    shown = await _plan(conn, pair)
    if confirm != shown.token:
        raise Refused("not_as_shown", "The customers are not what was shown: look again.")
    if await conn.fetchval(SQL.live, [kept_id, gone_id]):
        raise Refused("customer_live", "One of them is in a call: try again when it is over.")
    places = await _phones(conn, pair)
    contacts = await _twice(conn, pair, now)
    was, is_ = list(places), list(places.values())
    moved = await conn.fetch(SQL.move_contacts, kept_id, gone_id, was, is_)
    await conn.execute(SQL.rezone, kept_id)
    attempts = await conn.fetch(SQL.move_attempts, kept_id, gone_id, timeout=BULK_S)
    await conn.execute(SQL.merge_use, kept_id, gone_id, RECENT_ATTEMPTS)
    await _take_over(conn, pair, now)
    await conn.execute(SQL.follow, gone_id, kept_id)
    await conn.execute(SQL.retire, gone_id, kept_id, now)
    merge_id = uuid7(now)
    undo = {
        "kept": _card(pair.kept),
        "gone": _card(pair.gone),
        "phones": [[str(p["id"]), p["old_position"]] for p in pair.phones if p["kept_id"] is None],
        "contacts": [str(row["id"]) for row in moved],
        "ended": {str(ended): str(stays) for ended, stays in contacts.items()},
        "ended_was": _ended_was(pair, contacts),
        "attempts": [str(row["id"]) for row in attempts],
    }
    await conn.execute(SQL.record, merge_id, kept_id, gone_id, now, user_id, undo)
    return Merged(merge_id, shown, contacts)


async def duplicates(
    conn: Connection, base_id: UUID, by: DuplicatesBy, *, limit: int = 50, offset: int = 0
) -> list[Duplicates]:
    """Possible duplicates within a base, by what they have in common."""
    sql = SQL.same_document if by is DuplicatesBy.DOCUMENT else SQL.same_phone
    rows = await conn.fetch(sql, base_id, limit, offset, timeout=BULK_S)
    return [Duplicates(row["value"], row["customers"], tuple(row["ids"])) for row in rows]


async def campaigns_of(conn: Connection, customer_ids: Collection[UUID]) -> set[UUID]:
    """Those in whose lists they are or were, or which called them."""
    return {row["campaign_id"] for row in await conn.fetch(SQL.campaigns_of, list(customer_ids))}


async def note(conn: Connection, merge_id: UUID, moved: Mapping[str, Any]) -> None:
    """What another room moved belongs to what would have to be undone."""
    await conn.execute(SQL.note, merge_id, dict(moved))


async def of_customer(conn: Connection, customer_id: UUID) -> list[Merge]:
    """Those the customer stayed or went in, newest first."""
    return [Merge(**dict(row)) for row in await conn.fetch(SQL.merges_of, customer_id)]


async def _pair(conn: Connection, kept_id: UUID, gone_id: UUID) -> _Pair:
    if kept_id == gone_id:
        raise Refused("same_customer", "A customer cannot be merged with itself.")
    found = {row["id"]: row for row in await conn.fetch(SQL.lock, [kept_id, gone_id])}
    for customer_id in (kept_id, gone_id):
        if customer_id not in found:
            raise NotFound(f"there is no customer {customer_id}")
    kept, gone = found[kept_id], found[gone_id]
    if kept["base_id"] != gone["base_id"]:
        raise Refused("other_base", "They are customers of two bases.")
    phones = await conn.fetch(SQL.phones, kept_id, gone_id)
    return _Pair(kept, gone, phones, await conn.fetch(SQL.twice_open, kept_id, gone_id))


async def _plan(conn: Connection, pair: _Pair) -> Plan:
    gains, loses = _fields(pair)
    plan = Plan(
        phones_added=tuple(p["e164"] for p in pair.phones if p["kept_id"] is None),
        phones_shared=tuple(p["e164"] for p in pair.phones if p["kept_id"] is not None),
        contacts=await conn.fetchval(SQL.count_contacts, pair.gone["id"]),
        ended=len(pair.twice),
        attempts=await conn.fetchval(SQL.count_attempts, pair.gone["id"]),
        gains=gains,
        loses=loses,
        token="",
    )
    said = f"merge {pair.kept['id']} {pair.gone['id']} {asdict(plan)}"
    return Plan(**{**asdict(plan), "token": hashlib.sha256(said.encode()).hexdigest()[:32]})


def _fields(pair: _Pair) -> tuple[dict[str, Any], dict[str, Any]]:
    """What only the one that goes knows, and what it says otherwise."""
    kept, gone = _values(pair.kept), _values(pair.gone)
    gains = {name: value for name, value in gone.items() if value and not kept.get(name)}
    loses = {name: value for name, value in gone.items() if value and kept.get(name) not in (None, "", value)}
    return gains, loses


def _values(row: Row) -> dict[str, Any]:
    own = {"document": row["document"], "name": row["name"], "zone": row["zone"]}
    own["owner_id"] = str(row["owner_id"]) if row["owner_id"] else None
    return own | {f"data.{name}": value for name, value in row["data"].items()}


async def _phones(conn: Connection, pair: _Pair) -> dict[int, int]:
    """Move the numbers the one that stays has not; of each number of the one that goes, its place before and
    now. A number known to be wrong of one is wrong of the person."""
    place = await conn.fetchval(SQL.last_position, pair.kept["id"])
    new: list[tuple[UUID, int]] = []
    places: dict[int, int] = {}
    for phone in pair.phones:
        if phone["kept_id"] is None:
            place += 1
            new.append((phone["id"], place))
        places[phone["old_position"]] = place if phone["kept_id"] is None else phone["kept_position"]
    await conn.execute(SQL.move_phones, pair.kept["id"], [one for one, _ in new], [at for _, at in new])
    worse = [(phone["kept_id"], phone["worse"]) for phone in pair.phones if phone["worse"]]
    await conn.execute(SQL.worsen, [one for one, _ in worse], [state for _, state in worse])
    return places


async def _twice(conn: Connection, pair: _Pair, now: datetime) -> dict[UUID, UUID]:
    """Ended contact to the one that stays."""
    ends: dict[UUID, UUID] = {}
    for row in pair.twice:
        theirs = _WEIGHT[row["theirs_state"]] > _WEIGHT[row["mine_state"]]
        ended, stays = ("mine_id", "theirs_id") if theirs else ("theirs_id", "mine_id")
        ends[row[ended]] = row[stays]
    if ends:
        await conn.execute(SQL.end_twice, list(ends), list(ends.values()), now)
        await conn.execute(SQL.add_number_attempts, list(ends), list(ends.values()))
    return ends


def _ended_was(pair: _Pair, ended: Mapping[UUID, UUID]) -> dict[str, dict[str, Any]]:
    """How the contacts that end stood before."""
    sides = [(row, side) for row in pair.twice for side in ("mine", "theirs")]
    return {
        str(row[f"{side}_id"]): {"state": row[f"{side}_state"], "attempts": row[f"{side}_attempts"]}
        for row, side in sides
        if row[f"{side}_id"] in ended
    }


async def _take_over(conn: Connection, pair: _Pair, now: datetime) -> None:
    kept, gone = pair.kept, pair.gone
    known = {name: value for name, value in kept["data"].items() if value not in (None, "")}
    data = {**gone["data"], **known}
    await conn.execute(
        SQL.take_over,
        kept["id"],
        kept["document"] or gone["document"],
        kept["name"] or gone["name"],
        kept["zone"] or gone["zone"],
        kept["owner_id"] or gone["owner_id"],
        data,
        now,
    )


def _card(row: Row) -> dict[str, Any]:
    return {"id": str(row["id"]), "key": row["key"], **_values(row)}
