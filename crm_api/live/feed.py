"""The live socket's clients: let in, answered, and looked at again when rights change while they are open."""

import asyncio
from contextlib import suppress
from typing import Any, cast

import structlog
from pydantic import ValidationError
from starlette.websockets import WebSocket, WebSocketDisconnect

from crm_api import problems, sessions
from crm_api.errors import ApiError
from crm_api.handlers import translated
from crm_api.hub import Hub
from crm_api.live import notify, topics
from crm_api.live.channels import Channels
from crm_api.live.client import BAD_ORIGIN, FULL, GOING_AWAY, NOT_LOGGED_IN, Client
from crm_api.live.lookout import Lookout
from crm_api.live.messages import pong, refused
from crm_api.live.reminders import Reminders
from crm_api.live.schemas import Asked
from crm_api.live.topics import Sight, Topic
from crm_api.words.schemas import Language
from dialer.errors import DialerError
from storage.bus import Gap
from storage.database import Connection
from storage.errors import StorageError

log = structlog.get_logger(__name__)
LONGEST_QUESTION = 4096


class Feed:
    """The live side of one process."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self.channels = Channels(hub)
        self.reminders = Reminders(hub, self.channels)
        self._lookout = Lookout(hub, self.channels)
        self.clients: set[Client] = set()
        self._watching: list[asyncio.Task[None]] = []

    async def serve(self, socket: WebSocket) -> None:
        """One client from its coming to its going."""
        await socket.accept()
        client = await self._let_in(socket)
        if client is None:
            return
        self._watch()
        self.clients.add(client)
        tasks = [asyncio.create_task(client.send()), asyncio.create_task(self._listen(client))]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            client.close(GOING_AWAY)
            await asyncio.wait(tasks[:1])
        finally:
            for topic in list(client.follows):
                self.channels.leave(client, topic)
            self.clients.discard(client)
            await _ended(tasks)

    async def stop(self) -> None:
        for client in list(self.clients):
            client.close(GOING_AWAY)
        await _ended([*self._watching, *self.channels.tasks()])

    # --- coming in --------------------------------------------------------------------------------

    async def _let_in(self, socket: WebSocket) -> Client | None:
        """A browser sends our cookie for any page: its origin must be ours. Machines send a token instead."""
        origin = socket.headers.get("origin")
        if origin is not None and origin.partition("://")[2] != socket.headers.get("host"):
            await socket.close(BAD_ORIGIN)
            return None
        if len(self.clients) >= self._hub.settings.live_clients:
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
            asked = _asked(text, Language(client.who.language))
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
            self.channels.leave(client, topic)
        elif asked.op == "snapshot" and topic in client.follows:
            await self.channels.show(client, topic)
        else:
            await self._follow(client, topic)

    async def _follow(self, client: Client, topic: Topic) -> None:
        if len(client.follows) >= self._hub.settings.live_topics and topic not in client.follows:
            raise ApiError(429, "too_many_topics", "unfollow something first")
        async with self._hub.db.connection() as conn:
            client.follows[topic] = await _sight(conn, client, topic)
        await self.channels.join(client, topic)

    # --- rights that change while a socket is open ------------------------------------------------

    def _watch(self) -> None:
        if not self._watching:
            self._watching = [
                asyncio.create_task(self._hear_of_changes(), name="live access"),
                asyncio.create_task(self._look_again(), name="live sessions"),
                asyncio.create_task(self.reminders.run(), name="live reminders"),
                asyncio.create_task(self._lookout.run(), name="live lookout"),
            ]

    async def _hear_of_changes(self) -> None:
        async with self._hub.bus.subscribe(notify.ACCESS) as subscription:
            async for item in subscription:
                whose = None if isinstance(item, Gap) else item.payload.decode()
                await self._check([one for one in self.clients if whose in (None, str(one.who.id))])

    async def _look_again(self) -> None:
        """Sessions end by time too, and a message on the bus may be lost."""
        while True:
            await asyncio.sleep(self._hub.settings.live_check_s)
            await self._check(list(self.clients))

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
                except (ApiError, DialerError) as error:
                    answer = error if isinstance(error, ApiError) else translated(error)
                    assert answer is not None
                    self.channels.leave(client, topic)
                    client.offer(refused(str(topic), answer.body()))


async def _sight(conn: Connection, client: Client, topic: Topic) -> Sight:
    """What the client may see by the rights it has when that is known: they may change while it is read, and
    who looks again then does not find the topic among those followed."""
    while True:
        who = client.who
        seen = await topics.sight(conn, who, topic)
        if client.who is who:
            return seen


def _asked(text: str, language: Language) -> Asked:
    if len(text) > LONGEST_QUESTION:
        raise ApiError(413, "body_too_large", "a question here is short", limit=LONGEST_QUESTION)
    try:
        return Asked.model_validate_json(text)
    except ValidationError as error:
        fields = problems.told(cast(list[dict[str, Any]], error.errors()), language)
        raise ApiError(422, "invalid_request", "the question does not fit", fields=fields) from None


async def _ended(tasks: list[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    for task in tasks:
        with suppress(asyncio.CancelledError):
            await task
