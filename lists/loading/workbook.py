"""Spreadsheets (.xlsx, .ods): the first sheet, as rows of text."""

import subprocess
import sys
import zipfile
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import msgspec

from lists.errors import LoadError
from lists.loading.reading import Row, Torn, detect, records

MAX_UNPACKED = 256 << 20  # bytes; a workbook is a zip archive, and a few kilobytes can unpack to anything
_ZIP = b"PK\x03\x04"
_CHILD = Path(__file__).with_name("workbook_child.py")
_END_S = 10.0
_BOOKS = frozenset({"xl/workbook.xml", "content.xml"})


def is_workbook(path: Path) -> bool:
    """By its first bytes: names lie."""
    try:
        with path.open("rb") as file:
            return file.read(4) == _ZIP
    except OSError:
        return False


def begun(found: Iterator[Row | Torn]) -> Iterator[Row | Torn]:
    """The same, its first record read. A workbook's program reads the whole sheet before it tells of the
    first row: that is to be waited for in a thread, not where calls are dialled. Raises LoadError."""
    first = next(found, None)
    return found if first is None else chain((first,), found)


def table_records(
    path: Path, *, encoding: str | None = None, delimiter: str | None = None
) -> Iterator[Row | Torn]:
    """Rows of a table, whether it is a workbook or a text whose format is found. Raises LoadError."""
    if is_workbook(path):
        return workbook_records(path)
    return records(path, detect(path, encoding=encoding, delimiter=delimiter))


def workbook_records(path: Path) -> Iterator[Row | Torn]:
    """Rows of the first sheet, empty ones passed over; line numbers are the sheet's. Raises LoadError.

    A program of its own reads it (see workbook_child): what it cannot bear ends only itself.
    """
    _refuse_bombs(path)
    command = [sys.executable, "-I", str(_CHILD), str(path.absolute())]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL
    ) as child:
        assert child.stdout is not None
        try:
            for line in child.stdout:
                found = _decode(line)
                if found is True:
                    return
                if isinstance(found, str):
                    raise LoadError("workbook_unreadable", f"The workbook cannot be read: {found}.")
                number, cells, figures = found
                yield Torn(number, "line_too_long", "") if cells is None else Row(number, cells, figures)
        except msgspec.DecodeError:
            pass  # it ended in mid-line
        finally:
            child.kill()
            child.wait(_END_S)
    raise LoadError(
        "workbook_too_much", "The workbook is damaged, or holds more than can be read; save it as CSV."
    )


_decode = msgspec.json.Decoder(tuple[int, list[str] | None, tuple[int, ...]] | str | bool).decode


def _refuse_bombs(path: Path) -> None:
    try:
        with zipfile.ZipFile(path) as archive:
            unpacked = sum(part.file_size for part in archive.infolist())
            if not _BOOKS & {*archive.namelist()}:
                raise LoadError("no_workbook", "The file is an archive, but no workbook (.xlsx or .ods).")
    except (zipfile.BadZipFile, OSError) as error:
        raise LoadError("workbook_damaged", "The workbook is damaged.") from error
    if unpacked > MAX_UNPACKED:
        megabytes = unpacked >> 20
        raise LoadError(
            "workbook_too_large",
            f"The workbook unpacks to {megabytes} MB; split it or save it as CSV.",
            megabytes=megabytes,
        )
