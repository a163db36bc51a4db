"""Preview: call the contact one is shown, or skip it and say why."""

from uuid import UUID

from fastapi import APIRouter

from crm_api.access import Agent, AgentOnce, Supervisor
from crm_api.agents.service import may_act_for
from crm_api.commands import service as engine
from crm_api.commands.schemas import CommandOut
from crm_api.errors import not_found
from crm_api.guarded import Guarded
from crm_api.previews.schemas import AcceptIn, PreviewOut, SkipIn, SkipOut
from crm_api.schemas import Page, Paged
from dialer import proposals
from dialer.commands import Kind

router = APIRouter(prefix="/api", tags=["previews"], route_class=Guarded)


@router.get("/agents/{agent_id}/preview")
async def shown(agent_id: UUID, call: Agent) -> PreviewOut:
    """The contact before the agent now, for a campaign watched. The pop on the live socket holds all the
    data."""
    await may_act_for(call, agent_id)
    found = await proposals.of_agent(call.conn, agent_id)
    own = call.who.agent_id == agent_id
    if found is None or not (own or call.who.watches(found["campaign_id"])):
        raise not_found("preview", agent_id)
    return PreviewOut.model_validate(found)


@router.post("/agents/{agent_id}/preview/accept", status_code=202)
async def accept(agent_id: UUID, body: AcceptIn, call: AgentOnce) -> CommandOut:
    """Call it: the agent's line first, then the customer. `preview_over` where it is not shown any more."""
    await may_act_for(call, agent_id)
    return await engine.submit(call, Kind.PREVIEW_ACCEPT, agent_id, {"attempt_id": str(body.attempt_id)})


@router.post("/agents/{agent_id}/preview/skip", status_code=202)
async def skip(agent_id: UUID, body: SkipIn, call: AgentOnce) -> CommandOut:
    """Not now: it goes where the campaign's `skip_to` says, a few times (`skips`)."""
    await may_act_for(call, agent_id)
    payload = {"attempt_id": str(body.attempt_id), "reason": body.reason}
    return await engine.submit(call, Kind.PREVIEW_SKIP, agent_id, payload)


@router.get("/preview-skips")
async def skips(
    call: Supervisor,
    paging: Paged,
    campaign_id: UUID | None = None,
    contact_id: UUID | None = None,
    agent_id: UUID | None = None,
) -> Page[SkipOut]:
    """Newest first unless asked otherwise. Supervisors see those of their campaigns."""
    if campaign_id is not None:
        call.must_watch(campaign_id)
    watched = [campaign_id] if campaign_id is not None else call.who.campaigns
    paging.by(("at",), "-at")
    found = await proposals.skips(
        call.conn,
        campaign_ids=list(watched) if watched is not None else None,
        contact_id=contact_id,
        agent_id=agent_id,
        newest_first=paging.sort is None or paging.descending,
        limit=paging.limit + 1,
        offset=paging.offset,
    )
    return paging.over([SkipOut.model_validate(one) for one in found])
