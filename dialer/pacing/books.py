"""What a pacer knows of calls and agents: its own books, kept from the events alone.

Every handler tolerates unknown and repeated ids, and a clock that stands still or steps back: a lost event or
a restart must never make a pacer fail, nor its counts negative.
"""

from dataclasses import dataclass, field
from enum import IntEnum

from dialer.pacing.types import Agent, Call


class Doing(IntEnum):
    """What an agent does. The order is the order of rows in the tables of `curves`."""

    READY = 0
    TALKING = 1
    WRAPUP = 2
    FINISHING = 3


@dataclass(slots=True)
class AgentEntry:
    doing: Doing
    since: float
    leaving: bool = False


@dataclass(slots=True)
class Books:
    """Calls being dialled (→ time of the dial), calls answered and waiting, agents and what they do since
    when."""

    now: float = 0.0
    dialing: dict[Call, float] = field(default_factory=dict)
    waiting: dict[Call, float] = field(default_factory=dict)
    agents: dict[Agent, AgentEntry] = field(default_factory=dict)
    idle: int = 0
    live_answers: int = 0
    abandonments: int = 0

    def clock(self, at: float) -> float:
        """Time never runs backwards here."""
        if at > self.now:
            self.now = at
        return self.now

    def free(self) -> int:
        """Agents free for somebody who is not answered yet."""
        return max(self.idle - len(self.waiting), 0)

    def begin(self, agent: Agent, doing: Doing, at: float) -> AgentEntry | None:
        """Move an agent to another state; the entry left behind, or None when the agent was not here."""
        before = self.agents.get(agent)
        if before is not None and before.doing is Doing.READY:
            self.idle -= 1
        if doing is Doing.READY:
            self.idle += 1
        leaving = before is not None and before.leaving and doing is not Doing.READY
        self.agents[agent] = AgentEntry(doing, at, leaving)
        return before

    def remove(self, agent: Agent) -> AgentEntry | None:
        before = self.agents.pop(agent, None)
        if before is not None and before.doing is Doing.READY:
            self.idle -= 1
        return before
