"""Loading a file: read once, staged, then stored by a few statements over the whole of it, in one
transaction.

Nothing of a load can be seen before it is complete, and nothing stays of one that failed but its own record.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from lists import base_fields, dial_lists
from lists.base_fields import BaseFields
from lists.dial_lists import Base, DialList
from lists.errors import ListsError, LoadError, NotFound, Refused
from lists.folding import fold
from lists.loading.model import LoadResult, LoadSpec, LoadState, LoadStatus
from lists.loading.reading import Format, Row
from lists.loading.sources import check, file_hash, format_of, mapping_of, opened
from lists.loading.staging import (
    PHONE_COLUMNS,
    PIECE,
    REJECT_COLUMNS,
    ROW_COLUMNS,
    Tally,
    cells_of,
    copy,
    pieces,
    raw_of,
    run,
)
from lists.model import SameCustomer
from lists.settling import last_position
from lists.tables import BOM, write_rows
from storage.database import Connection, Database
from storage.errors import Conflict, StorageError
from storage.ids import uuid7
from storage.queries import Queries

SQL = Queries.load("lists.loading", "queries.sql")
LIST_KEY = ("phone",)  # of the dialer's own list format
_PIECE = 500
_BEGINS_WITHIN = timedelta(minutes=10)  # of its row: a large file is first looked through for its encoding
_TOLD_EVERY = 20_000  # rows
_ANALYZE_FROM = 5_000  # rows loaded, from where the planner's old figures would mislead it


async def load_file(
    db: Database, spec: LoadSpec, *, now: datetime, load_id: UUID | None = None
) -> LoadResult:
    """Load a file of clients into the dial lists of its campaigns. `load_id` may be given to watch its
    progress.

    Raises LoadError, with a sentence for the user; nothing of the file is stored then.
    """
    check(spec)
    digest = await asyncio.to_thread(file_hash, spec)
    single = spec.campaign_id if spec.mapping else None
    async with db.connection() as conn:
        before = await conn.fetchrow(SQL.done_before, single, digest)
        if before is not None:
            return _before(dict(before))
        load_id = load_id or uuid7(now)
        mapping = mapping_of(spec)
        await conn.execute(SQL.start, load_id, single, spec.shown_name, digest, mapping, now, spec.created_by)
    try:
        return await _load(db, spec, load_id, now)
    except BaseException as error:
        told = told_of(error)
        async with db.connection() as conn:
            await conn.execute(SQL.failed, load_id, str(told), now, told.reason, told.params)
        if isinstance(error, StorageError):
            raise told from error
        raise


def told_of(error: BaseException) -> LoadError:
    """Why a load failed, as it is kept with it."""
    match error:
        case LoadError():
            return error
        case Conflict():
            return LoadError("loading_already", "The same file is being loaded already.")
        case StorageError():
            return LoadError("not_stored", f"The file could not be stored: {error}")
        case Refused():
            return LoadError(error.error_id, str(error))
        case ListsError():
            return LoadError("not_stored", str(error))
        case _:
            return LoadError("broken_off", "The load was broken off.")


async def _load(db: Database, spec: LoadSpec, load_id: UUID, now: datetime) -> LoadResult:
    format = await asyncio.to_thread(format_of, spec)
    async with db.transaction() as conn:
        await conn.execute(SQL.under_way, str(load_id))
        target = await _target(conn, spec)
        base, existed = await _base(conn, spec, target, format, now)
        await run(conn, SQL.lock_base, str(base.id))  # for as long as other files go into it
        if existed:
            await _must_be_there(conn, base)
        fields = await base_fields.of_base(conn, base.id)
        await conn.execute(SQL.room)
        for create in (SQL.stage, SQL.stage_phones, SQL.stage_refused, SQL.stage_known, SQL.stage_moved):
            await conn.execute(create)
        tally = await _stage(db, conn, spec, format, fields, load_id, _zone(spec, base, target), now)
        if not tally.rows:
            raise LoadError("no_rows", "The file has no rows to load.")
        await run(conn, SQL.analyze)
        await _refuse(conn, spec, base, existed, len(tally.campaigns) > 1)
        await _store_customers(conn, base, existed, len(tally.campaigns) > 1, now)
        lists, loaded = await _store_contacts(conn, spec, base, tally, now)
        await _keep_refused(conn, spec, format, load_id)
        await base_fields.note(conn, base.id, tally.columns)
        moved = await _move_contacts(conn, lists, last_position(now)) if existed else 0
        counts = await conn.fetchrow(SQL.counts)
        assert counts is not None
        result = LoadResult(
            load_id=load_id,
            base_id=base.id,
            dial_lists=tuple(lists.values()),
            rows=tally.rows,
            loaded=loaded,
            rejected=tally.rejected,
            duplicates=counts["duplicates"],
            do_not_call=counts["do_not_call"],
            moved=moved,
            bad_alternatives=tally.bad_alternatives,
            numbers_not_in_use=tally.numbers_not_in_use,
        )
        await conn.execute(
            SQL.done,
            load_id,
            base.id,
            next(iter(lists.values())) if len(lists) == 1 else None,
            result.rows,
            result.loaded,
            result.rejected,
            result.duplicates,
            result.do_not_call,
            result.moved,
            result.bad_alternatives,
            result.numbers_not_in_use,
            now,
        )
        there = await conn.fetch(SQL.ready, list(lists.values()), list(lists))
        if len(there) < len(lists):
            raise LoadError("list_gone", "The list was deleted or moved while the file was being loaded.")
    if result.loaded >= _ANALYZE_FROM:
        async with db.connection() as conn:
            await run(conn, SQL.index_names)
            await run(conn, "ANALYZE customer, phone, contact")
    return result


async def _stage(
    db: Database,
    conn: Connection,
    spec: LoadSpec,
    format: Format | None,
    fields: BaseFields,
    load_id: UUID,
    list_zone: str | None,
    now: datetime,
) -> Tally:
    read, found = await asyncio.to_thread(opened, spec, format, fields)
    tally = Tally()
    told = 0
    async for piece in pieces(found, read, load_id=load_id, list_zone=list_zone, tally=tally, now=now):
        await copy(conn, "load_row", ROW_COLUMNS, piece.rows)
        await copy(conn, "load_phone", PHONE_COLUMNS, piece.phones)
        await copy(conn, "load_reject", REJECT_COLUMNS, piece.rejects)
        if tally.rows >= told + _TOLD_EVERY:
            await _tell(db, load_id, tally)
            told = tally.rows
    await _tell(db, load_id, tally)
    return tally


async def _tell(db: Database, load_id: UUID, tally: Tally) -> None:
    """Progress is seen at once, while the load itself is not committed."""
    async with db.connection() as conn:
        await conn.execute(SQL.progress, load_id, tally.rows, tally.rejected)


async def _refuse(conn: Connection, spec: LoadSpec, base: Base, existed: bool, several: bool) -> None:
    """Find the rows that cannot become contacts. The first reason found stays."""
    await run(conn, SQL.find_repeated)
    if several:
        await run(conn, SQL.share_customers)
    if existed:
        await run(conn, SQL.find_known, base.id)
        if await conn.fetchval(SQL.any_merged):
            await run(conn, SQL.find_merged)
        if spec.dial_list_id is not None:
            await run(conn, SQL.find_in_list, spec.dial_list_id)
        if spec.same_customer is SameCustomer.MOVE:
            await run(conn, SQL.find_movable)
        if spec.same_customer is not SameCustomer.ALLOW:
            await run(conn, SQL.find_waiting)
    if await conn.fetchval(SQL.any_do_not_call):
        await run(conn, SQL.find_do_not_call)


async def _store_customers(conn: Connection, base: Base, existed: bool, several: bool, now: datetime) -> None:
    await run(conn, SQL.insert_shared_customers if several else SQL.insert_customers, base.id, now)
    await run(conn, SQL.insert_shared_phones if several else SQL.insert_phones)
    if existed:
        await run(conn, SQL.update_customers, now)
        await run(conn, SQL.add_phones)


async def _store_contacts(
    conn: Connection, spec: LoadSpec, base: Base, tally: Tally, now: datetime
) -> tuple[dict[UUID, UUID], int]:
    """One list for each campaign the file names, not yet ready, or the one that is there; and how many
    contacts are new."""
    lists: dict[UUID, UUID] = {}
    loaded = 0
    several = len(tally.campaigns) > 1
    campaigns = sorted(tally.campaigns) or ([spec.campaign_id] if spec.campaign_id else [])
    for campaign_id in campaigns:
        list_id = spec.dial_list_id or await _new_list(conn, spec, base, campaign_id, now)
        lists[campaign_id] = list_id
        allow = spec.same_customer is SameCustomer.ALLOW
        place = last_position(now)
        loaded += await run(conn, SQL.insert_contacts, list_id, campaign_id, now, place, several, allow)
    return lists, loaded


async def _new_list(conn: Connection, spec: LoadSpec, base: Base, campaign_id: UUID, now: datetime) -> UUID:
    name = await _free_name(conn, campaign_id, spec.list_name or Path(spec.shown_name).stem)
    made = await dial_lists.create(
        conn, campaign_id, base.id, name, zone=spec.zone, priority=spec.priority, ready=False, now=now
    )
    return made.id


async def _move_contacts(conn: Connection, lists: Mapping[UUID, UUID], place: int) -> int:
    """Last of all: these contacts can be dialled while the file is read, and the dialer waits for none."""
    return sum([await run(conn, SQL.move_contacts, made, of, place) for of, made in lists.items()])


async def _keep_refused(conn: Connection, spec: LoadSpec, format: Format | None, load_id: UUID) -> None:
    """Refused rows get their original columns by reading the file once more, as staging them all would
    double it."""
    page = await conn.fetch(SQL.refused, 0, PIECE)
    if not page:
        return
    rejects: list[tuple[Any, ...]] = []
    _, found = await asyncio.to_thread(opened, spec, format)
    for nth, record in enumerate(found):
        row = page[len(rejects)]
        if isinstance(record, Row) and record.line == row["line"]:
            rejects.append((load_id, *row, raw_of(record.cells)))
        if len(rejects) == len(page):
            await copy(conn, "load_reject", REJECT_COLUMNS, rejects)
            rejects.clear()
            page = await conn.fetch(SQL.refused, record.line, PIECE)
            if not page:
                return
        if nth % 1000 == 0:
            await asyncio.sleep(0)
    raise LoadError("file_changed", "The file was changed while it was being loaded.")


async def _target(conn: Connection, spec: LoadSpec) -> DialList | None:
    """The list that is there. Raises LoadError."""
    if spec.dial_list_id is None:
        return None
    try:
        target = await dial_lists.get(conn, spec.dial_list_id)
    except NotFound:
        raise LoadError("list_gone", "The list is not there any more.") from None
    if target.campaign_id != spec.campaign_id:
        raise LoadError(
            "list_of_another_campaign",
            f"The list {target.name} belongs to another campaign.",
            list=target.name,
        )
    if not target.ready:
        raise LoadError("list_loading", f"The list {target.name} is still being loaded.", list=target.name)
    return target


def _zone(spec: LoadSpec, base: Base, target: DialList | None) -> str | None:
    return target.effective_zone if target else spec.zone or base.zone


async def _base(
    conn: Connection, spec: LoadSpec, target: DialList | None, format: Format | None, now: datetime
) -> tuple[Base, bool]:
    """The base to load into, and whether it existed."""
    keys = spec.mapping.key_columns if spec.mapping else LIST_KEY
    if spec.base or target:
        if target is not None:
            base: Base | None = await dial_lists.get_base(conn, target.base_id)
        else:
            base = await dial_lists.base_by_name(conn, spec.base)
        if base is not None:
            if tuple(map(fold, base.key_columns)) != tuple(map(fold, keys)):
                await asyncio.to_thread(opened, spec, format)  # a slip in a column's name says so
                known, given = " and ".join(base.key_columns), " and ".join(keys)
                raise LoadError(
                    "other_key",
                    f"The base {base.name} knows its customers by {known}, not by {given}.",
                    known=known,
                    given=given,
                )
            return base, True
    wanted = spec.base or f"{spec.shown_name} {now:%Y-%m-%d %H:%M:%S}"
    name, nth = wanted, 1
    while await dial_lists.base_by_name(conn, name):
        nth += 1
        name = f"{wanted} ({nth})"
    made = await dial_lists.create_base(conn, name, region=spec.region, key_columns=keys, zone=None, now=now)
    return made, False


async def _must_be_there(conn: Connection, base: Base) -> None:
    try:
        await dial_lists.get_base(conn, base.id)
    except NotFound:
        raise LoadError("base_gone", f"The base {base.name} was deleted meanwhile.", base=base.name) from None


async def _free_name(conn: Connection, campaign_id: UUID, wanted: str) -> str:
    name, nth = wanted, 1
    while await conn.fetchval(SQL.list_name_taken, campaign_id, name):
        nth += 1
        name = f"{wanted} ({nth})"
    return name


def _before(row: Mapping[str, Any]) -> LoadResult:
    return LoadResult(
        load_id=row["id"],
        base_id=row["base_id"],
        dial_lists=(row["dial_list_id"],) if row["dial_list_id"] else (),
        rows=row["rows"],
        loaded=row["loaded"],
        rejected=row["rejected"],
        duplicates=row["duplicates"],
        do_not_call=row["do_not_call"],
        moved=row["moved"],
        bad_alternatives=row["bad_alternatives"],
        numbers_not_in_use=row["numbers_not_in_use"],
        already=True,
    )


async def status(conn: Connection, load_id: UUID) -> LoadStatus:
    """How far a load is, or how it ended. Raises NotFound."""
    row = await conn.fetchrow(SQL.status, load_id)
    if row is None:
        raise NotFound(f"there is no load {load_id}")
    return _status(dict(row))


async def give_up(conn: Connection, now: datetime) -> list[UUID]:
    """Loads whose process ended in the middle of them have failed. Needs a transaction. Which."""
    why = LoadError("process_ended", "The process that loaded it ended: load the file again.")
    rows = await conn.fetch(SQL.give_up, now, str(why), now - _BEGINS_WITHIN, why.reason)
    return [row["id"] for row in rows]


async def page(
    conn: Connection,
    campaign_id: UUID | None = None,
    *,
    newest_first: bool = True,
    limit: int = 50,
    offset: int = 0,
) -> list[LoadStatus]:
    """Loads by when they were begun."""
    rows = await conn.fetch(SQL.of_campaign, campaign_id, limit, offset, newest_first)
    return [_status(dict(row)) for row in rows]


def _status(row: Mapping[str, Any]) -> LoadStatus:
    return LoadStatus(**{**row, "state": LoadState(row["state"])})


async def reject_reasons(conn: Connection, load_id: UUID) -> dict[str, int]:
    """How many rows were not loaded for each reason, the most frequent first."""
    return {row["reason"]: row["rows"] for row in await conn.fetch(SQL.reject_reasons, load_id)}


@dataclass(frozen=True, slots=True)
class RejectWords:
    """A reject file in its reader's language."""

    titles: tuple[str, str, str, str, str]
    """Of line, reason, explanation, detail and the original columns."""
    explain: Callable[[str, str], str]
    """A reason and its detail, in words."""


async def rejects_csv(
    conn: Connection, load_id: UUID, words: RejectWords | None = None
) -> AsyncIterator[bytes]:
    """Every row that was not loaded, as CSV safe for a spreadsheet: line, reason, with `words` what that
    means, detail, the original columns.

    Needs a transaction.
    """
    titles = words.titles if words else ("line", "reason", "detail", "original columns")
    yield (BOM + write_rows([titles])).encode()
    rows: list[tuple[object, ...]] = []
    async for row in conn.cursor(SQL.rejects, load_id, prefetch=_PIECE):
        said = (words.explain(row["reason"], row["detail"]),) if words else ()
        rows.append((row["line"], row["reason"], *said, row["detail"], *cells_of(row["raw"])))
        if len(rows) == _PIECE:
            yield write_rows(rows).encode()
            rows.clear()
    yield write_rows(rows).encode()
