"""Agents: operators make them; they and their supervisors say where they are."""

from uuid import UUID

from fastapi import APIRouter

from crm_api.access import Agent, AgentOnce, Operator, OperatorOnce, Supervisor
from crm_api.agents import service
from crm_api.agents.schemas import AgentIn, AgentOut, CampaignsIn, ExtendIn, FinishingIn, NewAgent, PauseIn
from crm_api.commands import service as engine
from crm_api.commands.schemas import CommandOut
from crm_api.guarded import Guarded
from crm_api.schemas import Page, Paged
from crm_api.servers import must_be_named
from dialer import agents
from dialer.commands import Kind

router = APIRouter(prefix="/api/agents", tags=["agents"], route_class=Guarded)


@router.get("")
async def every(call: Supervisor, paging: Paged) -> Page[AgentOut]:
    """With where each is now; supervisors see those of their campaigns."""
    return paging.cut(await service.every(call), service.SORTS, "code")


@router.post("", status_code=201)
async def create(body: NewAgent, call: OperatorOnce) -> AgentOut:
    must_be_named(call, body.server)
    await service.must_exist(call, body.campaign_ids)
    made = await agents.create(call.conn, service.fields(body), campaign_ids=body.campaign_ids, now=call.now)
    call.note(made.id, code=made.code)
    engine.wake(call)
    return service.shown(made)


@router.get("/{agent_id}")
async def one(agent_id: UUID, call: Agent) -> AgentOut:
    found = await service.may_act_for(call, agent_id)
    return (await service.with_presence(call, [found]))[0]


@router.put("/{agent_id}")
async def edit(agent_id: UUID, body: AgentIn, call: Operator) -> AgentOut:
    """Phone and line hold from the next log-in on. Agents are disabled, never deleted."""
    if body.server != (await agents.get(call.conn, agent_id)).server:
        must_be_named(call, body.server)
    edited = await agents.edit(call.conn, agent_id, service.fields(body))
    engine.wake(call)
    return service.shown(edited)


@router.put("/{agent_id}/campaigns")
async def set_campaigns(agent_id: UUID, body: CampaignsIn, call: Operator) -> AgentOut:
    """Holds at once, also while the agent is logged in."""
    await agents.get(call.conn, agent_id)
    await service.must_exist(call, body.campaign_ids)
    changed = await agents.set_campaigns(call.conn, agent_id, body.campaign_ids)
    call.note(campaigns=[str(one) for one in body.campaign_ids])
    engine.wake(call)
    return service.shown(changed)


@router.post("/{agent_id}/login", status_code=202)
async def log_in(agent_id: UUID, call: AgentOnce) -> CommandOut:
    """Rings the phone of an agent who holds a line; a ringing agent is logged in at once."""
    await service.may_act_for(call, agent_id)
    return await engine.submit(call, Kind.AGENT_LOGIN, agent_id)


@router.post("/{agent_id}/logout", status_code=202)
async def log_out(agent_id: UUID, call: AgentOnce) -> CommandOut:
    """At once, or after the call and its wrap-up."""
    await service.may_act_for(call, agent_id)
    return await engine.submit(call, Kind.AGENT_LOGOUT, agent_id)


@router.post("/{agent_id}/ready", status_code=202)
async def ready(agent_id: UUID, call: AgentOnce) -> CommandOut:
    """Ends a pause."""
    await service.may_act_for(call, agent_id)
    return await engine.submit(call, Kind.AGENT_READY, agent_id)


@router.post("/{agent_id}/pause", status_code=202)
async def pause(agent_id: UUID, body: PauseIn, call: AgentOnce) -> CommandOut:
    """At once, or after the call and its wrap-up."""
    await service.may_act_for(call, agent_id)
    return await engine.submit(call, Kind.AGENT_PAUSE, agent_id, {"reason": body.reason})


@router.post("/{agent_id}/wrapup/extend", status_code=202)
async def extend_wrapup(agent_id: UUID, body: ExtendIn, call: AgentOnce) -> CommandOut:
    await service.may_act_for(call, agent_id)
    return await engine.submit(call, Kind.AGENT_WRAPUP_EXTEND, agent_id, {"seconds": body.seconds})


@router.post("/{agent_id}/finishing", status_code=202)
async def finishing(agent_id: UUID, call: AgentOnce, body: FinishingIn | None = None) -> CommandOut:
    """The typification form was opened after the conversation: soon free. A hint, so that the next call is
    dialled in time. That the wrap-up began, and that it was saved, the engine knows by itself."""
    await service.may_act_for(call, agent_id)
    about = {"attempt_id": str(body.attempt_id)} if body and body.attempt_id else {}
    return await engine.submit(call, Kind.AGENT_FINISHING, agent_id, about)
