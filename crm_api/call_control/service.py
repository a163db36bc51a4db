"""Call control: looked at here for rights and sense, done by the engine."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from crm_api import phones
from crm_api.access import Call
from crm_api.attempts.service import must_control, whose
from crm_api.call_control.schemas import ConsultIn, TargetOut
from crm_api.commands import service as engine
from crm_api.commands.schemas import CommandOut
from crm_api.errors import conflict
from dialer import agents, campaigns
from dialer.agent import AgentState
from dialer.agents import Line
from dialer.campaigns import Desired
from dialer.commands import Kind
from lists import customers
from lists.model import LiveAttempt, LiveState

SORTS = ("name", "code", "free")
MOST = 10_000
_NOT_YET = (AgentState.LOGGED_OUT, AgentState.CONNECTING)


async def act(
    call: Call, attempt_id: UUID, kind: Kind, payload: Mapping[str, Any] | None = None
) -> CommandOut:
    """An agent on its own call, a supervisor on those of the campaigns watched."""
    await _talking(call, attempt_id)
    return await engine.submit(call, kind, attempt_id, whose(call) | dict(payload or {}))


async def act_with(call: Call, attempt_id: UUID, kind: Kind, asked: ConsultIn) -> CommandOut:
    """The same, with somebody to reach."""
    found = await _talking(call, attempt_id)
    payload = whose(call) | await _target(call, found, asked)
    return await engine.submit(call, kind, attempt_id, payload)


async def targets(call: Call) -> list[TargetOut]:
    """Whoever is at work, but oneself; running campaigns with whether any of their agents is free."""
    at_work = {one.agent_id: one for one in await agents.presences(call.conn) if one.state not in _NOT_YET}
    found = await agents.page(call.conn, ids=list(at_work), limit=len(at_work)) if at_work else []
    free = {one.id: _is_free(one, at_work[one.id]) for one in found}
    colleagues = [
        TargetOut(
            agent_id=one.id,
            campaign_id=None,
            name=one.name,
            code=one.code,
            free=free[one.id],
            consult=free[one.id] and one.line is Line.HELD,
        )
        for one in found
        if one.id != call.who.agent_id
    ]
    others = {one.id: one for one in found if free[one.id] and one.id != call.who.agent_id}
    with_somebody = {campaign_id for one in others.values() for campaign_id in one.campaign_ids}
    running = [
        TargetOut(
            agent_id=None,
            campaign_id=one.id,
            name=one.name,
            code="",
            free=one.id in with_somebody,
            consult=False,
        )
        for one in await campaigns.page(call.conn, limit=MOST)
        if one.desired is Desired.RUNNING
    ]
    return [*colleagues, *running]


def _is_free(agent: agents.Agent, at: agents.Presence) -> bool:
    """As `LiveAgent.free` has it: on an open line, or by a phone that answers by itself."""
    there = bool(at.channel) if agent.line is Line.HELD else agent.auto_answer
    return at.state == AgentState.READY and not at.pending and there


async def choose(call: Call, attempt_id: UUID, customer_id: UUID) -> CommandOut:
    found = await _talking(call, attempt_id)
    if found.contact_id is not None:
        raise conflict("call_has_contact", "this call was made for its customer", id=str(attempt_id))
    customer = await customers.card(call.conn, customer_id)
    payload = whose(call) | {"customer_id": str(customer.id)}
    return await engine.submit(call, Kind.CALL_CHOOSE, attempt_id, payload)


async def listen(call: Call, attempt_id: UUID, kind: Kind, how: str | None = None) -> CommandOut:
    """By the supervisor's own phone: a supervisor who listens is an agent, too."""
    await _talking(call, attempt_id)
    payload = {"supervisor": str(call.own_agent())}
    return await engine.submit(call, kind, attempt_id, payload | ({"how": how} if how else {}))


async def _talking(call: Call, attempt_id: UUID) -> LiveAttempt:
    found = await must_control(call, attempt_id)
    if found.state is not LiveState.CONNECTED:
        raise conflict("not_talking", "no agent talks on this call", id=str(attempt_id))
    return found


async def _target(call: Call, found: LiveAttempt, asked: ConsultIn) -> dict[str, Any]:
    if asked.agent_id is not None:
        return {"to_agent": str((await agents.get(call.conn, asked.agent_id)).id)}
    campaign_id: UUID | None = getattr(asked, "campaign_id", None)
    if campaign_id is not None:
        return {"to_campaign": str((await campaigns.get(call.conn, campaign_id)).id)}
    if asked.extension is not None:
        return {"extension": asked.extension}
    assert asked.phone is not None
    campaign = await campaigns.get(call.conn, found.campaign_id) if found.campaign_id else None
    region = campaign.settings.region if campaign else ""
    e164 = phones.read(asked.phone, region).e164
    await phones.must_be_allowed(call.conn, e164, found.campaign_id)
    return {"phone": e164}
