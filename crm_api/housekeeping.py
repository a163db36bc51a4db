"""What nobody asks for again is forgotten: ended sessions, old answers to keys, old failed log-ins, and the
uploads a killed process has left."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import timedelta

import structlog

from crm_api import idempotency
from crm_api.hub import Hub
from crm_api.loads import spool
from storage.errors import StorageError
from storage.queries import Queries

QUERIES = Queries.load("crm_api")
EVERY_S = 3600.0
log = structlog.get_logger(__name__)


@asynccontextmanager
async def running(hub: Hub) -> AsyncIterator[None]:
    """Tidies once an hour while the block lasts."""
    task = asyncio.create_task(_for_ever(hub), name="api housekeeping")
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def tidy(hub: Hub) -> None:
    left = await asyncio.to_thread(spool.clear_away, hub.settings.spool_dir)
    if left:
        log.info("uploads_cleared_away", files=left)
    now = hub.clock.now()
    async with hub.db.transaction() as conn:
        await conn.execute(QUERIES.forget_sessions, now)
        await idempotency.forget(conn, now)
        await conn.execute(QUERIES.forget_tries, now - timedelta(seconds=hub.settings.login_window_s))


async def _for_ever(hub: Hub) -> None:
    while True:
        try:
            await tidy(hub)
        except StorageError as error:
            log.warning("housekeeping_put_off", error=str(error))
        await hub.clock.sleep(EVERY_S)
