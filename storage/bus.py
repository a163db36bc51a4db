"""Live events as wake-up hints: what really happened stands in PostgreSQL.

Publishing never waits and never fails. A reader that is too slow, or whose link was lost, is told with a
`Gap`: it reads its snapshot again and goes on.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import Protocol

QUEUE_LIMIT = 1024  # messages a reader may lag behind before it is told of a gap instead


@dataclass(frozen=True, slots=True)
class Message:
    topic: str
    payload: bytes


@dataclass(frozen=True, slots=True)
class Gap:
    """Messages were lost here, nobody knows how many: read the snapshot again."""


class Subscription:
    """`async for item in subscription`: messages as they came, and a `Gap` where some are missing."""

    def __init__(self, limit: int = QUEUE_LIMIT) -> None:
        self._limit = limit
        self._items: deque[Message] = deque()
        self._gap = False
        self._closed = False
        self._arrived = asyncio.Event()

    def __aiter__(self) -> "Subscription":
        return self

    async def __anext__(self) -> Message | Gap:
        while not self._gap and not self._items:
            if self._closed:
                raise StopAsyncIteration
            self._arrived.clear()
            await self._arrived.wait()
        if self._gap:
            self._gap = False
            return Gap()
        return self._items.popleft()

    def offer(self, message: Message) -> None:
        if self._closed:
            return
        if len(self._items) >= self._limit:
            self.lose()  # the queue's messages too: the snapshot that is read next is newer than all of them
        self._items.append(message)
        self._arrived.set()

    def lose(self) -> None:
        """Put a gap in the place of everything not yet read."""
        self._items.clear()
        self._gap = True
        self._arrived.set()

    def close(self) -> None:
        self._closed = True
        self._arrived.set()


class Bus(Protocol):
    @property
    def healthy(self) -> bool:
        """Do messages reach the other processes? An in-process bus has none, and is always healthy."""
        ...

    def publish(self, topic: str, payload: bytes) -> None:
        """Tell every subscriber of exactly this topic; never waits, never raises."""
        ...

    def subscribe(self, *topics: str) -> AbstractAsyncContextManager[Subscription]:
        """Inside the block nothing published on these topics is missed without a `Gap`."""
        ...

    async def close(self) -> None:
        """Ends every subscription's iteration."""
        ...


class LocalBus:
    """The bus of one process."""

    def __init__(self, *, queue_limit: int = QUEUE_LIMIT) -> None:
        self._queue_limit = queue_limit
        # Dicts for sets: they keep the order, so that delivery is deterministic.
        self._readers: dict[str, dict[Subscription, None]] = {}

    @property
    def healthy(self) -> bool:
        return True

    def publish(self, topic: str, payload: bytes) -> None:
        message = Message(topic, payload)
        for reader in self._readers.get(topic, ()):
            reader.offer(message)

    @asynccontextmanager
    async def subscribe(self, *topics: str) -> AsyncIterator[Subscription]:
        subscription = Subscription(self._queue_limit)
        for topic in topics:
            self._readers.setdefault(topic, {})[subscription] = None
        try:
            yield subscription
        finally:
            subscription.close()
            for topic in set(topics):
                self._readers[topic].pop(subscription, None)
                if not self._readers[topic]:
                    del self._readers[topic]

    def lose(self) -> None:
        """A gap for every subscriber."""
        for readers in self._readers.values():
            for reader in readers:
                reader.lose()

    async def close(self) -> None:
        for readers in self._readers.values():
            for reader in readers:
                reader.close()


def open_bus(redis_url: str | None, *, prefix: str = "marcador") -> AbstractAsyncContextManager[Bus]:
    """The bus of this process, joined with those of the others over Redis when `redis_url` is given."""
    return _open_bus(redis_url, prefix)


@asynccontextmanager
async def _open_bus(redis_url: str | None, prefix: str) -> AsyncIterator[Bus]:
    bus: Bus
    if redis_url:
        from storage.redis_bus import RedisBus  # redis is loaded by those only who use it

        bus = await RedisBus.open(redis_url, prefix=prefix)
    else:
        bus = LocalBus()
    try:
        yield bus
    finally:
        await bus.close()
