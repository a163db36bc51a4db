"""What is due now and then, each thing at its own pace, and at once when somebody is in a hurry."""

from datetime import datetime, timedelta

from storage.clock import Clock


class Rhythm:
    def __init__(self, clock: Clock, beat_s: float) -> None:
        self._clock = clock
        self._beat_s = beat_s
        self._due: dict[str, datetime] = {}

    def is_due(self, what: str, beats: float = 1) -> bool:
        """True the first time, then once in so many beats."""
        now = self._clock.now()
        if now < self._due.get(what, now):
            return False
        self._due[what] = now + timedelta(seconds=self._beat_s * beats)
        return True

    def hurry(self, *what: str) -> None:
        for name in what:
            self._due.pop(name, None)
