"""One row of a file: a customer ready to be stored, or the reason why not. Pure."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from uuid import UUID

from lists import fields
from lists.base_fields import BaseFields
from lists.fields import BadValue, FieldDefinition
from lists.folding import fold
from lists.loading.mapping import Columns
from lists.loading.reading import Row
from lists.numbers import BadNumber, Number, parse
from lists.zones import known_zone

MAX_CELL = 10_000
MAX_TYPED = 100  # characters of a bad number that are repeated
DEFAULT_PRIORITY = 100
_INT4 = 2**31


# What there are millions of are tuples: a frozen dataclass takes three times as long to make.


class NumberOf(NamedTuple):
    number: Number
    typed: str
    kind: str = ""


class Prepared(NamedTuple):
    line: int
    campaign_id: UUID
    key: str
    document: str
    name: str
    zone: str | None
    agent_id: UUID | None
    priority: int
    phones: tuple[NumberOf, ...]
    data: Mapping[str, Any]
    bad_alternatives: int


@dataclass(frozen=True, slots=True)
class Rejected:
    """`reason` is a stable word; `detail` says what was found."""

    line: int
    reason: str
    detail: str
    cells: Sequence[str]


@dataclass(frozen=True, slots=True)
class Rules:
    """What the rows of one load are read by."""

    region: str
    campaigns: Mapping[str, UUID]  # by folded name; '' is the load's own
    agents: Mapping[str, UUID]  # by code
    reject_invalid: bool = False
    fields: BaseFields = field(default_factory=BaseFields)


class _Reject(Exception):
    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.detail = detail[:200]


RowReader = Callable[[Row], Prepared | Rejected]


def table_reader(columns: Columns, rules: Rules) -> RowReader:
    """Rows of a table with a header and a column mapping."""
    campaign_id = rules.campaigns[""]
    extra = tuple((i, rules.fields.spelled(name)) for i, name in columns.extra)
    typed_columns = [(i, found) for i, name in extra if (found := rules.fields.defined(name))]

    def read(row: Row) -> Prepared:
        cells = _fitted(row.cells, columns.width)
        main = _main(cells[columns.phone], rules)
        key = "|".join(cells[i].strip() for i in columns.key)
        if columns.key == (columns.phone,):
            key = main.number.e164
        if not key.strip("|"):
            raise _Reject("missing_key")
        typed = [cells[i] for i in columns.alternatives if cells[i]]
        alternatives, bad = _alternatives(typed, rules) if typed else ([], 0)
        phones = _distinct([main, *alternatives]) if alternatives else (main,)
        data: dict[str, Any] = {name: cells[i] for i, name in extra if cells[i]}
        # By place, not by name: it is done millions of times.
        return Prepared(
            row.line,
            campaign_id,
            key,
            _cell(cells, columns.document),
            _cell(cells, columns.name),
            _zone(_cell(cells, columns.zone)),
            _agent(_cell(cells, columns.agent), rules),
            _priority(_cell(cells, columns.priority)),
            phones,
            _typed(data, row, typed_columns) if typed_columns else data,
            bad,
        )

    return _guarded(read)


def _typed(data: dict[str, Any], row: Row, columns: Sequence[tuple[int, FieldDefinition]]) -> dict[str, Any]:
    """The same, what is defined as it is stored; an empty cell says nothing. Raises BadValue."""
    for place, definition in columns:
        if (text := data.pop(definition.name, "").strip()) != "":
            data[definition.name] = read_cell(definition, row, place, text)
    return data


def read_cell(definition: FieldDefinition, row: Row, place: int, text: str) -> Any:
    """A spreadsheet's number is read as it is kept there, whatever the field's files would write."""
    return fields.read(definition, float(text) if place in row.figures else text)


_NAME_FIELDS = frozenset({"nombre", "name", "nome", "nom"})
LIST_COLUMNS = 6


def list_reader(rules: Rules) -> RowReader:
    """Rows of the dialer's own list format:
    `campaign;phone;name=value:...;alternative:...;priority[;agent]`."""

    def read(row: Row) -> Prepared:
        campaign, phone, values, others, priority, agent = _fitted(row.cells, LIST_COLUMNS)
        campaign_id = rules.campaigns.get(fold(campaign))
        if campaign_id is None:
            raise _Reject("unknown_campaign", campaign)
        main = _main(phone, rules)
        data = named_values(values)
        name = next((data.pop(field) for field in list(data) if fold(field) in _NAME_FIELDS), "")
        alternatives, bad = _alternatives([others], rules)
        return Prepared(
            line=row.line,
            campaign_id=campaign_id,
            key=main.number.e164,
            document="",
            name=name,
            zone=None,
            agent_id=_agent(agent.strip(), rules),
            priority=_priority(priority.strip()),
            phones=_distinct([main, *alternatives]),
            data=rules.fields.changed({field: value for field, value in data.items() if value}),
            bad_alternatives=bad,
        )

    return _guarded(read)


def named_values(text: str) -> dict[str, str]:
    """`NOMBRE=Rodrigo:HORA=10:30` as values; a piece without '=' belongs to the value before it."""
    values: dict[str, str] = {}
    last = ""
    for piece in text.split(":"):
        name, equals, value = piece.partition("=")
        if equals and name.strip():
            last = name.strip()
            values[last] = value.strip()
        elif last:
            values[last] += ":" + piece
        elif piece.strip():
            raise _Reject("bad_data", piece)
    return values


def _guarded(read: Callable[[Row], Prepared]) -> RowReader:
    def guarded(row: Row) -> Prepared | Rejected:
        try:
            text = "".join(row.cells)
            if len(text) > MAX_CELL and (longest := max(map(len, row.cells))) > MAX_CELL:
                raise _Reject("cell_too_long", f"{longest} characters")
            if "\0" in text:
                raise _Reject("nul_character")
            if not text:
                raise _Reject("empty_row")
            return read(row)
        except _Reject as reject:
            return Rejected(row.line, reject.reason, reject.detail, row.cells)
        except BadValue as bad:
            return Rejected(row.line, bad.error_id, bad.field, row.cells)

    return guarded


def _fitted(cells: list[str], width: int) -> list[str]:
    """Short rows are filled up; a longer one may only have empty cells too many."""
    if len(cells) == width:
        return cells
    if any(cells[width:]):
        raise _Reject("too_many_columns", f"{len(cells)} instead of {width}")
    return [*cells[:width], *[""] * (width - len(cells))]


def _cell(cells: Sequence[str], place: int | None) -> str:
    return "" if place is None else cells[place].strip()


# A letter before a number says what phone it is: mobile, work, home; P is dialled first, U last.
_MARKS = frozenset("MWHPU")
_TYPED = re.compile(r"([MWHPU])[ :]?(\+?[0-9(].*)", re.DOTALL)
_KINDS = {"M": "mobile", "W": "work", "H": "home"}
_RANKS = {"P": -1, "U": 1}
_BETWEEN_NUMBERS = re.compile(r"[:;,|/]")


def _main(text: str, rules: Rules) -> NumberOf:
    found, _, bad = _read_number(text, rules)
    if found is None:
        raise _Reject("bad_phone", bad_detail(text, bad))
    return found


def bad_detail(typed: str, why: str) -> str:
    """What was typed, and what is wrong with it: a `BadNumber`'s reason."""
    return f"{typed.strip()[:MAX_TYPED]}: {why.replace('_', ' ')}"


