"""The calls behind a number, all of them, as a file."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from zoneinfo import ZoneInfo

from crm_api import csv_out, workbook_out
from crm_api.hub import Hub
from crm_api.statistics import service
from crm_api.statistics.exporting import CALL_COLUMNS, call, in_words
from crm_api.words.schemas import Language
from crm_api.workbook_out import Sheet
from dialer.reports import drilling
from dialer.reports.drilling import Drill
from dialer.reports.scope import Scope
from storage.database import Connection

Rows = Sequence[Sequence[object]]
_PIECE = 500


async def _pieces(
    conn: Connection, scope: Scope, drill: Drill, language: Language | None
) -> AsyncIterator[Rows]:
    yield list(in_words([CALL_COLUMNS], language))
    zone, last = ZoneInfo(scope.zone), None
    while True:
        after = (last.begun_at, last.id) if last else None
        found = await drilling.calls(conn, scope, drill, after=after, limit=_PIECE)
        if found:
            yield [call(one, zone) for one in await service.called(conn, found)]
        if len(found) < _PIECE:
            return
        last = found[-1]


def csv(hub: Hub, scope: Scope, drill: Drill, language: Language | None) -> AsyncIterator[bytes]:
    async def lines(conn: Connection) -> AsyncIterator[bytes]:
        yield csv_out.BOM.encode()
        async for piece in _pieces(conn, scope, drill, language):
            yield "".join(map(csv_out.line, piece)).encode()

    return hub.exports.csv(hub.db, lines)


def workbook(hub: Hub, scope: Scope, drill: Drill, language: Language | None) -> AsyncIterator[bytes]:
    async def fill(sheet: Sheet) -> None:
        async with hub.exports.turn(), hub.db.transaction() as conn:
            async for piece in _pieces(conn, scope, drill, language):
                await asyncio.to_thread(_add, sheet, piece)

    hub.exports.refuse_when_full()
    return workbook_out.made(fill)


def _add(sheet: Sheet, piece: Rows) -> None:
    for row in piece:
        sheet.add(row)
