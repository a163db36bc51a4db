"""Rows on their way into the database: read in pieces, staged by COPY, rejects kept."""

import asyncio
import csv
import io
import random
import secrets
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from lists.loading.reading import Row, Torn
from lists.loading.rows import Prepared, Rejected, RowReader
from lists.zones import effective_zones, zone_key
from storage.database import Connection
from storage.ids import Uuid7Source

PIECE = 5_000  # rows in one COPY
_BREATH = 250  # rows read before other work of the loop has its turn
# Three ids or more a row: a seeded generator saves a call to the system for each.
_uuid7 = Uuid7Source(random.Random(secrets.randbits(128)).getrandbits)
_NO_DEADLINE = 3_600.0
_RAW = 10_000

ROW_COLUMNS = (
    "line", "campaign_id", "customer_id", "contact_id", "key", "document", "name", "folded", "zone",
    "agent_id", "priority", "data", "zone_key", "phone_ids", "e164s", "typed", "kinds", "zones",
)  # fmt: skip
REJECT_COLUMNS = ("load_id", "line", "reason", "detail", "raw")


@dataclass(slots=True)
class Tally:
    """What was read so far."""

    rows: int = 0
    rejected: int = 0
    bad_alternatives: int = 0
    numbers_not_in_use: int = 0
    campaigns: set[UUID] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Piece:
    staged: list[tuple[Any, ...]]
    rejects: list[tuple[Any, ...]]


async def pieces(
    found: Iterator[Row | Torn],
    read: RowReader,
    *,
    load_id: UUID,
    list_zone: str | None,
    tally: Tally,
    now: datetime,
) -> AsyncIterator[Piece]:
    """The records as rows to stage and rejects to keep, a bounded number at a time."""
    encode = msgspec.json.Encoder().encode
    piece = Piece([], [])
    for record in found:
        tally.rows += 1
        result = read(record) if isinstance(record, Row) else record
        if isinstance(result, Prepared):
            piece.staged.append(_staged(result, list_zone, encode, now))
            tally.campaigns.add(result.campaign_id)
            tally.bad_alternatives += result.bad_alternatives
            tally.numbers_not_in_use += sum(not phone.number.valid for phone in result.phones)
        else:
            tally.rejected += 1
            piece.rejects.append(_reject(load_id, result))
        if tally.rows % _BREATH == 0:
            await asyncio.sleep(0)
        if len(piece.staged) + len(piece.rejects) >= PIECE:
            yield piece
            piece = Piece([], [])
    yield piece


def _staged(
    row: Prepared, list_zone: str | None, encode: Callable[[Any], bytes], now: datetime
) -> tuple[Any, ...]:
    phones = row.phones
    return (
        row.line,
        row.campaign_id,
        _uuid7(now),
        _uuid7(now),
        row.key,
        row.document,
        row.name,
        row.folded,
        row.zone,
        row.agent_id,
        row.priority,
        encode(row.data).decode(),
        zone_key(effective_zones(row.zone, list_zone, phones[0].number.zones)),
        [_uuid7(now) for _ in phones],
        [phone.number.e164 for phone in phones],
        [phone.typed for phone in phones],
        [phone.kind for phone in phones],
        ["|".join(phone.number.zones) for phone in phones],
    )


def _reject(load_id: UUID, found: Rejected | Torn) -> tuple[Any, ...]:
    if isinstance(found, Torn):
        return (load_id, found.line, found.reason, "", _clean(found.raw))
    return (load_id, found.line, found.reason, _clean(found.detail), raw_of(found.cells))


def raw_of(cells: Sequence[str]) -> str:
    """The original columns as one ';'-separated line, cut to a bounded length."""
    out = io.StringIO()
    csv.writer(out, delimiter=";", lineterminator="").writerow([cell[:_RAW] for cell in cells])
    return _clean(out.getvalue()[:_RAW])


def cells_of(raw: str) -> list[str]:
    """The columns again; a line that was torn or cut stays whole."""
    try:
        return next(csv.reader([raw], delimiter=";", strict=True), [])
    except csv.Error:
        return [raw]


def _clean(text: str) -> str:
    return text.replace("\0", "\ufffd")  # PostgreSQL keeps no NUL in text


async def copy(conn: Connection, table: str, columns: Sequence[str], rows: Iterable[tuple[Any, ...]]) -> None:
    await conn.copy_records_to_table(table, columns=list(columns), records=rows, timeout=_NO_DEADLINE)


async def run(conn: Connection, sql: str, *args: object) -> int:
    """A statement over the whole load, without the deadline of everyday ones. Rows touched."""
    status = await conn.execute(sql, *args, timeout=_NO_DEADLINE)
    last = status.rpartition(" ")[2]
    return int(last) if last.isdigit() else 0
