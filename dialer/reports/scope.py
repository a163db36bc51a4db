"""What a report is about, and by what it is split: values, shared by all queries."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from uuid import UUID
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from dialer.errors import BadValue
from lists.model import AttemptKind


class By(StrEnum):
    CAMPAIGN = "campaign"
    DIAL_LIST = "dial_list"
    AGENT = "agent"
    HOUR = "hour"
    """A moment: the hour's beginning."""
    DAY = "day"
    WEEKDAY = "weekday"
    """ISO: 1 is Monday."""
    HOUR_OF_DAY = "hour_of_day"


@dataclass(frozen=True, slots=True)
class Scope:
    """From `start` to before `end`, in whole hours of UTC; None: whichever. Days and hours of the day are
    `zone`'s."""

    start: datetime
    end: datetime
    campaign_ids: Collection[UUID] | None = None
    dial_list_ids: Collection[UUID] | None = None
    agent_ids: Collection[UUID] | None = None
    kinds: Collection[AttemptKind] | None = None
    zone: str = "UTC"

    def __post_init__(self) -> None:
        _zone(self.zone)
        if self.start.tzinfo is None or self.end.tzinfo is None or self.start >= self.end:
            raise BadValue("a report needs a beginning before its end, both with a zone")

    @classmethod
    def days(cls, first: date, last: date, zone: str = "UTC") -> "Scope":
        """From the first moment of `first` to the end of `last`, in the zone. Raises BadValue."""
        if last < first:
            raise BadValue("the last day lies before the first")
        return cls(_midnight(first, zone), _midnight(last + timedelta(days=1), zone), zone=zone)

    @property
    def hours(self) -> tuple[datetime, datetime]:
        """The whole hours it covers: what the sums can tell, and what a drill into them shows."""
        end = self.end.replace(minute=0, second=0, microsecond=0)
        return (
            self.start.replace(minute=0, second=0, microsecond=0),
            end if end == self.end else end + timedelta(hours=1),
        )

    def own(self, agent_id: UUID) -> "Scope":
        """The same, of one agent: what an agent may see."""
        return replace(self, agent_ids=(agent_id,))


def _midnight(day: date, zone: str) -> datetime:
    return datetime.combine(day, time(), _zone(zone)).astimezone(UTC)


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise BadValue(f"there is no time zone {name!r}", zone=name) from error
