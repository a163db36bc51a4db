"""Downloads: PostgreSQL fills a file at its own pace, and each client takes it at its own.

Sent straight from the database, a file held a transaction for as long as its client liked, and ten clients
who read nothing held every connection there is.
"""

import asyncio
import os
import tempfile
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import IO, TypeAlias

import structlog
from fastapi.responses import StreamingResponse
from starlette.types import Message, Send

from crm_api.errors import ApiError
from storage.database import Connection, Database

Pieces: TypeAlias = Callable[[Connection], AsyncIterator[bytes]]

log = structlog.get_logger(__name__)
WAITING = 20  # exports accepted beyond those being read
TAKEN_WITHIN_S = 60.0
"""Whoever has not made room for the next piece by then is gone, or means harm."""
_PIECE = 1 << 18


class Download(StreamingResponse):
    """A file for the browser to keep."""

    def __init__(self, name: str, pieces: AsyncIterator[str] | AsyncIterator[bytes], media_type: str) -> None:
        headers = {
            "Content-Disposition": f'attachment; filename="{name}"',
            "X-Content-Type-Options": "nosniff",
        }
        super().__init__(pieces, media_type=media_type, headers=headers)

    async def stream_response(self, send: Send) -> None:
        async def in_time(message: Message) -> None:
            async with asyncio.timeout(TAKEN_WITHIN_S):
                await send(message)

        try:
            await super().stream_response(in_time)
        except TimeoutError:  # the answer stays without its end: the client sees that it is not whole
            log.warning("download_not_taken", seconds=TAKEN_WITHIN_S)
        finally:
            if isinstance(self.body_iterator, AsyncGenerator):
                await self.body_iterator.aclose()


class Exports:
    """What is read from the database whole: a few at once, some wait for their turn, more are refused."""

    def __init__(self, at_once: int, folder: Path | None) -> None:
        self._turn = asyncio.Semaphore(at_once)
        self._most = at_once + WAITING
        self._folder = folder
        self._asked = 0

    def refuse_when_full(self) -> None:
        if self._asked >= self._most:
            raise ApiError(503, "too_many_exports", "too many exports are waiting: try again later")

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        self._asked += 1
        try:
            async with self._turn:
                yield
        finally:
            self._asked -= 1

    def csv(self, db: Database, pieces: Pieces) -> AsyncIterator[bytes]:
        """`pieces` as one transaction gives them, however slowly they are taken. Raises 503 when too many
        wait."""
        self.refuse_when_full()
        return self._csv(db, pieces)

    async def _csv(self, db: Database, pieces: Pieces) -> AsyncIterator[bytes]:
        grown = asyncio.Event()
        with tempfile.TemporaryFile(prefix="marcador-download-", dir=self._folder) as file:
            filling = asyncio.create_task(self._fill(file, db, pieces, grown))
            filling.add_done_callback(lambda _: grown.set())
            sent = 0
            try:
                while piece := await _next(file, sent, filling, grown):
                    sent += len(piece)
                    yield piece
            finally:
                filling.cancel()
                await asyncio.wait({filling})

    async def _fill(self, file: IO[bytes], db: Database, pieces: Pieces, grown: asyncio.Event) -> None:
        async with self.turn(), db.transaction() as conn:
            async for piece in pieces(conn):
                await asyncio.to_thread(_append, file, piece)
                grown.set()


async def _next(file: IO[bytes], sent: int, filling: "asyncio.Task[None]", grown: asyncio.Event) -> bytes:
    """What follows, once it is there; nothing at the end. Raises what the filling ended by."""
    while True:
        grown.clear()
        over = filling.done()  # asked before the look, which then sees all there will be
        if piece := await asyncio.to_thread(os.pread, file.fileno(), _PIECE, sent):
            return piece
        if over:
            filling.result()
            return b""
        await grown.wait()


def _append(file: IO[bytes], piece: bytes) -> None:
    file.write(piece)
    file.flush()
