"""Legal calling hours and limits by country, as dated data files with their source.

They are a help to whoever sets a campaign up and no legal advice. A rule that could not be verified is not
here; a preset can only tighten what the campaign's own settings allow.
"""

import tomllib
from datetime import date
from functools import cache
from importlib.resources import files

import holidays
import msgspec

from dialer.week import Week, week


class Area(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Part of a country with rules of its own, known by its numbers."""

    name: str
    prefixes: tuple[str, ...]
    """Of E.164: `+1305`."""
    hours: "Spans"


class Spans(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    weekdays: str
    saturday: str = ""
    sunday: str = ""

    @property
    def week(self) -> Week:
        return week(self.weekdays, self.saturday, self.sunday)


class Preset(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    title: str
    as_of: date
    """The day its sources were read."""
    sources: tuple[str, ...] = ()
    note: str = ""
    hours: Spans | None = None
    """Local to the customer; None: the law names none."""
    closed_on_holidays_of: str | None = None
    areas: tuple[Area, ...] = ()
    ring_at_least_s: int = 15
    number_per_24h: int | None = None
    per_contact: int | None = None
    abandoned_wait_s: int = 0
    """After an abandoned call, so long no dialling without an agent at hand."""
    machines_leave_ratio: bool = False
    """Where no machine detection runs, calls that agents typify as machines are no live answers."""

    def area_of(self, e164: str) -> Area | None:
        return next((area for area in self.areas if e164.startswith(area.prefixes)), None)

    def week_for(self, e164: str) -> Week | None:
        if area := self.area_of(e164):
            return area.hours.week
        return self.hours.week if self.hours else None


@cache
def names() -> tuple[str, ...]:
    found = (entry.name for entry in files(__name__).iterdir())
    return tuple(sorted(name.removesuffix(".toml") for name in found if name.endswith(".toml")))


@cache
def get(name: str) -> Preset:
    """Raises `KeyError`."""
    if name not in names():
        raise KeyError(name)
    text = files(__name__).joinpath(f"{name}.toml").read_text(encoding="utf-8")
    return msgspec.convert(tomllib.loads(text), Preset)


@cache
def is_calendar(code: str) -> bool:
    """`UY`, or with a subdivision `US-FL`: does the library know its public holidays?"""
    country, _, part = code.partition("-")
    known = holidays.list_supported_countries(include_aliases=False)
    return country in known and (not part or part in known[country])


@cache
def public_holidays(code: str, year: int) -> frozenset[date]:
    country, _, part = code.partition("-")
    return frozenset(holidays.country_holidays(country, subdiv=part or None, years=year))
