"""Local times and the instants they mean.

A time that a clock change skips means the next valid minute; a time that comes twice means the first, unless
the second is asked for.
"""

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

_SECOND = timedelta(seconds=1)


@lru_cache(maxsize=65_536)
def instant(local: datetime, zone: ZoneInfo, *, second: bool = False) -> datetime:
    """The UTC instant of a naive local time."""
    first, other = (local.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
    if first.astimezone(zone).replace(tzinfo=None) != local:
        return _transition(other, first, zone)
    return other if second else first


def _transition(before: datetime, after: datetime, zone: ZoneInfo) -> datetime:
    """The instant between the two at which the zone's offset changes."""
    offset = before.astimezone(zone).utcoffset()
    while after - before > _SECOND:
        middle = before + (after - before) // 2
        if middle.astimezone(zone).utcoffset() == offset:
            before = middle
        else:
            after = middle
    return after.replace(microsecond=0)
