"""The agenda as a calendar: range, create, edit, remove, manage; reassigning is a supervisor's."""

from dataclasses import replace
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from crm_api.access import Agent, AgentOnce, Supervisor, SupervisorOnce
from crm_api.agenda import service
from crm_api.agenda.schemas import EventEdit, EventIn, EventOut, ReassignedOut, ReassignIn, WrittenOut
from crm_api.guarded import Guarded
from crm_api.schemas import Page, Paged, When
from typifications import agenda
from typifications.model import EventState

router = APIRouter(prefix="/api/agenda", tags=["agenda"], route_class=Guarded)


@router.get("")
async def between(
    call: Agent,
    paging: Paged,
    start: When,
    end: When,
    agent_id: UUID | None = None,
    with_free: Annotated[bool, Query(description="also the events that are nobody's")] = True,
    state: EventState | None = None,
) -> Page[EventOut]:
    """Events due in [start, end). Agents see their own, and nobody's of the campaigns they work in."""
    wanted = replace(await service.seen(call, start, end, agent_id), with_free=with_free)
    return await service.page(call, replace(wanted, states=(state,)) if state else wanted, paging)


@router.post("", status_code=201)
async def create(body: EventIn, call: AgentOnce) -> WrittenOut:
    """An illegal hour is refused here, not when it is due."""
    written = await service.create(call, body)
    call.note(written.event.id)
    return WrittenOut.model_validate(written)


@router.get("/orphaned")
async def orphaned(call: Supervisor, paging: Paged) -> Page[EventOut]:
    """Due events whose agent stayed away, in campaigns that give them to a supervisor. `reassign` them."""
    watched = call.who.campaigns
    found = await agenda.orphaned(call.conn, list(watched) if watched is not None else None)
    return paging.cut([EventOut.model_validate(one) for one in found], service.SORTS, "due_at")


@router.post("/reassign")
async def reassign(body: ReassignIn, call: SupervisorOnce) -> ReassignedOut:
    """Give pending events to another agent, or to whoever is free: chosen ones, or all of somebody who is
    away."""
    count = await service.reassign(call, body)
    call.note(body.agent_id, events=count)
    return ReassignedOut(reassigned=count)


@router.get("/{event_id}")
async def one(event_id: UUID, call: Agent) -> EventOut:
    return EventOut.model_validate(await service.must_touch(call, event_id))


@router.patch("/{event_id}")
async def edit(event_id: UUID, body: EventEdit, call: Agent) -> WrittenOut:
    return WrittenOut.model_validate(await service.edit(call, event_id, body))


@router.delete("/{event_id}", status_code=204)
async def remove(event_id: UUID, call: Agent) -> None:
    """A contact that waited for it goes back to its list. Not what another agent holds."""
    await service.remove(call, event_id)


@router.post("/{event_id}/manage")
async def manage(event_id: UUID, call: AgentOnce) -> EventOut:
    """It is done: nobody else can any more. An agent cannot manage what another holds."""
    return EventOut.model_validate(await service.manage(call, event_id))


@router.post("/{event_id}/take")
async def take(event_id: UUID, call: AgentOnce) -> EventOut:
    """Hold an event that is nobody's: the first to ask has it, the others are refused (`event_taken`), and
    told on their sockets. Not managed within ten minutes, it is everybody's again."""
    return EventOut.model_validate(await service.take(call, event_id))


@router.delete("/{event_id}/take")
async def let_go(event_id: UUID, call: Agent) -> EventOut:
    """Give it back before the time is over."""
    return EventOut.model_validate(await service.let_go(call, event_id))
