"""Peers that behave as a test says: the other end of a link, byte by byte."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from ami.connection import AsteriskLink, Server, Timing
from ami.events import Event
from ami.simulator import wire
from tests.helpers import until

BANNER = b"Asterisk Call Manager/11.0.0\r\n"
FAST = Timing(connect=1.0, ping_every=60.0, ping_deadline=0.2, backoff_first=0.01, backoff_cap=0.05)


class Peer:
    """An AMI server whose every answer the test decides. Logs everybody in by itself."""

    def __init__(self) -> None:
        self.actions: list[wire.Asked] = []
        """Every action that came in after the log-in, over all connections."""
        self.logins: list[wire.Asked] = []
        self.greeting = BANNER
        self.accepts = True
        self.answers: Callable[[wire.Asked], bytes] = lambda asked: b""
        self.writers: list[asyncio.StreamWriter] = []
        self.port = 0
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()
        self.cut()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def cut(self) -> None:
        for writer in self.writers:
            writer.transport.abort()
        self.writers.clear()

    def say(self, data: bytes) -> None:
        self.writers[-1].write(data)

    def asked(self, action: str) -> list[wire.Asked]:
        return [asked for asked in self.actions if asked["action"] == action]

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self.writers.append(writer)
        writer.write(self.greeting)
        try:
            while True:
                text = (await reader.readuntil(b"\r\n\r\n")).decode()
                self._take(wire.action(text), writer)
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            writer.transport.abort()
        finally:
            self._tasks.discard(task)

    def _take(self, asked: wire.Asked, writer: asyncio.StreamWriter) -> None:
        if asked["action"] == "Login":
            self.logins.append(asked)
            if self.accepts:
                writer.write(success(asked) + booted())
        elif asked["action"] == "Logoff":
            writer.write(success(asked))
        else:
            self.actions.append(asked)
            writer.write(self.answers(asked))


def success(asked: wire.Asked, **headers: str) -> bytes:
    return wire.answer(wire.Answer(True, "done", headers), asked["actionid"])


def booted() -> bytes:
    return wire.event(wire.Told("FullyBooted", {"Status": "Fully Booted", "Uptime": "1"}))


class Recorder:
    """A link's events, in order."""

    def __init__(self) -> None:
        self.events: list[Event] = []

    def __call__(self, event: Event) -> None:
        self.events.append(event)

    def of(self, kind: type[Event]) -> list[Event]:
        return [event for event in self.events if isinstance(event, kind)]


@asynccontextmanager
async def linked(
    port: int, timing: Timing = FAST, *, secret: str = "simulated", wait: bool = True
) -> AsyncIterator[tuple[AsteriskLink, Recorder]]:
    """A started link to that port, with a recorder of its events; connected already if `wait`."""
    link = AsteriskLink(Server("one", "127.0.0.1", port, "marcador", secret), timing=timing)
    recorder = Recorder()
    link.subscribe(recorder)
    await link.start()
    try:
        if wait:
            await until(lambda: link.connected)
        yield link, recorder
    finally:
        await link.stop()
