"""Do-not-call files: `phone;campaign;` forbids a number for one campaign, `phone;;` for every one."""

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from lists import do_not_call
from lists.do_not_call import Source
from lists.folding import fold
from lists.loading.load import SQL, told_of
from lists.loading.reading import Format, Row, Torn, detect, records
from lists.loading.rows import bad_detail
from lists.loading.sources import unknown_region
from lists.loading.staging import PIECE, REJECT_COLUMNS, clean, copy, raw_of, run
from lists.loading.workbook import begun, is_workbook, workbook_records
from lists.numbers import BadNumber, known_region, parse
from storage.database import Connection, Database
from storage.ids import uuid7

_ENDED_AT_ONCE = (
    500  # numbers whose contacts are ended in one transaction: the gate is closed for a moment only
)
_ANALYZE_FROM = 5_000
_DETAIL = 200  # characters


@dataclass(frozen=True, slots=True)
class DoNotCallLoad:
    """`rows` = forbidden + already + rejected. `ringing`: live attempts to hang up."""

    load_id: UUID
    rows: int
    forbidden: int
    already: int
    rejected: int
    ringing: tuple[UUID, ...]


@dataclass(frozen=True, slots=True)
class _Refused:
    reason: str
    detail: str = ""


async def load_do_not_call(
    db: Database,
    path: Path,
    *,
    region: str,
    campaigns: Mapping[str, UUID],
    file_name: str = "",
    encoding: str | None = None,
    user_id: UUID | None = None,
    now: datetime,
) -> DoNotCallLoad:
    """Forbid every number of a file. `campaigns` gives ids by name. Raises LoadError, and nothing is stored
    then.

    Bad rows are kept as the load's rejects. A number lifted before is forbidden again.
    """
    if not known_region(region):
        raise unknown_region(region)
    found = await asyncio.to_thread(_records, path, encoding)
    load_id = uuid7(now)
    async with db.connection() as conn:
        mapping = {"do_not_call": True, "region": region}
        shown = file_name or path.name
        await conn.execute(SQL.start, load_id, None, shown, str(load_id), mapping, now, user_id)
    by_name = {fold(name): campaign_id for name, campaign_id in campaigns.items()} | {"": None}
    try:
        async with db.transaction() as conn:
            await conn.execute(SQL.under_way, str(load_id))
            rows, rejected = await _stage(conn, found, region, by_name, load_id, now)
            forbidden = await run(conn, SQL.forbid, user_id, now)
            known = await conn.fetch(SQL.forbidden_and_known)
            counts = (rows, forbidden, rejected, rows - forbidden - rejected, 0)
            await conn.execute(SQL.done, load_id, None, None, *counts, 0, 0, 0, now)
    except BaseException as error:
        told = told_of(error)
        async with db.connection() as conn:
            await conn.execute(SQL.failed, load_id, str(told), now, told.reason, told.params)
        raise
    if forbidden >= _ANALYZE_FROM:
        async with db.connection() as conn:
            await run(conn, "ANALYZE do_not_call")
    ringing = await _end(db, known, user_id, now)
    return DoNotCallLoad(load_id, rows, forbidden, rows - forbidden - rejected, rejected, tuple(ringing))


def _records(path: Path, encoding: str | None) -> Iterator[Row | Torn]:
    """Of a text or of a workbook's first sheet. Raises LoadError."""
    if is_workbook(path):
        return begun(workbook_records(path))
    found = detect(path, encoding=encoding, delimiter=";")
    return records(path, Format(found.encoding, found.delimiter, quoted=False))


async def _stage(
    conn: Connection,
    found: Iterator[Row | Torn],
    region: str,
    campaigns: Mapping[str, UUID | None],
    load_id: UUID,
    now: datetime,
) -> tuple[int, int]:
    await conn.execute(SQL.stage_numbers)
    rows = rejected = 0
    staged: list[tuple[Any, ...]] = []
    rejects: list[tuple[Any, ...]] = []
    for record in found:
        rows += 1
        answer = _read(record, region, campaigns)
        if isinstance(answer, _Refused):
            rejected += 1
            raw = raw_of(record.cells) if isinstance(record, Row) else clean(record.raw)
            rejects.append((load_id, record.line, answer.reason, clean(answer.detail), raw))
        else:
            staged.append((uuid7(now), *answer))
        if len(staged) + len(rejects) >= PIECE:
            await _flush(conn, staged, rejects)
    await _flush(conn, staged, rejects)
    return rows, rejected


def _read(
    record: Row | Torn, region: str, campaigns: Mapping[str, UUID | None]
) -> tuple[str, UUID | None] | _Refused:
    """The number and the campaign's id (None: all)."""
    if isinstance(record, Torn):
        return _Refused(record.reason)
    phone, campaign, *rest = [*record.cells, "", ""]
    if any(cell.strip() for cell in rest):
        return _Refused("too_many_columns")
    number = parse(phone, region)
    if isinstance(number, BadNumber):
        return _Refused("bad_phone", bad_detail(phone, number.reason))
    if fold(campaign) not in campaigns:
        return _Refused("unknown_campaign", campaign[:_DETAIL])
    return number.e164, campaigns[fold(campaign)]


async def _flush(conn: Connection, staged: list[tuple[Any, ...]], rejects: list[tuple[Any, ...]]) -> None:
    await copy(conn, "forbidden", ("id", "e164", "campaign_id"), staged)
    await copy(conn, "load_reject", REJECT_COLUMNS, rejects)
    staged.clear()
    rejects.clear()
    await asyncio.sleep(0)


async def _end(db: Database, known: Any, user_id: UUID | None, now: datetime) -> list[UUID]:
    """The ban already stands; here those it leaves without a number are ended, and live calls are found."""
    by_campaign: dict[UUID | None, list[str]] = {}
    for row in known:
        by_campaign.setdefault(row["campaign_id"], []).append(row["e164"])
    ringing: list[UUID] = []
    for campaign_id, numbers in by_campaign.items():
        for start in range(0, len(numbers), _ENDED_AT_ONCE):
            async with db.transaction() as conn:
                ringing += await do_not_call.add(
                    conn,
                    numbers=numbers[start : start + _ENDED_AT_ONCE],
                    campaign_id=campaign_id,
                    source=Source.FILE,
                    user_id=user_id,
                    now=now,
                )
    return ringing
