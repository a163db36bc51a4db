"""Who takes which call. Pure: waiting customers and free agents in, pairs out.

A customer never waits while somebody who could take the call is free: the pairs are a maximum matching
(Kuhn's augmenting paths), in which customers are served in their order and agents by idle time.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, TypeVar
from uuid import UUID


@dataclass(frozen=True, slots=True)
class WaitingCall:
    attempt_id: UUID
    campaign_id: UUID | None
    """None: a caller nobody knows, for any agent."""
    since: datetime
    agent_id: UUID | None = None
    """Only this agent may take it."""
    first: bool = False
    """Before the others: a rescued customer, an inbound caller."""
    patient: bool = False
    """Called us, and hears music: may wait for a phone to be picked up by hand."""


class FreeAgent(Protocol):
    """What is asked of an agent. The engine's own serve as they are: hundreds may be free at each answer, and
    copying each would be most of the work."""

    @property
    def id(self) -> UUID: ...

    @property
    def campaign_ids(self) -> Collection[UUID]: ...

    @property
    def idle_since(self) -> datetime: ...

    @property
    def rings_first(self) -> bool:
        """Its phone is picked up by hand."""
        ...


A = TypeVar("A", bound=FreeAgent)


def assign(calls: Sequence[WaitingCall], agents: Sequence[A]) -> list[tuple[WaitingCall, A]]:
    """Pairs in the order of the calls. Bound calls first, then `first`, then who has waited longest; each
    takes the agent idle longest, one who is there at once before one whose phone has to be picked up, unless
    another's only chance would be taken by it."""
    by_idle = sorted(agents, key=lambda agent: (agent.rings_first, agent.idle_since))
    order = sorted(calls, key=lambda call: (call.agent_id is None, not call.first, call.since))
    if len(order) == 1:
        taker = next((agent for agent in by_idle if _may_take(agent, order[0])), None)
        return [(order[0], taker)] if taker else []
    taken: dict[UUID, WaitingCall] = {}
    for call in order:
        _place(call, by_idle, taken, set())
    agent_of = {call.attempt_id: agent_id for agent_id, call in taken.items()}
    known = {agent.id: agent for agent in by_idle}
    return [(call, known[agent_of[call.attempt_id]]) for call in order if call.attempt_id in agent_of]


def _place(
    call: WaitingCall, agents: Sequence[FreeAgent], taken: dict[UUID, WaitingCall], tried: set[UUID]
) -> bool:
    """Give `call` an agent, moving calls already placed to others where that helps."""
    for agent in agents:
        if agent.id in tried or not _may_take(agent, call):
            continue
        tried.add(agent.id)
        holder = taken.get(agent.id)
        if holder is None or _place(holder, agents, taken, tried):
            taken[agent.id] = call
            return True
    return False


def _may_take(agent: FreeAgent, call: WaitingCall) -> bool:
    if agent.rings_first and not call.patient:
        return False
    if call.agent_id is not None:
        return agent.id == call.agent_id
    return call.campaign_id is None or call.campaign_id in agent.campaign_ids
