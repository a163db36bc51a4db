"""What is under way and not yet heard of: bytes sent and not read, work a server or a thread does for us.

Virtual time stands still while anything is in flight, so that no timer fires before its cause has arrived.
"""

from collections import Counter
from collections.abc import Hashable, Iterator
from contextlib import contextmanager


class InFlight:
    """A counter per link. Both ends of a link share one `InFlight`; the key tells the links apart."""

    def __init__(self) -> None:
        self._pending: Counter[Hashable] = Counter()
        self._working = 0
        self.changes = 0
        """Grows with every change: a sign of life."""

    @property
    def count(self) -> int:
        return self._working + sum(self._pending.values())

    def __bool__(self) -> bool:
        return self._working > 0 or any(self._pending.values())

    def sent(self, n: int = 1, key: Hashable = None) -> None:
        """`n` bytes (or messages) have left one side of the link `key`."""
        self._move(key, n)

    def received(self, n: int = 1, key: Hashable = None) -> None:
        """`n` of them have been taken in by the other side. A reader may be counted before its writer."""
        self._move(key, -n)

    def forget(self, key: Hashable) -> None:
        """The link is gone, and what it still carried with it."""
        self.changes += 1
        self._pending.pop(key, None)

    @contextmanager
    def working(self) -> Iterator[None]:
        """A piece of work done elsewhere (a database, a thread), for as long as the block lasts."""
        self._working += 1
        self.changes += 1
        try:
            yield
        finally:
            self._working -= 1
            self.changes += 1

    def __str__(self) -> str:
        links = ", ".join(f"{n} on {key!r}" for key, n in self._pending.items() if n)
        return f"{self._working} pieces of work" + (f", {links}" if links else "")

    def _move(self, key: Hashable, n: int) -> None:
        self.changes += 1
        left = self._pending[key] + n
        if left:
            self._pending[key] = left
        else:
            del self._pending[key]
