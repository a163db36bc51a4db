"""Call control: one POST per act on an attempt's conversation, the same for held lines and rung phones."""

from uuid import UUID

from fastapi import APIRouter

from crm_api.access import Agent, AgentOnce, SupervisorOnce
from crm_api.attempts.service import hang_up
from crm_api.call_control import service
from crm_api.call_control.schemas import ChooseIn, ConsultIn, KeysIn, ListenIn, TargetOut, TransferIn
from crm_api.commands.schemas import CommandOut
from crm_api.guarded import Guarded
from crm_api.schemas import Page, Paged
from dialer.commands import Kind

router = APIRouter(prefix="/api/calls", tags=["calls"], route_class=Guarded)


@router.get("/targets")
async def targets(call: Agent, paging: Paged) -> Page[TargetOut]:
    """To whom a customer may be transferred inside: colleagues at work, and campaigns that run."""
    return paging.cut(await service.targets(call), service.SORTS, "name")


@router.post("/{attempt_id}/end", status_code=202)
async def end(attempt_id: UUID, call: AgentOnce) -> CommandOut:
    """Hang up the customer alone: the agent's line stays, and the agent goes on to wrap-up."""
    return await hang_up(call, attempt_id)


@router.post("/{attempt_id}/customer", status_code=202)
async def choose(attempt_id: UUID, body: ChooseIn, call: AgentOnce) -> CommandOut:
    """Of several matches, or whoever else it is: attempt, history and typification are that customer's, and
    the pop is told again. Refused for a call that was made for a contact."""
    return await service.choose(call, attempt_id, body.customer_id)


@router.post("/{attempt_id}/hold", status_code=202)
async def hold(attempt_id: UUID, call: AgentOnce) -> CommandOut:
    """The customer hears music."""
    return await service.act(call, attempt_id, Kind.CONTROL_HOLD)


@router.post("/{attempt_id}/resume", status_code=202)
async def resume(attempt_id: UUID, call: AgentOnce) -> CommandOut:
    """Back to the held customer."""
    return await service.act(call, attempt_id, Kind.CONTROL_RESUME)


@router.post("/{attempt_id}/keys", status_code=202)
async def keys(attempt_id: UUID, body: KeysIn, call: AgentOnce) -> CommandOut:
    """Press keys (DTMF) on the customer's channel."""
    return await service.act(call, attempt_id, Kind.CONTROL_KEYS, {"keys": body.keys})


@router.post("/{attempt_id}/transfer", status_code=202)
async def transfer(attempt_id: UUID, body: TransferIn, call: AgentOnce) -> CommandOut:
    """Blind: the agent goes on to wrap-up at once. Where nobody answers, the customer waits for an agent."""
    return await service.act_with(call, attempt_id, Kind.CONTROL_TRANSFER, body)


@router.post("/{attempt_id}/consult", status_code=202)
async def consult(attempt_id: UUID, body: ConsultIn, call: AgentOnce) -> CommandOut:
    """Speak with a third party first; the customer hears music. Then `complete`, `cancel` or `conference`."""
    return await service.act_with(call, attempt_id, Kind.CONTROL_CONSULT, body)


@router.post("/{attempt_id}/complete", status_code=202)
async def complete(attempt_id: UUID, call: AgentOnce) -> CommandOut:
    """The agent leaves, customer and third party stay together; also out of a conference."""
    return await service.act(call, attempt_id, Kind.CONTROL_COMPLETE)


@router.post("/{attempt_id}/cancel", status_code=202)
async def cancel(attempt_id: UUID, call: AgentOnce) -> CommandOut:
    """The third party is let go, and agent and customer talk on; also out of a conference."""
    return await service.act(call, attempt_id, Kind.CONTROL_CANCEL)


@router.post("/{attempt_id}/conference", status_code=202)
async def conference(attempt_id: UUID, call: AgentOnce) -> CommandOut:
    """Agent, customer and the party consulted talk together."""
    return await service.act(call, attempt_id, Kind.CONTROL_CONFERENCE)


@router.post("/{attempt_id}/listen", status_code=202)
async def listen(attempt_id: UUID, body: ListenIn, call: SupervisorOnce) -> CommandOut:
    """The supervisor's own phone hears the call until it ends. Asked again, `how` changes."""
    return await service.listen(call, attempt_id, Kind.CONTROL_LISTEN, body.how)


@router.post("/{attempt_id}/unlisten", status_code=202)
async def unlisten(attempt_id: UUID, call: SupervisorOnce) -> CommandOut:
    """Leave the call."""
    return await service.listen(call, attempt_id, Kind.CONTROL_UNLISTEN)
