"""Contacts that belong to one agent ("Para mí", list rows with an agent): one to one, the agent first."""

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from dialer import agent as desk
from dialer.campaigns import Desired
from dialer.engine.agent_first import AgentFirst
from dialer.engine.agents import LiveAgent
from dialer.engine.campaign import UNKNOWN_WAIT_S, CampaignRun
from dialer.engine.hub import Hub
from dialer.engine.placing import Placer
from dialer.engine.proposed import Proposed
from dialer.engine.tools import Tools
from dialer.hours import Closed, opening
from dialer.settings import AgendaAway, Mode
from lists import contacts, reserving
from lists.model import AttemptKind, Reserved, Retry, Schedule, Settlement
from storage.ids import uuid7
from typifications import agenda
from typifications.model import AgendaEvent

log = logging.getLogger(__name__)

BATCH = 50
LEASE_S = 60.0
"""Long enough for the agent's phone to be rung first."""


class Bound:
    def __init__(self, tools: Tools, placer: Placer, hub: Hub, first: AgentFirst) -> None:
        self._tools = tools
        self._placer = placer
        self._hub = hub
        self._first = first

    async def release_due(self) -> None:
        """Contacts whose agenda event is due may be dialled. Raises `StorageError`."""
        async with self._tools.db.transaction() as conn:
            by_agents = [run.id for run in self._hub.runs.values() if _calls_back_by_agents(run)]
            events = await agenda.release_due(conn, self._tools.clock.now(), by_agents=by_agents)
        for event in events:
            run = self._hub.runs.get(event.campaign_id) if event.campaign_id else None
            if run is not None:
                run.more_contacts()

    async def hand_over(self) -> None:
        """Due events of agents who stayed away for the campaign's grace, as it says: to anyone, or into the
        supervisors' queue. Those for the next log-in stay where they are, while there may be one. Raises
        `StorageError`."""
        for run in list(self._hub.runs.values()):
            waits = run.settings.agenda_away is AgendaAway.NEXT_LOGIN
            # Who works in other campaigns alone is never called for this one's events.
            team = [agent for agent in self._tools.agents if run.id in agent.campaign_ids]
            present = [agent.id for agent in team if agent.at_work or (waits and agent.row.enabled)]
            await self._hand_over(run, present)

    async def _hand_over(self, run: CampaignRun, present: Sequence[UUID]) -> None:
        now = self._tools.clock.now()
        due_before = now - timedelta(seconds=run.settings.agenda_grace_s)
        async with self._tools.db.transaction() as conn:
            events = await agenda.unattended(conn, [run.id], present=present, due_before=due_before)
            if not events:
                return
            ids = [event.id for event in events]
            if run.settings.agenda_away is AgendaAway.ANYONE:
                await agenda.reassign(conn, ids, None, now=now)
                freed = _waiting(events) if _calls_back_by_agents(run) else _freed(events, now)
                await contacts.settle_many(conn, freed, now)
            else:
                await agenda.orphan(conn, ids, now)
        run.more_contacts()

    async def dial(self) -> None:
        """One due contact for each agent who is ready. Raises `StorageError`.

        One that may not be called now keeps none of the agent's others waiting.
        """
        ready = {agent.id: agent for agent in self._tools.agents if _may_be_called(agent)}
        running = [run for run in self._hub.runs.values() if run.campaign.desired is Desired.RUNNING]
        if not ready or not running or not self._tools.writer.healthy:
            return
        now = self._tools.clock.now()
        async with self._tools.db.transaction() as conn:
            for run in running:
                free = [agent.id for agent in ready.values() if run.id in agent.row.campaign_ids]
                if free and _calls_back_by_agents(run):
                    await agenda.release_to(conn, run.id, free, now)
            found = await reserving.reserve_bound(
                conn,
                list(ready),
                [run.id for run in running],
                now=now,
                limit=BATCH,
                worker=self._tools.worker,
                lease_s=LEASE_S,
            )
        left: list[UUID] = []
        for contact in found:
            agent = ready.get(contact.agent_id) if contact.agent_id else None
            its_run = self._run_for(agent, contact) if agent is not None else None
            if agent is None or its_run is None:
                left.append(contact.contact_id)
            elif not await self._is_postponed(its_run, contact):
                del ready[agent.id]
                if not await self._place(agent, its_run, contact):
                    left.append(contact.contact_id)
        if left:
            async with self._tools.db.transaction() as conn:
                await reserving.release(conn, left, self._tools.worker)

    def _run_for(self, agent: LiveAgent, contact: Reserved) -> CampaignRun | None:
        """The contact's campaign, if this agent may be called for it now."""
        run = self._hub.runs.get(contact.campaign_id)
        if run is None or run.campaign.desired is not Desired.RUNNING or run.id not in agent.row.campaign_ids:
            return None
        return run if _may_be_called(agent) else None

    async def _is_postponed(self, run: CampaignRun, contact: Reserved) -> bool:
        """Out of its hours."""
        now = self._tools.clock.now()
        hours = opening(contact.zones, contact.list_zone, run.settings, now, e164=contact.e164)
        if isinstance(hours, Closed):
            until = hours.until or now + timedelta(seconds=UNKNOWN_WAIT_S)
            async with self._tools.db.transaction() as conn:
                await reserving.postpone(conn, [contact.contact_id], until)
        return isinstance(hours, Closed)

    async def _place(self, agent: LiveAgent, run: CampaignRun, contact: Reserved) -> bool:
        """False: not now, the contact is given back."""
        attempt_id = uuid7(self._tools.clock.now())
        if agent.rings_first:
            return self._ring_first(agent, run, contact, attempt_id)
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

    def _ring_first(self, agent: LiveAgent, run: CampaignRun, contact: Reserved, attempt_id: UUID) -> bool:
        return self._first.start(
            Proposed(
                attempt_id=attempt_id,
                agent=agent,
                run=run,
                kind=AttemptKind.AGENT_BOUND,
                e164=contact.e164,
                contact=contact,
                customer_id=contact.customer_id,
            )
        )


def _freed(events: Sequence[AgendaEvent], now: datetime) -> list[Settlement]:
    return [
        Settlement(event.contact_id, Retry(now, unbind=True), agenda.NO_CAPS)
        for event in events
        if event.contact_id is not None
    ]


def _waiting(events: Sequence[AgendaEvent]) -> list[Settlement]:
    return [
        Settlement(event.contact_id, Schedule(), agenda.NO_CAPS)
        for event in events
        if event.contact_id is not None
    ]


def _calls_back_by_agents(run: CampaignRun) -> bool:
    """A broadcast's customer who was promised a call expects somebody, not the audio once more: such a
    call-back is made for an agent who is free, one to one."""
    return run.settings.mode is Mode.BROADCAST and run.settings.broadcast.agents


def _may_be_called(agent: LiveAgent) -> bool:
    return agent.idle if agent.rings_first else agent.free
