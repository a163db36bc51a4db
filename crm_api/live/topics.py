"""Topics of the live socket: who may follow which, what a snapshot of each holds, who sees which message."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from crm_api.access import Principal, Role
from crm_api.agenda.reminders import of_agents
from crm_api.agenda.schemas import EventOut
from crm_api.errors import forbidden, invalid
from crm_api.live import pop
from crm_api.live.schemas import AgentSnapshotOut, AgentState, FloorSnapshotOut
from crm_api.schemas import Out
from dialer import agents, live
from dialer.live import AgentIs, Body
from storage.database import Connection


class TopicKind(StrEnum):
    FLOOR = "floor"
    CAMPAIGN = "campaign"
    AGENT = "agent"


@dataclass(frozen=True, slots=True)
class Topic:
    kind: TopicKind
    id: UUID | None = None

    def __str__(self) -> str:
        return self.kind if self.id is None else f"{self.kind}.{self.id}"


def parse(text: str) -> Topic:
    kind, _, rest = text.partition(".")
    try:
        topic = Topic(TopicKind(kind), UUID(rest) if rest else None)
    except ValueError:
        raise invalid("unknown_topic", "topics are floor, campaign.<id> and agent.<id>", topic=text) from None
    if (topic.id is None) != (topic.kind is TopicKind.FLOOR):
        raise invalid("unknown_topic", "topics are floor, campaign.<id> and agent.<id>", topic=text)
    return topic


@dataclass(frozen=True, slots=True)
class Sight:
    """What one client sees of a topic; None: everything of it. Agents are those of the campaigns watched."""

    campaigns: frozenset[UUID] | None = None
    agents: frozenset[UUID] | None = None

    def sees(self, body: Body) -> bool:
        if isinstance(body, AgentIs):
            return self.agents is None or body.agent_id in self.agents
        return self.covers(body.campaign_id)

    def covers(self, campaign_id: UUID | None) -> bool:
        """Whether this client may know of customers of this campaign; of none: who sees all."""
        return self.campaigns is None or campaign_id in self.campaigns


async def sight(conn: Connection, who: Principal, topic: Topic) -> Sight:
    """The one check of rights on live state. Raises 403."""
    if topic.kind is TopicKind.AGENT:
        assert topic.id is not None
        return await _of_agent(conn, who, topic.id)
    if not who.role.covers(Role.SUPERVISOR):
        raise forbidden(
            "role_too_low", "this needs the role supervisor", needed=Role.SUPERVISOR, role=who.role
        )
    if topic.kind is TopicKind.CAMPAIGN:
        assert topic.id is not None
        if not who.watches(topic.id):
            raise forbidden("campaign_not_yours", "you do not watch this campaign", id=str(topic.id))
        return Sight()
    if who.campaigns is None:
        return Sight()
    theirs = await agents.page(conn, campaign_ids=list(who.campaigns), limit=100_000)
    return Sight(who.campaigns, frozenset(agent.id for agent in theirs))


async def _of_agent(conn: Connection, who: Principal, agent_id: UUID) -> Sight:
    """Everything of oneself. A supervisor sees where an agent of a campaign watched is, and its customers of
    these campaigns: an agent works for others, too."""
    if who.agent_id == agent_id:
        return Sight()
    if not who.role.covers(Role.SUPERVISOR):
        raise forbidden("agent_not_yours", "an agent follows itself only", id=str(agent_id))
    found = await agents.get(conn, agent_id)
    if who.campaigns is not None and not who.campaigns & found.campaign_ids:
        raise forbidden("agent_not_yours", "this agent works in none of your campaigns", id=str(agent_id))
    return Sight(who.campaigns)


async def snapshot(conn: Connection, topic: Topic, seen: Sight, now: datetime) -> Out:
    """Everything of the topic as it stands: read at the start, after a gap, after a reconnect."""
    if topic.kind is TopicKind.AGENT:
        assert topic.id is not None
        at = await live.agent_snapshot(conn, topic.id, now=now)
        theirs = seen.covers(at.offer.campaign_id if at.offer else None)
        soon = (await of_agents(conn, [topic.id], now))[topic.id]
        return AgentSnapshotOut(
            at=at.at,
            agent=AgentState.model_validate(at.agent),
            pop=await pop.compose(conn, at.offer) if at.offer and theirs else None,
            handling=at.handling if theirs else "",
            third=at.third if theirs else "",
            reminders=[EventOut.model_validate(one) for one in soon if seen.covers(one.campaign_id)],
        )
    ids = [topic.id] if topic.id is not None else list(seen.campaigns) if seen.campaigns is not None else None
    floor = await live.floor_snapshot(conn, campaign_ids=ids, now=now)
    return FloorSnapshotOut.model_validate(floor)
