"""A trunk's limits: new calls per second, smoothed, and channels. Pure: time comes in.

The rate is the generic cell rate algorithm (ITU-T I.371): each call moves the theoretical arrival by 1/rate,
and a call may come `SLACK_S` before it. Carriers reject bursts, so the slack is only what the engine's own
ticks need: within any second at most rate · (1 + SLACK_S) + 1 calls go out.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

SLACK_S = 0.1
_EPSILON = timedelta(microseconds=1)


@dataclass(slots=True)
class TrunkLimits:
    calls_per_s: float
    channels: int
    in_use: int = 0
    """Channels of calls begun and not over: given back at each call's one end."""
    _due: datetime | None = None

    def allowed(self, now: datetime) -> int:
        """How many calls may go out at this moment."""
        if self.calls_per_s <= 0:
            return 0
        free = max(0, self.channels - self.in_use)
        behind = max(timedelta(0), self._due - now) if self._due is not None else timedelta(0)
        room = timedelta(seconds=SLACK_S) - behind + _EPSILON
        by_rate = int(room / self._interval) + 1 if room >= timedelta(0) else 0
        return min(free, by_rate)

    def take(self, now: datetime) -> None:
        """One call goes out."""
        self.in_use += 1
        start = now if self._due is None or self._due < now else self._due
        self._due = start + self._interval

    def give_back(self) -> None:
        self.in_use = max(0, self.in_use - 1)

    def next_at(self, now: datetime) -> datetime:
        """When the rate (not the channels) allows the next call."""
        if self._due is None:
            return now
        return max(now, self._due - timedelta(seconds=SLACK_S))

    @property
    def _interval(self) -> timedelta:
        return timedelta(seconds=1.0 / self.calls_per_s)
