"""The API on a socket of its own, inside a process that decides itself when to end."""

import asyncio
import errno
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress

import uvicorn
from fastapi import FastAPI

from marcador.errors import CannotGoOn

SERVER_START_S = 20.0
SERVER_STOP_S = 5


@asynccontextmanager
async def served(app: FastAPI, host: str, port: int) -> AsyncIterator[str]:
    """Serve the application while the block runs; yields its address. Port 0 takes any free one."""
    listener = _listener(host, port)
    address = f"http://{host}:{listener.getsockname()[1]}"
    server = _Server(
        uvicorn.Config(
            app,
            log_config=None,
            access_log=False,
            timeout_graceful_shutdown=SERVER_STOP_S,
            ws="websockets-sansio",
            ws_per_message_deflate=False,  # one text for all is not to be compressed for each
        )
    )
    running = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        await _started(server, running)
        yield address
    finally:
        server.should_exit = True
        with suppress(asyncio.CancelledError):
            await running
        listener.close()


def _listener(host: str, port: int) -> socket.socket:
    try:
        return socket.create_server((host, port))
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            said = "it is in use; choose another with --port"
        else:
            said = f"{str(error.strerror or error).partition(' (while')[0]}; see --host and --port"
        raise CannotGoOn(f"cannot listen on {host}:{port}: {said}") from error


async def _started(server: uvicorn.Server, running: "asyncio.Task[None]") -> None:
    async with asyncio.timeout(SERVER_START_S):
        while not server.started:
            if running.done():
                running.result()
                raise RuntimeError("the web server ended while it was starting")
            await asyncio.sleep(0.01)


class _Server(uvicorn.Server):
    """Leaves signals to the command: the dialer drains before the API goes."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield
