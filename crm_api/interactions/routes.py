"""Interactions: typified by agents, read by customer."""

from uuid import UUID

from fastapi import APIRouter

from crm_api.access import Agent, AgentKeyed
from crm_api.guarded import Guarded
from crm_api.interactions import service
from crm_api.interactions.schemas import InteractionOut, TypifiedOut, TypifyIn
from crm_api.interactions.showing import shown
from crm_api.schemas import Page, Paged
from lists import customers
from typifications import interactions

router = APIRouter(prefix="/api/interactions", tags=["interactions"], route_class=Guarded)


@router.post("", status_code=201)
async def typify(body: TypifyIn, call: AgentKeyed) -> TypifiedOut:
    """Say what a conversation was. With its Idempotency-Key it may be sent again after a lost link."""
    applied = await service.typify(call, body)
    call.note(applied.interaction_id, action=applied.action)
    return TypifiedOut.model_validate(applied)


@router.get("")
async def history(call: Agent, paging: Paged, customer_id: UUID) -> Page[InteractionOut]:
    """Of one customer, newest first."""
    newest_first = paging.newest_first("created_at")
    await customers.card(call.conn, customer_id)
    found = await interactions.history(
        call.conn, customer_id, newest_first=newest_first, limit=paging.limit + 1, offset=paging.offset
    )
    return paging.over(await shown(call.conn, found))


@router.get("/{interaction_id}")
async def one(interaction_id: UUID, call: Agent) -> InteractionOut:
    return (await shown(call.conn, [await interactions.get(call.conn, interaction_id)]))[0]
