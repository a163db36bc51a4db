"""A trunk's limits: new calls per second, smoothed, and channels. Pure: time comes in.

The rate is the generic cell rate algorithm (ITU-T I.371): each call moves the theoretical arrival by 1/rate,
and a call may come `SLACK_S` before it. Carriers reject bursts, so the slack is only what the engine's own
ticks need: within any second at most rate · (1 + SLACK_S) + 1 calls go out, also when the clock is set back.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from dialer.passing import Passing

SLACK_S = 0.1
_EPSILON_S = 1e-6


@dataclass(slots=True)
class TrunkLimits:
    calls_per_s: float
    channels: int
    in_use: int = 0
    """Channels of calls begun and not over: given back at each call's one end."""
    _due: float = 0.0
    _passing: Passing = field(default_factory=Passing)

    def allowed(self, now: datetime) -> int:
        """How many calls may go out at this moment."""
        if self.calls_per_s <= 0:
            return 0
        free = max(0, self.channels - self.in_use)
        room_s = SLACK_S - self._behind(now) + _EPSILON_S
        by_rate = int(room_s * self.calls_per_s) + 1 if room_s >= 0 else 0
        return min(free, by_rate)

    def take(self, now: datetime) -> None:
        """One call goes out."""
        self.in_use += 1
        self._due = max(self._due, self._passing.at(now)) + 1 / self.calls_per_s

    def give_back(self) -> None:
        self.in_use = max(0, self.in_use - 1)

    def next_at(self, now: datetime) -> datetime:
        """When the rate (not the channels) allows the next call."""
        return now + timedelta(seconds=max(0.0, self._behind(now) - SLACK_S))

    def _behind(self, now: datetime) -> float:
        """By how many seconds the next call would come too early, without slack."""
        return max(0.0, self._due - self._passing.at(now))
