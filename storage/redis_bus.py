"""The bus between processes, over Redis pub/sub.

Own readers are served at once and directly; Redis only carries messages to the other processes. Losing Redis
therefore loses nothing inside a process, and readers are told with a `Gap` when the link is back. While
Redis is too slow for what is published, the oldest hints fall out: topics that mind carry sequence numbers.
"""

import asyncio
import contextlib
import secrets
from collections import deque
from contextlib import AbstractAsyncContextManager

import structlog
from redis.asyncio import Redis
from redis.asyncio.client import PubSub
from redis.exceptions import RedisError

from storage.bus import QUEUE_LIMIT, LocalBus, Subscription

_OUTBOX_LIMIT = 4096  # messages kept for Redis while it is slow; the oldest fall out, they are hints
_BATCH = 256
_ORIGIN_BYTES = 8
_ANSWER_S = 3.0
_PING_S = 2.0
_FIRST_RETRY_S = 0.05
_LAST_RETRY_S = 2.0
_LOST = (RedisError, OSError, TimeoutError)

log = structlog.get_logger(__name__)


class RedisBus:
    """Every process listens to the whole prefix: a subscription is then local, immediate and cannot race."""

    def __init__(self, url: str, *, prefix: str = "marcador", queue_limit: int = QUEUE_LIMIT) -> None:
        self._url = url
        self._channels = f"{prefix}:".encode()
        self._local = LocalBus(queue_limit=queue_limit)
        self._origin = secrets.token_bytes(_ORIGIN_BYTES)
        self._outbox: deque[tuple[bytes, bytes]] = deque(maxlen=_OUTBOX_LIMIT)
        self._outgoing = asyncio.Event()
        self._up = asyncio.Event()
        self._tried = asyncio.Event()
        self._link: asyncio.Task[None] | None = None

    @classmethod
    async def open(cls, url: str, *, prefix: str = "marcador", queue_limit: int = QUEUE_LIMIT) -> "RedisBus":
        """Redis need not be there yet: the bus is `healthy` when it is."""
        bus = cls(url, prefix=prefix, queue_limit=queue_limit)
        bus._link = asyncio.create_task(bus._keep_linked(), name="redis bus")
        await bus._tried.wait()
        return bus

    @property
    def healthy(self) -> bool:
        return self._up.is_set()

    def publish(self, topic: str, payload: bytes) -> None:
        self._local.publish(topic, payload)
        if self.healthy:  # otherwise the others are told of a gap anyway
            self._outbox.append((self._channels + topic.encode(), self._origin + payload))
            self._outgoing.set()

    def subscribe(self, *topics: str) -> AbstractAsyncContextManager[Subscription]:
        return self._local.subscribe(*topics)

    async def close(self) -> None:
        if self._link is not None:
            self._link.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._link
        await self._local.close()

    async def _keep_linked(self) -> None:
        pause = _FIRST_RETRY_S
        while True:
            try:
                await self._serve()
            except* _LOST as lost:
                if self.healthy:
                    pause = _FIRST_RETRY_S
                if self.healthy or not self._tried.is_set():
                    log.warning(
                        "redis lost" if self.healthy else "no redis",
                        action="bus_lost",
                        reason=str(lost.exceptions[0]),
                    )
            finally:
                self._up.clear()
                self._tried.set()
            await asyncio.sleep(pause)
            pause = min(2 * pause, _LAST_RETRY_S)

    async def _serve(self) -> None:
        """One link's life: until it is lost."""
        client = Redis.from_url(
            self._url, socket_connect_timeout=_ANSWER_S, socket_timeout=_ANSWER_S, socket_keepalive=True
        )
        async with client, client.pubsub() as pubsub, asyncio.TaskGroup() as tasks:
            await pubsub.psubscribe(self._channels + b"*")
            tasks.create_task(self._read(pubsub))
            tasks.create_task(self._write(client))

    async def _read(self, pubsub: PubSub) -> None:
        first, pinged = True, False
        while True:
            message = await pubsub.get_message(timeout=_PING_S)
            if message is None:
                if pinged:
                    raise TimeoutError("Redis does not answer")
                await pubsub.ping()
                pinged = True
                continue
            pinged = False
            if message["type"] == "psubscribe" and first:
                first = False
                self._outbox.clear()
                self._up.set()
                self._tried.set()
                self._local.lose()  # whatever was said before this moment was not heard
            elif message["type"] == "pmessage":
                self._take_in(message["channel"], message["data"])

    def _take_in(self, channel: bytes, data: bytes) -> None:
        if data[:_ORIGIN_BYTES] != self._origin:
            topic = channel[len(self._channels) :].decode(errors="replace")
            self._local.publish(topic, data[_ORIGIN_BYTES:])

    async def _write(self, client: "Redis") -> None:
        while True:
            await self._outgoing.wait()
            self._outgoing.clear()
            while self._outbox:
                async with client.pipeline(transaction=False) as pipe:
                    for _ in range(min(_BATCH, len(self._outbox))):
                        channel, data = self._outbox.popleft()
                        pipe.publish(channel, data)
                    await pipe.execute()
