"""What is delivered, when, and about which days. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from lists.filtering.schedule import EVERY_DAY, Schedule, next_after

_MOST_DAYS = 1_000  # looked through for a day that is both the month's and the week's


class Report(StrEnum):
    FIGURES = "figures"
    TYPIFICATIONS = "typifications"
    BEST_HOURS = "best_hours"


class Format(StrEnum):
    CSV = "csv"
    XLSX = "xlsx"


class Period(StrEnum):
    """Days of the schedule's zone, as seen on the day it is due. Weeks begin on Monday."""

    TODAY = "today"
    YESTERDAY = "yesterday"
    LAST_7_DAYS = "last_7_days"
    THIS_WEEK = "this_week"
    LAST_WEEK = "last_week"
    THIS_MONTH = "this_month"
    LAST_MONTH = "last_month"


class RunState(StrEnum):
    WAITING = "waiting"
    MAKING = "making"
    SENDING = "sending"
    DELIVERED = "delivered"
    FAILED = "failed"
    UNKNOWN = "unknown"
    """It may have gone out, and is not sent again."""


@dataclass(frozen=True, slots=True)
class Times:
    """At a local time, on these weekdays (ISO) and, where one is given, this day of the month only."""

    at: time
    zone: str
    weekdays: frozenset[int] = EVERY_DAY
    month_day: int | None = None

    def __post_init__(self) -> None:
        self.schedule()

    def schedule(self) -> Schedule:
        """Raises Refused (bad_schedule)."""
        return Schedule(at=self.at, weekdays=self.weekdays, zone=self.zone)

    def after(self, now: datetime) -> datetime:
        """The first moment after `now`."""
        schedule, zone, found = self.schedule(), ZoneInfo(self.zone), now
        for _ in range(_MOST_DAYS):
            found = next_after(schedule, found)
            if self.month_day in (None, found.astimezone(zone).day):
                return found
        raise AssertionError("every month has 28 days, and each of them falls on every weekday")

    def to_json(self) -> dict[str, Any]:
        return {
            "at": self.at.isoformat("minutes"),
            "zone": self.zone,
            "weekdays": sorted(self.weekdays),
            "month_day": self.month_day,
        }

    @classmethod
    def from_json(cls, raw: Mapping[str, Any]) -> "Times":
        return cls(time.fromisoformat(raw["at"]), raw["zone"], frozenset(raw["weekdays"]), raw["month_day"])


@dataclass(frozen=True, slots=True)
class Delivery:
    id: UUID
    user_id: UUID
    name: str
    report: Report
    question: Mapping[str, Any]
    period: Period
    format: Format
    times: Times
    recipients: tuple[str, ...]
    folder: str | None
    next_at: datetime | None
    created_at: datetime
    updated_at: datetime


def days_of(period: Period, today: date) -> tuple[date, date]:
    """The first and the last day."""
    day = timedelta(days=1)
    monday, first = today - today.weekday() * day, today.replace(day=1)
    match period:
        case Period.TODAY:
            return today, today
        case Period.YESTERDAY:
            return today - day, today - day
        case Period.LAST_7_DAYS:
            return today - 7 * day, today - day
        case Period.THIS_WEEK:
            return monday, today
        case Period.LAST_WEEK:
            return monday - 7 * day, monday - day
        case Period.THIS_MONTH:
            return first, today
        case Period.LAST_MONTH:
            return (first - day).replace(day=1), first - day
