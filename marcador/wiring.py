"""How the rooms are put together in one process. Everything opened here is closed here, in reverse order."""

import asyncio
import os
import socket
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress

import structlog
import uvicorn
from fastapi import FastAPI

from ami.connection import AsteriskLink, Server
from marcador.config import Config
from storage.database import Database, connect
from storage.embedded import EmbeddedPostgres
from storage.migrate import migrate

log = structlog.get_logger(__name__)

DATABASE_WAIT_S = 30.0
SERVER_START_S = 20.0
SERVER_STOP_S = 5


@asynccontextmanager
async def database_address(config: Config) -> AsyncIterator[str]:
    """The given PostgreSQL's address, or that of an embedded one which runs as long as it is needed."""
    if config.database_url:
        yield config.database_url
        return
    async with EmbeddedPostgres(config.data_dir / "db") as server:
        yield server.dsn


@asynccontextmanager
async def opened_database(config: Config, *, migrated: bool = True) -> AsyncIterator[Database]:
    """The pool, on a database brought up to date."""
    async with database_address(config) as dsn:
        db = await Database.open(dsn, max_size=config.database_pool, wait=DATABASE_WAIT_S)
        async with db:
            if migrated:
                async with connect(dsn, application_name="marcador migrate") as conn:
                    for name in await migrate(conn):
                        log.info("migrated", migration=name)
            yield db


@asynccontextmanager
async def opened_links(servers: Sequence[Server]) -> AsyncIterator[dict[str, AsteriskLink]]:
    """One link per Asterisk. They connect by themselves, now or when their Asterisk comes up."""
    links = {server.name: AsteriskLink(server) for server in servers}
    try:
        for link in links.values():
            await link.start()
        yield links
    finally:
        for link in links.values():
            await link.stop()


def worker_name(config: Config) -> str:
    """What this dialer is called in leases and logs."""
    return config.worker_name or f"{socket.gethostname()}-{os.getpid()}"


@asynccontextmanager
async def served(app: FastAPI, host: str, port: int) -> AsyncIterator[str]:
    """Serve the application while the block runs; yields its address. Port 0 takes any free one."""
    listener = socket.create_server((host, port))
    address = f"http://{host}:{listener.getsockname()[1]}"
    server = _Server(
        uvicorn.Config(app, log_config=None, access_log=False, timeout_graceful_shutdown=SERVER_STOP_S)
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
