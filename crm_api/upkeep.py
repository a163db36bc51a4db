"""Work that comes due by the minute and belongs to no request: reports rolled up, customers counted, lists
refreshed from their filters. Any number of processes may do it; each piece is done by one."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import structlog

from crm_api.hub import Hub
from dialer import commands
from dialer.reports import coverage, rolling
from lists.filtering import sending
from storage.errors import StorageError

EVERY_S = 60.0
log = structlog.get_logger(__name__)


@asynccontextmanager
async def running(hub: Hub) -> AsyncIterator[None]:
    """Once a minute while the block lasts."""
    task = asyncio.create_task(_for_ever(hub), name="api upkeep")
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def once(hub: Hub) -> None:
    now = hub.clock.now()
    await rolling.catch_up(hub.db, now)
    async with hub.db.transaction() as conn:
        await coverage.count_stale(conn, now)
    async with hub.db.transaction() as conn:
        refreshed = await sending.refresh_due(conn, now)
    if refreshed:
        commands.wake(hub.bus)
    for list_id, done in refreshed.items():
        if isinstance(done, str):
            log.warning("list_not_refreshed", dial_list=str(list_id), why=done)


async def _for_ever(hub: Hub) -> None:
    while True:
        await hub.clock.sleep(EVERY_S)
        try:
            await once(hub)
        except StorageError as error:
            log.warning("upkeep_put_off", error=str(error))
