"""A week of local hours."""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Annotated, TypeAlias

import msgspec

_SPAN = r"^([01][0-9]|2[0-3]):[0-5][0-9]-(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$"
Span: TypeAlias = Annotated[str, msgspec.Meta(pattern=_SPAN)]
"""`09:00-13:30`; the end may be `24:00`. A night is two spans, of two days."""
Minutes: TypeAlias = tuple[int, int]
"""From and to (exclusive), in minutes of the local day."""

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class Week(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The open spans of each weekday; an empty day is closed."""

    mon: tuple[Span, ...] = ()
    tue: tuple[Span, ...] = ()
    wed: tuple[Span, ...] = ()
    thu: tuple[Span, ...] = ()
    fri: tuple[Span, ...] = ()
    sat: tuple[Span, ...] = ()
    sun: tuple[Span, ...] = ()

    def __post_init__(self) -> None:
        for day in DAYS:
            list(_parsed(getattr(self, day)))

    def day(self, weekday: int) -> tuple[Minutes, ...]:
        """0 is Monday. In order, apart from each other."""
        return minutes(getattr(self, DAYS[weekday]))

    def reaches(self, seconds: int) -> bool:
        """Is there any span at least so long?"""
        return any((to - start) * 60 >= seconds for day in range(7) for start, to in self.day(day))


def week(weekdays: str, saturday: str = "", sunday: str = "") -> Week:
    """Of one span (or several, between spaces) for Monday to Friday, and for the two other days."""
    days = tuple(weekdays.split())
    return Week(days, days, days, days, days, tuple(saturday.split()), tuple(sunday.split()))


@lru_cache(maxsize=4096)
def minutes(spans: tuple[str, ...]) -> tuple[Minutes, ...]:
    """Sorted; spans that touch become one, so that a call may ring across their seam."""
    joined: list[Minutes] = []
    for start, to in sorted(_parsed(spans)):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(to, joined[-1][1]))
        else:
            joined.append((start, to))
    return tuple(joined)


def _parsed(spans: tuple[str, ...]) -> Iterator[Minutes]:
    for span in spans:
        if not re.match(_SPAN, span):
            raise ValueError(f"{span!r} is no span of hours like 09:00-21:00")
        start, to = (int(hour) * 60 + int(minute) for hour, minute in (p.split(":") for p in span.split("-")))
        if start >= to:
            raise ValueError(f"{span!r} ends before it begins")
        yield start, to
