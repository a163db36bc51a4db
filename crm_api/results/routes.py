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
from crm_api.results.schemas import ActionOut, EditedTreeOut, OneOut, ResultEdit, ResultIn
from crm_api.schemas import Page, Paged
from typifications import results

router = APIRouter(prefix="/api/results", tags=["results"], route_class=Guarded)


@router.get("")
async def tree(call: Agent, campaign_id: UUID, all: bool = False) -> EditedTreeOut:
    """What an agent of this campaign may choose now; `all`: what is disabled or retired, too. With what each
    action does, in words."""
    await must_see(call, campaign_id)
    return await service.tree(call.conn, campaign_id, offered=not all)


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
async def create(body: ResultIn, call: SupervisorOnce) -> OneOut:
    """A first level with its campaigns, or a deeper one below `parent_id`."""
    campaign_ids = body.campaign_ids or ()
    holds_for = await service.must_edit(call, body.parent_id) if body.parent_id else campaign_ids
    await service.must_fit(call, [*holds_for, *campaign_ids], {body.action}, confirmed=body.confirm)
    made = await results.create(
        call.conn, body.fields(), campaigns=campaign_ids, parent_id=body.parent_id, now=call.now
    )
    call.note(made.id, name=made.name)
    return await service.shown(call.conn, made)


@router.put("/{result_id}")
async def edit(result_id: UUID, body: ResultEdit, call: Supervisor) -> OneOut:
    """History keeps the names as they read then."""
    holds_for, actions = await service.must_edit(call, result_id), {body.action}
    if body.campaign_ids is not None:  # those of all levels below it, too
        holds_for = body.campaign_ids
        actions |= await results.actions_below(call.conn, result_id)
    await service.must_fit(call, holds_for, actions, confirmed=body.confirm)
    edited = await results.edit(
        call.conn, result_id, body.fields(), campaigns=body.campaign_ids, revision=body.revision
    )
    return await service.shown(call.conn, edited)


@router.delete("/{result_id}", status_code=204)
async def retire(result_id: UUID, call: Supervisor) -> None:
    """Never offered again, with all below it; history keeps it."""
    await service.must_edit(call, result_id)
    await results.retire(call.conn, result_id, call.now)
