"""The two clocks' business half: what this room asks of whoever keeps business time.

Ring, patience and talk follow this clock, so that a shift can run in virtual time. I/O deadlines (an
action's answer, a ping, a reconnect) never do: they are asyncio's own, because a silent peer is silent in
real time.
"""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Protocol


class TimerHandle(Protocol):
    def cancel(self) -> None: ...


class Clock(Protocol):
    def now(self) -> datetime:
        """The business time, aware, UTC."""
        ...

    async def sleep(self, seconds: float) -> None: ...

    def call_later(self, seconds: float, callback: Callable[[], None], /) -> TimerHandle: ...


class InFlight(Protocol):
    """Counts what one side sent and the other has not yet taken in; virtual time stands still meanwhile."""

    def sent(self, n: int = 1, /) -> None: ...

    def received(self, n: int = 1, /) -> None: ...


class NotCounted:
    """The `InFlight` of real time: nobody waits for it."""

    def sent(self, n: int = 1, /) -> None:
        pass

    def received(self, n: int = 1, /) -> None:
        pass


class SystemClock:
    """Real time: what the simulated PBX runs on when nobody hands it another clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    def call_later(self, seconds: float, callback: Callable[[], None], /) -> TimerHandle:
        return asyncio.get_running_loop().call_later(max(0.0, seconds), callback)
