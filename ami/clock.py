"""The two clocks' business half: what this room asks of whoever keeps business time.

Ring, patience and talk follow this clock, so that a shift can run in virtual time. I/O deadlines (an
action's answer, a ping, a reconnect) never do: they are asyncio's own, because a silent peer is silent in
real time.
"""

import asyncio
from collections.abc import Callable, Hashable
from contextlib import AbstractContextManager, nullcontext
from datetime import UTC, datetime
from typing import Protocol


class TimerHandle(Protocol):
    def cancel(self) -> None: ...


class Clock(Protocol):
    def now(self) -> datetime:
        """The business time, aware, UTC."""
        ...

    async def sleep(self, seconds: float) -> None: ...

    def call_later(self, seconds: float, callback: Callable[[], object], /) -> TimerHandle: ...


class InFlight(Protocol):
    """Counts what one side sent and the other has not yet taken in; virtual time stands still meanwhile.

    Both ends of a connection share one, and tell connections apart by the key.
    """

    def sent(self, n: int = 1, key: Hashable = None) -> None: ...

    def received(self, n: int = 1, key: Hashable = None) -> None: ...

    def forget(self, key: Hashable) -> None:
        """The connection is gone, and what it still carried with it."""
        ...

    def working(self) -> AbstractContextManager[None]:
        """Something is under way that no bytes show yet, for as long as the block lasts."""
        ...


class NotCounted:
    """The `InFlight` of real time: nobody waits for it."""

    def sent(self, n: int = 1, key: Hashable = None) -> None:
        pass

    def received(self, n: int = 1, key: Hashable = None) -> None:
        pass

    def forget(self, key: Hashable) -> None:
        pass

    def working(self) -> AbstractContextManager[None]:
        return nullcontext()


def connection_key(transport: asyncio.BaseTransport) -> Hashable:
    """The same for both ends of one TCP connection."""
    ends = (transport.get_extra_info("sockname")[:2], transport.get_extra_info("peername")[:2])
    return frozenset(ends)


class SystemClock:
    """Real time: what the simulated PBX runs on when nobody hands it another clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    def call_later(self, seconds: float, callback: Callable[[], object], /) -> TimerHandle:
        return asyncio.get_running_loop().call_later(max(0.0, seconds), callback)
