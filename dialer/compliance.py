"""Counting live answers and abandoned calls, once, for engine, statistics, simulator and reports.

Live answer = human, not sure, or no machine detection used. Abandoned = live answer that no agent was joined
to. A customer who hung up before the deadline is in neither term. Manual, agent-first, preview, agent-bound,
broadcast and inbound calls are outside the ratio (47 CFR 64.1200(a)(7): 3 % of live answers, per campaign, in
30 days).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

from dialer.outcome import Outcome, Verdict
from lists.model import AttemptKind


@dataclass(frozen=True, slots=True)
class Counts:
    """One row of `campaign_hour`, or a sum of them."""

    attempts: int = 0
    answered: int = 0
    """Connected, abandoned, gone or machine: the line was picked up."""
    machines: int = 0
    connected: int = 0
    abandoned: int = 0
    gone: int = 0

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(
            self.attempts + other.attempts,
            self.answered + other.answered,
            self.machines + other.machines,
            self.connected + other.connected,
            self.abandoned + other.abandoned,
            self.gone + other.gone,
        )


_NOTHING = Counts()
_OF_OUTCOME = {
    Outcome.CONNECTED: Counts(answered=1, connected=1),
    Outcome.ABANDONED: Counts(answered=1, abandoned=1),
    Outcome.MACHINE: Counts(answered=1, machines=1),
    Outcome.GONE: Counts(answered=1, gone=1),
}


def counts(kind: AttemptKind, verdict: Verdict) -> Counts:
    """What one ended call adds to its campaign's hour. Only paced calls count."""
    if kind is not AttemptKind.DIALLED:
        return _NOTHING
    return Counts(attempts=1) + _OF_OUTCOME.get(verdict.outcome, _NOTHING)


def total(rows: Iterable[Counts]) -> Counts:
    return sum(rows, _NOTHING)


def ratio(found: Counts, *, machines_met: int = 0) -> float:
    """Abandoned ÷ live answers, 0 where there is none.

    `machines_met`: connected calls an agent typified as a machine. Where no machine detection runs, UK
    practice takes them out of the live answers.
    """
    live = max(found.connected - machines_met, 0) + found.abandoned
    return found.abandoned / live if live else 0.0


def window_start(
    window: Literal["shift", "24h", "30d"], now: datetime, shift_began: datetime | None = None
) -> datetime:
    """Since when the ratio is taken. A shift not begun is an empty window.

    Sums are kept by hours of UTC, so the hour a window begins in belongs to it: without it the first half
    hour of a day in Kolkata would count for no shift, and 24 hours would be 23 and some.
    """
    if window == "shift":
        start = shift_began
    else:
        start = now - (timedelta(hours=24) if window == "24h" else timedelta(days=30))
    return start.astimezone(UTC).replace(minute=0, second=0, microsecond=0) if start is not None else now
