"""A filter as a value, and its JSON form.

{"base_id": "…", "assigned": "unassigned", "maximum": 500,
 "where": {"all": [{"field": "name", "op": "contains", "value": "garcia"},
                   {"any": [{"field": "data.city", "op": "equals", "value": "Córdoba"},
                            {"field": "last_contact", "op": "less", "value": {"days_ago": 30}}]}]}}
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeAlias, TypeVar
from uuid import UUID

from lists.filtering.errors import BadFilter

E = TypeVar("E", bound=StrEnum)

MAX_CONDITIONS = 50
MAX_DEPTH = 4
CUSTOM = "data."
"""Leads the name of a base's own field: data.city."""


class Op(StrEnum):
    EQUALS = "equals"
    DIFFERENT = "different"
    """Customers without a value are different, too."""
    CONTAINS = "contains"
    GREATER = "greater"
    LESS = "less"
    EMPTY = "empty"
    NOT_EMPTY = "not_empty"

    @property
    def takes_value(self) -> bool:
        return self not in (Op.EMPTY, Op.NOT_EMPTY)


class Assigned(StrEnum):
    ALL = "all"
    ASSIGNED = "assigned"
    UNASSIGNED = "unassigned"


class Join(StrEnum):
    ALL = "all"
    ANY = "any"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class DaysAgo:
    """A day counted back from the moment the filter is used, so that a saved one does not grow old."""

    days: int


Value: TypeAlias = str | int | float | DaysAgo | None


@dataclass(frozen=True, slots=True)
class Condition:
    field: str
    op: Op
    value: Value = None


@dataclass(frozen=True, slots=True)
class Group:
    join: Join
    parts: tuple["Condition | Group", ...] = ()
    """No parts at all: everybody, whatever the join."""


@dataclass(frozen=True, slots=True)
class Filter:
    where: Group = Group(Join.ALL)
    base_id: UUID | None = None
    assigned: Assigned = Assigned.ALL
    owner_ids: tuple[UUID, ...] = ()
    """Only customers of these agents; none: whoever's."""
    maximum: int | None = None
    """The first so many, oldest customer first."""
    zone: str = "UTC"
    """IANA: whose days are meant where a moment is compared with a day."""


def from_json(raw: Mapping[str, Any]) -> Filter:
    """Raises BadFilter."""
    unknown = set(raw) - {"where", "base_id", "assigned", "owner_ids", "maximum", "zone"}
    if unknown:
        raise BadFilter("bad_filter", f"A filter has no {', '.join(sorted(unknown))}.")
    where = _group(raw.get("where") or {"all": []}, depth=1)
    if conditions(where) > MAX_CONDITIONS:
        raise BadFilter("filter_too_large", f"A filter has at most {MAX_CONDITIONS} conditions.")
    return Filter(
        where=where,
        base_id=_id(raw.get("base_id")),
        assigned=_member(Assigned, raw.get("assigned") or "all", "bad_filter"),
        owner_ids=tuple(found for one in raw.get("owner_ids") or () if (found := _id(one)) is not None),
        maximum=_maximum(raw.get("maximum")),
        zone=str(raw.get("zone") or "UTC"),
    )


def to_json(filter_: Filter) -> dict[str, Any]:
    return {
        "where": _part_out(filter_.where),
        "base_id": str(filter_.base_id) if filter_.base_id else None,
        "assigned": filter_.assigned.value,
        "owner_ids": [str(owner_id) for owner_id in filter_.owner_ids],
        "maximum": filter_.maximum,
        "zone": filter_.zone,
    }


def conditions(group: Group) -> int:
    return sum(conditions(part) if isinstance(part, Group) else 1 for part in group.parts)


def _group(raw: object, depth: int) -> Group:
    if depth > MAX_DEPTH:
        raise BadFilter("filter_too_large", f"Groups stand at most {MAX_DEPTH} deep in each other.")
    if not isinstance(raw, Mapping) or len(raw) != 1:
        raise BadFilter("bad_group", "A group is one of all, any or none, with a list of conditions.")
    name, parts = next(iter(raw.items()))
    join = _member(Join, name, "bad_group")
    if not isinstance(parts, Sequence) or isinstance(parts, str):
        raise BadFilter("bad_group", f"{name} needs a list of conditions.")
    return Group(join, tuple(_part(part, depth) for part in parts))


def _part(raw: object, depth: int) -> Condition | Group:
    if not isinstance(raw, Mapping):
        raise BadFilter("bad_group", "A condition has a field, an op and a value.")
    return _condition(raw) if "field" in raw else _group(raw, depth + 1)


def _condition(raw: Mapping[str, Any]) -> Condition:
    field = str(raw["field"])
    if unknown := set(raw) - {"field", "op", "value"}:
        raise BadFilter("bad_group", f"A condition has no {', '.join(sorted(unknown))}.", field)
    op = _member(Op, raw.get("op"), "unknown_op", field)
    return Condition(field, op, _value(raw.get("value"), field))


def _value(raw: object, field: str) -> Value:
    if isinstance(raw, str) and "\0" in raw:
        raise BadFilter("bad_value", f"{field}: a text holds no NUL.", field)
    if raw is None or (isinstance(raw, str | int | float) and not isinstance(raw, bool)):
        return raw
    if isinstance(raw, Mapping) and set(raw) == {"days_ago"}:
        days = raw["days_ago"]
        if isinstance(days, int) and 0 <= days <= 36_500:
            return DaysAgo(days)
    message = f"{field} is compared with a text, a number, a day or {{days_ago: n}}."
    raise BadFilter("bad_value", message, field)


def _part_out(part: Condition | Group) -> dict[str, Any]:
    if isinstance(part, Group):
        return {part.join.value: [_part_out(inner) for inner in part.parts]}
    value = {"days_ago": part.value.days} if isinstance(part.value, DaysAgo) else part.value
    return {"field": part.field, "op": part.op.value, "value": value}


def _member(kind: type[E], raw: object, error_id: str, field: str = "") -> E:
    try:
        return kind(str(raw))
    except ValueError:
        raise BadFilter(error_id, f"{raw!r} is none of {', '.join(kind)}.", field) from None


def _id(raw: object) -> UUID | None:
    if raw is None or isinstance(raw, UUID):
        return raw
    try:
        return UUID(str(raw))
    except ValueError:
        raise BadFilter("bad_filter", f"{raw!r} is not an id.") from None


def _maximum(raw: object) -> int | None:
    if raw is None:
        return None
    if not isinstance(raw, int) or isinstance(raw, bool) or raw < 1:
        raise BadFilter("bad_filter", "The maximum is a whole number from 1.")
    return raw
