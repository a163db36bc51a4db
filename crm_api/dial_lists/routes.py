"""Dial lists: made, paused, ordered, deleted, exported, measured. Loading is under `loads`."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Query
from fastapi.responses import StreamingResponse

from crm_api import csv_out, workbook_out
from crm_api.access import Supervisor, SupervisorOnce, SupervisorStream
from crm_api.campaigns.service import must_see
from crm_api.dial_lists import service
from crm_api.dial_lists.schemas import (
    DeletedOut,
    DialListEdit,
    DialListIn,
    DialListListed,
    DialListOut,
    DialListWithProgress,
    MovedOut,
    MoveIn,
    ProgressOut,
)
from crm_api.guarded import Guarded
from crm_api.schemas import Page, Paged
from lists import dial_lists

router = APIRouter(prefix="/api/dial-lists", tags=["dial_lists"], route_class=Guarded)


@router.get("")
async def of_campaign(
    call: Supervisor,
    paging: Paged,
    campaign_id: UUID,
    with_progress: Annotated[bool, Query(description="also how far each is: reads their contacts")] = False,
) -> Page[DialListListed]:
    await must_see(call, campaign_id)
    found = await dial_lists.of_campaign(call.conn, campaign_id)
    page = paging.cut([DialListListed.model_validate(one) for one in found], service.SORTS, "priority")
    return await service.with_progress(call, page) if with_progress else page


@router.post("", status_code=201)
async def create(body: DialListIn, call: SupervisorOnce) -> DialListOut:
    made = await service.create(call, body)
    call.note(made.id, name=made.name)
    return DialListOut.model_validate(made)


@router.get("/{list_id}")
async def one(list_id: UUID, call: Supervisor) -> DialListWithProgress:
    """With how far it is: untouched, in retry, scheduled, ended by reason."""
    found = await service.must_touch(call, list_id)
    progress = await dial_lists.list_progress(call.conn, list_id)
    return DialListWithProgress(
        **DialListOut.model_validate(found).model_dump(), progress=ProgressOut.model_validate(progress)
    )


@router.patch("/{list_id}")
async def edit(list_id: UUID, body: DialListEdit, call: Supervisor) -> DialListOut:
    """Paused: no attempt begins, live calls finish."""
    call.note(**body.model_dump(exclude_none=True))
    return DialListOut.model_validate(await service.edit(call, list_id, body))


@router.post("/{list_id}/move")
async def move(list_id: UUID, body: MoveIn, call: SupervisorOnce) -> MovedOut:
    """To another dialer campaign, with waits, places and attempts as they are. Refused while calls of the
    list are under way: pause it first."""
    moved = await service.move(call, list_id, body)
    call.note(list_id, campaign=str(body.campaign_id), open=moved.open)
    return MovedOut.model_validate(moved)


@router.delete("/{list_id}")
async def delete(list_id: UUID, call: Supervisor) -> DeletedOut:
    """Its waiting contacts end as removed, with their call-backs; live calls finish."""
    ended = await service.delete(call, list_id)
    call.note(contacts_ended=ended)
    return DeletedOut(contacts_ended=ended)


@router.get("/{list_id}/export", response_class=StreamingResponse)
async def export(
    list_id: UUID, visit: SupervisorStream, format: Literal["csv", "xlsx"] = "csv"
) -> StreamingResponse:
    """The whole list, safe to open in a spreadsheet, sent as it is read."""
    contacts = await service.contacts(visit, list_id)
    name = f"list-{list_id}.{format}"
    if format == "xlsx":
        workbook_out.must_fit_sheet(contacts)
        return workbook_out.download(name, service.workbook(visit.hub, list_id))
    return csv_out.download(name, service.csv(visit.hub, list_id))
