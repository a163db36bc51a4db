"""Workbooks (.xlsx): rows are written to a file one by one, and the file is sent in pieces, so that a large
table never stands in memory."""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import xlsxwriter

from crm_api.downloads import Download
from crm_api.errors import invalid
from crm_api.hub import Hub
from lists.tables import Table
from storage.database import Connection

MIME = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
MOST_ROWS = 1_048_576
"""What a sheet holds."""
LONGEST_CELL = 32_767
_PIECE = 1 << 18
_EXACT = 10**15
"""Longer numbers lose digits in a spreadsheet: they are written as texts."""
_OPTIONS = {
    "constant_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
}


class Sheet:
    """One sheet being written, in a folder of its own. `with Sheet(folder) as sheet: sheet.add(row)`."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._book = xlsxwriter.Workbook(str(path), _OPTIONS)
        self._sheet: Any = self._book.add_worksheet()
        self._rows = 0

    def add(self, cells: Sequence[object]) -> None:
        """A text is a text, whatever it begins with: nothing becomes a formula."""
        if self._rows >= MOST_ROWS:
            raise invalid("too_many_rows", f"a sheet holds {MOST_ROWS} rows: take CSV", limit=MOST_ROWS)
        for column, cell in enumerate(cells):
            self._write(column, cell)
        self._rows += 1

    def _write(self, column: int, cell: object) -> None:
        if cell is None or cell == "":
            return
        if isinstance(cell, bool):
            self._sheet.write_boolean(self._rows, column, cell)
        elif isinstance(cell, int | float | Decimal) and -_EXACT < cell < _EXACT:
            self._sheet.write_number(self._rows, column, cell)
        else:
            self._sheet.write_string(self._rows, column, _text(cell)[:LONGEST_CELL])

    def close(self) -> None:
        self._book.close()


def _text(cell: object) -> str:
    return cell.isoformat() if isinstance(cell, date | datetime) else str(cell)


def must_fit_sheet(rows: int) -> None:
    """Known before the first byte is sent. `rows`: without the header."""
    if rows >= MOST_ROWS:
        raise invalid("too_many_rows", f"a sheet holds {MOST_ROWS} rows: take CSV", limit=MOST_ROWS)


def of_table(hub: Hub, table: Callable[[Connection], Table]) -> AsyncIterator[bytes]:
    """The pieces of a workbook with what is read from the database in one transaction. Raises 503 when too
    many exports wait."""

    async def fill(sheet: Sheet) -> None:
        async with hub.exports.turn(), hub.db.transaction() as conn:
            async for piece in table(conn):
                await asyncio.to_thread(_add, sheet, piece)

    hub.exports.refuse_when_full()
    return made(fill)


def _add(sheet: Sheet, piece: Sequence[Sequence[object]]) -> None:
    for row in piece:
        sheet.add(row)


async def of_rows(rows: Iterable[Sequence[object]]) -> AsyncIterator[bytes]:
    """The pieces of a workbook with these rows."""

    async def fill(sheet: Sheet) -> None:
        def every() -> None:
            for row in rows:
                sheet.add(row)

        await asyncio.to_thread(every)

    async for piece in made(fill):
        yield piece


async def made(fill: Callable[[Sheet], Any]) -> AsyncIterator[bytes]:
    """The pieces of the workbook that `fill` (a coroutine function) writes."""
    with tempfile.TemporaryDirectory(prefix="marcador-xlsx-") as folder:
        path = Path(folder) / "sheet.xlsx"
        sheet = await asyncio.to_thread(Sheet, path)
        try:
            await fill(sheet)
        finally:
            await asyncio.to_thread(sheet.close)
        with path.open("rb") as file:
            while piece := await asyncio.to_thread(file.read, _PIECE):
                yield piece


def download(name: str, pieces: AsyncIterator[bytes]) -> Download:
    return Download(name, pieces, MIME)
