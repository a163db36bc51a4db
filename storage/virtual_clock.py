"""Virtual time: a shift of hours runs as fast as the machine, with real sockets and a real PostgreSQL.

The clock belongs to an asyncio loop of its own, whose selector is asked to wait only when every callback has
run. If nothing is in flight either, nothing can happen before the next business timer: time jumps there.
asyncio's own time (I/O deadlines) stays real. Timers fire one at a time, in the order (when, made), and all
that follows from one is over before the next: the same run gives the same order again.
"""

import asyncio
import contextvars
import heapq
import selectors
import time
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from storage.errors import VirtualTimeStuck
from storage.in_flight import InFlight

T = TypeVar("T")

_POLL_S = 0.05  # how long the selector waits at a time for what is in flight
_STUCK_S = 60.0  # in flight for so long (real time) without any sign of life: it never ends


class VirtualTimer:
    """A business timer; `cancel()` any time, also after it fired."""

    __slots__ = ("_callback", "_context", "_sequence", "_when")

    def __init__(self, when: datetime, sequence: int, callback: Callable[[], object]) -> None:
        self._when = when
        self._sequence = sequence
        self._callback: Callable[[], object] | None = callback
        self._context = contextvars.copy_context()

    def __lt__(self, other: "VirtualTimer") -> bool:
        return (self._when, self._sequence) < (other._when, other._sequence)

    @property
    def when(self) -> datetime:
        return self._when

    @property
    def cancelled(self) -> bool:
        return self._callback is None

    def cancel(self) -> None:
        self._callback = None

    def fire(self, loop: asyncio.AbstractEventLoop) -> None:
        if self._callback is not None:
            loop.call_soon(self._callback, context=self._context)
            self._callback = None


class VirtualClock:
    """Business time that jumps. Run everything that uses it with `clock.run(main())`.

    Work the loop cannot see (threads, processes) must be counted: `with clock.in_flight.working(): ...`.
    """

    def __init__(
        self, start: datetime, *, in_flight: InFlight | None = None, stuck_after: float = _STUCK_S
    ) -> None:
        if start.tzinfo is None:
            raise ValueError("a clock's start must carry its zone")
        self.in_flight = in_flight if in_flight is not None else InFlight()
        self.stuck_after = stuck_after
        self.jumps = 0
        self._now = start.astimezone(UTC)
        self._timers: list[VirtualTimer] = []
        self._made = 0

    def now(self) -> datetime:
        """The business time, aware, UTC."""
        return self._now

    async def sleep(self, seconds: float) -> None:
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        woken = asyncio.Event()
        timer = self.call_later(seconds, woken.set)
        try:
            await woken.wait()
        finally:
            timer.cancel()

    def call_later(self, seconds: float, callback: Callable[[], object], /) -> VirtualTimer:
        """Call back in the loop after that many business seconds; in its next round when not positive."""
        self._made += 1
        timer = VirtualTimer(self._now + timedelta(seconds=max(0.0, seconds)), self._made, callback)
        heapq.heappush(self._timers, timer)
        return timer

    def loop_factory(self) -> asyncio.AbstractEventLoop:
        selector = _JumpingSelector(self)
        loop = asyncio.SelectorEventLoop(selector)
        selector.jump = lambda: self._fire_next(loop)
        return loop

    def run(self, main: Coroutine[Any, Any, T]) -> T:
        """`asyncio.run` in this clock's time."""
        with asyncio.Runner(loop_factory=self.loop_factory) as runner:
            return runner.run(main)

    def _fire_next(self, loop: asyncio.AbstractEventLoop) -> bool:
        while self._timers:
            timer = heapq.heappop(self._timers)
            if not timer.cancelled:
                if timer.when > self._now:
                    self._now = timer.when
                    self.jumps += 1
                timer.fire(loop)
                return True
        return False


class _JumpingSelector(selectors.DefaultSelector):
    """Waits as asked when there is something real to wait for; otherwise jumps to the next business timer."""

    jump: Callable[[], bool]

    def __init__(self, clock: VirtualClock) -> None:
        super().__init__()
        self._clock = clock
        self._silent_since: float | None = None
        self._changes_seen = -1

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is not None and timeout <= 0:
            return super().select(timeout)  # callbacks are ready to run: this moment is not over
        ready = super().select(0)
        if ready:
            self._silent_since = None
            return ready
        if self._clock.in_flight:
            self._complain_when_stuck()
            return super().select(_POLL_S if timeout is None else min(timeout, _POLL_S))
        self._silent_since = None
        return [] if self.jump() else super().select(timeout)

    def _complain_when_stuck(self) -> None:
        now, changes = time.monotonic(), self._clock.in_flight.changes
        if self._silent_since is None or changes != self._changes_seen:
            self._silent_since, self._changes_seen = now, changes
        elif now - self._silent_since > self._clock.stuck_after:
            raise VirtualTimeStuck(
                f"nothing came in for {self._clock.stuck_after:g} s, yet in flight: {self._clock.in_flight}"
            )