def _read_number(text: str, rules: Rules) -> tuple[NumberOf | None, int, str]:
    """The number, its rank among the others, or why there is none."""
    kind, rank, typed = "", 0, text.strip()
    if typed[:1] in _MARKS and (match := _TYPED.fullmatch(typed)):
        kind, rank, typed = _KINDS.get(match[1], ""), _RANKS.get(match[1], 0), match[2]
    number = parse(typed, rules.region)
    if isinstance(number, BadNumber):
        return None, rank, number.reason
    if rules.reject_invalid and not number.valid:
        return None, rank, "not_in_use"
    return NumberOf(number, typed, kind), rank, ""


def _alternatives(texts: Iterable[str], rules: Rules) -> tuple[list[NumberOf], int]:
    """The numbers in cells that may hold several; how many of them were none."""
    ranked: list[tuple[int, NumberOf]] = []
    bad = 0
    pieces = [text for text in texts if text.strip()]
    while pieces:
        text = pieces.pop(0)
        found, rank, _ = _read_number(text, rules)
        if found is not None:
            ranked.append((rank, found))
            continue
        smaller = _BETWEEN_NUMBERS.split(text)
        if len(smaller) == 1:
            smaller = text.split()
        if len(smaller) > 1:
            pieces[:0] = [piece for piece in smaller if piece.strip()]
        else:
            bad += 1
    ranked.sort(key=lambda one: one[0])
    return [found for _, found in ranked], bad


def _distinct(phones: Sequence[NumberOf]) -> tuple[NumberOf, ...]:
    if len(phones) == 1:
        return tuple(phones)
    found: dict[str, NumberOf] = {}
    for phone in phones:
        found.setdefault(phone.number.e164, phone)
    return tuple(found.values())


def _zone(text: str) -> str | None:
    if not text:
        return None
    if not known_zone(text):
        raise _Reject("unknown_zone", text)
    return text


def _agent(code: str, rules: Rules) -> UUID | None:
    if not code:
        return None
    agent_id = rules.agents.get(code)
    if agent_id is None:
        raise _Reject("unknown_agent", code)
    return agent_id


def _priority(text: str) -> int:
    if not text:
        return DEFAULT_PRIORITY
    try:
        priority = int(text)
    except ValueError:
        raise _Reject("bad_priority", text) from None
    if not -_INT4 <= priority < _INT4:
        raise _Reject("bad_priority", text)
    return priority
