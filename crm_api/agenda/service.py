"""The agenda: agents keep their own and nobody's. Illegal hours are refused when typed."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from crm_api import phones
from crm_api.access import Call, Role
from crm_api.agenda.schemas import EventEdit, EventIn, EventOut, ReassignIn
from crm_api.agents.service import may_act_for
from crm_api.campaigns.service import must_see, visible
from crm_api.commands import service as engine
from crm_api.errors import forbidden, invalid
from crm_api.live import notify
from crm_api.schemas import Page, Paging
from dialer import agents, campaigns
from dialer.agents import Agent
from dialer.campaigns import Campaign
from dialer.hours import legal_hour
from dialer.settings import Settings
from lists import customers
from lists.customers import Customer
from lists.numbers import Number
from typifications import agenda, taking
from typifications.agenda import Range, Sort, Written
from typifications.deciding import due_at
from typifications.model import AgendaEvent, CampaignKind, EventFields, EventState

EVER = (datetime(2000, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC))
MOST_REASSIGNED = 10_000
SORTS = tuple(Sort)


async def seen(call: Call, start: datetime, end: datetime, agent_id: UUID | None) -> Range:
    """A calendar's range. Agents see their own and nobody's of the campaigns they work in, supervisors those
    of their campaigns."""
    if call.who.role is Role.AGENT:
        return Range(start, end, [call.own_agent()], free_of=await visible(call))
    return Range(start, end, [agent_id] if agent_id else None, campaign_ids=call.who.campaigns)


async def page(call: Call, wanted: Range, paging: Paging) -> Page[EventOut]:
    sort = Sort(paging.by(tuple(Sort), Sort.DUE_AT))
    found = await agenda.page(
        call.conn,
        wanted,
        sort=sort,
        descending=paging.descending,
        limit=paging.limit + 1,
        offset=paging.offset,
    )
    shown = paging.over([EventOut.model_validate(one) for one in found])
    return shown.model_copy(update={"total": await agenda.count(call.conn, wanted)})


async def create(call: Call, body: EventIn) -> Written:
    campaign = await must_see(call, body.campaign_id)
    await _may_give_to(call, body.agent_id, campaign)
    customer = await customers.card(call.conn, body.customer_id) if body.customer_id else None
    name = body.customer_name or (customer.name if customer else "")
    number = phones.read(body.phone, campaign.settings.region)
    await phones.must_be_allowed(call.conn, number.e164, campaign.id)
    given = EventFields(
        customer_id=body.customer_id,
        customer_name=name,
        campaign_id=body.campaign_id,
        agent_id=body.agent_id,
        e164=number.e164,
        due_at=_due(call, body.local, body.zone, campaign.settings, number, customer),
        zone=body.zone,
        note=body.note,
    )
    engine.wake(call)
    return await agenda.create(call.conn, given, created_by=call.who.user_id, now=call.now)


async def edit(call: Call, event_id: UUID, body: EventEdit) -> Written:
    event = await must_touch(call, event_id)
    changes: dict[str, Any] = body.model_dump(
        include={"customer_name", "note"}, exclude_unset=True, exclude_none=True
    )
    campaign = await must_see(call, event.campaign_id) if event.campaign_id else None
    settings = campaign.settings if campaign else Settings()
    if "agent_id" in body.model_fields_set and body.agent_id != event.agent_id:
        await _may_give_to(call, body.agent_id, campaign)
        changes["agent_id"] = body.agent_id
    number = phones.read(body.phone or event.e164, settings.region)
    if body.phone is not None:
        await phones.must_be_allowed(call.conn, number.e164, event.campaign_id)
        changes["e164"] = number.e164
    if (body.local is None) != (body.zone is None):
        raise invalid("zone_missing", "a time and its zone go together")
    if body.local is not None and body.zone is not None:
        customer = await _customer_of(call, event)
        changes["due_at"] = _due(call, body.local, body.zone, settings, number, customer)
        changes["zone"] = body.zone
    engine.wake(call)
    return await agenda.edit(call.conn, event_id, changes, by=_by(call), now=call.now)


async def remove(call: Call, event_id: UUID) -> None:
    await must_touch(call, event_id)
    call.after_commit(lambda: notify.agenda_changed(call.hub.bus))
    await agenda.remove(call.conn, event_id, by=_by(call), now=call.now)


def _by(call: Call) -> UUID | None:
    """The agent who acts; a supervisor is stopped by nobody's hold."""
    return call.who.agent_id if call.who.role is Role.AGENT else None


