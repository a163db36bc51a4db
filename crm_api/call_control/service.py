"""Call control: looked at here for rights and sense, done by the engine."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from crm_api import phones
from crm_api.access import Call
from crm_api.attempts.service import must_control, whose
from crm_api.call_control.schemas import ConsultIn
from crm_api.commands import service as engine
from crm_api.commands.schemas import CommandOut
from crm_api.errors import conflict
from dialer import agents, campaigns
from dialer.commands import Kind
from lists import customers
from lists.model import LiveAttempt, LiveState


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
