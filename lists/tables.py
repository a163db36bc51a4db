"""CSV that is safe to open in a spreadsheet."""

import csv
import io
from collections.abc import AsyncIterator, Iterable, Sequence
from typing import TypeAlias

_STARTS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
BOM = "\ufeff"  # without it a spreadsheet reads UTF-8 as the local code page


Table: TypeAlias = AsyncIterator[Sequence[Sequence[object]]]
"""Rows in pieces of some hundred, the header first."""


def safe_cell(text: str) -> str:
    """A cell a spreadsheet would run as a formula gets an apostrophe. Plain numbers, +E.164 included, stay
    as they are."""
    if text.startswith(_STARTS_A_FORMULA) and not _is_number(text):
        return "'" + text
    return text


def _is_number(text: str) -> bool:
    digits = text[1:].replace(".", "", 1)
    return text[0] in "+-" and digits.isascii() and digits.isdigit()


def write_rows(rows: Iterable[Sequence[object]]) -> str:
    """Rows as ';'-separated CSV text, each cell made safe."""
    out = io.StringIO()
    writer = csv.writer(out, delimiter=";", lineterminator="\r\n")
    writer.writerows([safe_cell("" if cell is None else str(cell)) for cell in row] for row in rows)
    return out.getvalue()


async def csv_of(table: Table) -> AsyncIterator[bytes]:
    """UTF-8 with its mark, ';' between columns, safe to open in a spreadsheet."""
    mark = BOM
    async for piece in table:
        yield (mark + write_rows(piece)).encode()
        mark = ""
