"""Assignments: a supervisor gives to agents of the campaigns watched, and sends to those campaigns."""

import secrets
from collections.abc import Sequence
from uuid import UUID

from crm_api.access import Call
from crm_api.agents.service import may_take_from
from crm_api.assignments.schemas import (
    AssignedOut,
    AssignIn,
    RefreshOut,
    ScheduleIn,
    ScheduleOut,
    SendIn,
    SentListOut,
    SentOut,
    ShareOut,
)
from crm_api.campaigns.service import must_see
from crm_api.errors import forbidden, invalid, not_found
from crm_api.filters.schemas import shown
from dialer import agents, commands
from dialer.campaigns import Kind
from lists import assigning, dial_lists
from lists.filtering import sending
from lists.filtering.model import Filter
from lists.filtering.schedule import Schedule


async def assign(call: Call, body: AssignIn) -> AssignedOut:
    await must_be_theirs(call, body.agent_ids)
    filter_, seed = body.filter.read(), body.seed or secrets.token_hex(8)
    await _may_take(call, filter_, assigned_only=False)
    done = await assigning.assign(call.conn, filter_, body.agent_ids, seed=seed, now=call.now)
    shares = [ShareOut(agent_id=agent, customers=count) for agent, count in done.per_agent.items()]
    return AssignedOut(customers=done.customers, shares=shares, seed=seed)


async def unassign(call: Call, filter_: Filter) -> int:
    await _may_take(call, filter_, assigned_only=True)
    return await assigning.unassign(call.conn, filter_, now=call.now)


async def _may_take(call: Call, filter_: Filter, *, assigned_only: bool) -> None:
    if call.who.campaigns is not None:
        owners = await assigning.owners(call.conn, filter_, assigned_only=assigned_only, now=call.now)
        await may_take_from(call, owners)


async def must_be_theirs(call: Call, agent_ids: Sequence[UUID]) -> None:
    for agent_id in agent_ids:
        found = await agents.get(call.conn, agent_id)
        if call.who.campaigns is not None and not call.who.campaigns & found.campaign_ids:
            raise forbidden("agent_not_yours", "this agent works in none of your campaigns", id=str(agent_id))


async def send(call: Call, body: SendIn) -> SentListOut:
    campaign = await must_see(call, body.campaign_id)
    if campaign.kind is not Kind.DIALER:
        raise invalid("dialer_campaign_needed", "only a dialer campaign has lists", id=str(campaign.id))
    list_id, sent = await sending.send(
        call.conn,
        body.filter.read(),
        campaign.id,
        body.name,
        priority=body.priority,
        zone=body.zone,
        expires_at=body.expires_at,
        schedule=schedule(body.schedule) if body.schedule else None,
        same_customer=body.same_customer,
        now=call.now,
    )
    wake(call)
    return SentListOut(dial_list_id=list_id, sent=SentOut.model_validate(sent))


async def must_touch(call: Call, list_id: UUID) -> None:
    found = await dial_lists.get(call.conn, list_id)
    call.must_watch(found.campaign_id)


async def refresh_of(call: Call, list_id: UUID) -> RefreshOut:
    await must_touch(call, list_id)
    found = await sending.refresh_of(call.conn, list_id)
    if found is None:
        raise not_found("refresh", list_id)
    return RefreshOut(
        dial_list_id=found.dial_list_id,
        filter=shown(found.filter),
        schedule=ScheduleOut.model_validate(found.schedule),
        same_customer=found.same_customer,
        next_at=found.next_at,
        last_at=found.last_at,
        last_sent=SentOut.model_validate(found.last_sent) if found.last_sent else None,
        error=found.error,
    )


def schedule(asked: ScheduleIn) -> Schedule:
    """Raises the lists' Refused (bad_schedule)."""
    at = asked.at.replace(second=0, microsecond=0, tzinfo=None) if asked.at else None
    return Schedule(minutes=asked.minutes, at=at, weekdays=asked.weekdays, zone=asked.zone)


def wake(call: Call) -> None:
    call.after_commit(lambda: commands.wake(call.hub.bus))
