"""What the features' schemas share: bounded texts, sensible times, pages."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, time
from math import isfinite
from typing import Annotated, Any, Generic, TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from fastapi import Depends, Query
from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    WithJsonSchema,
)
from pydantic_core import PydanticCustomError

from crm_api.errors import invalid
from lists.folding import fold

T = TypeVar("T")

FIRST_YEAR, LAST_YEAR = 2000, 2200
DEEPEST = 20


def _sensible(value: datetime) -> datetime:
    if not FIRST_YEAR <= value.year <= LAST_YEAR:
        years: dict[str, Any] = {"first": FIRST_YEAR, "last": LAST_YEAR}
        raise PydanticCustomError("out_of_years", "a time lies between the years {first} and {last}", years)
    return value.astimezone(UTC)


def _kept_whole(value: dict[str, Any]) -> dict[str, Any]:
    """What is nested deeper could be kept and never shown: those who write JSON bound its depth. And a number
    that is none would come back as nothing."""
    level: list[Any] = [value]
    for _ in range(DEEPEST + 1):
        level = [
            inner
            for outer in level
            if isinstance(outer, dict | list)
            for inner in (outer.values() if isinstance(outer, dict) else outer)
        ]
        if not level:
            return value
        if any(isinstance(one, float) and not isfinite(one) for one in level):
            raise PydanticCustomError("not_a_number", "a number is finite")
    raise PydanticCustomError("too_deep", "at most {limit} levels of lists and objects", {"limit": DEEPEST})


def _local(at: time) -> time:
    if at.tzinfo is not None:
        raise PydanticCustomError("zone_not_wanted", "a local time has no offset")
    return at


def _known_zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError, OSError):  # OSError: a folder of zones, such as America
        raise PydanticCustomError("unknown_zone", "there is no such time zone") from None
    return value


def distinct(names: tuple[str, ...]) -> tuple[str, ...]:
    if len({fold(name) for name in names}) < len(names):
        raise PydanticCustomError("twice", "each name once")
    return names


When = Annotated[AwareDatetime, AfterValidator(_sensible)]
Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=120)]
Columns = Annotated[tuple[Name, ...], Field(max_length=10), AfterValidator(distinct)]
"""Of a file, each once, whatever its case and accents."""
Short = Annotated[str, StringConstraints(strip_whitespace=True, max_length=200)]
Note = Annotated[str, StringConstraints(max_length=4000)]
Typed = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=40)]
"""A phone number as somebody typed it."""
Zone = Annotated[str, StringConstraints(max_length=64, pattern=r"^[A-Za-z][A-Za-z0-9_+/-]*$")]
"""IANA."""
KnownZone = Annotated[Zone, AfterValidator(_known_zone)]
"""For what is kept: a customer in a zone that is none would never be called, and nobody would be told."""
ClockTime = Annotated[
    time,
    AfterValidator(_local),
    WithJsonSchema(
        {
            "type": "string",
            "pattern": "^([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9])?$",
            "examples": ["09:30"],
        }
    ),
]
"""Of a day somewhere; JSON Schema's `time` is one with an offset."""
Int = Annotated[int, Field(ge=-(2**31), le=2**31 - 1)]
Revision = Annotated[int | None, Field(ge=1, le=2**62)]
"""Of an edit: that which was read, to be refused (`stale_revision`) when somebody was faster."""
Data = Annotated[dict[str, Any], Field(max_length=200), AfterValidator(_kept_whole)]
"""Fields of the installation's own."""


class In(BaseModel):
    """A body. Unknown fields are refused: a slip of the pen must not be taken for consent."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Out(BaseModel):
    """An answer, made from the rooms' own values by attribute."""

    model_config = ConfigDict(from_attributes=True, frozen=True)


class Page(Out, Generic[T]):
    """`more` says whether another page follows; `total` is given where counting is cheap."""

    items: list[T]
    more: bool
    limit: int
    offset: int
    total: int | None = None


class ErrorOut(Out):
    """Every refusal. Translate by `error_id` and `params`; `message` is for logs."""

    error_id: str
    message: str
    params: dict[str, Any]


class Paging(BaseModel):
    limit: int
    offset: int
    sort: str | None

    @property
    def descending(self) -> bool:
        return (self.sort or "").startswith("-")

    def by(self, allowed: Sequence[str], default: str) -> str:
        """The column asked for, without its sign."""
        column = (self.sort or default).removeprefix("-")
        if column not in allowed:
            raise invalid("bad_sort", f"this list sorts by {', '.join(allowed)}", allowed=list(allowed))
        return column

    def newest_first(self, column: str) -> bool:
        """For what is read by time alone, by default from its end."""
        self.by((column,), column)
        return self.sort is None or self.descending

    def over(self, rows: Sequence[T]) -> Page[T]:
        """A page of which one row more than the limit was fetched."""
        return Page(
            items=list(rows[: self.limit]), more=len(rows) > self.limit, limit=self.limit, offset=self.offset
        )

    def cut(
        self,
        rows: Sequence[T],
        allowed: Sequence[str],
        default: str,
        *,
        key: Callable[[T, str], Any] = getattr,
    ) -> Page[T]:
        """Sort and page what is short enough to be read whole. Missing values come last."""
        column = self.by(allowed, default)
        descending = self.descending if self.sort else default.startswith("-")
        known = [row for row in rows if key(row, column) is not None]
        ordered = sorted(known, key=lambda row: _in_order(key(row, column)), reverse=descending)
        ordered += [row for row in rows if key(row, column) is None]
        return Page(
            items=ordered[self.offset : self.offset + self.limit],
            more=len(ordered) > self.offset + self.limit,
            limit=self.limit,
            offset=self.offset,
            total=len(ordered),
        )


def _in_order(value: Any) -> Any:
    """As people sort: Ñandú and ábaco stand with n and a, whatever their capitals."""
    return (fold(value), value) if isinstance(value, str) else value


def _paging(
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    offset: Annotated[int, Query(ge=0, le=1_000_000)] = 0,
    sort: Annotated[
        str | None,
        Query(max_length=40, pattern=r"^-?[a-z0-9_]+$", description="a column; '-' in front: descending"),
    ] = None,
) -> Paging:
    return Paging(limit=limit, offset=offset, sort=sort)


Paged = Annotated[Paging, Depends(_paging)]
