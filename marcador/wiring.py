"""How the rooms are put together in one process. Everything opened here is closed here, in reverse order."""

import asyncio
import os
import socket
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import structlog

from ami.connection import AsteriskLink, Server
from marcador.config import Config
from storage.database import Database, connect
from storage.embedded import EmbeddedPostgres
from storage.migrate import migrate

log = structlog.get_logger(__name__)

DATABASE_WAIT_S = 30.0


@asynccontextmanager
async def database_address(config: Config) -> AsyncIterator[str]:
    """The given PostgreSQL's address, or that of an embedded one which runs as long as it is needed."""
    if config.database_url:
        yield config.database_url
        return
    async with EmbeddedPostgres(config.data_dir / "db") as server:
        yield server.dsn


@asynccontextmanager
async def opened_database(
    config: Config, *, migrated: bool = True, wait_s: float = DATABASE_WAIT_S
) -> AsyncIterator[Database]:
    """The pool, on a database brought up to date; for one that is just starting it waits."""
    async with database_address(config) as dsn:
        db = await Database.open(dsn, max_size=config.database_pool, wait=wait_s)
        async with db:
            if migrated:
                async with connect(dsn, application_name="marcador migrate") as conn:
                    if applied := await migrate(conn):
                        log.info("migrated", migrations=len(applied), up_to=applied[-1])
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


async def linked(link: AsteriskLink, within: float) -> bool:
    """Whether the link is up, at once or after so many seconds; `link.last_error` says why not."""
    loop = asyncio.get_running_loop()
    end = loop.time() + within
    while not link.connected and loop.time() < end:  # noqa: ASYNC110 - a link tells it by its state alone
        await asyncio.sleep(0.05)
    return link.connected


def worker_name(config: Config) -> str:
    """What this dialer is called in leases and logs."""
    return config.worker_name or f"{socket.gethostname()}-{os.getpid()}"
