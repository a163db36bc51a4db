"""Bases and dial lists: made, paused, ordered, deleted, exported, measured."""

from collections import Counter
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from lists import base_fields
from lists.errors import NotFound, Refused
from lists.gate import close_gate
from lists.model import ContactState
from lists.queries import DIAL_LISTS, Row
from lists.tables import Table, csv_of
from storage.database import Connection, savepoint
from storage.errors import Conflict
from storage.ids import uuid7

RECORDS_LIST = "records"  # where records added one by one go, one list a campaign
_PIECE = 500
_READ_S = 120.0


@dataclass(frozen=True, slots=True)
class Base:
    id: UUID
    name: str
    key_columns: tuple[str, ...]
    region: str
    zone: str | None
    customers: int
    created_at: datetime


@dataclass(frozen=True, slots=True)
class DialList:
    id: UUID
    campaign_id: UUID
    base_id: UUID
    name: str
    zone: str | None
    effective_zone: str | None  # its own or its base's
    priority: int
    paused: bool
    ready: bool
    expires_at: datetime | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class ListProgress:
    """How far a list is: contacts by state, waiting ones split into untouched and in retry."""

    dial_list_id: UUID
    total: int
    by_state: Mapping[ContactState, int]
    untouched: int
    in_retry: int
    by_reason: Mapping[str, int]  # of ended contacts


async def create_base(
    conn: Connection,
    name: str,
    *,
    region: str,
    key_columns: Sequence[str] = (),
    zone: str | None = None,
    now: datetime,
) -> Base:
    """A new base. Raises Refused when the name is taken."""
    base_id = uuid7(now)
    if not await conn.fetchval(DIAL_LISTS.create_base, base_id, name, list(key_columns), region, zone, now):
        raise Refused("base_name_taken", f"There is already a base named {name}.")
    return Base(base_id, name, tuple(key_columns), region, zone, 0, now)


async def bases(conn: Connection, *, limit: int = 50, offset: int = 0) -> list[Base]:
    """By name."""
    return [_base(row) for row in await conn.fetch(DIAL_LISTS.bases, None, None, limit, offset)]


async def get_base(conn: Connection, base_id: UUID) -> Base:
    """Raises NotFound."""
    row = await conn.fetchrow(DIAL_LISTS.bases, base_id, None, 1, 0)
    if row is None:
        raise NotFound(f"there is no base {base_id}")
    return _base(row)


async def base_by_name(conn: Connection, name: str) -> Base | None:
    row = await conn.fetchrow(DIAL_LISTS.bases, None, name, 1, 0)
    return _base(row) if row else None


async def campaigns_of_base(conn: Connection, base_id: UUID) -> set[UUID]:
    """Those that have a list of the base."""
    return {row["campaign_id"] for row in await conn.fetch(DIAL_LISTS.campaigns_of_base, base_id)}


async def delete_base(conn: Connection, base_id: UUID, now: datetime) -> int:
    """End the base's waiting contacts and its lists, and hide its customers; interactions and do-not-call
    stay.

    How many contacts ended. Live calls finish. Needs a transaction. Raises NotFound, and Refused (base_busy)
    while a file goes into it: to wait for that would keep the gate closed, and a load that is not over yet
    would leave contacts of a base that is gone.
    """
    if not await conn.fetchval(DIAL_LISTS.try_lock_base, str(base_id)):
        raise Refused("base_busy", "A file is being loaded into this base: delete it when that is over.")
    await close_gate(conn)
    if not await conn.fetchval(DIAL_LISTS.delete_base, base_id, now):
        raise NotFound(f"there is no base {base_id}")
    ended = await conn.fetch(DIAL_LISTS.end_base_contacts, base_id, now)
    for row in await conn.fetch(DIAL_LISTS.lists_of_base, base_id):
        await delete(conn, row["id"], now)
    await conn.execute(DIAL_LISTS.delete_customers, base_id, now)
    await conn.execute(DIAL_LISTS.forget_loads_of_base, base_id)
    return len(ended)


