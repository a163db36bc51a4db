"""A filter into SQL over `customer k`. Values and names of custom fields travel as parameters only."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from uuid import UUID
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from lists.fields import BadValue, FieldDefinition, FieldType, read
from lists.filtering.columns import OPS, Catalogue, Column, Kind
from lists.filtering.errors import BadFilter
from lists.filtering.model import Assigned, Condition, DaysAgo, Filter, Group, Join, Op
from lists.folding import fold
from lists.searching import range_of

WHOLE_NUMBER_DIGITS = 8
"""From so many digits on a number given without its country code is known by its end."""

_JOIN = {Join.ALL: " AND ", Join.ANY: " OR ", Join.NONE: " OR "}


@dataclass(frozen=True, slots=True)
class Compiled:
    """`where` stands behind WHERE; its parameters are `args`, numbered from the `first` asked for."""

    where: str
    args: tuple[object, ...]


def compile_filter(filter_: Filter, catalogue: Catalogue, *, now: datetime, first: int = 1) -> Compiled:
    """The maximum is not in it: it is a LIMIT. Raises BadFilter."""
    compiler = _Compiler(catalogue, _zone(filter_.zone), now, first)
    parts = ["k.deleted_at IS NULL", *compiler.frame(filter_)]
    if filter_.where.parts:
        parts.append(compiler.group(filter_.where))
    return Compiled(" AND ".join(parts), tuple(compiler.args))


@dataclass(slots=True)
class _Compiler:
    catalogue: Catalogue
    zone: ZoneInfo
    now: datetime
    first: int
    args: list[object] = field(default_factory=list)

    def arg(self, value: object, type_: str) -> str:
        self.args.append(value)
        return f"${self.first + len(self.args) - 1}::{type_}"

    def frame(self, filter_: Filter) -> list[str]:
        parts = []
        if filter_.base_id is not None:
            parts.append(f"k.base_id = {self.arg(filter_.base_id, 'uuid')}")
        if filter_.assigned is not Assigned.ALL:
            parts.append(f"k.owner_id IS {'NOT ' if filter_.assigned is Assigned.ASSIGNED else ''}NULL")
        if filter_.owner_ids:
            parts.append(f"k.owner_id = ANY ({self.arg(list(filter_.owner_ids), 'uuid[]')})")
        return parts

    def group(self, group: Group) -> str:
        parts = [
            self.group(part) if isinstance(part, Group) else self.condition(part) for part in group.parts
        ]
        joined = f"({_JOIN[group.join].join(parts)})" if parts else "true"
        return f"NOT {joined}" if group.join is Join.NONE and parts else joined

    def condition(self, condition: Condition) -> str:
        column = self.catalogue.column(condition.field)
        if condition.op not in OPS[column.kind]:
            allowed = ", ".join(op for op in Op if op in OPS[column.kind])
            message = f"{column.name} cannot be compared with {condition.op}; it knows {allowed}."
            raise BadFilter("op_not_for_field", message, column.name)
        if condition.op.takes_value and (condition.value is None or not fold(str(condition.value))):
            raise _bad(column, "needs a value; use empty to find those without")
        return _COMPARE[column.kind](self, column, condition)

    def text(self, column: Column, condition: Condition) -> str:
        value = f"folded({self.value_of(column)})"
        if not condition.op.takes_value:
            return _presence(condition.op, f"nullif({value}, '')")
        wanted = f"folded({self.arg(_text(column, condition), 'text')})"
        match condition.op:
            case Op.CONTAINS:
                return f"coalesce(strpos({value}, {wanted}) > 0, false)"
            case Op.DIFFERENT:
                return f"{value} IS DISTINCT FROM {wanted}"
        return f"coalesce({value} = {wanted}, false)"

    def number(self, column: Column, condition: Condition) -> str:
        value = column.sql
        if column.definition is not None:
            # Also what was stored before the field became a number; what is none counts as empty.
            name = self.arg(column.definition.name, "text")
            value = f"field_number(k.data -> {name}, {self.arg(column.definition.decimal, 'text')})"
        if not condition.op.takes_value:
            return _presence(condition.op, value)
        return _ordered(condition.op, value, self.arg(_number(column, condition), "numeric"))

    def own_date(self, column: Column, condition: Condition) -> str:
        assert column.definition is not None
        typed = self.value_of(column)
        value = f"field_date({typed}, {self.arg(column.definition.day_first, 'boolean')})"
        if not condition.op.takes_value:
            return _presence(condition.op, value)
        return _ordered(condition.op, value, self.arg(self.day(column, condition), "date"))

    def moment(self, column: Column, condition: Condition) -> str:
        if not condition.op.takes_value:
            return _presence(condition.op, column.sql)
        zone = self.arg(self.zone.key, "text")
        value = f"({column.sql} AT TIME ZONE {zone})::date"
        return _ordered(condition.op, value, self.arg(self.day(column, condition), "date"))

    def one_id(self, column: Column, condition: Condition) -> str:
        if not condition.op.takes_value:
            return _presence(condition.op, column.sql)
        return _ordered(condition.op, column.sql, self.arg(_id(column, condition), "uuid"))

    def result(self, column: Column, condition: Condition) -> str:
        if not condition.op.takes_value:
            return _presence(condition.op, column.sql)
        wanted = self.arg(_id(column, condition), "uuid")
        found = f"coalesce({column.sql} @> ARRAY[{wanted}], false)"
        return f"NOT {found}" if condition.op is Op.DIFFERENT else found

    def phone(self, column: Column, condition: Condition) -> str:
        matching = f" AND {self.matching_phone(column, condition)}" if condition.op.takes_value else ""
        exists = f"EXISTS (SELECT FROM phone p WHERE p.customer_id = k.id{matching})"
        return f"NOT {exists}" if condition.op in (Op.DIFFERENT, Op.EMPTY) else exists

    def matching_phone(self, column: Column, condition: Condition) -> str:
        typed = str(condition.value)
        digits = "".join(c for c in typed if c.isascii() and c.isdigit())
        if not digits:
            raise _bad(column, "is compared with digits")
        if condition.op is Op.CONTAINS:
            return f"strpos(p.e164, {self.arg(digits, 'text')}) > 0"
        if typed.strip().startswith("+"):
            return f"p.e164 = {self.arg('+' + digits, 'text')}"
        ending = digits.lstrip("0")
        if len(ending) < WHOLE_NUMBER_DIGITS:
            raise _bad(column, f"needs {WHOLE_NUMBER_DIGITS} digits or more; use contains for a part")
        first, beyond = range_of(ending[::-1])  # a range of the index over numbers read backwards
        backwards = 'reverse(p.e164) COLLATE "C"'
        return f"{backwards} >= {self.arg(first, 'text')} AND {backwards} < {self.arg(beyond, 'text')}"

    def value_of(self, column: Column) -> str:
        """The stored value as text."""
        if column.definition is None:
            return column.sql
        return f"(k.data ->> {self.arg(column.definition.name, 'text')})"

    def day(self, column: Column, condition: Condition) -> date:
        if isinstance(condition.value, DaysAgo):
            return self.now.astimezone(self.zone).date() - timedelta(days=condition.value.days)
        definition = column.definition or FieldDefinition(column.name, FieldType.DATE)
        try:
            found = read(definition, condition.value)
        except BadValue as error:
            raise _bad(column, "is compared with a day, such as 2026-03-02") from error
        return date.fromisoformat(str(found))


_COMPARE: dict[Kind, Callable[[_Compiler, Column, Condition], str]] = {
    Kind.TEXT: _Compiler.text,
    Kind.NUMBER: _Compiler.number,
    Kind.DATE: _Compiler.own_date,
    Kind.MOMENT: _Compiler.moment,
    Kind.ID: _Compiler.one_id,
    Kind.PHONE: _Compiler.phone,
    Kind.RESULT: _Compiler.result,
}


def _ordered(op: Op, value: str, wanted: str) -> str:
    match op:
        case Op.DIFFERENT:
            return f"{value} IS DISTINCT FROM {wanted}"
        case Op.GREATER:
            sign = ">"
        case Op.LESS:
            sign = "<"
        case _:
            sign = "="
    # Never NULL: "none of" turns an answer round, and must not lose those without a value.
    return f"coalesce({value} {sign} {wanted}, false)"


def _presence(op: Op, value: str) -> str:
    return f"{value} IS {'NOT ' if op is Op.NOT_EMPTY else ''}NULL"


def _text(column: Column, condition: Condition) -> str:
    if isinstance(condition.value, DaysAgo):
        raise _bad(column, "is compared with a text")
    return str(condition.value)


def _number(column: Column, condition: Condition) -> Decimal:
    if isinstance(condition.value, DaysAgo):
        raise _bad(column, "is compared with a number")
    definition = column.definition or FieldDefinition(column.name, FieldType.NUMBER)
    try:
        return Decimal(str(read(definition, condition.value)))
    except BadValue as error:
        raise _bad(column, "is compared with a number") from error


def _id(column: Column, condition: Condition) -> UUID:
    try:
        return UUID(str(condition.value))
    except ValueError as error:
        raise _bad(column, "is compared with an id") from error


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise BadFilter("bad_filter", f"There is no time zone {name!r}.") from error


def _bad(column: Column, why: str) -> BadFilter:
    return BadFilter("bad_value", f"{column.name} {why}.", column.name)
