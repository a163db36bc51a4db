"""One open socket: a bounded queue in front of it, so that a slow reader costs the others nothing."""

import asyncio
from dataclasses import dataclass, field

from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from crm_api.access import Principal
from crm_api.live.topics import Sight, Topic

TOO_SLOW = 4408
NOT_LOGGED_IN = 4401
FULL = 4429
GOING_AWAY = 1001
BAD_ORIGIN = 4403
SEND_S = 10.0


@dataclass(eq=False)
class Client:
    """`offer` never waits: whoever lags by more than the queue is dropped, and comes back to a snapshot."""

    socket: WebSocket
    who: Principal
    limit: int
    follows: dict[Topic, Sight] = field(default_factory=dict)
    _closing: int | None = None

    def __post_init__(self) -> None:
        self._queue: asyncio.Queue[str] = asyncio.Queue(self.limit)
        self._closed = asyncio.Event()

    def offer(self, text: str) -> None:
        try:
            self._queue.put_nowait(text)
        except asyncio.QueueFull:
            self.close(TOO_SLOW)

    def close(self, code: int) -> None:
        """The first reason counts."""
        if self._closing is None:
            self._closing = code
            self._closed.set()

    async def send(self) -> None:
        """Send what is offered until the client is closed or gone."""
        try:
            while self._closing is None:
                text = await self._next()
                if text is None:
                    break
                async with asyncio.timeout(SEND_S):
                    await self.socket.send_text(text)
        except TimeoutError:
            self.close(TOO_SLOW)
        except (WebSocketDisconnect, RuntimeError):  # gone while we wrote: uvicorn raises either
            return
        await self._say_goodbye()

    async def _next(self) -> str | None:
        """The next text, or None when the client is to be closed."""
        getting = asyncio.ensure_future(self._queue.get())
        closing = asyncio.ensure_future(self._closed.wait())
        try:
            await asyncio.wait((getting, closing), return_when=asyncio.FIRST_COMPLETED)
            return None if self._closing is not None else getting.result()
        finally:
            getting.cancel()
            closing.cancel()

    async def _say_goodbye(self) -> None:
        if self.socket.application_state is WebSocketState.CONNECTED:
            try:
                async with asyncio.timeout(SEND_S):
                    await self.socket.close(self._closing or GOING_AWAY)
            except (TimeoutError, WebSocketDisconnect, RuntimeError):
                return
