"""Many results from one CSV file: read, planned and shown first, then made all together or not at all."""

import asyncio
import re
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from itertools import islice
from pathlib import Path as FilePath
from typing import TypeVar
from uuid import UUID

from lists.errors import LoadError
from lists.folding import fold
from lists.loading.mapping import column_twice
from lists.loading.reading import Row, Torn
from lists.loading.workbook import table_records
from storage.database import Connection
from typifications import results
from typifications.errors import Refused
from typifications.model import (
    MAX_LEVEL,
    Action,
    DoNotCallScope,
    ResultClass,
    ResultFields,
    ResultNode,
)

MAX_ROWS = 2000
Path = tuple[str, ...]
T = TypeVar("T")

COLUMNS: Mapping[str, str] = {
    "nivel 1": "level_1",
    "nivel 2": "level_2",
    "nivel 3": "level_3",
    "accion": "action",
    "alcance no llamar": "do_not_call_scope",
    "espera rellamada": "recall_wait_s",
    "borra eventos": "deletes_events",
    "quita de listas": "removes_from_lists",
    "clases": "classes",
    "medida": "measure",
    "orden": "ordinal",
    "habilitado": "enabled",
}
"""As Spanish headers name them; the English names are those of the fields."""
_ACTIONS = {
    "rellamar": Action.RECALL,
    "rellamar alternativo": Action.RECALL_ALTERNATE,
    "sin accion": Action.NO_ACTION,
    "no volver a llamar": Action.DO_NOT_CALL,
    "agendar": Action.SCHEDULE,
}
_DEEPER = re.compile(r"(?:level|nivel)_(?:[4-9]|\d{2,})")
_YES, _NO = {"1", "si", "yes", "true", "x"}, {"0", "no", "false"}

EXAMPLE: Sequence[Sequence[str]] = (
    ("nivel 1", "nivel 2", "nivel 3", "accion", "medida", "clases", "borra eventos", "quita de listas"),
    ("Venta", "", "", "sin accion", "1", "success", "si", "si"),
    ("Venta", "Plan básico", "", "sin accion", "1", "", "", ""),
    ("Venta", "Plan completo", "", "sin accion", "2.5", "", "", ""),
    ("Volver a llamar", "", "", "agendar", "", "human", "si", ""),
    ("No contesta", "", "", "rellamar alternativo", "", "", "", ""),
    ("No le interesa", "Pide la baja", "", "no volver a llamar", "", "opt_out", "si", "si"),
)


class Verdict(StrEnum):
    CREATE = "create"
    EXISTS = "exists"
    """Left as it is."""
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Planned:
    """One result: of its line, or of no line where only those below it are named."""

    line: int | None
    path: Path
    verdict: Verdict
    fields: ResultFields | None = None
    error_id: str = ""
    message: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    number: int
    cells: Mapping[str, str]
    wide: bool = False
    """It has more columns than the header."""


def read(data: bytes) -> list[Line]:
    """The lines with anything in them, by field; of a text in any usual encoding, or a workbook. Blocks.

    Raises `Refused` for what is no such file, the lists' LoadError for what is no table.
    """
    with tempfile.NamedTemporaryFile(prefix="marcador-results-") as file:
        file.write(data)
        file.flush()
        rows = [_whole(row) for row in islice(table_records(FilePath(file.name)), MAX_ROWS + 2)]
    header = [_column(cell) for cell in rows[0].cells] if rows else []
    _refuse_columns(header)
    if len(rows) > MAX_ROWS + 1:
        raise Refused("too_many_rows", f"at most {MAX_ROWS} results at once", limit=MAX_ROWS)
    return [_line(header, row) for row in rows[1:] if any(cell.strip() for cell in row.cells)]


def _line(header: Sequence[str], row: Row) -> Line:
    wide = any(cell.strip() for cell in row.cells[len(header) :])
    return Line(row.line, dict(zip(header, row.cells, strict=False)), wide)


def _whole(row: Row | Torn) -> Row:
    if isinstance(row, Torn):
        raise LoadError("torn_line", f"Line {row.line} cannot be read: look at its quotes.", line=row.line)
    return row


def _column(cell: str) -> str:
    name = fold(cell).replace("_", " ")
    return COLUMNS.get(name, name.replace(" ", "_"))


def _refuse_columns(header: Sequence[str]) -> None:
    """A slip in a column's name would lose every action of the file, and nobody would see it."""
    if "level_1" not in header:
        raise Refused("header_missing", "the first line names the columns, level_1 (nivel 1) among them")
    known = set(COLUMNS.values())
    for name in filter(None, header):
        if header.count(name) > 1:
            raise column_twice(name)
        if name not in known and not _DEEPER.fullmatch(name):
            raise Refused("column_unknown", f"a file of results has no column {name!r}", column=name)


