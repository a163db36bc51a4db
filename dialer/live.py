"""The live state as the outside sees it: messages on the bus, and the snapshot that starts or mends a reader.

Every message says what *is*, not what changed, so a snapshot read in between does no harm. `stream` names the
worker's run and `seq` counts its messages on one topic: a new stream or a hole in `seq` is a gap, and a gap
means reading the snapshot again. A worker publishes only what PostgreSQL already holds.

Topics: `agent.<id>` (one agent's desktop), `campaign.<id>`, `floor` (everything a supervisor watches).
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

import msgspec
from asyncpg import Record

from dialer import agents, proposals
from dialer.proposals import Stage
from storage.bus import Bus
from storage.database import Connection
from storage.queries import Queries

QUERIES = Queries.load("dialer", "sql/live.sql")

FLOOR = "floor"


def agent_topic(agent_id: UUID) -> str:
    return f"agent.{agent_id}"


def campaign_topic(campaign_id: UUID) -> str:
    return f"campaign.{campaign_id}"


class AgentIs(msgspec.Struct, frozen=True, tag="agent"):
    """On `agent.<id>` and `floor`: where an agent is now."""

    agent_id: UUID
    state: str
    since: datetime
    reason: str = ""
    pending: str = ""
    attempt_id: UUID | None = None
    wrapup_until: datetime | None = None


class Offered(msgspec.Struct, frozen=True, tag="offered"):
    """On `agent.<id>`: this call is yours. The API makes the screen-pop from it."""

    agent_id: UUID
    attempt_id: UUID
    attempt_at: datetime | None
    """None: there is no attempt yet, see `stage`."""
    direction: str
    """out, in or manual."""
    e164: str
    campaign_id: UUID | None = None
    customer_id: UUID | None = None
    contact_id: UUID | None = None
    rescued: bool = False
    """The customer's first agent lost the line."""
    transferred: bool = False
    """The customer's first agent gave it away."""
    stage: str = Stage.CALL
    """preview, ringing or call (`dialer.proposals.Stage`)."""
    until: datetime | None = None
    """Of a preview: when its time ends, and what happens then (`at_end`: dial, skip)."""
    at_end: str = ""
    skips_left: int | None = None
    """How often this contact may still be skipped."""

    @classmethod
    def of(cls, shown: proposals.Proposal) -> "Offered":
        return cls(
            agent_id=shown.agent_id,
            attempt_id=shown.attempt_id,
            attempt_at=None,
            direction=shown.direction,
            e164=shown.e164,
            campaign_id=shown.campaign_id,
            customer_id=shown.customer_id,
            contact_id=shown.contact_id,
            stage=shown.stage,
            until=shown.until,
            at_end=shown.at_end,
            skips_left=shown.skips_left,
        )


class CallIs(msgspec.Struct, frozen=True, tag="call"):
    """On `agent.<id>` and `floor`: a call with an agent, or one that just ended."""

    attempt_id: UUID
    state: str
    """ringing, answered, connected, held, consulting, conference, transferred, ended."""
    at: datetime
    agent_id: UUID | None = None
    campaign_id: UUID | None = None
    outcome: str = ""
    third: str = ""
    """Whom the agent consults, or the customer was given to: a number, or an agent's code."""
    third_answered: bool = False
    """`not_placed`: what was proposed came to no call; `reason` says why."""
    reason: str = ""


class Bound(StrEnum):
    """What kept a campaign's last decision from being larger."""

    PACER = "pacer"
    CHANNELS = "channels"
    """The campaign's own."""
    TRUNKS = "trunks"
    """Their channels, or their calls a second."""


class CampaignIs(msgspec.Struct, frozen=True, tag="campaign"):
    """On `campaign.<id>` and `floor`: about once a second while it dials."""

    campaign_id: UUID
    doing: str
    why: str
    in_flight: int
    talking: int
    agents_ready: int
    agents_busy: int
    attempts: int
    answered: int
    connected: int
    abandoned: int
    pacing: Mapping[str, Any] = msgspec.field(default_factory=dict)
    """Why it dials what it dials: expected answers and free agents, price, budget left; what bounded the last
    decision (`Bound`), how many there were and what they cost."""
    late: int = 0
    """Records of calls that are over, of all campaigns of this worker, which PostgreSQL was too slow for: the
    figures are without them until they are written."""


Body = AgentIs | Offered | CallIs | CampaignIs


class Live(msgspec.Struct, frozen=True):
    """One message of a topic."""

    stream: str
    seq: int
    at: datetime
    body: Body


_ENCODER = msgspec.json.Encoder()
_DECODER = msgspec.json.Decoder(Live)


