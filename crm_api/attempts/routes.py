"""Attempts: history, click to call, hang up."""

from datetime import timedelta
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from crm_api.access import Agent, AgentKeyed, AgentOnce, Supervisor
from crm_api.attempts import service
from crm_api.attempts.schemas import AttemptOut, ClickIn, LiveAttemptOut
from crm_api.commands.schemas import CommandOut
from crm_api.guarded import Guarded
from crm_api.schemas import Page, Paged, When
from lists import attempts
from lists.history import Filter

router = APIRouter(prefix="/api/attempts", tags=["attempts"], route_class=Guarded)
USUAL = timedelta(days=31)


@router.get("")
async def page(
    call: Agent,
    paging: Paged,
    since: Annotated[When | None, Query(description="default: 31 days ago")] = None,
    until: When | None = None,
    customer_id: UUID | None = None,
    contact_id: UUID | None = None,
    campaign_id: UUID | None = None,
    agent_id: UUID | None = None,
    e164: Annotated[str | None, Query(pattern=r"^\+[0-9]{6,15}$")] = None,
    outcome: Annotated[str | None, Query(pattern=r"^[a-z_]{1,40}$")] = None,
) -> Page[AttemptOut]:
    """All that is given must fit. Newest first."""
    wanted = Filter(
        since=since or call.now - USUAL,
        until=until or call.now + timedelta(days=1),
        customer_id=customer_id,
        contact_id=contact_id,
        campaign_id=campaign_id,
        agent_id=agent_id,
        e164=e164,
        outcome=outcome,
    )
    return await service.page(call, wanted, paging)


@router.get("/live")
async def live(call: Supervisor, paging: Paged, campaign_id: UUID | None = None) -> Page[LiveAttemptOut]:
    """The calls that live now."""
    found = await attempts.live(call.conn, campaign_id=campaign_id)
    watched = call.who.campaigns
    shown = [
        LiveAttemptOut.model_validate(one) for one in found if watched is None or one.campaign_id in watched
    ]
    return paging.cut(shown, ("begun_at", "state", "updated_at"), "begun_at")


@router.post("/click", status_code=202)
async def click(body: ClickIn, call: AgentKeyed) -> CommandOut:
    """Call a customer by hand. The Idempotency-Key keeps a double click from dialling twice."""
    return await service.click(call, body)


@router.get("/{attempt_id}")
async def one(attempt_id: UUID, call: Supervisor) -> AttemptOut:
    found = await service.get(call.conn, attempt_id)
    call.must_watch(found.campaign_id)
    return found


@router.post("/{attempt_id}/hangup", status_code=202)
async def hang_up(attempt_id: UUID, call: AgentOnce) -> CommandOut:
    """End the customer's call; the agent goes on to wrap-up."""
    return await service.hang_up(call, attempt_id)
