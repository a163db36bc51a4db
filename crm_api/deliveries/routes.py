"""Reports delivered by themselves: by e-mail or into a folder, at local times."""

from uuid import UUID

from fastapi import APIRouter

from crm_api.access import Supervisor, SupervisorOnce
from crm_api.deliveries import service
from crm_api.deliveries.schemas import DeliveryIn, DeliveryOut, RunOut, WaysOut
from crm_api.guarded import Guarded
from crm_api.schemas import Page, Paged

router = APIRouter(prefix="/api/deliveries", tags=["deliveries"], route_class=Guarded)


@router.get("")
async def every(call: Supervisor, paging: Paged) -> Page[DeliveryOut]:
    """One's own; for operators everybody's."""
    return paging.cut(await service.every(call), service.SORTS, "name")


@router.get("/ways")
async def ways(call: Supervisor) -> WaysOut:
    return service.ways(call)


@router.post("", status_code=201)
async def create(body: DeliveryIn, call: SupervisorOnce) -> DeliveryOut:
    """It tells of what its user may see at the time it is due."""
    made = await service.create(call, body)
    call.note(made.id, name=made.name, recipients=list(made.recipients), folder=made.folder)
    return made


@router.get("/{delivery_id}")
async def one(delivery_id: UUID, call: Supervisor) -> DeliveryOut:
    return await service.get(call, delivery_id)


@router.put("/{delivery_id}")
async def edit(delivery_id: UUID, body: DeliveryIn, call: Supervisor) -> DeliveryOut:
    """Whole; times that passed while it was stopped are not made up for."""
    edited = await service.edit(call, delivery_id, body)
    call.note(name=edited.name, recipients=list(edited.recipients), folder=edited.folder)
    return edited


@router.delete("/{delivery_id}", status_code=204)
async def remove(delivery_id: UUID, call: Supervisor) -> None:
    await service.remove(call, delivery_id)


@router.post("/{delivery_id}/runs", status_code=201)
async def run_now(delivery_id: UUID, call: SupervisorOnce) -> RunOut:
    """Once more, within the minute."""
    return await service.run_now(call, delivery_id)


@router.get("/{delivery_id}/runs")
async def runs(delivery_id: UUID, call: Supervisor, paging: Paged) -> Page[RunOut]:
    """What became of each time, the last first."""
    newest_first = paging.newest_first("due_at")
    found = await service.runs(call, delivery_id, newest_first, paging.limit + 1, paging.offset)
    return paging.over(found)
