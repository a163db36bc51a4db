"""Recycling a dial list: a supervisor's, of the campaigns watched."""

from uuid import UUID

from fastapi import APIRouter

from crm_api.access import SupervisorOnce
from crm_api.commands.service import wake
from crm_api.guarded import Guarded
from crm_api.recycling.schemas import RecycledOut, RecycleIn
from lists import dial_lists, recycling
from lists.recycling import Ended

router = APIRouter(prefix="/api/dial-lists", tags=["recycling"], route_class=Guarded)


@router.post("/{list_id}/recycle")
async def recycle(list_id: UUID, body: RecycleIn, call: SupervisorOnce) -> RecycledOut:
    """Ended contacts go to the end of their list, attempts begun anew; waits are never shortened."""
    found = await dial_lists.get(call.conn, list_id)
    call.must_watch(found.campaign_id)
    ended = Ended(body.outcomes, body.result_ids, body.since, body.until)
    if body.dry_run:
        return RecycledOut(contacts=await recycling.count(call.conn, list_id, ended))
    done = await recycling.recycle(call.conn, list_id, ended, now=call.now)
    call.note(list_id, contacts=done)
    wake(call)
    return RecycledOut(contacts=done)