async def create(
    conn: Connection,
    campaign_id: UUID,
    base_id: UUID,
    name: str,
    *,
    zone: str | None = None,
    priority: int = 100,
    ready: bool = True,
    expires_at: datetime | None = None,
    now: datetime,
) -> DialList:
    """A new list, empty. Raises Refused when the campaign has one of that name."""
    list_id = uuid7(now)
    if not await conn.fetchval(
        DIAL_LISTS.create_list, list_id, campaign_id, base_id, name, zone, priority, ready, expires_at, now
    ):
        raise Refused("list_name_taken", f"The campaign already has a list named {name}.")
    return await get(conn, list_id)


async def get(conn: Connection, dial_list_id: UUID) -> DialList:
    """Raises NotFound."""
    row = await conn.fetchrow(DIAL_LISTS.lists, dial_list_id, None, None)
    if row is None:
        raise NotFound(f"there is no dial list {dial_list_id}")
    return DialList(**dict(row))


async def of_campaign(conn: Connection, campaign_id: UUID) -> list[DialList]:
    """In the order they are dialled."""
    return [DialList(**dict(row)) for row in await conn.fetch(DIAL_LISTS.lists, None, campaign_id, None)]


async def names(conn: Connection, ids: Collection[UUID]) -> dict[UUID, str]:
    """Of deleted lists, too."""
    return {row["id"]: row["name"] for row in await conn.fetch(DIAL_LISTS.list_names, list(ids))}


async def for_records(conn: Connection, campaign_id: UUID, *, region: str, now: datetime) -> DialList:
    """The campaign's list for records added one by one, made with a base of its own at the first."""
    row = await conn.fetchrow(DIAL_LISTS.lists, None, campaign_id, RECORDS_LIST)
    if row is None:
        name = f"{RECORDS_LIST} {campaign_id}"
        base = await base_by_name(conn, name)
        # Of two first records at the same moment the second waits for the first one's insert, and finds it.
        if base is None:
            await conn.execute(DIAL_LISTS.create_base, uuid7(now), name, [], region, None, now)
            base = await base_by_name(conn, name)
        assert base is not None
        await conn.execute(
            DIAL_LISTS.create_list, uuid7(now), campaign_id, base.id, RECORDS_LIST, None, 100, True, None, now
        )
        row = await conn.fetchrow(DIAL_LISTS.lists, None, campaign_id, RECORDS_LIST)
    assert row is not None
    return DialList(**dict(row))


async def pause(conn: Connection, dial_list_id: UUID, paused: bool) -> None:
    """After commit no attempt of a paused list begins; live calls finish. Needs a transaction. Raises
    NotFound."""
    await close_gate(conn)
    _must(await conn.fetchval(DIAL_LISTS.pause, dial_list_id, paused), dial_list_id)


async def set_priority(conn: Connection, dial_list_id: UUID, priority: int) -> None:
    """Lower is dialled first. Raises NotFound."""
    _must(await conn.fetchval(DIAL_LISTS.set_priority, dial_list_id, priority), dial_list_id)


async def rename(conn: Connection, dial_list_id: UUID, name: str) -> None:
    """Raises Refused when the campaign has another of that name, NotFound."""
    try:
        async with savepoint(conn):
            found = await conn.fetchval(DIAL_LISTS.rename, dial_list_id, name)
    except Conflict as error:
        raise Refused("list_name_taken", f"The campaign already has a list named {name}.") from error
    _must(found, dial_list_id)


async def set_expiry(conn: Connection, dial_list_id: UUID, expires_at: datetime | None) -> None:
    """None: never. Contacts that ended with the list stay ended. Raises NotFound."""
    _must(await conn.fetchval(DIAL_LISTS.set_expiry, dial_list_id, expires_at), dial_list_id)


async def delete(conn: Connection, dial_list_id: UUID, now: datetime) -> int:
    """End the list's waiting contacts as removed; live calls finish. How many ended.

    Its file may be loaded again. Needs a transaction. Raises NotFound.
    """
    await close_gate(conn)
    _must(await conn.fetchval(DIAL_LISTS.delete_list, dial_list_id, now), dial_list_id)
    await conn.execute(DIAL_LISTS.forget_load, dial_list_id)
    ended = await conn.fetch(
        DIAL_LISTS.end_list_contacts, dial_list_id, now, ContactState.REMOVED, "list_deleted"
    )
    return len(ended)


