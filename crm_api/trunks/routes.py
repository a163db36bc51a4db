"""Trunks: an operator's."""

from uuid import UUID

from fastapi import APIRouter

from crm_api.access import Operator, OperatorOnce, Supervisor
from crm_api.commands import service as engine
from crm_api.guarded import Guarded
from crm_api.schemas import Page, Paged
from crm_api.servers import must_be_named
from crm_api.trunks import service
from crm_api.trunks.schemas import TrunkIn, TrunkOut
from dialer import trunks

router = APIRouter(prefix="/api/trunks", tags=["trunks"], route_class=Guarded)


@router.get("")
async def every(call: Supervisor, paging: Paged) -> Page[TrunkOut]:
    found = await trunks.page(call.conn, limit=service.MOST)
    return paging.cut([TrunkOut.model_validate(trunk) for trunk in found], service.SORTS, "name")


@router.post("", status_code=201)
async def create(body: TrunkIn, call: OperatorOnce) -> TrunkOut:
    must_be_named(call, body.server)
    made = await trunks.create(call.conn, service.fields(body), now=call.now)
    call.note(made.id, name=made.name)
    engine.wake(call)
    return TrunkOut.model_validate(made)


@router.get("/{trunk_id}")
async def one(trunk_id: UUID, call: Supervisor) -> TrunkOut:
    return TrunkOut.model_validate(await trunks.get(call.conn, trunk_id))


@router.put("/{trunk_id}")
async def edit(trunk_id: UUID, body: TrunkIn, call: Operator) -> TrunkOut:
    """Holds from the next call on."""
    if body.server != (await trunks.get(call.conn, trunk_id)).server:
        must_be_named(call, body.server)
    edited = await trunks.edit(call.conn, trunk_id, service.fields(body))
    engine.wake(call)
    return TrunkOut.model_validate(edited)


@router.post("/{trunk_id}/resume")
async def resume(trunk_id: UUID, call: OperatorOnce) -> TrunkOut:
    """Use a trunk again at once that was suspended for its faults."""
    await trunks.get(call.conn, trunk_id)
    await trunks.suspend(call.conn, trunk_id, None)
    engine.wake(call)
    return TrunkOut.model_validate(await trunks.get(call.conn, trunk_id))


@router.delete("/{trunk_id}", status_code=204)
async def remove(trunk_id: UUID, call: Operator) -> None:
    """Refused while a campaign uses it."""
    await service.must_be_unused(call.conn, trunk_id)
    await trunks.remove(call.conn, trunk_id)
    engine.wake(call)
