"""While the bus is down the API looks for itself: an agent's call must be on the screen all the same.

What the worker would have told stands in PostgreSQL, where it writes each agent's presence before it tells of
it. One query a look for all the agents followed here; who is elsewhere than at the last look gets a snapshot,
which holds the pop. When the bus is back, its gap brings everybody up to date, and the looking ends.
"""

import asyncio
from uuid import UUID

import structlog

from crm_api.hub import Hub
from crm_api.live.channels import Channels
from crm_api.live.topics import Topic, TopicKind
from dialer import agents
from dialer.agents import Presence
from storage.errors import StorageError

log = structlog.get_logger(__name__)
EVERY_S = 0.7
"""Real seconds: it stands for a bus, and business time knows nothing of that."""


class Lookout:
    def __init__(self, hub: Hub, channels: Channels) -> None:
        self._hub = hub
        self._channels = channels
        self._known: dict[UUID, Presence | None] = {}

    async def run(self) -> None:
        while True:
            await asyncio.sleep(EVERY_S)
            if self._hub.bus.healthy:
                self._known.clear()
                continue
            try:
                await self.look()
            except StorageError as error:
                log.warning("look_put_off", error=str(error))

    async def look(self) -> None:
        """The first look of an outage shows everybody where they are: what was said at its very beginning is
        lost."""
        followed: dict[UUID, Topic] = {
            topic.id: topic
            for topic in self._channels.topics()
            if topic.kind is TopicKind.AGENT and topic.id is not None
        }
        if not followed:
            return
        async with self._hub.db.connection() as conn:
            found = {presence.agent_id: presence for presence in await agents.presences(conn, list(followed))}
        before, self._known = self._known, {agent_id: found.get(agent_id) for agent_id in followed}
        for agent_id, topic in followed.items():
            if agent_id not in before or before[agent_id] != self._known[agent_id]:
                await self._channels.begin_again(topic)