def plan(lines: Sequence[Line], existing: Mapping[Path, bool]) -> list[Planned]:
    """What would be made, in the order it must be made in. `existing` says of each path there is whether it
    belongs to all the campaigns asked for."""
    existing = {_key(path): everywhere for path, everywhere in existing.items()}
    planned: dict[Path, Planned] = {}
    wrong: list[Planned] = []
    for line in lines:
        path = tuple(line.cells.get(f"level_{level}", "").strip() for level in range(1, MAX_LEVEL + 1))
        filled = tuple(name for name in path if name)
        try:
            if line.wide:
                raise Refused("too_many_columns", "the line has more columns than the header")
            if any(cell.strip() for name, cell in line.cells.items() if _DEEPER.fullmatch(name)):
                raise Refused("too_deep", f"results have at most {MAX_LEVEL} levels")
            if any("\0" in name for name in filled):
                raise Refused("invalid_characters", "the line holds NUL characters")
            if path[: len(filled)] != filled or not filled:
                raise Refused("level_missing", "each level needs the one above it")
            if _key(filled) in planned:
                raise Refused("twice", f"{' / '.join(filled)} stands in the file already")
            planned[_key(filled)] = _planned(line, filled, existing)
        except Refused as refused:
            wrong.append(Planned(line.number, filled, Verdict.REFUSED, None, refused.error_id, str(refused)))
    for below in list(planned.values()):
        for level in range(1, len(below.path)):
            above = below.path[:level]
            if _key(above) not in planned and _key(above) not in existing:
                fields = ResultFields(name=above[-1], ordinal=below.line or 0)
                planned[_key(above)] = Planned(None, above, Verdict.CREATE, fields)
    return sorted(planned.values(), key=lambda one: len(one.path)) + wrong


def _key(path: Path) -> Path:
    """An agent cannot tell Venta from VENTA: they are one result."""
    return tuple(map(fold, path))


def _planned(line: Line, path: Path, existing: Mapping[Path, bool]) -> Planned:
    for level in range(1, len(path) + 1):
        if not existing.get(_key(path[:level]), True):
            message = f"{path[level - 1]} exists for some of these campaigns only"
            raise Refused("name_taken", message)
    if _key(path) in existing:
        return Planned(line.number, path, Verdict.EXISTS)
    fields = _fields(line, path[-1])
    results.checked(fields)
    return Planned(line.number, path, Verdict.CREATE, fields)


def _fields(line: Line, name: str) -> ResultFields:

    def said(column: str, read: Callable[[str], T], otherwise: T) -> T:
        text = line.cells.get(column, "").strip()
        try:
            return read(text) if text else otherwise
        except (ValueError, InvalidOperation) as error:
            raise Refused("bad_value", f"{text!r} is nothing that {column} can be", column=column) from error

    return ResultFields(
        name=name,
        action=said("action", _action, None),
        do_not_call_scope=said("do_not_call_scope", DoNotCallScope, DoNotCallScope.CAMPAIGN),
        recall_wait_s=said("recall_wait_s", int, None),
        deletes_events=said("deletes_events", _yes, False),
        removes_from_lists=said("removes_from_lists", _yes, False),
        classes=said("classes", _classes, frozenset()),
        measure=said("measure", _measure, None),
        ordinal=said("ordinal", int, line.number),
        enabled=said("enabled", _yes, True),
    )


def _classes(text: str) -> frozenset[ResultClass]:
    return frozenset(map(ResultClass, text.replace("+", " ").split()))


def _measure(text: str) -> Decimal | None:
    found = Decimal(text.replace(",", "."))
    if not found.is_finite() or abs(found) > 10**12:
        raise ValueError(f"{text!r} is no measure")
    return found


def _action(text: str) -> Action | None:
    named = _ACTIONS.get(fold(text).replace("_", " "))
    try:
        return named or Action(text.lower())
    except ValueError:
        raise Refused("action_unknown", f"there is no action {text!r}") from None


def _yes(text: str) -> bool:
    word = fold(text)
    if word not in _YES | _NO:
        raise ValueError(f"{text!r} is neither yes nor no")
    return word in _YES


async def planned(conn: Connection, data: bytes, campaigns: Sequence[UUID]) -> list[Planned]:
    """Raises `Refused` for a file that cannot be read; what is wrong with a line is told in the plan."""
    return plan(await asyncio.to_thread(read, data), await _existing(conn, campaigns))


async def apply(
    conn: Connection, found: Sequence[Planned], campaigns: Sequence[UUID], *, now: datetime
) -> int:
    """Make all that is planned; needs a transaction. How many were made. Raises `Refused` where any line is
    refused: nothing is made then."""
    wrong = [one for one in found if one.verdict is Verdict.REFUSED]
    if wrong:
        raise Refused("rows_refused", "nothing was made: mend these lines", lines=[one.line for one in wrong])
    ids = await _ids(conn, campaigns)
    made = 0
    for one in found:
        if one.verdict is not Verdict.CREATE or one.fields is None:
            continue
        parent_id = ids[_key(one.path[:-1])] if len(one.path) > 1 else None
        result = await results.create(
            conn, one.fields, campaigns=() if parent_id else campaigns, parent_id=parent_id, now=now
        )
        ids[_key(one.path)] = result.id
        made += 1
    return made


async def _existing(conn: Connection, campaigns: Sequence[UUID]) -> dict[Path, bool]:
    seen: dict[Path, int] = {}
    for campaign_id in campaigns:
        for path in _paths((await results.tree(conn, campaign_id, offered=False)).roots, ()):
            seen[path] = seen.get(path, 0) + 1
    return {path: times == len(campaigns) for path, times in seen.items()}


async def _ids(conn: Connection, campaigns: Sequence[UUID]) -> dict[Path, UUID]:
    found: dict[Path, UUID] = {}
    for campaign_id in campaigns:
        there = _paths((await results.tree(conn, campaign_id, offered=False)).roots, ())
        found |= {_key(path): result_id for path, result_id in there.items()}
    return found


def _paths(nodes: Sequence[ResultNode], above: Path) -> dict[Path, UUID]:
    """Retired ones are history: their names are free again."""
    found: dict[Path, UUID] = {}
    for node in nodes:
        if node.result.retired_at is None:
            path = (*above, node.result.name)
            found[path] = node.result.id
            found |= _paths(node.children, path)
    return found
