"""The tree of results (typifications): supervisors edit it, agents choose from it."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request
from fastapi.responses import StreamingResponse

from crm_api.access import Agent, Supervisor, SupervisorOnce, SupervisorStream
from crm_api.campaigns.service import must_see
from crm_api.csv_out import download
from crm_api.guarded import Guarded
from crm_api.loads.spool import BINARY
from crm_api.results import bulk, service
from crm_api.results.bulk import BulkOut, BulkQuery
from crm_api.results.schemas import ActionOut, ResultEdit, ResultIn, ResultOut, TreeOut, nodes
from crm_api.schemas import Page, Paged
from typifications import results

router = APIRouter(prefix="/api/results", tags=["results"], route_class=Guarded)


@router.get("")
async def tree(call: Agent, campaign_id: UUID, all: bool = False) -> TreeOut:
    """What an agent of this campaign may choose now; `all`: what is disabled or retired, too."""
    await must_see(call, campaign_id)
    found = await results.tree(call.conn, campaign_id, offered=not all)
    return TreeOut(roots=nodes(found.roots))


@router.get("/actions")
async def actions(call: Agent, paging: Paged) -> Page[ActionOut]:
    """What each action does, to be shown beside the choice."""
    return paging.cut(service.EXPLAINED, ("action",), "action")


@router.get("/example", response_class=StreamingResponse)
async def example(visit: SupervisorStream) -> StreamingResponse:
    """A file for `/bulk` to begin with."""
    return download("results.csv", bulk.example())


@router.post("/bulk", openapi_extra=BINARY)
async def many(asked: Annotated[BulkQuery, Query()], request: Request, call: SupervisorOnce) -> BulkOut:
    """Send the CSV as the body. A dry run unless told otherwise; then all lines are made or none."""
    done = await bulk.run(call, asked, await request.body())
    call.note("bulk", made=done.made, dry_run=asked.dry_run)
    return done


@router.post("", status_code=201)
async def create(body: ResultIn, call: SupervisorOnce) -> ResultOut:
    """A first level with its campaigns, or a deeper one below `parent_id`."""
    if body.parent_id is not None:
        await service.must_edit(call, body.parent_id)
    campaign_ids = body.campaign_ids or ()
    await service.must_fit(call, campaign_ids, body.action, confirmed=body.confirm)
    made = await results.create(
        call.conn, body.fields(), campaigns=campaign_ids, parent_id=body.parent_id, now=call.now
    )
    call.note(made.id, name=made.name)
    return ResultOut.model_validate(made)


@router.put("/{result_id}")
async def edit(result_id: UUID, body: ResultEdit, call: Supervisor) -> ResultOut:
    """History keeps the names as they read then."""
    await service.must_edit(call, result_id)
    kept = body.campaign_ids
    if kept is None:
        kept = tuple(await results.campaigns_of(call.conn, result_id))
    await service.must_fit(call, kept, body.action, confirmed=body.confirm)
    edited = await results.edit(
        call.conn, result_id, body.fields(), campaigns=body.campaign_ids, revision=body.revision
    )
    return ResultOut.model_validate(edited)


@router.delete("/{result_id}", status_code=204)
async def retire(result_id: UUID, call: Supervisor) -> None:
    """Never offered again, with all below it; history keeps it."""
    await service.must_edit(call, result_id)
    await results.retire(call.conn, result_id, call.now)
