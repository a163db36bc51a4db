"""Agenda events that come due soon, told to the agent's open sockets; whoever comes later finds them in the
snapshot."""

import asyncio
from typing import TypeAlias
from uuid import UUID

import structlog

from crm_api.agenda.reminders import of_agents
from crm_api.agenda.schemas import EventOut
from crm_api.hub import Hub
from crm_api.live import notify
from crm_api.live.channels import Channels
from crm_api.live.messages import reminded, reminder_over
from crm_api.live.schemas import AgentSnapshotOut
from crm_api.live.topics import Topic, TopicKind
from crm_api.schemas import Out
from storage.errors import StorageError
from typifications.model import AgendaEvent

log = structlog.get_logger(__name__)
EVERY_S = 15.0
SETTLE_S = 0.05
"""Several events taken in one moment are one look."""

Told: TypeAlias = AgendaEvent | EventOut


class Reminders:
    """Each process tells its own sockets; the bus only says that an agent took or gave back an event."""

    def __init__(self, hub: Hub, channels: Channels) -> None:
        self._hub = hub
        self._channels = channels
        self._told: dict[tuple[UUID, UUID], Told] = {}
        """By agent and event, as it was told."""
        channels.shown_to_all = self._shown
        self._due = asyncio.Event()

    async def run(self) -> None:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._hear())
            tasks.create_task(self._tick())
            tasks.create_task(self._look_on())

    async def _tick(self) -> None:
        while True:
            await self._hub.clock.sleep(EVERY_S)
            self._due.set()

    async def _look_on(self) -> None:
        while True:
            await self._due.wait()
            await asyncio.sleep(SETTLE_S)
            self._due.clear()
            try:
                await self.look()
            except StorageError as error:
                log.warning("reminders_put_off", error=str(error))

    async def _hear(self) -> None:
        async with self._hub.bus.subscribe(notify.AGENDA) as subscription:
            async for _ in subscription:
                self._due.set()

    async def look(self) -> None:
        """Tell what has come within the period and was not told yet, also what was moved, reassigned or given
        back; and what was told and is over: taken by another, managed, removed."""
        followed = {
            topic.id: topic
            for topic in self._channels.topics()
            if topic.kind is TopicKind.AGENT and topic.id is not None
        }
        async with self._hub.db.connection() as conn:
            found = await of_agents(conn, followed.keys(), self._hub.clock.now())
        told: dict[tuple[UUID, UUID], Told] = {}
        for agent_id, events in found.items():
            for event in events:
                told[agent_id, event.id] = event
                before = self._told.get((agent_id, event.id))
                if before is None or before.due_at != event.due_at:
                    self._remind(followed[agent_id], event)
        for agent_id, event_id in self._told.keys() - told.keys():
            if agent_id in followed:
                self._over(followed[agent_id], self._told[agent_id, event_id])
        still = {topic.id for topic in self._channels.topics()}
        newcomers = {
            key: event for key, event in self._told.items() if key[0] not in followed and key[0] in still
        }
        self._told = told | newcomers

    def _shown(self, topic: Topic, out: Out) -> None:
        """Whoever begins to follow an agent has the reminders in the snapshot, and is not told them again."""
        if isinstance(out, AgentSnapshotOut) and topic.id is not None:
            self._told |= {(topic.id, event.id): event for event in out.reminders}

    def _remind(self, topic: Topic, event: AgendaEvent) -> None:
        text = reminded(topic, EventOut.model_validate(event))
        self._channels.spread(topic, text, event.campaign_id)

    def _over(self, topic: Topic, event: Told) -> None:
        self._channels.spread(topic, reminder_over(topic, event.id), event.campaign_id)
