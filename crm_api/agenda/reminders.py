"""Agenda events that come due soon: whose they are to be reminded of."""

from collections.abc import Collection
from datetime import datetime, timedelta
from uuid import UUID

from crm_api.preferences import service as preferences
from dialer import agents, campaigns
from dialer.campaigns import Kind
from dialer.errors import Unknown
from storage.database import Connection
from typifications import agenda
from typifications.agenda import Range
from typifications.model import AgendaEvent, EventState

STALE = timedelta(hours=12)
"""An event overdue for longer is seen in the calendar; nobody is reminded of it any more."""


async def of_agents(
    conn: Connection, agent_ids: Collection[UUID], now: datetime
) -> dict[UUID, list[AgendaEvent]]:
    """Pending events within the notification period: an agent's own, and those of nobody in the campaigns
    the agent works in that no list dials, for the first to take: not those another agent holds."""
    if not agent_ids:
        return {}
    horizon = now + await preferences.notified_before(conn) + timedelta(microseconds=1)
    pending = (EventState.PENDING,)
    found = await agenda.between(conn, Range(now - STALE, horizon, agent_ids, with_free=True, states=pending))
    free = await _by_hand(conn, [event for event in found if event.agent_id is None])
    reminders: dict[UUID, list[AgendaEvent]] = {}
    for agent_id in agent_ids:
        theirs = await _campaigns(conn, agent_id) if free else frozenset()
        reminders[agent_id] = [
            event
            for event in found
            if event.agent_id == agent_id
            or (event.id in free and event.campaign_id in theirs and not event.held_from(agent_id, now))
        ]
    return reminders


async def _by_hand(conn: Connection, nobodys: Collection[AgendaEvent]) -> set[UUID]:
    """Those an agent has to call: a voice campaign's, and a caller's who waits in no list of a dialer's."""
    ids = list({event.campaign_id for event in nobodys if event.campaign_id is not None})
    kinds = {one.id: one.kind for one in await campaigns.page(conn, ids=ids, limit=len(ids))} if ids else {}
    return {
        event.id
        for event in nobodys
        if event.campaign_id in kinds and (event.contact_id is None or kinds[event.campaign_id] is Kind.VOICE)
    }


async def _campaigns(conn: Connection, agent_id: UUID) -> frozenset[UUID]:
    try:
        return (await agents.get(conn, agent_id)).campaign_ids
    except Unknown:  # deleted while somebody looked on
        return frozenset()
