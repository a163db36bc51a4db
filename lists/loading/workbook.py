"""Spreadsheets (.xlsx, .ods): the first sheet, as rows of text."""

import zipfile
from collections.abc import Iterator
from pathlib import Path

from python_calamine import CalamineError, CalamineWorkbook

from lists.errors import LoadError
from lists.loading.reading import Row

MAX_UNPACKED = 256 << 20  # bytes; a workbook is a zip archive, and a few kilobytes can unpack to anything
_SUFFIXES = frozenset({".xlsx", ".ods"})
_ZIP = b"PK\x03\x04"


def is_workbook(path: Path) -> bool:
    """By its first bytes: names lie."""
    try:
        with path.open("rb") as file:
            return file.read(4) == _ZIP
    except OSError:
        return False


def workbook_records(path: Path) -> Iterator[Row]:
    """Rows of the first sheet, empty ones passed over; line numbers are the sheet's. Raises LoadError."""
    _refuse_bombs(path)
    try:
        with CalamineWorkbook.from_path(str(path)) as book:
            sheet = book.get_sheet_by_index(0)
            for number, cells in enumerate(sheet.iter_rows(), start=1):
                row = [text_of(cell) for cell in cells]
                if any(row):
                    yield Row(number, row)
    except (CalamineError, IndexError) as error:
        raise LoadError(f"The workbook cannot be read: {error}.") from error


def text_of(cell: object) -> str:
    """As it is shown: a phone number kept as a number loses its '.0'."""
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 1e15:
        return str(int(cell))
    if isinstance(cell, bool):
        return "true" if cell else "false"
    return "" if cell is None else str(cell)


def _refuse_bombs(path: Path) -> None:
    try:
        with zipfile.ZipFile(path) as archive:
            unpacked = sum(part.file_size for part in archive.infolist())
    except (zipfile.BadZipFile, OSError) as error:
        raise LoadError("The workbook is damaged.") from error
    if unpacked > MAX_UNPACKED:
        raise LoadError(f"The workbook unpacks to {unpacked >> 20} MB; split it or save it as CSV.")