async def expire_due(conn: Connection, now: datetime) -> int:
    """End the waiting contacts of lists whose time is over. How many ended."""
    ended = 0
    for row in await conn.fetch(DIAL_LISTS.expired, now):
        ended += len(
            await conn.fetch(
                DIAL_LISTS.end_list_contacts, row["id"], now, ContactState.EXPIRED, "list_expired"
            )
        )
    return ended


async def list_progress(conn: Connection, dial_list_id: UUID) -> ListProgress:
    """How far the list is. Raises NotFound."""
    await get(conn, dial_list_id)
    return (await progress_of(conn, [dial_list_id]))[dial_list_id]


async def progress_of(conn: Connection, ids: Collection[UUID]) -> dict[UUID, ListProgress]:
    """How far each of these lists is, as of one moment: reads all their contacts, once."""
    rows = await conn.fetch(DIAL_LISTS.progress, list(ids), timeout=_READ_S)
    of_list: dict[UUID, list[Row]] = {list_id: [] for list_id in ids}
    for row in rows:
        of_list[row["dial_list_id"]].append(row)
    return {list_id: _progress(list_id, found) for list_id, found in of_list.items()}


def _progress(dial_list_id: UUID, rows: Sequence[Row]) -> ListProgress:
    by_state: Counter[ContactState] = Counter()
    by_reason: Counter[str] = Counter()
    untouched = in_retry = 0
    for row in rows:
        state, contacts = ContactState(row["state"]), row["contacts"]
        by_state[state] += contacts
        if state is ContactState.PENDING:
            in_retry += contacts if row["tried"] else 0
            untouched += 0 if row["tried"] else contacts
        if row["reason"]:
            by_reason[row["reason"]] += contacts
    return ListProgress(dial_list_id, by_state.total(), by_state, untouched, in_retry, by_reason)


_FIXED_COLUMNS = (
    "key",
    "document",
    "name",
    "state",
    "reason",
    "attempts",
    "last_outcome",
    "last_at",
    "next_at",
    "priority",
)


async def table(conn: Connection, dial_list_id: UUID, *, as_text: bool = False) -> Table:
    """The list's contacts: fixed columns, the phones in order, then the customers' extra columns. `as_text`:
    numbers as the base's text files write them. Needs a transaction. Raises NotFound at the first piece."""
    base = await base_fields.of_base(conn, (await get(conn, dial_list_id)).base_id)
    fields = [row["f"] for row in await conn.fetch(DIAL_LISTS.data_fields, dial_list_id, timeout=_READ_S)]
    yield [(*_FIXED_COLUMNS, "phones", *fields)]
    rows: list[Sequence[object]] = []
    async for row in conn.cursor(DIAL_LISTS.export, dial_list_id, prefetch=_PIECE):
        data = {name: base.written(name, value) if as_text else value for name, value in row["data"].items()}
        rows.append(_export_row(row, data, fields))
        if len(rows) == _PIECE:
            yield rows
            rows = []
    yield rows


def export(conn: Connection, dial_list_id: UUID) -> AsyncIterator[bytes]:
    """The same as CSV."""
    return csv_of(table(conn, dial_list_id, as_text=True))


def _export_row(row: Row, data: Mapping[str, Any], fields: Sequence[str]) -> tuple[object, ...]:
    fixed = (_text(row[column]) for column in _FIXED_COLUMNS)
    return (*fixed, " ".join(row["e164s"] or ()), *(data.get(field) for field in fields))


def _text(value: object) -> object:
    return value.isoformat() if isinstance(value, datetime) else value


def _base(row: Row) -> Base:
    return Base(**{**dict(row), "key_columns": tuple(row["key_columns"])})


def _must(found: object, dial_list_id: UUID) -> None:
    if not found:
        raise NotFound(f"there is no dial list {dial_list_id}")