async def must_touch(call: Call, event_id: UUID) -> AgendaEvent:
    """An agent's own, or nobody's of a campaign it works in; a supervisor's by campaign."""
    event = await agenda.get(call.conn, event_id)
    if call.who.role is not Role.AGENT:
        call.must_watch(event.campaign_id)
    elif event.agent_id is None and event.campaign_id not in (await visible(call) or ()):
        raise forbidden("event_not_yours", "you do not work in this event's campaign", id=str(event_id))
    elif event.agent_id not in (None, call.who.agent_id):
        raise forbidden("event_not_yours", "this event is another agent's", id=str(event_id))
    return event


async def take(call: Call, event_id: UUID) -> AgendaEvent:
    """For agents of the event's campaign."""
    agent_id = call.own_agent()
    event = await must_touch(call, event_id)
    if event.campaign_id not in (await agents.get(call.conn, agent_id)).campaign_ids:
        raise forbidden("event_not_yours", "you do not work in this event's campaign", id=str(event_id))
    call.after_commit(lambda: notify.agenda_changed(call.hub.bus))
    return await taking.take(call.conn, event_id, agent_id, now=call.now)


async def let_go(call: Call, event_id: UUID) -> AgendaEvent:
    await must_touch(call, event_id)
    call.after_commit(lambda: notify.agenda_changed(call.hub.bus))
    return await taking.let_go(call.conn, event_id, call.own_agent())


async def manage(call: Call, event_id: UUID) -> AgendaEvent:
    await must_touch(call, event_id)
    call.after_commit(lambda: notify.agenda_changed(call.hub.bus))
    return await agenda.manage(call.conn, event_id, by=_by(call), now=call.now)


async def reassign(call: Call, body: ReassignIn) -> int:
    """All of them or none: whoever is to call them must work in the campaign of each."""
    if bool(body.event_ids) == (body.from_agent_id is not None):
        raise invalid("events_or_agent", "name the events, or the agent whose events they are")
    if body.from_agent_id is not None:
        events = await _pending_of(call, body.from_agent_id, body)
    else:
        events = [await must_touch(call, event_id) for event_id in body.event_ids]
    if body.agent_id is not None:
        agent = await may_act_for(call, body.agent_id)
        for campaign in await _campaigns_of(call, events):
            _must_suit(agent, campaign)
    engine.wake(call)
    return await agenda.reassign(call.conn, [one.id for one in events], body.agent_id, now=call.now)


async def _pending_of(call: Call, agent_id: UUID, body: ReassignIn) -> list[AgendaEvent]:
    """The agent's pending events of the campaigns watched."""
    await agents.get(call.conn, agent_id)
    wanted = Range(
        body.start or EVER[0],
        body.end or EVER[1],
        (agent_id,),
        states=(EventState.PENDING,),
        campaign_ids=call.who.campaigns,
    )
    return await agenda.between(call.conn, wanted, limit=MOST_REASSIGNED)


async def _campaigns_of(call: Call, events: Sequence[AgendaEvent]) -> list[Campaign | None]:
    """None: an event without one, or of one that was deleted."""
    ids = {one.campaign_id for one in events if one.state is EventState.PENDING}
    known = [one for one in ids if one is not None]
    found = await campaigns.page(call.conn, ids=known, limit=max(len(known), 1))
    return [*found, None] if len(found) < len(ids) else [*found]


async def _may_give_to(call: Call, agent_id: UUID | None, campaign: Campaign | None) -> None:
    if agent_id is not None:
        _must_suit(await may_act_for(call, agent_id), campaign)


def _must_suit(agent: Agent, campaign: Campaign | None) -> None:
    """Nobody else is called for it, so it must be somebody whom the dialer would call."""
    if campaign is None or CampaignKind(campaign.kind) is not CampaignKind.DIALER:
        raise invalid("mine_needs_dialer", "only a dialer campaign keeps a call-back for one agent")
    if campaign.id not in agent.campaign_ids:
        raise invalid(
            "agent_not_in_campaign",
            f"{agent.code} does not work in {campaign.name}",
            id=str(agent.id),
            campaign_id=str(campaign.id),
        )


async def _customer_of(call: Call, event: AgendaEvent) -> Customer | None:
    """None: nobody's, or of a base that was deleted since."""
    ids = [event.customer_id] if event.customer_id else []
    return next(iter(await customers.cards(call.conn, ids)), None)


def _due(
    call: Call, local: datetime, zone: str, settings: Settings, number: Number, customer: Customer | None
) -> datetime:
    """Raises the room's refusals: no zone, the past, too far ahead; and ours where the law says no."""
    due = due_at(local, zone, typed_at=call.now)
    zones = phones.zones(number, customer) or (zone,)
    if why := legal_hour(settings, zones, e164=number.e164)(due):
        raise invalid("illegal_hour", "the customer may not be called at that hour", why=why)
    return due
