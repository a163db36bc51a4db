"""Agenda events that come due soon, told to the agent's open sockets; whoever comes later finds them in the
snapshot."""

from datetime import datetime
from uuid import UUID

import structlog

from crm_api.agenda.reminders import of_agents
from crm_api.agenda.schemas import EventOut
from crm_api.hub import Hub
from crm_api.live.channels import Channels
from crm_api.live.messages import reminded
from crm_api.live.topics import Topic, TopicKind
from storage.errors import StorageError
from typifications.model import AgendaEvent

log = structlog.get_logger(__name__)
EVERY_S = 15.0
Told = tuple[UUID, UUID, datetime]


class Reminders:
    """Each process tells its own sockets, so nothing goes over the bus and nobody is told twice."""

    def __init__(self, hub: Hub, channels: Channels) -> None:
        self._hub = hub
        self._channels = channels
        self._told: set[Told] = set()

    async def run(self) -> None:
        while True:
            await self._hub.clock.sleep(EVERY_S)
            try:
                await self.look()
            except StorageError as error:
                log.warning("reminders_put_off", error=str(error))

    async def look(self) -> None:
        """Tell what has come within the period and was not told yet: also what was moved or reassigned."""
        followed = {
            topic.id: topic
            for topic in self._channels.topics()
            if topic.kind is TopicKind.AGENT and topic.id is not None
        }
        async with self._hub.db.connection() as conn:
            found = await of_agents(conn, followed.keys(), self._hub.clock.now())
        told: set[Told] = set()
        for agent_id, events in found.items():
            for event in events:
                this = (agent_id, event.id, event.due_at)
                told.add(this)
                if this not in self._told:
                    self._tell(followed[agent_id], event)
        self._told = told

    def _tell(self, topic: Topic, event: AgendaEvent) -> None:
        self._channels.spread(topic, reminded(topic, EventOut.model_validate(event)))
