"""Do-not-call: added, looked up, lifted with a reason. Files are under `loads`."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request

from crm_api import phones
from crm_api.access import Agent, Supervisor, SupervisorOnce, SupervisorUpload
from crm_api.campaigns.service import must_see
from crm_api.do_not_call import service
from crm_api.do_not_call.schemas import (
    BlockedOut,
    BlockIn,
    CheckOut,
    EntryOut,
    FileOut,
    FileQuery,
    LiftedOut,
    LiftIn,
)
from crm_api.guarded import Guarded
from crm_api.loads.spool import BINARY, remove, spooled
from crm_api.schemas import Page, Paged
from lists import do_not_call

router = APIRouter(prefix="/api/do-not-call", tags=["do_not_call"], route_class=Guarded)


@router.get("")
async def page(
    call: Supervisor,
    paging: Paged,
    number: Annotated[str, Query(max_length=40)] = "",
    campaign_id: UUID | None = None,
    lifted: bool = False,
) -> Page[EntryOut]:
    """By digits of the number, newest first; `lifted`: those lifted, too. Supervisors see what holds for the
    campaigns they watch, that for every campaign included."""
    if campaign_id is not None:
        call.must_watch(campaign_id)
    found = await do_not_call.page(
        call.conn,
        number=number,
        campaign_id=campaign_id,
        seen=call.who.campaigns,
        lifted=lifted,
        newest_first=paging.newest_first("created_at"),
        limit=paging.limit + 1,
        offset=paging.offset,
    )
    return paging.over([EntryOut.model_validate(one) for one in found])


@router.get("/check")
async def check(
    call: Agent,
    number: Annotated[str, Query(min_length=1, max_length=40)],
    region: Annotated[str, Query(pattern=r"^([A-Z]{2})?$")] = "",
    campaign_id: UUID | None = None,
) -> CheckOut:
    """May this number be dialled for this campaign (without one: is it forbidden for every one)?"""
    if campaign_id is not None:
        await must_see(call, campaign_id)
    e164 = phones.read(number, region).e164
    return CheckOut(e164=e164, blocked=await do_not_call.blocked(call.conn, e164, campaign_id))


@router.post("", status_code=201)
async def block(body: BlockIn, call: SupervisorOnce) -> BlockedOut:
    """Holds before the next dial; calls still ringing to these numbers are hung up."""
    blocked = await service.block(call, body)
    call.note(body.customer_id, numbers=list(blocked.numbers[:50]), campaign=str(body.campaign_id))
    return blocked


@router.post("/upload", openapi_extra=BINARY)
async def upload(asked: Annotated[FileQuery, Query()], request: Request, visit: SupervisorUpload) -> FileOut:
    """Send the file as the body. Answered when it holds; the same numbers again change nothing."""
    path = await spooled(request, visit.hub.settings.spool_dir)
    try:
        done = await service.load(visit, asked, path)
    finally:
        remove(path)
    visit.note(done.load_id, file=asked.file_name, forbidden=done.forbidden)
    return done


@router.post("/{entry_id}/lift")
async def lift(entry_id: UUID, body: LiftIn, call: SupervisorOnce) -> LiftedOut:
    """Allow the number again: in a campaign watched, or in every one, for those who see all. Contacts that
    ended stay ended."""
    call.note(entry_id, reason=body.reason)
    return LiftedOut(lifted=await service.lift(call, entry_id, body.reason))
