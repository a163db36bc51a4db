"""The interface between a pacer and whoever drives it: the engine, the simulator, an examiner.

A pacer is told what happens and asked how many calls to place. Seconds everywhere; ids are any hashable.
"""

from collections.abc import Hashable
from enum import StrEnum
from typing import Any, Protocol

Call = Hashable
Agent = Hashable
Snapshot = dict[str, Any]
"""JSON-able: what a pacer has learned, for a warm start."""


class Failure(StrEnum):
    """How a dialled call ended without a person for an agent."""

    BUSY = "busy"
    NO_ANSWER = "no_answer"
    INVALID = "invalid"
    MACHINE = "machine"


class Pacer(Protocol):
    """Decides how many calls to place now, from what it was told and from nothing else."""

    def dialed(self, call: Call, at: float, p: float | None = None) -> None:
        """A call was placed; `p` is its own answer probability, where somebody knows one."""

    def progress(self, call: Call, at: float, code: int) -> None:
        """The network said 100, 180 or 183."""

    def answered(self, call: Call, at: float) -> None:
        """Somebody (with machine detection: a person) answered and waits for an agent."""

    def failed(self, call: Call, at: float, kind: str) -> None:
        """The call ended and needs no agent; `kind` is one of `Failure`, or any other word."""

    def abandoned(self, call: Call, at: float) -> None:
        """No agent took the answered call in time: it counts against the budget."""

    def connected(self, call: Call, agent: Agent, at: float) -> None:
        """The agent talks to the answered call."""

    def wrapup(self, agent: Agent, at: float) -> None:
        """The conversation is over, the agent writes."""

    def finishing(self, agent: Agent, at: float) -> None:
        """The agent opened the typification form: free soon."""

    def ready(self, agent: Agent, at: float) -> None:
        """The agent is free; also the log-in."""

    def left(self, agent: Agent, at: float) -> None:
        """The agent is gone (pause, log-out, lost line)."""

    def leaving(self, agent: Agent, at: float) -> None:
        """The agent asked for a pause or log-out: will not be free after the current call."""

    def decide(self, at: float, max_calls: int) -> int:
        """How many calls to place now: 0 to `max_calls`."""

    def retarget(self, target: float) -> None:
        """Aim at another abandonment from now on."""

    def budget(self, abandoned: int, answered: int) -> None:
        """The counts of the campaign's legal window, as the compliance report counts them."""

    def explain(self, at: float) -> dict[str, float]:
        """Why the last decision was what it was, for the supervisor."""

    def snapshot(self) -> Snapshot:
        """What was learned, JSON-able."""

    def restore(self, snapshot: Snapshot) -> None:
        """Start from what was learned before."""
