"""Live state to many sockets: one subscription per topic, each message written once, slow readers dropped.

A client follows a topic and gets a snapshot, then changes. Messages say what *is*, so one that is older than
the snapshot does no harm. Where messages were lost (a gap on the bus, a hole in a worker's numbers, a new
worker) every follower gets a snapshot again.
"""

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field

import msgspec
import structlog
from pydantic import ValidationError
from starlette.websockets import WebSocket, WebSocketDisconnect

from crm_api import sessions
from crm_api.errors import ApiError
from crm_api.handlers import translated
from crm_api.hub import Hub
from crm_api.live import notify, pop, topics
from crm_api.live.client import BAD_ORIGIN, FULL, GOING_AWAY, NOT_LOGGED_IN, Client
from crm_api.live.messages import changed, pong, popped, refused, snapshot
from crm_api.live.schemas import Asked
from crm_api.live.topics import Sight, Topic
from dialer import live
from dialer.live import Live, Offered
from storage.bus import Gap, Message
from storage.errors import StorageError

log = structlog.get_logger(__name__)
LONGEST_QUESTION = 4096
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


class Feed:
    """The live side of one process."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._channels: dict[Topic, Channel] = {}
        self._clients: set[Client] = set()
        self._watching: list[asyncio.Task[None]] = []

    async def serve(self, socket: WebSocket) -> None:
        """One client from its coming to its going."""
        await socket.accept()
        client = await self._let_in(socket)
        if client is None:
            return
        self._watch()
        self._clients.add(client)
        tasks = [asyncio.create_task(client.send()), asyncio.create_task(self._listen(client))]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            client.close(GOING_AWAY)
            await asyncio.wait(tasks[:1])
        finally:
            for topic in list(client.follows):
                self._leave(client, topic)
            self._clients.discard(client)
            await _ended(tasks)

    async def stop(self) -> None:
        for client in list(self._clients):
            client.close(GOING_AWAY)
        tasks = [*self._watching, *(one.task for one in self._channels.values() if one.task)]
        await _ended(tasks)

    # --- coming in --------------------------------------------------------------------------------

    async def _let_in(self, socket: WebSocket) -> Client | None:
        """A browser sends our cookie for any page: its origin must be ours. Machines send a token instead."""
        origin = socket.headers.get("origin")
        if origin is not None and origin.partition("://")[2] != socket.headers.get("host"):
            await socket.close(BAD_ORIGIN)
            return None
        if len(self._clients) >= self._hub.settings.live_clients:
            await socket.close(FULL)
            return None
        async with self._hub.db.connection() as conn:
            who = await sessions.principal(conn, socket, self._hub.clock.now())
        if who is None:
            await socket.close(NOT_LOGGED_IN)
            return None
        return Client(socket, who, self._hub.settings.live_queue)

    async def _listen(self, client: Client) -> None:
        while True:
            try:
                message = await client.socket.receive()
            except (WebSocketDisconnect, RuntimeError):
                return
            if message["type"] != "websocket.receive":
                return
            await self._answer(client, message.get("text") or "")

    async def _answer(self, client: Client, text: str) -> None:
        topic = ""
        try:
            asked = _asked(text)
            topic = asked.topic
            await self._do(client, asked)
        except Exception as error:
            answer = error if isinstance(error, ApiError) else translated(error)
            if answer is None:
                raise
            client.offer(refused(topic, answer.body()))

    async def _do(self, client: Client, asked: Asked) -> None:
        if asked.op == "ping":
            client.offer(pong())
            return
        topic = topics.parse(asked.topic)
        if asked.op == "unfollow":
            self._leave(client, topic)
        elif asked.op == "snapshot" and topic in client.follows:
            await self._show(client, topic)
        else:
            await self._follow(client, topic)

    async def _follow(self, client: Client, topic: Topic) -> None:
        """First the subscription, then the snapshot: nothing falls between them."""
        if len(client.follows) >= self._hub.settings.live_topics and topic not in client.follows:
            raise ApiError(429, "too_many_topics", "unfollow something first")
        async with self._hub.db.connection() as conn:
            client.follows[topic] = await topics.sight(conn, client.who, topic)
        channel = self._channels.get(topic)
        if channel is None:
            channel = self._channels[topic] = Channel(topic)
            channel.task = asyncio.create_task(self._carry(channel), name=f"live {topic}")
        channel.clients.add(client)
        await channel.listening.wait()
        await self._show(client, topic)

    def _leave(self, client: Client, topic: Topic) -> None:
        client.follows.pop(topic, None)
        channel = self._channels.get(topic)
        if channel is None:
            return
        channel.clients.discard(client)
        if not channel.clients:
            del self._channels[topic]
            if channel.task:
                channel.task.cancel()

    # --- going out --------------------------------------------------------------------------------

    async def _show(self, client: Client, topic: Topic) -> None:
        seen = client.follows.get(topic)
        if seen is not None:
            client.offer(await self._snapshot(topic, seen))

    async def _snapshot(self, topic: Topic, seen: Sight) -> str:
        async with self._hub.db.connection() as conn:
            return snapshot(topic, await topics.snapshot(conn, topic, seen, self._hub.clock.now()))

    async def _carry(self, channel: Channel) -> None:
        """From the bus to everyone who follows, until nobody does."""
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
        """A snapshot for everyone; where many see the same, it is read once."""
        pause = FIRST_PAUSE_S
        while True:
            try:
                made: dict[Sight, str] = {}
                for client in list(channel.clients):
                    seen = client.follows.get(channel.topic)
                    if seen is None:
                        continue
                    if seen not in made:
                        made[seen] = await self._snapshot(channel.topic, seen)
                    client.offer(made[seen])
                return
            except StorageError as error:
                log.warning("snapshot_put_off", topic=str(channel.topic), error=str(error))
                await asyncio.sleep(pause)
                pause = min(2 * pause, LAST_PAUSE_S)

    # --- rights that change while a socket is open ------------------------------------------------

    def _watch(self) -> None:
        if not self._watching:
            self._watching = [
                asyncio.create_task(self._hear_of_changes(), name="live access"),
                asyncio.create_task(self._look_again(), name="live sessions"),
            ]

    async def _hear_of_changes(self) -> None:
        async with self._hub.bus.subscribe(notify.ACCESS) as subscription:
            async for item in subscription:
                changed_id = None if isinstance(item, Gap) else item.payload.decode()
                await self._check([one for one in self._clients if changed_id in (None, str(one.who.id))])

    async def _look_again(self) -> None:
        """Sessions end by time too, and a message on the bus may be lost."""
        while True:
            await asyncio.sleep(self._hub.settings.live_check_s)
            await self._check(list(self._clients))

    async def _check(self, clients: list[Client]) -> None:
        for client in clients:
            try:
                await self._check_one(client)
            except StorageError as error:
                log.warning("access_check_put_off", error=str(error))

    async def _check_one(self, client: Client) -> None:
        async with self._hub.db.connection() as conn:
            who = await sessions.principal(conn, client.socket, self._hub.clock.now())
            if who is None:
                client.close(NOT_LOGGED_IN)
                return
            client.who = who
            for topic in list(client.follows):
                try:
                    client.follows[topic] = await topics.sight(conn, who, topic)
                except ApiError as error:
                    self._leave(client, topic)
                    client.offer(refused(str(topic), error.body()))


def _read(item: Message | Gap) -> Live | None:
    """None where something is missing, or cannot be understood: another version's worker, perhaps."""
    if isinstance(item, Gap):
        return None
    try:
        return live.decode(item.payload)
    except msgspec.DecodeError as error:
        log.warning("live_message_unreadable", topic=item.topic, error=str(error))
        return None


def _asked(text: str) -> Asked:
    if len(text) > LONGEST_QUESTION:
        raise ApiError(413, "body_too_large", "a question here is short", limit=LONGEST_QUESTION)
    try:
        return Asked.model_validate_json(text)
    except ValidationError as error:
        raise ApiError(
            422, "invalid_request", "the question does not fit", problems=error.error_count()
        ) from None


async def _ended(tasks: list[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    for task in tasks:
        with suppress(asyncio.CancelledError):
            await task
