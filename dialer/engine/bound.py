"""Contacts that belong to one agent ("Para mí", list rows with an agent): one to one, the agent first."""

import logging
from datetime import datetime, timedelta
from uuid import UUID

from dialer import agent as desk
from dialer.campaigns import Desired
from dialer.engine.agents import LiveAgent
from dialer.engine.campaign import LEASE_S
from dialer.engine.hub import Hub
from dialer.engine.placing import Placer
from dialer.engine.tools import Tools
from dialer.hours import Closed, opening
from dialer.settings import AgendaAway
from lists import contacts, reserving
from lists.model import AttemptKind, Reserved, Retry, Settlement
from storage.ids import uuid7
from typifications import agenda
from typifications.model import AgendaEvent

log = logging.getLogger(__name__)

BATCH = 50


class Bound:
    def __init__(self, tools: Tools, placer: Placer, hub: Hub) -> None:
        self._tools = tools
        self._placer = placer
        self._hub = hub

    async def release_due(self) -> None:
        """Contacts whose agenda event is due may be dialled. Raises `StorageError`."""
        async with self._tools.db.transaction() as conn:
            events = await agenda.release_due(conn, self._tools.clock.now())
        for event in events:
            run = self._hub.runs.get(event.campaign_id) if event.campaign_id else None
            if run is not None:
                run.more_contacts()

    async def hand_over(self) -> None:
        """Due events of agents who stayed away for the campaign's grace. Raises `StorageError`."""
        now = self._tools.clock.now()
        async with self._tools.db.transaction() as conn:
            events = [event for event in await agenda.due(conn, now) if self._is_orphan(event, now)]
            if not events:
                return
            await agenda.reassign(conn, [event.id for event in events], None)
            freed = [
                Settlement(event.contact_id, Retry(now, unbind=True), agenda.NO_CAPS)
                for event in events
                if event.contact_id is not None
            ]
            await contacts.settle_many(conn, freed, now)
        for event in events:
            if event.campaign_id in self._hub.runs:
                self._hub.runs[event.campaign_id].more_contacts()

    def _is_orphan(self, event: AgendaEvent, now: datetime) -> bool:
        run = self._hub.runs.get(event.campaign_id) if event.campaign_id else None
        if run is None or event.agent_id is None or event.contact_id is None:
            return False
        if run.settings.agenda_away is not AgendaAway.ANYONE:
            return False
        agent = self._tools.agents.get(event.agent_id)
        away = agent is None or not agent.at_work
        return away and now >= event.due_at + timedelta(seconds=run.settings.agenda_grace_s)

    async def dial(self) -> None:
        """One due contact for each agent who is ready. Raises `StorageError`."""
        ready = {agent.id: agent for agent in self._tools.agents if agent.free}
        if not ready or not self._tools.writer.healthy:
            return
        now = self._tools.clock.now()
        async with self._tools.db.transaction() as conn:
            found = await reserving.reserve_bound(
                conn, list(ready), now=now, limit=BATCH, worker=self._tools.worker, lease_s=LEASE_S
            )
        left: list[UUID] = []
        for contact in found:
            agent = ready.pop(contact.agent_id, None) if contact.agent_id else None
            if agent is None or not agent.free or not await self._place(agent, contact):
                left.append(contact.contact_id)
        if left:
            async with self._tools.db.transaction() as conn:
                await reserving.release(conn, left, self._tools.worker)

    async def _place(self, agent: LiveAgent, contact: Reserved) -> bool:
        """False: not now, the contact is given back."""
        run = self._hub.runs.get(contact.campaign_id)
        if (
            run is None
            or run.campaign.desired is not Desired.RUNNING
            or contact.campaign_id not in agent.row.campaign_ids
        ):
            return False
        now = self._tools.clock.now()
        hours = opening(contact.zones, contact.list_zone, run.settings, now, e164=contact.e164)
        if isinstance(hours, Closed):
            if hours.until is not None:
                async with self._tools.db.transaction() as conn:
                    await reserving.postpone(conn, [contact.contact_id], hours.until)
            return hours.until is not None
        attempt_id = uuid7(now)
        self._tools.agents.happen(agent, desk.CallReserved(attempt_id))
        if desk.attempt_of(agent.state) != attempt_id:
            return False
        try:
            placed = await self._placer.place(
                run.id,
                run.settings,
                [contact],
                kind=AttemptKind.AGENT_BOUND,
                agent_id=agent.id,
                attempt_id=attempt_id,
            )
        except BaseException:
            self._tools.agents.happen(agent, desk.CallWithdrawn(attempt_id))
            raise
        for call in placed.calls:
            self._hub.began(call)
        if not placed.calls or placed.calls[0].over:
            self._tools.agents.happen(agent, desk.CallWithdrawn(attempt_id))
        return not placed.left
