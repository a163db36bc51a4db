"""One open socket: a bounded queue in front of it, so that a slow reader costs the others nothing."""

import asyncio
from collections import deque
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
        self._texts: deque[str] = deque()
        self._something = asyncio.Event()

    @property
    def closing(self) -> int | None:
        """The code it is, or was, closed with."""
        return self._closing

    def offer(self, text: str) -> None:
        if len(self._texts) >= self.limit:
            self.close(TOO_SLOW)
            return
        self._texts.append(text)
        self._something.set()

    def close(self, code: int) -> None:
        """The first reason counts."""
        if self._closing is None:
            self._closing = code
            self._something.set()

    async def send(self) -> None:
        """Send what is offered until the client is closed or gone."""
        try:
            while (text := await self._next()) is not None:
                async with asyncio.timeout(SEND_S):
                    await self.socket.send_text(text)
        except TimeoutError:
            self.close(TOO_SLOW)
        except (WebSocketDisconnect, RuntimeError):  # gone while we wrote: uvicorn raises either
            return
        await self._say_goodbye()

    async def _next(self) -> str | None:
        """The next text, or None when the client is to be closed."""
        while self._closing is None:
            if self._texts:
                return self._texts.popleft()
            self._something.clear()
            await self._something.wait()
        return None

    async def _say_goodbye(self) -> None:
        if self.socket.application_state is WebSocketState.CONNECTED:
            try:
                async with asyncio.timeout(SEND_S):
                    await self.socket.close(self._closing or GOING_AWAY)
            except (TimeoutError, WebSocketDisconnect, RuntimeError):
                return
