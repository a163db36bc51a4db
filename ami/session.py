"""One connection's lifetime: from the banner to the loss. Never used twice.

Owns what panoramisk's Manager and protocol would (see docs/decisions-ami.md): whoever waits is told at the
loss, nothing is kept for a next connection, nothing waits without a deadline.

There is no queue of events on our side: they are handed over while they are read, so that a slow subscriber
slows the reading, and TCP and Asterisk's own queue hold the rest. Both our buffers are bounded: an unfinished
message (`framing.MAX_MESSAGE`) and what the peer does not take (asyncio's high-water mark; senders then wait,
within their deadline).
"""

import asyncio
import logging
import secrets
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field

from ami.actions import Action, Login, render
from ami.clock import InFlight, connection_key
from ami.errors import ActionRefused, ActionTimeout, BadPeer, LinkLost, LoginRefused
from ami.events import Event, FullyBooted
from ami.framing import Fields, Frames, read
from ami.link import Response
from ami.parse import BUILDERS, parse

log = logging.getLogger(__name__)

_READ = 1 << 14
"""Bytes taken at a time, about 30 events: however late we are, what the first of them asks for (a customer's
`Bridge`) is sent before the rest is read."""


@dataclass(slots=True)
class _Waiting:
    """An action that was sent, until its answer."""

    action: Action
    future: "asyncio.Future[Response]"
    first: Fields = field(default_factory=dict)
    items: list[Event] = field(default_factory=list)


class Session(asyncio.BufferedProtocol):
    def __init__(
        self,
        on_event: Callable[[Event], None],
        on_up: Callable[[], None],
        on_lost: Callable[[str], None],
        in_flight: InFlight,
    ) -> None:
        self._on_event = on_event
        self._on_up = on_up
        self._on_lost = on_lost
        self._in_flight = in_flight
        self._frames = Frames()
        self._buffer = bytearray(_READ)
        self._waiting: dict[str, _Waiting] = {}
        self._id = secrets.token_hex(4)  # no event of an earlier session may meet a request of this one
        self._sent = 0
        self._transport: asyncio.Transport | None = None
        self._key: Hashable = None
        self._writable = asyncio.Event()
        self._reason = ""
        self.lost: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        """Done when the connection is gone, with the reason."""
        self.up = False
        """Logged in, and Asterisk takes calls: before it is booted it has no dialplan and refuses them."""
        self.settled = asyncio.Event()
        """Up, or lost before it was."""
        self._accepted = False

    # --- asking ----------------------------------------------------------------------------------

    async def request(self, action: Action, deadline: float) -> Response:
        """Send once; the answer, or `LinkLost`, `ActionTimeout`, `ActionRefused`, `BadAction`."""
        action_id = self._next_id()
        data = render(action, action_id)
        sent = False
        try:
            async with asyncio.timeout(deadline):
                await self._until_writable(action)
                waiting = _Waiting(action, asyncio.get_running_loop().create_future())
                self._waiting[action_id] = waiting
                self._write(data)
                sent = True
                return await waiting.future
        except TimeoutError as error:
            raise ActionTimeout(f"{action.NAME}: no answer within {deadline:g} s", sent=sent) from error
        finally:
            self._waiting.pop(action_id, None)

    @property
    def waiting(self) -> int:
        """How many actions wait for their answer."""
        return len(self._waiting)

    def close(self, reason: str) -> None:
        """End the connection now, whatever is still under way on it."""
        self._reason = self._reason or reason
        if self._transport:
            self._transport.abort()

    def _next_id(self) -> str:
        self._sent += 1
        return f"{self._id}-{self._sent}"

    async def _until_writable(self, action: Action) -> None:
        await self._writable.wait()  # set at the loss too
        if self.lost.done():
            raise LinkLost(f"{action.NAME}: {self.lost.result()}", sent=False)

    def _write(self, data: bytes) -> None:
        assert self._transport is not None
        self._in_flight.sent(len(data), self._key)
        self._transport.write(data)

    # --- asyncio.BufferedProtocol ------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._key = connection_key(transport)
        self._writable.set()

    def pause_writing(self) -> None:
        self._writable.clear()

    def resume_writing(self) -> None:
        self._writable.set()

    def get_buffer(self, sizehint: int) -> bytearray:
        return self._buffer

    def buffer_updated(self, nbytes: int) -> None:
        data = bytes(memoryview(self._buffer)[:nbytes])
        try:
            for text in self._frames.feed(data):
                self._take(text)
        except BadPeer as error:
            self.close(str(error))
        finally:
            self._in_flight.received(nbytes, self._key)

    def connection_lost(self, exc: Exception | None) -> None:
        self._in_flight.forget(self._key)
        reason = self._reason or (str(exc) if exc else "closed by Asterisk")
        was_up, self.up = self.up, False
        self.settled.set()
        for waiting in self._waiting.values():
            if not waiting.future.done():
                waiting.future.set_exception(LinkLost(f"{waiting.action.NAME}: {reason}", sent=True))
        self._waiting.clear()
        self.lost.set_result(reason)
        self._writable.set()
        if was_up:
            self._on_lost(reason)

    # --- reading ---------------------------------------------------------------------------------

    def _take(self, text: str) -> None:
        if text.startswith("Event: "):
            name = text[7 : text.find("\r\n")] if "\r\n" in text else text[7:]
            if name not in BUILDERS and not name.endswith("Complete"):
                return
        fields = read(text)
        if fields is None:
            log.warning("not an AMI message, skipped: %r", text[:200])
        elif "event" in fields:
            self._take_event(fields)
        else:
            self._take_response(fields)

    def _take_event(self, fields: Fields) -> None:
        waiting = self._waiting.get(fields.get("actionid", ""))
        if waiting is None or not waiting.action.LIST_END:
            event = parse(fields)
            if isinstance(event, FullyBooted) and self._accepted and not self.up:
                self.up = True
                self.settled.set()
                self._on_up()
            if event is not None and self.up:
                self._on_event(event)
        elif fields["event"] == waiting.action.LIST_END:
            self._answer(waiting)
        else:
            item = parse(fields)
            if item is not None:
                waiting.items.append(item)

    def _take_response(self, fields: Fields) -> None:
        waiting = self._waiting.get(fields.get("actionid", ""))
        if waiting is None or waiting.future.done():
            log.debug("an answer nobody waits for: %r", fields)
            return
        waiting.first = fields
        if fields.get("response") not in ("Success", "Goodbye", "Follows"):
            error = LoginRefused if isinstance(waiting.action, Login) else ActionRefused
            waiting.future.set_exception(error(f"{waiting.action.NAME}: {fields.get('message', 'refused')}"))
        elif not waiting.action.LIST_END:
            self._answer(waiting)

    def _answer(self, waiting: _Waiting) -> None:
        if waiting.future.done():
            return
        waiting.future.set_result(
            Response(waiting.first.get("message", ""), waiting.first, tuple(waiting.items))
        )
        if isinstance(waiting.action, Login):
            self._accepted = True
