"""Dial lists: a supervisor acts on those of the campaigns watched."""

from collections.abc import AsyncIterator
from uuid import UUID

from crm_api import workbook_out
from crm_api.access import Call, Visit
from crm_api.campaigns.service import must_see
from crm_api.commands import service as engine
from crm_api.dial_lists.schemas import DialListEdit, DialListIn, DialListListed, MoveIn, ProgressOut
from crm_api.errors import invalid
from crm_api.hub import Hub
from crm_api.live import notify
from crm_api.schemas import Page
from dialer.campaigns import Kind
from lists import dial_lists, moving
from lists.dial_lists import DialList
from lists.moving import Moved
from typifications import agenda

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


async def with_progress(call: Call, page: Page[DialListListed]) -> Page[DialListListed]:
    """All of a page in one look."""
    found = await dial_lists.progress_of(call.conn, [one.id for one in page.items])
    items = [
        one.model_copy(update={"progress": ProgressOut.model_validate(found[one.id])}) for one in page.items
    ]
    return page.model_copy(update={"items": items})


async def edit(call: Call, list_id: UUID, body: DialListEdit) -> DialList:
    await must_touch(call, list_id)
    if body.name is not None:
        await dial_lists.rename(call.conn, list_id, body.name)
    if "expires_at" in body.model_fields_set:
        await dial_lists.set_expiry(call.conn, list_id, body.expires_at)
    if body.paused is not None:
        await dial_lists.pause(call.conn, list_id, body.paused)
    if body.priority is not None:
        await dial_lists.set_priority(call.conn, list_id, body.priority)
    engine.wake(call)
    return await dial_lists.get(call.conn, list_id)


async def move(call: Call, list_id: UUID, body: MoveIn) -> Moved:
    """Both campaigns are the caller's to run; call-backs agreed on go with their contacts."""
    await must_touch(call, list_id)
    target = await must_see(call, body.campaign_id)
    if target.kind is not Kind.DIALER:
        raise invalid("dialer_campaign_needed", "only a dialer campaign has lists", id=str(target.id))
    moved = await moving.move(call.conn, list_id, target.id, same_customer=body.same_customer, now=call.now)
    await agenda.move_with_list(call.conn, list_id, target.id, call.now)
    engine.wake(call)
    return moved


async def delete(call: Call, list_id: UUID) -> int:
    """How many contacts ended."""
    await must_touch(call, list_id)
    ended = await dial_lists.delete(call.conn, list_id, call.now)
    await agenda.end_of_list(call.conn, list_id, call.now)
    call.after_commit(lambda: notify.agenda_changed(call.hub.bus))
    return ended


async def contacts(visit: Visit, list_id: UUID) -> int:
    """How many the list has, for whom it is to be exported. Raises NotFound."""
    async with visit.hub.db.connection() as conn:
        found = await dial_lists.get(conn, list_id)
        visit.must_watch(found.campaign_id)
        return (await dial_lists.list_progress(conn, list_id)).total


def csv(hub: Hub, list_id: UUID) -> AsyncIterator[bytes]:
    """As it is read: the whole never stands in memory."""
    return hub.exports.csv(hub.db, lambda conn: dial_lists.export(conn, list_id))


def workbook(hub: Hub, list_id: UUID) -> AsyncIterator[bytes]:
    return workbook_out.of_table(hub, lambda conn: dial_lists.table(conn, list_id))
