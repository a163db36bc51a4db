"""From the bus to the followers: one subscription per topic, each message written once for all.

Messages say what *is*, so one that is older than a snapshot does no harm. Where messages were lost (a gap on
the bus, a hole in a worker's numbers, a new worker) every follower gets a snapshot again.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from uuid import UUID

import msgspec
import structlog

from crm_api.hub import Hub
from crm_api.live import pop, topics
from crm_api.live.client import Client
from crm_api.live.messages import changed, popped, snapshot
from crm_api.live.topics import Sight, Topic
from crm_api.schemas import Out
from dialer import live
from dialer.live import Live, Offered
from storage.bus import Gap, Message
from storage.errors import StorageError

log = structlog.get_logger(__name__)
STREAMS = 64  # workers remembered per topic
FIRST_PAUSE_S, LAST_PAUSE_S = 0.1, 5.0


@dataclass(eq=False)
class Channel:
    """A topic somebody follows, with how far each worker's numbers have come."""

    topic: Topic
    clients: set[Client] = field(default_factory=set)
    seen: dict[str, int] = field(default_factory=dict)
    listening: asyncio.Event = field(default_factory=asyncio.Event)
    task: asyncio.Task[None] | None = None

    def is_next(self, message: Live) -> bool:
        """False: something was lost before this message, or a new worker took over."""
        last = self.seen.get(message.stream)
        fits = last == message.seq - 1 if last is not None else not self.seen
        if last is None and len(self.seen) >= STREAMS:
            self.seen.clear()
        self.seen[message.stream] = message.seq
        return fits


class Channels:
    """The topics followed in this process."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._open: dict[Topic, Channel] = {}
        self.shown_to_all: Callable[[Topic, Out], None] = lambda topic, out: None
        """Hears of a snapshot whose reader is the only one who follows the topic here."""

    def __contains__(self, topic: Topic) -> bool:
        return topic in self._open

    async def join(self, client: Client, topic: Topic) -> None:
        """First the subscription, then the snapshot: nothing falls between them."""
        channel = self._open.get(topic)
        if channel is None:
            channel = self._open[topic] = Channel(topic)
            channel.task = asyncio.create_task(self._carry(channel), name=f"live {topic}")
        channel.clients.add(client)
        await channel.listening.wait()
        await self.show(client, topic)

    def leave(self, client: Client, topic: Topic) -> None:
        client.follows.pop(topic, None)
        channel = self._open.get(topic)
        if channel is None:
            return
        channel.clients.discard(client)
        if not channel.clients:
            del self._open[topic]
            if channel.task:
                channel.task.cancel()

    async def show(self, client: Client, topic: Topic) -> None:
        """The topic as it stands, as this client may see it."""
        seen = client.follows.get(topic)
        if seen is None:
            return
        out = await self._read(topic, seen)
        channel = self._open.get(topic)
        if channel is not None and channel.clients == {client}:
            self.shown_to_all(topic, out)
        client.offer(snapshot(topic, out))

    def topics(self) -> list[Topic]:
        return list(self._open)

    def spread(self, topic: Topic, text: str, campaign_id: UUID | None) -> None:
        """To whoever follows in this process and may know of that campaign's customers."""
        channel = self._open.get(topic)
        for client in list(channel.clients) if channel else ():
            seen = client.follows.get(topic)
            if seen is not None and seen.covers(campaign_id):
                client.offer(text)

    async def begin_again(self, topic: Topic) -> None:
        """A snapshot for whoever follows in this process."""
        channel = self._open.get(topic)
        if channel is not None:
            await self._begin_again(channel)

    def tasks(self) -> list[asyncio.Task[None]]:
        return [channel.task for channel in self._open.values() if channel.task]

    async def _read(self, topic: Topic, seen: Sight) -> Out:
        async with self._hub.db.connection() as conn:
            return await topics.snapshot(conn, topic, seen, self._hub.clock.now())

    async def _carry(self, channel: Channel) -> None:
        """Until nobody follows any more."""
        async with self._hub.bus.subscribe(str(channel.topic)) as subscription:
            channel.listening.set()
            async for item in subscription:
                message = _read(item)
                if message is None or not channel.is_next(message):
                    await self._begin_again(channel)
                else:
                    assert not isinstance(item, Gap)
                    await self._spread(channel, message, item.payload)

    async def _spread(self, channel: Channel, message: Live, payload: bytes) -> None:
        text = await self._text(channel.topic, message, payload)
        for client in list(channel.clients):
            seen = client.follows.get(channel.topic)
            if seen is not None and seen.sees(message.body):
                client.offer(text)

    async def _text(self, topic: Topic, message: Live, payload: bytes) -> str:
        """An offer becomes the whole screen-pop; without a database, the bare offer is better than none."""
        if isinstance(message.body, Offered):
            try:
                async with self._hub.db.connection() as conn:
                    return popped(topic, await pop.compose(conn, message.body))
            except StorageError as error:
                log.warning("pop_without_database", attempt=str(message.body.attempt_id), error=str(error))
        return changed(topic, payload)

    async def _begin_again(self, channel: Channel) -> None:
        """A snapshot for everyone; where many see the same, it is read once. Tried until it can be read."""
        pause = FIRST_PAUSE_S
        while True:
            try:
                made: dict[Sight, str] = {}
                for client in list(channel.clients):
                    seen = client.follows.get(channel.topic)
                    if seen is None:
                        continue
                    if seen not in made:
                        made[seen] = snapshot(channel.topic, await self._read(channel.topic, seen))
                    client.offer(made[seen])
                return
            except StorageError as error:
                log.warning("snapshot_put_off", topic=str(channel.topic), error=str(error))
                await asyncio.sleep(pause)
                pause = min(2 * pause, LAST_PAUSE_S)


def _read(item: Message | Gap) -> Live | None:
    """None where something is missing, or cannot be understood: another version's worker, perhaps."""
    if isinstance(item, Gap):
        return None
    try:
        return live.decode(item.payload)
    except msgspec.DecodeError as error:
        log.warning("live_message_unreadable", topic=item.topic, error=str(error))
        return None
