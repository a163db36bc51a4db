"""Time that passes by a clock that may be set back (NTP, an operator): it goes on all the same. Pure."""

from collections.abc import Callable
from datetime import datetime, timedelta

SET_BACK = timedelta(seconds=1)
"""A reading earlier than the latest by less than this was only taken before it, and is told after it."""


class Passing:
    def __init__(self, set_back: Callable[[timedelta], object] = lambda by: None) -> None:
        """`set_back` hears by how much the clock was set back, as soon as that is seen."""
        self._since: datetime | None = None
        self._latest: datetime | None = None
        self._set_back = set_back

    def at(self, now: datetime) -> float:
        """Seconds since the first reading. What passed between the last reading and a clock's being set back
        is not known, and counts as nothing."""
        if self._since is None or self._latest is None:
            self._since = self._latest = now
        elif now < self._latest - SET_BACK:
            by = self._latest - now
            self._since, self._latest = self._since - by, now
            self._set_back(by)
        self._latest = max(self._latest, now)
        return (now - self._since) / timedelta(seconds=1)
