"""A file as rows of text: encoding and delimiter found, torn records told apart, memory bounded."""

import codecs
import csv
import io
import re
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, NamedTuple

from lists.errors import LoadError

DELIMITERS = ";,\t|"
DEFAULT_CODE_PAGE = "cp1252"
MAX_LINE = 131_072  # characters, which is also the csv module's own bound; a longer line is refused whole
MAX_RECORD_LINES = 100  # a quoted cell running over more lines was never closed
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_NOT_OF_FILES = frozenset({"utf-7", "unicode-escape", "raw-unicode-escape", "idna", "punycode"})
"""They write a text inside another, and some make halves of letters that can neither be stored nor shown."""
_OLD_BOOK = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_OTHER_KINDS = {
    b"%pdf-": "PDF",
    b"\x89png": "PNG",
    b"\xff\xd8\xff": "JPEG",
    b"\x1f\x8b": "gzip",
    b"7z\xbc\xaf": "7-Zip",
    b"rar!": "RAR",
    b"{\\rtf": "RTF",
    b"<!doctype": "HTML",
    b"<html": "HTML",
    b"<table": "HTML",
    b"<?xml": "XML",
}
"""By their first bytes, capitals aside. Several systems export a web page and name it .xls."""
_UTF8_LETTER = re.compile(rb"[\xc2-\xdf][\x80-\xbf](?![\x80-\xbf])|[\xe1-\xef][\x80-\xbf]{2}(?![\x80-\xbf])")
"""Of two or three bytes: hardly ever by chance in a text of a code page."""
_PIECE = 1 << 20
_SAMPLE_LINES = 50


class Row(NamedTuple):  # a tuple, because there are millions
    line: int  # of the file, where the record begins
    cells: list[str]
    figures: Sequence[
        int
    ] = ()  # places of cells that a spreadsheet keeps as numbers: their point is a decimal one


@dataclass(frozen=True, slots=True)
class Torn:
    """A record that cannot be taken apart."""

    line: int
    reason: str
    raw: str


@dataclass(frozen=True, slots=True)
class Format:
    """How to read a file. `quoted` False: quote signs are characters like any other."""

    encoding: str
    delimiter: str
    quoted: bool = True


def detect(path: Path, *, encoding: str | None = None, delimiter: str | None = None) -> Format:
    """BOM, then strict UTF-8, then the code page; the delimiter that cuts the first lines most evenly.

    Raises LoadError.
    """
    encoding = _known(encoding) if encoding else detect_encoding(path)
    if delimiter is None:
        with _opened(path, encoding) as text, _told(encoding):
            delimiter = detect_delimiter([text.readline(MAX_LINE) for _ in range(_SAMPLE_LINES)])
    elif len(delimiter) != 1 or delimiter in '"\r\n':
        raise LoadError("bad_delimiter", f"{delimiter!r} cannot separate columns.", delimiter=delimiter)
    return Format(encoding, delimiter)


def detect_encoding(path: Path) -> str:
    """Raises LoadError for what is no text, or is two kinds of it."""
    with _binary(path) as file:
        head = file.read(4096)
        _refuse_other_kinds(head)
        for bom, name in _BOMS:
            if head.startswith(bom):
                return name
        if head.count(0) * 4 > len(head):
            raise LoadError(
                "encoding_missing",
                "The file looks like UTF-16 without its mark; say its encoding (utf-16-le).",
            )
        return _utf8_or_code_page(file, head)


def _refuse_other_kinds(head: bytes) -> None:
    """What people upload in place of a table, and would be told wondrous things about its encoding."""
    if head.startswith(_OLD_BOOK):
        message = "The file is an old workbook (.xls), or one with a password; save it as .xlsx or CSV."
        raise LoadError("old_workbook", message)
    start = head.lstrip().lower()
    for mark, kind in _OTHER_KINDS.items():
        if start.startswith(mark):
            raise LoadError("no_table", f"The file is {kind}, no table; save it as CSV or .xlsx.", kind=kind)


def _utf8_or_code_page(file: IO[bytes], piece: bytes) -> str:
    """Strict UTF-8, else the code page. UTF-8 with a few letters of something else is refused: read by the
    code page, every accent of the file would be wrong."""
    decoder = codecs.getincrementaldecoder("utf-8")("strict")
    accents, lines = False, 0
    try:
        while piece:
            accents |= not decoder.decode(piece).isascii()
            lines += piece.count(b"\n")
            piece = file.read(_PIECE)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError as error:
        if accents or _UTF8_LETTER.search(piece):
            line = lines + piece[: error.start].count(b"\n") + 1
            message = (
                f"The file is UTF-8, but not in line {line}; save it anew, or say its encoding (cp1252)."
            )
            raise LoadError("mixed_encodings", message, line=line) from error
        return DEFAULT_CODE_PAGE
    return "utf-8"


