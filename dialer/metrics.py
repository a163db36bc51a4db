"""Each figure's formula, once, for reports, API and simulator. `docs/metrics.md` states them in words.

A share of nothing is None, never 0: "no calls" and "no call was answered" are different findings.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from decimal import Decimal
from typing import Any

from dialer import compliance
from dialer.compliance import Counts
from dialer.outcome import Outcome

ANSWERED = (
    Outcome.CONNECTED,
    Outcome.ABANDONED,
    Outcome.MACHINE,
    Outcome.GONE,
    Outcome.PLAYED,
    Outcome.PRESSED,
    Outcome.OPTED_OUT,
    Outcome.MESSAGE_LEFT,
    Outcome.UNATTENDED,
    Outcome.OUT_OF_HOURS,
)
HOUR_MS = 3_600_000
_Z95 = 1.959964
MIN_TRIALS = 30
"""Fewer attempts say nothing about an hour."""


def share(part: float, whole: float) -> float | None:
    return part / whole if whole else None


def occupancy(*, talk: float, wrapup: float, ready: float, hold: float = 0.0) -> float | None:
    """(talk + hold + wrap-up) ÷ (those + ready), in any one unit of time. Pauses count in neither."""
    busy = talk + hold + wrapup
    return share(busy, busy + ready)


def wilson_lower(successes: float, trials: float) -> float:
    """The lower end of Wilson's 95 % interval of a proportion (Wilson 1927): few trials promise little."""
    if trials <= 0:
        return 0.0
    p, z2 = min(successes / trials, 1.0), _Z95 * _Z95
    centre = p + z2 / (2 * trials)
    spread = _Z95 * math.sqrt(p * (1 - p) / trials + z2 / (4 * trials * trials))
    return max((centre - spread) / (1 + z2 / trials), 0.0)


@dataclass(frozen=True, slots=True)
class Figures:
    """Sums over any set of calls, interactions and agents' time. Everything derived is a property."""

    outcomes: Mapping[str, int] = field(default_factory=dict)
    """Closed attempts by `dialer.outcome.Outcome`."""
    ring_ms: int = 0
    wait_ms: int = 0
    """Answered until joined to an agent."""
    talk_ms: int = 0
    """Joined until ended, as the calls tell it."""
    paced_connected: int = 0
    paced_abandoned: int = 0
    """Of calls the pacing placed: the only ones the law's ratio counts."""
    interactions: int = 0
    untypified: int = 0
    right_party: int = 0
    """Interactions whose path has the class right party or success."""
    successes: int = 0
    machines_met: int = 0
    """Typified as a machine by an agent."""
    measure: Decimal = Decimal(0)
    """Of each interaction the measure of its deepest level that has one."""
    ready_ms: int = 0
    talking_ms: int = 0
    """As the agents' time tells it: talk and hold."""
    hold_ms: int = 0
    """Of these the customer heard music: held, or while the agent consulted somebody."""
    wrapup_ms: int = 0
    paused_ms: int = 0
    other_ms: int = 0

    def __add__(self, other: "Figures") -> "Figures":
        sums: dict[str, Any] = {
            f.name: getattr(self, f.name) + getattr(other, f.name)
            for f in fields(self)
            if f.name != "outcomes"
        }
        names = {*self.outcomes, *other.outcomes}
        outcomes = {name: self.outcomes.get(name, 0) + other.outcomes.get(name, 0) for name in names}
        return Figures(outcomes=outcomes, **sums)

    def of(self, outcome: Outcome) -> int:
        return self.outcomes.get(outcome, 0)

    @property
    def attempts(self) -> int:
        return sum(self.outcomes.values())

    @property
    def contacts(self) -> int:
        """Conversations: a customer joined to an agent."""
        return self.of(Outcome.CONNECTED)

    @property
    def answered(self) -> int:
        """The line was picked up, by whomever or whatever."""
        return sum(self.of(outcome) for outcome in ANSWERED)

    @property
    def answer_rate(self) -> float | None:
        return share(self.answered, self.attempts)

    @property
    def contact_rate(self) -> float | None:
        return share(self.contacts, self.attempts)

    @property
    def machine_rate(self) -> float | None:
        return share(self.of(Outcome.MACHINE) + self.of(Outcome.MESSAGE_LEFT), self.answered)

    @property
    def paced(self) -> Counts:
        return Counts(connected=self.paced_connected, abandoned=self.paced_abandoned)

    @property
    def abandonment(self) -> float:
        """Abandoned ÷ live answers of paced calls; 0 where there is none, as the law counts."""
        return compliance.ratio(self.paced)

    @property
    def right_party_rate(self) -> float | None:
        return share(self.right_party, self.contacts)

    @property
    def conversion(self) -> float | None:
        return share(self.successes, self.contacts)

    @property
    def closing_rate(self) -> float | None:
        return share(self.successes, self.right_party)

    @property
    def typified_rate(self) -> float | None:
        return share(self.interactions - self.untypified, self.interactions)

    @property
    def occupancy(self) -> float | None:
        return occupancy(talk=self.talking_ms, wrapup=self.wrapup_ms, ready=self.ready_ms)

    @property
    def worked_ms(self) -> int:
        """Ready, talking or in wrap-up."""
        return self.ready_ms + self.talking_ms + self.wrapup_ms

    @property
    def contacts_per_hour(self) -> float | None:
        """Of an agent's worked time."""
        return share(self.contacts * HOUR_MS, self.worked_ms)

    @property
    def successes_per_hour(self) -> float | None:
        return share(self.successes * HOUR_MS, self.worked_ms)

    @property
    def measure_per_hour(self) -> float | None:
        return share(float(self.measure) * HOUR_MS, self.worked_ms)

    @property
    def mean_talk_s(self) -> float | None:
        return share(self.talk_ms / 1000, self.contacts)

    @property
    def hold_share(self) -> float | None:
        """Of the agents' time in conversations."""
        return share(self.hold_ms, self.talking_ms)

    @property
    def mean_hold_s(self) -> float | None:
        return share(self.hold_ms / 1000, self.contacts)

    @property
    def mean_wrapup_s(self) -> float | None:
        return share(self.wrapup_ms / 1000, self.contacts)

    @property
    def mean_wait_s(self) -> float | None:
        """Answer until joined."""
        return share(self.wait_ms / 1000, self.contacts)


DERIVED = tuple(
    name for name, value in vars(Figures).items() if isinstance(value, property) and name != "paced"
)
"""Names of all derived figures, for tables and exports."""


def total(rows: Iterable[Figures]) -> Figures:
    return sum(rows, Figures())


@dataclass(frozen=True, slots=True)
class HourScore:
    """One hour of the week: how often calling in it pays."""

    weekday: int
    """ISO: 1 is Monday."""
    hour: int
    attempts: int
    hits: int
    """Right-party contacts where results tell of them, else conversations."""
    rate: float
    score: float
    """The rate one can count on: hours are ranked by it. 0 below `MIN_TRIALS` attempts."""


def rank_hours(by_hour: Mapping[tuple[int, int], Figures]) -> list[HourScore]:
    """Hours of the week (weekday, hour), the best to call in first."""
    by_right_party = any(found.right_party for found in by_hour.values())
    scores = []
    for (weekday, hour), found in by_hour.items():
        if not found.attempts:
            continue
        hits = found.right_party if by_right_party else found.contacts
        score = wilson_lower(hits, found.attempts) if found.attempts >= MIN_TRIALS else 0.0
        scores.append(HourScore(weekday, hour, found.attempts, hits, hits / found.attempts, score))
    return sorted(scores, key=lambda s: (-s.score, -s.attempts, s.weekday, s.hour))
