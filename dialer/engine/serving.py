"""Which agent gets the next contact, where the agent's leg comes first: one call for each idle agent.

Campaigns that share such an agent take turns; one with nothing to dial passes its turn on.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID

from dialer.campaigns import Doing
from dialer.engine.agent_first import LEASE_S, AgentFirst
from dialer.engine.agents import LiveAgent
from dialer.engine.campaign import CampaignRun
from dialer.engine.hub import Hub
from dialer.engine.previews import Previews
from dialer.engine.proposed import Proposed
from dialer.engine.tools import Tools
from dialer.settings import Mode
from lists.model import AttemptKind
from storage.ids import uuid7

NEVER = datetime(1970, 1, 1, tzinfo=UTC)


class Serving:
    def __init__(self, tools: Tools, hub: Hub, first: AgentFirst, previews: Previews) -> None:
        self._tools = tools
        self._hub = hub
        self._first = first
        self._previews = previews
        self._served: dict[tuple[UUID, UUID], datetime] = {}
        """When this agent was last this campaign's turn."""

    async def serve(self, run: CampaignRun, room: int) -> int:
        """Propose a call to each idle agent whose turn with this campaign it is; how many. Raises
        `StorageError`."""
        preview = run.settings.mode is Mode.PREVIEW
        lease_s = LEASE_S + run.settings.preview_s if preview else LEASE_S
        begun = 0
        candidates = self._candidates(run)
        for agent in candidates:
            if begun >= room:
                break
            contact = await run.lend(lease_s)
            if contact is None:
                self._took_turn(run, candidates)
                break
            self._took_turn(run, [agent])
            proposed = Proposed(
                attempt_id=uuid7(self._tools.clock.now()),
                agent=agent,
                run=run,
                kind=AttemptKind.PREVIEW if preview else AttemptKind.AGENT_FIRST,
                e164=contact.e164,
                contact=contact,
                customer_id=contact.customer_id,
            )
            start = self._previews.show if preview else self._first.start
            if agent.idle and start(proposed):
                begun += 1
            else:
                run.put_back(contact)
        return begun

    def _took_turn(self, run: CampaignRun, agents: Sequence[LiveAgent]) -> None:
        for agent in agents:
            self._served[agent.id, run.id] = self._tools.clock.now()

    def closed(self, run: CampaignRun) -> None:
        self._first.withdraw_all(run)

    def _candidates(self, run: CampaignRun) -> list[LiveAgent]:
        preview = run.settings.mode is Mode.PREVIEW
        return [
            agent
            for agent in self._tools.agents
            if (preview or agent.rings_first)
            and agent.idle
            and run.id in agent.row.campaign_ids
            and self._tools.sender.ready(agent.row.server)
            and self._is_for(run, agent)
        ]

    def _is_for(self, run: CampaignRun, agent: LiveAgent) -> bool:
        """A paced campaign's pacer counts on all other agents; a preview has those whose home it is."""
        if agent.rings_first:
            return self._is_turn_of(run, agent)
        return agent.told == run.id

    def _is_turn_of(self, run: CampaignRun, agent: LiveAgent) -> bool:
        sharing = [
            other
            for other in self._hub.runs.values()
            if other.id in agent.row.campaign_ids and (other is run or _wants_agents(other))
        ]
        return (
            min(sharing, key=lambda one: (self._served.get((agent.id, one.id), NEVER), one.id.bytes)) is run
        )


def _wants_agents(run: CampaignRun) -> bool:
    return run.status.doing is Doing.DIALLING or run.status.why == "no_agents"
