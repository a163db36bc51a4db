"""What is due now and then, each thing at its own pace, and at once when somebody is in a hurry."""

from dialer.passing import Passing
from storage.clock import Clock


class Rhythm:
    def __init__(self, clock: Clock, beat_s: float) -> None:
        self._clock = clock
        self._passing = Passing()
        self._beat_s = beat_s
        self._due: dict[str, float] = {}
        self._last: dict[str, float] = {}

    def is_due(self, what: str, beats: float = 1) -> bool:
        """True the first time, then once in so many beats."""
        now = self._passing.at(self._clock.now())
        if now < self._due.get(what, now):
            return False
        self._last[what] = now
        self._due[what] = now + self._beat_s * beats
        return True

    def hurry(self, *what: str, but_not_within_s: float = 0.0) -> None:
        """Due now, or so long after the last time."""
        now = self._passing.at(self._clock.now())
        for name in what:
            if name in self._due:
                soonest = self._last[name] + but_not_within_s
                self._due[name] = min(self._due[name], max(soonest, now))
