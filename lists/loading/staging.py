"""Rows on their way into the database: read in pieces, staged by COPY, rejects kept."""

import asyncio
import csv
import io
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from lists.folding import fold, grams
from lists.loading.ids import IdSource
from lists.loading.reading import Row, Torn
from lists.loading.rows import Prepared, Rejected, RowReader
from lists.zones import effective_zones, zone_key
from storage.database import Connection

PIECE = 5_000  # rows in one COPY
_BREATH = 250  # rows read before other work of the loop has its turn
_NO_DEADLINE = 3_600.0
_RAW = 10_000

ROW_COLUMNS = (
    "line", "campaign_id", "customer_id", "contact_id", "key", "document", "name", "folded", "grams", "zone",
    "agent_id", "priority", "data", "zone_key", "main",
)  # fmt: skip
PHONE_COLUMNS = ("line", "ord", "phones", "id", "customer_id", "e164", "typed", "kind", "zones")
REJECT_COLUMNS = ("load_id", "line", "reason", "detail", "raw")


@dataclass(slots=True)
class Tally:
    """What was read so far."""

    rows: int = 0
    rejected: int = 0
    bad_alternatives: int = 0
    numbers_not_in_use: int = 0
    campaigns: set[UUID] = field(default_factory=set)
    columns: set[str] = field(default_factory=set)  # extra ones that somebody has
    last_campaign: UUID | None = None  # spares a look into the set for every row


@dataclass(frozen=True, slots=True)
class Piece:
    rows: list[tuple[Any, ...]]
    phones: list[tuple[Any, ...]]
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
    ids = IdSource(now)
    prepared: list[Prepared] = []
    rejects: list[tuple[Any, ...]] = []
    for record in found:
        tally.rows += 1
        result = read(record) if isinstance(record, Row) else record
        if isinstance(result, Prepared):
            prepared.append(result)
        else:
            tally.rejected += 1
            rejects.append(_reject(load_id, result))
        if tally.rows % _BREATH == 0:
            await asyncio.sleep(0)
            if len(prepared) + len(rejects) >= PIECE:
                yield await _staged(prepared, rejects, list_zone, ids, tally)
                prepared, rejects = [], []
    yield await _staged(prepared, rejects, list_zone, ids, tally)


async def _staged(
    prepared: Sequence[Prepared],
    rejects: list[tuple[Any, ...]],
    list_zone: str | None,
    ids: IdSource,
    tally: Tally,
) -> Piece:
    piece = Piece([], [], rejects)
    for start in range(0, len(prepared), _BREATH):
        _stage(prepared[start : start + _BREATH], piece, list_zone, ids, tally)
        await asyncio.sleep(0)
    return piece


def _stage(
    prepared: Sequence[Prepared], piece: Piece, list_zone: str | None, ids: IdSource, tally: Tally
) -> None:
    new_id = iter(ids.take(sum(2 + len(row.phones) for row in prepared))).__next__
    for row in prepared:
        line, campaign_id, key, document, name, zone, agent_id, priority, phones, data, bad = row
        customer_id, main = new_id(), phones[0].number
        folded = fold(name)
        data_text = _encode(data).decode()
        zones_word = zone_key(effective_zones(zone, list_zone, main.zones))
        piece.rows.append((
            line, campaign_id, customer_id, new_id(), key, document, name, folded, grams(folded), zone,
            agent_id, priority, data_text, zones_word, main.e164,
        ))  # fmt: skip
        for nth, ((e164, zones, valid, _), typed, kind) in enumerate(phones):
            tally.numbers_not_in_use += not valid
            piece.phones.append(
                (line, nth, len(phones), new_id(), customer_id, e164, typed, kind, "|".join(zones))
            )
        tally.bad_alternatives += bad
        tally.columns.update(data)
        if campaign_id is not tally.last_campaign:
            tally.last_campaign = campaign_id
            tally.campaigns.add(campaign_id)


_encode = msgspec.json.Encoder().encode


def _reject(load_id: UUID, found: Rejected | Torn) -> tuple[Any, ...]:
    if isinstance(found, Torn):
        return (load_id, found.line, found.reason, "", clean(found.raw))
    return (load_id, found.line, found.reason, clean(found.detail), raw_of(found.cells))


def raw_of(cells: Sequence[str]) -> str:
    """The original columns as one ';'-separated line, cut to a bounded length."""
    out = io.StringIO()
    csv.writer(out, delimiter=";", lineterminator="").writerow([cell[:_RAW] for cell in cells])
    return clean(out.getvalue()[:_RAW])


def cells_of(raw: str) -> list[str]:
    """The columns again; a line that was torn or cut stays whole."""
    try:
        return next(csv.reader([raw], delimiter=";", strict=True), [])
    except csv.Error:
        return [raw]


def clean(text: str) -> str:
    return text.replace("\0", "\ufffd")  # PostgreSQL keeps no NUL in text


async def copy(conn: Connection, table: str, columns: Sequence[str], rows: Iterable[tuple[Any, ...]]) -> None:
    await conn.copy_records_to_table(table, columns=list(columns), records=rows, timeout=_NO_DEADLINE)


async def run(conn: Connection, sql: str, *args: object) -> int:
    """A statement over the whole load, without the deadline of everyday ones. Rows touched."""
    status = await conn.execute(sql, *args, timeout=_NO_DEADLINE)
    last = status.rpartition(" ")[2]
    return int(last) if last.isdigit() else 0