def detect_delimiter(lines: list[str]) -> str:
    """The one that gives the most columns alike in the first lines; ';' where there is only one column."""

    def score(delimiter: str) -> tuple[int, int]:
        widths = [len(cells) for cells in csv.reader(lines, delimiter=delimiter) if cells]
        alike = widths.count(widths[0]) if widths and widths[0] > 1 else 0
        return alike, widths[0] if widths else 0

    try:
        best = max(DELIMITERS, key=score)
    except csv.Error:
        best = max(DELIMITERS, key=lines[0].count)
    return best if lines and best in lines[0] else ";"


def records(path: Path, format: Format) -> Iterator[Row | Torn]:
    """Every record in order; blank lines are passed over. Raises LoadError when the file cannot be
    decoded."""
    with _opened(path, format.encoding) as text, _told(format.encoding):
        yield from _records(text, format)


def header_of(found: Iterator["Row | Torn"]) -> Row:
    """The first record, as the names of columns. Raises LoadError."""
    header = next(found, None)
    if not isinstance(header, Row):
        raise LoadError("bad_header", "The first line of the file cannot be read as a header.")
    if any("\0" in name for name in header.cells):
        raise LoadError(
            "nul_in_header",
            "The first line of the file holds NUL characters: it is damaged, or no text file.",
        )
    return header


@contextmanager
def _told(encoding: str) -> Iterator[None]:
    try:
        yield
    except UnicodeError as error:
        wrong = f": byte {error.object[error.start]:#04x}" if isinstance(error, UnicodeDecodeError) else ""
        raise LoadError(
            "wrong_encoding",
            f"The file is not {encoding} text{wrong}; say its encoding, or none: it is found by itself.",
            encoding=encoding,
        ) from error


def _records(text: IO[str], format: Format) -> Iterator[Row | Torn]:
    lines = _Lines(text)
    reader = _reader(lines, format)
    while True:
        lines.begin()
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            reason = error.reason if isinstance(error, _TooLong) else "bad_quotes"
            yield Torn(lines.first, reason, lines.raw[:1000].rstrip("\n"))
            lines.replay_all_but_the_first()
            reader = _reader(lines, format)
            continue
        if cells:
            yield Row(lines.first, cells)


def _reader(lines: "_Lines", format: Format) -> Iterator[list[str]]:
    if not format.quoted:
        return csv.reader(lines, delimiter=format.delimiter, quoting=csv.QUOTE_NONE, strict=True)
    return csv.reader(lines, delimiter=format.delimiter, strict=True)


class _TooLong(csv.Error):
    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class _Lines:
    """Lines for the csv module, which remembers those of the record under way: when it proves torn, only
    its first line is lost and the others are read again."""

    def __init__(self, text: IO[str]) -> None:
        self._text = text
        self._replay: deque[str] = deque()
        self._record: list[str] = []
        self._number = 0

    @property
    def first(self) -> int:
        return self._number - len(self._record) + 1

    @property
    def raw(self) -> str:
        return self._record[0] if self._record else ""

    def begin(self) -> None:
        self._record.clear()

    def replay_all_but_the_first(self) -> None:
        again = self._record[1:]
        self._number -= len(again)
        self._replay.extendleft(reversed(again))

    def __iter__(self) -> "_Lines":
        return self

    def __next__(self) -> str:
        line = self._replay.popleft() if self._replay else self._read()
        if not line:
            raise StopIteration
        self._number += 1
        self._record.append(line)
        if len(line) > MAX_LINE:
            raise _TooLong("line_too_long")
        if len(self._record) > MAX_RECORD_LINES:
            raise _TooLong("bad_quotes")
        return line

    def _read(self) -> str:
        line = self._text.readline(MAX_LINE + 1)
        if len(line) > MAX_LINE:
            while (rest := self._text.readline(MAX_LINE)) and not rest.endswith("\n"):
                pass
        return line


def _binary(path: Path) -> IO[bytes]:
    try:
        return path.open("rb")
    except OSError as error:
        raise LoadError(
            "cannot_open", f"The file {path.name} cannot be opened: {error.strerror}.", file=path.name
        ) from error


def _opened(path: Path, encoding: str) -> IO[str]:
    return io.TextIOWrapper(_binary(path), encoding=encoding, errors="strict", newline=None)


def _known(encoding: str) -> str:
    try:
        "".encode(encoding)  # Python knows base64 and zip by such names too, which are of bytes
        name = codecs.lookup(encoding).name
    except (LookupError, UnicodeError) as error:
        raise LoadError(
            "unknown_encoding", f"There is no encoding named {encoding!r}.", encoding=encoding
        ) from error
    if name in _NOT_OF_FILES:
        raise LoadError(
            "no_encoding_of_files",
            f"{encoding} is not what a file is written in; say utf-8, cp1252 or another.",
            encoding=encoding,
        )
    return name
