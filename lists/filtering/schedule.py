"""When a list is refreshed: at a local time on chosen weekdays, or every so many minutes."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from lists.errors import Refused

MIN_MINUTES = 5
MAX_MINUTES = 7 * 24 * 60
EVERY_DAY = frozenset(range(1, 8))


@dataclass(frozen=True, slots=True)
class Schedule:
    """`minutes` alone, or `at` with `weekdays` (ISO: 1 is Monday) and `zone`."""

    minutes: int | None = None
    at: time | None = None
    weekdays: frozenset[int] = EVERY_DAY
    zone: str = "UTC"

    def __post_init__(self) -> None:
        if (self.minutes is None) == (self.at is None):
            raise _bad("A schedule has either minutes or a time of day.")
        if self.minutes is not None and not MIN_MINUTES <= self.minutes <= MAX_MINUTES:
            raise _bad(f"A list is refreshed every {MIN_MINUTES} to {MAX_MINUTES} minutes.")
        if not self.weekdays or not self.weekdays <= EVERY_DAY:
            raise _bad("Weekdays are numbers from 1 (Monday) to 7.")
        try:
            ZoneInfo(self.zone)
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            raise _bad(f"There is no time zone {self.zone!r}.") from error


def next_after(schedule: Schedule, now: datetime) -> datetime:
    """The first moment after `now`, in UTC. A time the clocks skip is moved on to the next one that exists,
    of a repeated one the first is taken."""
    if schedule.minutes is not None:
        return now + timedelta(minutes=schedule.minutes)
    assert schedule.at is not None
    zone = ZoneInfo(schedule.zone)
    today = now.astimezone(zone).date()
    # Eight days: today's may be over, and next week's on the same weekday must be found.
    for days in range(9):
        day = today + timedelta(days=days)
        if day.isoweekday() in schedule.weekdays and (found := _moment(day, schedule.at, zone)) > now:
            return found
    raise AssertionError("a week has every weekday")


def from_json(raw: Mapping[str, Any]) -> Schedule:
    """Raises Refused (bad_schedule)."""
    try:
        at = raw.get("at")
        return Schedule(
            minutes=raw.get("minutes"),
            at=time.fromisoformat(at).replace(second=0, microsecond=0, tzinfo=None) if at else None,
            weekdays=frozenset(raw.get("weekdays") or EVERY_DAY),
            zone=raw.get("zone") or "UTC",
        )
    except (TypeError, ValueError) as error:
        raise _bad(f"This is no schedule: {error}.") from error


def to_json(schedule: Schedule) -> dict[str, Any]:
    return {
        "minutes": schedule.minutes,
        "at": schedule.at.isoformat("minutes") if schedule.at else None,
        "weekdays": sorted(schedule.weekdays),
        "zone": schedule.zone,
    }


def _moment(day: date, at: time, zone: ZoneInfo) -> datetime:
    local = datetime.combine(day, at, zone)
    moment = local.astimezone(UTC)
    if moment.astimezone(zone).replace(tzinfo=None) == local.replace(tzinfo=None):
        return moment
    # In a gap, fold=0 reads with the offset before it and so lands behind it: back to its very end.
    after = local.replace(fold=1).astimezone(UTC)
    low, high = sorted((moment, after))
    while high - low > timedelta(minutes=1):
        middle = low + (high - low) // 2
        if middle.astimezone(zone).utcoffset() == low.astimezone(zone).utcoffset():
            low = middle
        else:
            high = middle
    return high.replace(second=0, microsecond=0)


def _bad(message: str) -> Refused:
    return Refused("bad_schedule", message)
