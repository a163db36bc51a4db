"""When a number may be called: the campaign's hours, and the hours where the customer is.

A number may lie in several zones: it is called only while all of them allow it. The last ring ends inside the
window. Nothing is allowed that is not known to be.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import TypeAlias
from zoneinfo import ZoneInfo

import msgspec

from dialer import presets
from dialer.settings import Settings
from dialer.week import Week
from typifications.local_time import instant

HORIZON_DAYS = 62
"""Longer than any holiday a campaign takes; beyond it there is something to mend in the settings."""


@dataclass(frozen=True, slots=True)
class Open:
    until: datetime
    """The last instant at which dialling may begin: the ring still ends inside."""


@dataclass(frozen=True, slots=True)
class Closed:
    until: datetime | None
    """When it opens. None: never by itself, somebody must mend the zone or the settings."""
    why: str
    """outside_hours, outside_legal_hours, holiday, zone_unknown, never_open."""
    whole_zone: bool = True
    """False: this number only (an area's own law), others of its zone may be open."""


Opening: TypeAlias = Open | Closed


@dataclass(frozen=True, slots=True)
class _Layer:
    """One rule that must allow the call: a week of hours in one zone."""

    zone: ZoneInfo
    week: Week
    calendars: tuple[str, ...]
    closed: tuple[date, ...]
    why: str


def opening(
    zones: Sequence[str],
    list_zone: str | None,
    settings: Settings,
    now: datetime,
    *,
    e164: str = "",
) -> Opening:
    """May a number with these candidate zones be dialled now, and until or from when?

    `list_zone`, where there is one, decides alone; the campaign's zone stands in only if it says so. `e164`
    lets an area's own law hold (Florida).
    """
    found = _opening(zones, list_zone, settings, now, e164)
    if isinstance(found, Closed) and presets.get(settings.preset).area_of(e164):
        others = _opening(zones, list_zone, settings, now, "")
        return replace(found, whole_zone=isinstance(others, Closed) and others.until == found.until)
    return found


def without_own_hours(settings: Settings) -> Settings:
    """What a supervisor may override: the campaign's own hours, never those where the customer is."""
    return msgspec.structs.replace(settings, hours=None, holidays=(), closed_dates=())


def campaign_opening(settings: Settings, now: datetime) -> Opening:
    """The campaign's own hours alone: what its status says before any number is looked at."""
    return _reach(_campaign_layers(settings), settings, now)


def open_to_callers(settings: Settings, now: datetime) -> Opening:
    """Whether who calls in now is inside the campaign's hours, to the last moment: nobody's phone is rung."""
    return _reach(_campaign_layers(settings), settings, now, ring=timedelta())


def legal_hour(
    settings: Settings, zones: Sequence[str], list_zone: str | None = None, *, e164: str = ""
) -> Callable[[datetime], str | None]:
    """For an agent who schedules a call: says of an instant why it may not be, or None."""

    def refusal(at: datetime) -> str | None:
        found = opening(zones, list_zone, settings, at, e164=e164)
        return found.why if isinstance(found, Closed) else None

    return refusal


def _opening(
    zones: Sequence[str],
    list_zone: str | None,
    settings: Settings,
    now: datetime,
    e164: str,
) -> Opening:
    layers = list(_campaign_layers(settings))
    preset = presets.get(settings.preset)
    weeks = [
        (week, calendars, why)
        for week, calendars, why in (
            (preset.week_for(e164), _calendars(preset), "outside_legal_hours"),
            (settings.callee_hours, (), "outside_hours"),
        )
        if week is not None
    ]
    if weeks:
        where = _zones(zones, list_zone, settings)
        if not where:
            return Closed(None, "zone_unknown")
        layers += [_Layer(zone, week, calendars, (), why) for zone in where for week, calendars, why in weeks]
    return _reach(layers, settings, now)


def _campaign_layers(settings: Settings) -> Iterator[_Layer]:
    if settings.hours is not None or settings.holidays or settings.closed_dates:
        week = settings.hours if settings.hours is not None else _ALWAYS
        zone = settings.time_zone
        yield _Layer(zone, week, settings.holidays, settings.closed_dates, "outside_hours")


def _zones(zones: Sequence[str], list_zone: str | None, settings: Settings) -> list[ZoneInfo]:
    """Nothing where any candidate is not a zone: fail closed."""
    if list_zone:
        names: Sequence[str] = (list_zone,)
    elif zones:
        names = zones
    else:
        names = (settings.zone,) if settings.allow_campaign_zone else ()
    found = [_zone(name) for name in names]
    return [zone for zone in found if zone is not None] if all(found) else []


def _reach(
    layers: Iterator[_Layer] | list[_Layer], settings: Settings, now: datetime, ring: timedelta | None = None
) -> Opening:
    """Walk from `now` to the first instant that every layer allows."""
    layers = list(layers)
    ring = timedelta(seconds=settings.ring_timeout_s) if ring is None else ring
    at, why = now, ""
    horizon = now + timedelta(days=HORIZON_DAYS)
    while at <= horizon:
        until = horizon
        for layer in layers:
            start, last = _window(layer, at, ring) or (None, None)
            if start is None or last is None:
                return Closed(None, "never_open")
            if start > at:
                why = why or _why(layer, at)
                at = start
                break
            until = min(until, last)
        else:
            return Open(until) if at == now else Closed(at, why)
    return Closed(None, "never_open")


def _window(layer: _Layer, at: datetime, ring: timedelta) -> tuple[datetime, datetime] | None:
    """The first window not yet over at `at`: when dialling may begin, first and last instant."""
    today = at.astimezone(layer.zone).date()
    for days in range(-1, HORIZON_DAYS + 1):
        for start, end in _day(layer, today + timedelta(days=days)):
            if end - ring >= max(start, at):
                return start, end - ring
    return None


@lru_cache(maxsize=16_384)
def _day(layer: _Layer, day: date) -> tuple[tuple[datetime, datetime], ...]:
    """The open windows of one local day. Windows that meet at midnight are one."""
    found = list(_spans(layer, day))
    if found and layer.week.day(day.weekday())[-1][1] == _MIDNIGHT:
        following = next(_spans(layer, day + timedelta(days=1)), None)
        if following is not None and following[0] == found[-1][1]:
            found[-1] = (found[-1][0], following[1])
    return tuple(found)


_MIDNIGHT = 24 * 60
_ALWAYS = Week(*[("00:00-24:00",)] * 7)


def _spans(layer: _Layer, day: date) -> Iterator[tuple[datetime, datetime]]:
    if _is_closed(layer, day):
        return
    for start, end in layer.week.day(day.weekday()):
        # In a repeated hour the window opens at the second pass and shuts at the first: fail closed.
        opens = instant(_local(day, start), layer.zone, second=True)
        shuts = instant(_local(day, end), layer.zone)
        if opens < shuts:
            yield opens, shuts


def _is_closed(layer: _Layer, day: date) -> bool:
    return day in layer.closed or any(
        day in presets.public_holidays(calendar, day.year) for calendar in layer.calendars
    )


def _why(layer: _Layer, at: datetime) -> str:
    return "holiday" if _is_closed(layer, at.astimezone(layer.zone).date()) else layer.why


def _local(day: date, minute: int) -> datetime:
    return datetime.combine(day, time()) + timedelta(minutes=minute)


def _calendars(preset: presets.Preset) -> tuple[str, ...]:
    return (preset.closed_on_holidays_of,) if preset.closed_on_holidays_of else ()


@lru_cache(maxsize=1024)
def _zone(name: str) -> ZoneInfo | None:
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return None


def day_start(settings: Settings, now: datetime) -> datetime:
    """When the campaign's day began, in its zone: the shift, for what is counted by shifts. UTC."""
    today = now.astimezone(settings.time_zone).date()
    return datetime.combine(today, time.min, settings.time_zone).astimezone(UTC)