def decode(payload: bytes) -> Live:
    return _DECODER.decode(payload)


class Publisher:
    """The worker's side: numbers the messages of each topic."""

    __slots__ = ("_bus", "_seq", "stream")

    def __init__(self, bus: Bus, stream: str) -> None:
        self._bus = bus
        self.stream = stream
        self._seq: dict[str, int] = {}

    def publish(self, topics: Sequence[str], body: Body, at: datetime) -> None:
        for topic in topics:
            seq = self._seq.get(topic, 0) + 1
            self._seq[topic] = seq
            self._bus.publish(topic, _ENCODER.encode(Live(self.stream, seq, at, body)))


class Figures(msgspec.Struct, frozen=True):
    """A campaign's counts since `since`. Live answers are connected + abandoned + gone."""

    campaign_id: UUID
    attempts: int
    answered: int
    machines: int
    connected: int
    abandoned: int
    gone: int


class LiveCall(msgspec.Struct, frozen=True):
    attempt_id: UUID
    begun_at: datetime
    e164: str | None
    state: str
    updated_at: datetime
    campaign_id: UUID | None = None
    contact_id: UUID | None = None
    customer_id: UUID | None = None
    agent_id: UUID | None = None
    handling: str = ""
    """held, consulting, conference, transferred; empty for a plain conversation."""
    third: str = ""


class FloorSnapshot(msgspec.Struct, frozen=True):
    at: datetime
    agents: list[AgentIs]
    calls: list[LiveCall]
    figures: list[Figures]


class AgentSnapshot(msgspec.Struct, frozen=True):
    """Everything a desktop needs after a reconnect; `offer` is the call it is in, or has yet to typify."""

    at: datetime
    agent: AgentIs
    offer: Offered | None
    handling: str = ""
    """Of the call it is in: held, consulting, conference; empty for a plain conversation."""
    third: str = ""


async def floor_snapshot(
    conn: Connection, *, campaign_ids: Sequence[UUID] | None = None, now: datetime
) -> FloorSnapshot:
    """What a supervisor of these campaigns (None: all) sees; figures are today's, in each campaign's zone."""
    ids = list(campaign_ids) if campaign_ids is not None else None
    today = await conn.fetch(QUERIES["figures_of_today"], ids, now)
    return FloorSnapshot(
        at=now,
        agents=[_agent_is(row) for row in await conn.fetch(QUERIES["floor_agents"], ids)],
        calls=[LiveCall(**row) for row in await conn.fetch(QUERIES["floor_calls"], ids)],
        figures=[Figures(**row) for row in today],
    )


async def agent_snapshot(conn: Connection, agent_id: UUID, *, now: datetime) -> AgentSnapshot:
    found = await agents.presences(conn, [agent_id])
    if not found:
        return AgentSnapshot(at=now, agent=AgentIs(agent_id, "logged_out", now), offer=None)
    presence = found[0]
    offer = None
    if presence.attempt_id is not None:
        row = await conn.fetchrow(QUERIES["offer"], presence.attempt_id, presence.attempt_at)
        offer = _again(presence, row) if row else await _proposed(conn, agent_id)
    stands = await conn.fetchrow(QUERIES["handling"], presence.attempt_id, agent_id)
    state, third = (stands["state"], stands["third"]) if stands else ("", "")
    return AgentSnapshot(at=now, agent=agent_is(presence), offer=offer, handling=state, third=third)


def _again(presence: agents.Presence, row: Record) -> Offered:
    return Offered(
        agent_id=presence.agent_id,
        rescued=presence.came == agents.RESCUED,
        transferred=presence.came == agents.TRANSFERRED,
        **row,
    )


async def _proposed(conn: Connection, agent_id: UUID) -> Offered | None:
    shown = await proposals.of_agent(conn, agent_id)
    return Offered(agent_id=agent_id, attempt_at=None, **shown) if shown else None


async def figures(
    conn: Connection, *, campaign_ids: Sequence[UUID] | None = None, since: datetime
) -> list[Figures]:
    ids = list(campaign_ids) if campaign_ids is not None else None
    return [Figures(**row) for row in await conn.fetch(QUERIES["figures"], ids, since)]


def agent_is(presence: agents.Presence) -> AgentIs:
    return AgentIs(
        agent_id=presence.agent_id,
        state=presence.state,
        since=presence.since,
        reason=presence.reason,
        pending=presence.pending,
        attempt_id=presence.attempt_id,
        wrapup_until=presence.wrapup_until,
    )


def _agent_is(row: Record) -> AgentIs:
    return AgentIs(**row)
