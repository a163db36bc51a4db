"""Dial lists: a supervisor acts on those of the campaigns watched."""

from collections.abc import AsyncIterator
from uuid import UUID

from crm_api.access import Call, Visit
from crm_api.campaigns.service import must_see
from crm_api.commands import service as engine
from crm_api.dial_lists.schemas import DialListEdit, DialListIn
from lists import dial_lists
from lists.dial_lists import DialList

SORTS = ("name", "priority", "created_at", "paused")


async def must_touch(call: Call, list_id: UUID) -> DialList:
    found = await dial_lists.get(call.conn, list_id)
    call.must_watch(found.campaign_id)
    return found


async def create(call: Call, body: DialListIn) -> DialList:
    await must_see(call, body.campaign_id)
    await dial_lists.get_base(call.conn, body.base_id)
    return await dial_lists.create(
        call.conn,
        body.campaign_id,
        body.base_id,
        body.name,
        zone=body.zone,
        priority=body.priority,
        expires_at=body.expires_at,
        now=call.now,
    )


async def edit(call: Call, list_id: UUID, body: DialListEdit) -> DialList:
    await must_touch(call, list_id)
    if body.paused is not None:
        await dial_lists.pause(call.conn, list_id, body.paused)
    if body.priority is not None:
        await dial_lists.set_priority(call.conn, list_id, body.priority)
    engine.wake(call)
    return await dial_lists.get(call.conn, list_id)


async def exported(visit: Visit, list_id: UUID) -> tuple[DialList, AsyncIterator[bytes]]:
    """The list, and its rows as they are read: the whole never stands in memory."""
    async with visit.hub.db.connection() as conn:
        found = await dial_lists.get(conn, list_id)
    visit.must_watch(found.campaign_id)

    async def pieces() -> AsyncIterator[bytes]:
        async with visit.hub.db.transaction() as conn:
            async for piece in dial_lists.export(conn, list_id):
                yield piece

    return found, pieces()
