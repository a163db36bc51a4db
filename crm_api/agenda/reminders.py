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
MOST_CAMPAIGNS = 10_000


async def of_agents(
    conn: Connection, agent_ids: Collection[UUID], now: datetime
) -> dict[UUID, list[AgendaEvent]]:
    """Pending events within the notification period: an agent's own, and those of nobody in the voice
    campaigns the agent works in, for the first to take: not those another agent holds."""
    if not agent_ids:
        return {}
    horizon = now + await preferences.notified_before(conn) + timedelta(microseconds=1)
    pending = (EventState.PENDING,)
    found = await agenda.between(conn, Range(now - STALE, horizon, agent_ids, with_free=True, states=pending))
    voice: set[UUID] = set()
    if any(event.agent_id is None for event in found):
        every = await campaigns.page(conn, limit=MOST_CAMPAIGNS)
        voice = {one.id for one in every if one.kind is Kind.VOICE}
    reminders: dict[UUID, list[AgendaEvent]] = {}
    for agent_id in agent_ids:
        theirs = await _campaigns(conn, agent_id) & voice if voice else set()
        reminders[agent_id] = [
            event
            for event in found
            if event.agent_id == agent_id
            or (event.agent_id is None and event.campaign_id in theirs and not event.held_from(agent_id, now))
        ]
    return reminders


async def _campaigns(conn: Connection, agent_id: UUID) -> frozenset[UUID]:
    try:
        return (await agents.get(conn, agent_id)).campaign_ids
    except Unknown:  # deleted while somebody looked on
        return frozenset()
