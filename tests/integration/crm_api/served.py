"""The application behind a real uvicorn on a free port, and a live client that reads what it is sent."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import uvicorn
from fastapi import FastAPI
from websockets.asyncio.client import ClientConnection, connect

from tests.helpers.until import until

DEADLINE_S = 5.0


@asynccontextmanager
async def served(app: FastAPI) -> AsyncIterator[str]:
    """`host:port` of the application while the block lasts."""
    config = uvicorn.Config(
        app,
        host="127.0.0.1",
        port=0,
        log_level="warning",
        ws="websockets-sansio",
        ws_per_message_deflate=False,  # one text for all is not to be compressed for each
    )
    server = uvicorn.Server(config)
    task = asyncio.create_task(server.serve())
    try:
        await until(lambda: server.started, 10)
        port = server.servers[0].sockets[0].getsockname()[1]
        yield f"127.0.0.1:{port}"
    finally:
        server.should_exit = True
        await task


@dataclass
class LiveClient:
    socket: ClientConnection
    kept: list[dict[str, Any]] = field(default_factory=list)

    async def ask(self, op: str, topic: str = "") -> None:
        await self.socket.send(json.dumps({"op": op, "topic": topic}))

    async def next(self) -> dict[str, Any]:
        """The next message."""
        async with asyncio.timeout(DEADLINE_S):
            message: dict[str, Any] = json.loads(await self.socket.recv())
        self.kept.append(message)
        return message

    async def follow(self, topic: str) -> dict[str, Any]:
        await self.ask("follow", topic)
        return await self.next()

    async def closed(self) -> int | None:
        """The code the server closed with."""
        async with asyncio.timeout(DEADLINE_S):
            await self.socket.wait_closed()
        return self.socket.close_code


@asynccontextmanager
async def live_client(host: str, cookie: str | None, **headers: str) -> AsyncIterator[LiveClient]:
    sent = dict(headers)
    if cookie is not None:
        sent["Cookie"] = f"marcador_session={cookie}"
    async with connect(f"ws://{host}/api/live", additional_headers=sent, max_queue=None) as socket:
        yield LiveClient(socket)
