"""Business time: ring, patience, hours, wrap-up. I/O deadlines are asyncio's own, never these clocks'."""

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Protocol

from storage.in_flight import InFlight
from storage.virtual_clock import VirtualClock

__all__ = ["Clock", "InFlight", "ScaledClock", "SystemClock", "TimerHandle", "VirtualClock"]

MAX_SPEED = 20.0  # beyond it the machine's own milliseconds weigh too much


class TimerHandle(Protocol):
    def cancel(self) -> None: ...


class Clock(Protocol):
    """What every room asks of business time."""

    def now(self) -> datetime:
        """The business time, aware, UTC."""
        ...

    async def sleep(self, seconds: float) -> None: ...

    def call_later(self, seconds: float, callback: Callable[[], object], /) -> TimerHandle: ...


class SystemClock:
    """Business time is the machine's."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(max(0.0, seconds))

    def call_later(self, seconds: float, callback: Callable[[], object], /) -> TimerHandle:
        return asyncio.get_running_loop().call_later(max(0.0, seconds), callback)


class ScaledClock:
    """Business time that runs `speed` times (1 to 20) as fast as the machine's, from `start`.

    At speed s a machine that is 10 ms late is s x 10 ms late in business time. The worst delay is kept in
    `lag`; when it exceeds `lag_limit` (business seconds) the run proves nothing and `valid` stays False.
    """

    def __init__(
        self,
        speed: float,
        start: datetime,
        *,
        lag_limit: float = 0.5,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        if not 1 <= speed <= MAX_SPEED:
            raise ValueError(f"speed is from 1 to {MAX_SPEED:g}, not {speed:g}")
        if start.tzinfo is None:
            raise ValueError("a clock's start must carry its zone")
        self.speed = speed
        self.lag_limit = lag_limit
        self.lag = 0.0
        self._start = start.astimezone(UTC)
        self._monotonic = monotonic
        self._origin = monotonic()

    @property
    def valid(self) -> bool:
        return self.lag <= self.lag_limit

    def now(self) -> datetime:
        return self._start + timedelta(seconds=self._elapsed())

    async def sleep(self, seconds: float) -> None:
        due = self._elapsed() + max(0.0, seconds)
        await asyncio.sleep(max(0.0, seconds) / self.speed)
        self._note(due)

    def call_later(self, seconds: float, callback: Callable[[], object], /) -> TimerHandle:
        due = self._elapsed() + max(0.0, seconds)

        def fire() -> None:
            self._note(due)
            callback()

        return asyncio.get_running_loop().call_later(max(0.0, seconds) / self.speed, fire)

    def _elapsed(self) -> float:
        return (self._monotonic() - self._origin) * self.speed

    def _note(self, due: float) -> None:
        self.lag = max(self.lag, self._elapsed() - due)
