"""Contacts of the campaigns a supervisor watches.

Why one is not being dialled: what the lists know, with campaign, hours, caps and trunks added.
"""

from collections.abc import AsyncIterator, Collection
from datetime import datetime
from uuid import UUID

from crm_api.access import Call
from crm_api.campaigns.service import must_see
from crm_api.commands import service as engine
from crm_api.contacts.schemas import ContactEdit, ContactOut, NextOut, ReasonOut, WhyNotOut
from crm_api.errors import conflict
from crm_api.schemas import Page, Paging
from dialer import agents, trunks
from dialer.campaigns import Campaign, Desired
from dialer.hours import Closed, opening
from dialer.settings import Mode
from lists import dial_lists, explaining, queue
from lists.explaining import Reason, WhyNot
from lists.model import ContactState
from lists.queue import Contact, Sort
from typifications import agenda

MOST = 1000
_SAID_BY_THE_WORKER = {"no_agents", "no_asterisk", "no_database"}


async def must_touch(call: Call, contact_id: UUID) -> Contact:
    found = await queue.get(call.conn, contact_id)
    call.must_watch(found.campaign_id)
    return found


async def of_list(
    call: Call, list_id: UUID, paging: Paging, states: Collection[ContactState] | None
) -> Page[ContactOut]:
    call.must_watch((await dial_lists.get(call.conn, list_id)).campaign_id)
    found = await queue.of_list(
        call.conn,
        list_id,
        states=states,
        sort=Sort(paging.by(tuple(Sort), Sort.POSITION)),
        descending=paging.descending,
        limit=paging.limit + 1,
        offset=paging.offset,
    )
    return paging.over([ContactOut.model_validate(one) for one in found])


async def upcoming(call: Call, campaign_id: UUID, at: datetime, limit: int) -> NextOut:
    await must_see(call, campaign_id)
    found = await queue.upcoming(call.conn, campaign_id, at=at, limit=limit)
    return NextOut(at=at, contacts=[ContactOut.model_validate(one) for one in found])


async def edit(call: Call, contact_id: UUID, body: ContactEdit) -> Contact:
    await must_touch(call, contact_id)
    if not await queue.set_priority(call.conn, contact_id, body.priority):
        raise conflict("contact_ended", "this contact is over", id=str(contact_id))
    call.note(contact_id, priority=body.priority)
    engine.wake(call)
    return await queue.get(call.conn, contact_id)


async def remove(call: Call, contact_id: UUID) -> None:
    found = await must_touch(call, contact_id)
    if not await queue.remove(call.conn, contact_id, call.now):
        error_id = "contact_live" if found.state is ContactState.LIVE else "contact_ended"
        raise conflict(error_id, "this contact is over, or in a call", id=str(contact_id))
    await agenda.end_of_contact(call.conn, contact_id, call.now)


async def why_not(call: Call, contact_id: UUID) -> WhyNotOut:
    contact = await must_touch(call, contact_id)
    campaign = await must_see(call, contact.campaign_id)
    found = await explaining.why_not(call.conn, contact_id, call.now, campaign.settings.effective_caps)
    reasons = [await _until_when(call, found, reason) for reason in found.reasons]
    if found.state.is_open:
        if campaign.desired is not Desired.RUNNING:  # which closes it, and says it better
            reasons = [one for one in reasons if one.reason != "campaign_closed"]
        reasons += [reason async for reason in _of_campaign(call, campaign, found)]
    shown = tuple(ReasonOut.model_validate(one) for one in reasons)
    return WhyNotOut(
        contact_id=found.contact_id,
        campaign_id=found.campaign_id,
        customer_id=found.customer_id,
        state=found.state,
        reasons=shown,
        until=_last([one.until for one in reasons]),
        e164=found.e164,
        zones=found.zones,
        attempts=found.attempts,
        number_attempts=found.number_attempts,
        agent_id=found.agent_id,
        final_reason=found.final_reason,
    )


async def _until_when(call: Call, found: WhyNot, reason: Reason) -> Reason:
    """A call-back that was agreed on has its time in the agenda."""
    if reason.reason != "scheduled":
        return reason
    events = await agenda.for_customer(call.conn, found.customer_id)
    times = [one.due_at for one in events if one.contact_id == found.contact_id and one.due_at > call.now]
    return Reason("scheduled", until=min(times, default=None))


async def _of_campaign(call: Call, campaign: Campaign, found: WhyNot) -> AsyncIterator[Reason]:
    settings = campaign.settings
    if found.agent_id and not await _works_in(call, found.agent_id, campaign):
        yield Reason("agent_not_in_campaign")
    for capped in explaining.capped(found, settings.effective_caps, call.now):
        yield capped
    hours = opening(found.zones, found.list_zone, settings, call.now, e164=found.e164 or "")
    if isinstance(hours, Closed):
        yield Reason(hours.why, until=hours.until)
    if campaign.desired is not Desired.RUNNING:
        yield Reason(f"campaign_{campaign.desired}")
    elif settings.mode is Mode.MANUAL and found.agent_id is None:
        yield Reason("by_hand")
    elif campaign.status.why in _SAID_BY_THE_WORKER:
        yield Reason(campaign.status.why, since=campaign.status.since)
    if trunk := await _trunks(call, campaign):
        yield trunk


async def _works_in(call: Call, agent_id: UUID, campaign: Campaign) -> bool:
    found = await agents.page(call.conn, ids=[agent_id], limit=1)
    return any(one.enabled and campaign.id in one.campaign_ids for one in found)


async def _trunks(call: Call, campaign: Campaign) -> Reason | None:
    """As the engine sees them: none that may be used, or all of them suspended for a while."""
    known = await trunks.page(call.conn, ids=campaign.settings.trunks or None, limit=MOST)
    enabled = [trunk for trunk in known if trunk.enabled]
    if any(trunk.usable(call.now) for trunk in enabled):
        return None
    back = [trunk.suspended_until for trunk in enabled if trunk.suspended_until]
    return Reason("trunk_suspended", until=min(back)) if back else Reason("no_trunk")


def _last(untils: list[datetime | None]) -> datetime | None:
    """When all of them are over by themselves, if they all are."""
    ends = [until for until in untils if until is not None]
    return max(ends) if ends and len(ends) == len(untils) else None
