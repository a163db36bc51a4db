"""Work that comes due by the minute and belongs to no request: reports rolled up, customers counted, lists
refreshed from their filters, loads of processes that ended said to have failed. Reports are delivered beside
it: a slow mail server must hold up nothing else. Any number of processes may do it; each piece is done by
one."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

import structlog

from crm_api.deliveries import running as deliveries
from crm_api.hub import Hub
from dialer import commands
from dialer.reports import coverage, rolling
from lists.filtering import sending
from lists.loading import load as loading
from storage.errors import StorageError

EVERY_S = 60.0
log = structlog.get_logger(__name__)


@asynccontextmanager
async def running(hub: Hub) -> AsyncIterator[None]:
    """Once a minute while the block lasts."""
    tasks = [
        asyncio.create_task(_for_ever(hub, once), name="api upkeep"),
        asyncio.create_task(_for_ever(hub, deliveries.once), name="report deliveries"),
    ]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        with suppress(asyncio.CancelledError):
            await asyncio.gather(*tasks)


async def once(hub: Hub) -> None:
    now = hub.clock.now()
    await rolling.catch_up(hub.db, now)
    async with hub.db.transaction() as conn:
        await coverage.count_stale(conn, now)
    async with hub.db.transaction() as conn:
        given_up = await loading.give_up(conn, now)
    for load_id in given_up:
        log.warning("load_broken_off", load=str(load_id))
    async with hub.db.transaction() as conn:
        refreshed = await sending.refresh_due(conn, now)
    if refreshed:
        commands.wake(hub.bus)
    for list_id, done in refreshed.items():
        if isinstance(done, str):
            log.warning("list_not_refreshed", dial_list=str(list_id), why=done)


async def _for_ever(hub: Hub, work: Callable[[Hub], Awaitable[None]]) -> None:
    while True:
        await hub.clock.sleep(EVERY_S)
        try:
            await work(hub)
        except StorageError as error:
            log.warning("upkeep_put_off", error=str(error))
