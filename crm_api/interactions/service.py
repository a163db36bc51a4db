"""Typifying: what the agent says, made complete by what is known of call, customer and campaign."""

from collections.abc import Sequence
from uuid import UUID

from crm_api import phones
from crm_api.access import Call, Role
from crm_api.attempts import service as attempts
from crm_api.attempts.schemas import AttemptOut
from crm_api.attempts.service import whose
from crm_api.campaigns.service import must_see
from crm_api.commands import service as engine
from crm_api.errors import forbidden, invalid
from crm_api.interactions.schemas import ScheduleIn, TypifyIn
from dialer import agents, campaigns
from dialer.commands import Kind
from dialer.hours import legal_hour
from dialer.settings import Settings
from lists import attempts as calls
from lists import customers
from lists.customers import Customer
from lists.numbers import Number
from storage.database import Connection
from typifications import interactions, profiles
from typifications.interactions import Applied, Rules
from typifications.model import CampaignKind, ScheduleRequest, Typification


async def typify(call: Call, body: TypifyIn) -> Applied:
    """Applied at once, or at the hang-up while the conversation runs. The agent is free for the next call."""
    attempt = await attempts.get(call.conn, body.attempt_id) if body.attempt_id else None
    agent_id = await _whose(call, attempt)
    campaign_id = _campaign(body, attempt)
    campaign = await _allowed(call, attempt, agent_id, campaign_id)
    customer_id = attempt.customer_id if attempt and attempt.customer_id else body.customer_id
    customer = await customers.card(call.conn, customer_id) if customer_id else None
    given = profiles.checked_data(await profiles.of_campaign(call.conn, campaign_id), body.profile_data)
    schedule, number = _schedule(body.schedule, customer, campaign.settings)
    if number is not None:
        await phones.must_be_allowed(call.conn, number.e164, campaign_id)
    said = Typification(
        campaign_id=campaign_id,
        path=body.path,
        attempt_id=attempt.id if attempt else None,
        attempt_at=attempt.begun_at if attempt else None,
        customer_id=customer.id if customer else None,
        contact_id=attempt.contact_id if attempt else None,
        agent_id=agent_id,
        e164=attempt.e164 if attempt else "",
        schedule=schedule,
        note=body.note,
        profile_data=given,
        idempotency_key=call.key,
    )
    rules = Rules(
        kind=CampaignKind(campaign.kind),
        recall_wait_s=campaign.settings.recall_wait_s,
        caps=campaign.settings.effective_caps,
        legal=legal_hour(campaign.settings, number.zones, e164=number.e164) if number else lambda at: None,
    )
    applied = await interactions.typify(call.conn, said, rules, now=call.now)
    if attempt is not None and customer is not None and attempt.customer_id is None:
        await _identify(call, attempt, customer, applied)
    await _tell(call, attempt, agent_id, applied)
    return applied


async def _whose(call: Call, attempt: AttemptOut | None) -> UUID | None:
    """Agents typify their own calls; a supervisor completes what an agent left open, or nobody had."""
    own = call.who.agent_id
    if attempt is None or (own is not None and await _is_theirs(call.conn, attempt, own)):
        return own
    if not call.who.role.covers(Role.SUPERVISOR):
        raise forbidden("attempt_not_yours", "this was no call of yours", id=str(attempt.id))
    return attempt.agent_id


async def _is_theirs(conn: Connection, attempt: AttemptOut, agent_id: UUID) -> bool:
    """The record names one agent, and while the call lives perhaps none: whoever talks, or took it over, has
    it before them, and what they left without a word stands with their name."""
    if attempt.agent_id == agent_id:
        return True
    if any(one.attempt_id == attempt.id for one in await agents.presences(conn, [agent_id])):
        return True
    return await interactions.agent_of(conn, attempt.id) == agent_id


async def _allowed(
    call: Call, attempt: AttemptOut | None, agent_id: UUID | None, campaign_id: UUID
) -> campaigns.Campaign:
    """Whoever talked has the word, whatever campaigns they work in: the customer was transferred to another
    campaign, or the agent left this one during the talk."""
    own = agent_id is not None and agent_id == call.who.agent_id
    if own and attempt is not None and attempt.campaign_id == campaign_id:
        return await campaigns.get(call.conn, campaign_id)
    return await must_see(call, campaign_id)


def _campaign(body: TypifyIn, attempt: AttemptOut | None) -> UUID:
    campaign_id = attempt.campaign_id if attempt and attempt.campaign_id else body.campaign_id
    if campaign_id is None:
        raise invalid("campaign_missing", "say which campaign this belongs to")
    return campaign_id


def _schedule(
    asked: ScheduleIn | None, customer: Customer | None, settings: Settings
) -> tuple[ScheduleRequest | None, Number | None]:
    """The request in the customer's zone, and its number with the zones the law looks at."""
    if asked is None:
        return None, None
    number = phones.read(asked.phone, settings.region)
    zones = phones.zones(number, customer)
    zone = asked.zone or _likeliest(zones, settings.zone)
    request = ScheduleRequest(asked.local, zone, number.e164, mine=asked.mine, note=asked.note)
    return request, Number(number.e164, tuple(zones), number.valid, number.mobile)


def _likeliest(zones: Sequence[str], campaigns_own: str) -> str:
    """A number that may lie in several zones is taken to be in the campaign's, if that is one of them."""
    return campaigns_own if campaigns_own in zones or not zones else zones[0]


async def _identify(call: Call, attempt: AttemptOut, customer: Customer, applied: Applied) -> None:
    """Who it was is said with the typification: the call is that customer's, and not only what was said."""
    if applied.applied:
        await calls.identify_ended(call.conn, attempt.id, attempt.begun_at, customer.id)
    else:
        await engine.tell(call, Kind.CALL_CHOOSE, attempt.id, whose(call) | {"customer_id": str(customer.id)})


async def _tell(call: Call, attempt: AttemptOut | None, agent_id: UUID | None, applied: Applied) -> None:
    if attempt is not None and agent_id is not None:
        await engine.tell(call, Kind.AGENT_TYPIFIED, agent_id, {"attempt_id": str(attempt.id)})
    if applied.hang_up:
        await engine.tell(
            call, Kind.CALL_CANCEL, None, {"attempt_ids": [str(one) for one in applied.hang_up]}
        )
