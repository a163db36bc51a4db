"""Who answers, and when: the answer-time distribution, early failures, and the answer rate of this moment.

Time is cut into slots of a quarter of a second; calls are counted by the slot of their dial.
"""

from bisect import bisect_left
from dataclasses import dataclass, field
from math import erfc, log, sqrt
from typing import Any

import numpy as np

from dialer.pacing.durations import Array

SLOT = 0.25
RING_LIMIT = 30.0
"""Seconds after which a dial is taken for settled, until calls that rang longer are seen."""
LONGEST_RING = 120.0

PRIOR_ANSWERS = 6.0
PRIOR_MEDIAN, PRIOR_SIGMA = 8.0, 0.6
"""Before anything is known people are taken to answer after about 8 s (lognormal): six answers' worth."""
PRIOR_FAILURES, PRIOR_EARLY, PRIOR_EARLY_BY = 6.0, 0.15, 4.0
"""And 15 % of the others to fail within 4 s, the rest to ring out."""


@dataclass(slots=True)
class AnswerTimes:
    """F(a): P(answered by age a | answered); B(a): P(failed by age a | not answered).

    Only from dials older than the ring limit: of younger ones the fast answers are seen first.
    """

    answers: Array = field(default_factory=lambda: np.zeros(int(LONGEST_RING / SLOT)))
    failures: Array = field(default_factory=lambda: np.zeros(int(LONGEST_RING / SLOT)))
    changes: int = 0

    def add(self, age: float, answered: bool) -> None:
        k = min(int(age / SLOT), len(self.answers) - 1)
        (self.answers if answered else self.failures)[k] += 1.0
        self.changes += 1

    def answered_by(self, slots: int) -> Array:
        """F at 0, 1, … `slots` slots."""
        k = np.arange(1, slots + 1) * SLOT
        prior = np.array([0.5 * erfc(-log(a / PRIOR_MEDIAN) / PRIOR_SIGMA * sqrt(0.5)) for a in k])
        prior /= prior[-1]
        counts = self.answers[:slots].cumsum()
        total = counts[-1] + PRIOR_ANSWERS
        return np.concatenate([[0.0], (counts + PRIOR_ANSWERS * prior) / total])

    def failed_by(self, slots: int) -> Array:
        """B at 0, 1, … `slots` slots; what never ended counts as ringing to the end."""
        k = np.arange(1, slots + 1) * SLOT
        early = PRIOR_EARLY * np.minimum(k / PRIOR_EARLY_BY, 1.0)
        counts = self.failures.cumsum()
        total = counts[-1] + PRIOR_FAILURES
        return np.concatenate([[0.0], (counts[:slots] + PRIOR_FAILURES * early) / total])

    def snapshot(self) -> dict[str, Any]:
        return {"answers": self.answers.tolist(), "failures": self.failures.tolist()}

    def restore(self, saved: dict[str, Any], keep: float) -> None:
        self.answers = np.asarray(saved["answers"], dtype=float) * keep
        self.failures = np.asarray(saved["failures"], dtype=float) * keep


WINDOWS = (40.0, 160.0, 900.0)
"""Answers looked back on."""
CONSISTENT = 2.0
"""A longer window is believed while it lies within this many standard errors of the shorter one."""
PRIOR_P, PRIOR_WEIGHT = 0.3, 3.0
"""Answer rate supposed before anything is known, worth this many dials."""


@dataclass(slots=True)
class Rate:
    """The answer rate of this moment and its relative standard error."""

    p: float
    error: float


class AnswerRate:
    """p = (answers + prior) / (Σ dials · F(age) + prior), over the longest window consistent with the shorter
    ones.

    Weighting each dial by F(its age) is the censoring correction: a dial counts as far as it could have been
    answered by now, so the estimate follows a change within seconds, without waiting for the ring limit.
    """

    def __init__(self) -> None:
        self.ends: list[int] = []
        self.dials: list[float] = []
        self.answers: list[float] = []
        self.prior_p, self.prior_weight = PRIOR_P, PRIOR_WEIGHT

    def settle(self, slot: int, dials: float, answers: float) -> None:
        """A slot older than the ring limit: its dials count whole."""
        last_d, last_a = (self.dials[-1], self.answers[-1]) if self.dials else (0.0, 0.0)
        self.ends.append(slot)
        self.dials.append(last_d + dials)
        self.answers.append(last_a + answers)

    @property
    def settled(self) -> float:
        return self.dials[-1] if self.dials else 0.0

    def estimate(self, exposed: Array, answered: Array) -> Rate:
        """`exposed` (dials · F(age)) and `answered` of the unsettled slots, youngest first."""
        exposure, answers = exposed.cumsum(), answered.cumsum()
        rate = self._window(WINDOWS[0], exposure, answers, self._guess(exposure, answers))
        for size in WINDOWS[1:]:
            longer = self._window(size, exposure, answers, rate.p)
            if abs(longer.p - rate.p) > CONSISTENT * rate.error * rate.p:
                break
            rate = longer
        return rate

    def _guess(self, exposure: Array, answers: Array) -> float:
        total = float(exposure[-1]) + self.settled
        seen = float(answers[-1]) + (self.answers[-1] if self.answers else 0.0)
        return (seen + self.prior_p * self.prior_weight) / (total + self.prior_weight)

    def _window(self, size: float, exposure: Array, answers: Array, p: float) -> Rate:
        """The youngest dials with about `size` answers between them."""
        wanted = size / max(p, 1e-3)
        e, a = float(exposure[-1]), float(answers[-1])
        if e >= wanted:
            k = int(np.searchsorted(exposure, wanted))
            e, a = float(exposure[k]), float(answers[k])
        elif self.dials:
            total_d, total_a = self.dials[-1], self.answers[-1]
            k = bisect_left(self.dials, total_d - (wanted - e))
            before_d, before_a = (self.dials[k - 1], self.answers[k - 1]) if k > 0 else (0.0, 0.0)
            e, a = e + total_d - before_d, a + total_a - before_a
        p = (a + self.prior_p * self.prior_weight) / (e + self.prior_weight)
        p = min(max(p, 1e-4), 0.999)
        return Rate(p, sqrt((1.0 - p) / (a + 1.0)))


class InFlight:
    """Calls being dialled, counted by age, and what is known of how they end."""

    def __init__(self, ring_limit: float = RING_LIMIT) -> None:
        self.times = AnswerTimes()
        self.rate = AnswerRate()
        self.ring_limit = ring_limit
        self.size = int(LONGEST_RING / SLOT) * 2
        self.ringing: Array = np.zeros(self.size)
        self.dials: Array = np.zeros(self.size)
        self.answers: Array = np.zeros(self.size)
        self.results: dict[int, list[tuple[float, bool]]] = {}
        self.slot = 0
        self.settled_slot = 0
        self.refresh()

    def refresh(self) -> None:
        """Rebuild F and B from what has settled."""
        self.slots = int(np.ceil(self.ring_limit / SLOT))
        self.answered_by = self.times.answered_by(self.slots)
        self.failed_by = self.times.failed_by(self.slots)
        self.back = np.arange(self.slots + 1)
        # A dial of this slot is half a slot old on average.
        padded = np.append(self.answered_by, 1.0)
        self.exposed_by = 0.5 * (padded[:-1] + padded[1:])
        self.exposed_by[-1] = 1.0

    def advance(self, at: float) -> None:
        """Move to the slot of `at`; dials that pass the ring limit are settled."""
        now = int(at / SLOT)
        if now <= self.slot:
            return
        first = now - self.size + 1 if now - self.slot >= self.size else self.slot + 1
        self._settle_until(now - self.slots - 1, limit=first)
        for slot in range(first, now + 1):
            k = slot % self.size
            self.ringing[k] = self.dials[k] = self.answers[k] = 0.0
        self.slot = now

    def _settle_until(self, slot: int, limit: int) -> None:
        for s in sorted(s for s in self.results if s <= slot):
            for age, answered in self.results.pop(s):
                self.times.add(age, answered)
        start = max(self.settled_slot + 1, limit - self.size)
        for s in range(start, slot + 1):
            k = s % self.size
            if self.dials[k]:
                self.rate.settle(s, float(self.dials[k]), float(self.answers[k]))
        self.settled_slot = max(self.settled_slot, slot)

    def dialed(self) -> int:
        """One more call in this slot; the slot, to be given back when it ends."""
        k = self.slot % self.size
        self.ringing[k] += 1.0
        self.dials[k] += 1.0
        return self.slot

    def ended(self, slot: int, age: float, answered: bool) -> None:
        k = slot % self.size
        fresh = self.slot - slot < self.size
        if fresh:
            self.ringing[k] = max(self.ringing[k] - 1.0, 0.0)
        if answered and slot > self.settled_slot:
            self.answers[k] += 1.0
        if slot > self.settled_slot:
            self.results.setdefault(slot, []).append((age, answered))
        else:
            self.times.add(age, answered)
            if not answered or age > self.ring_limit:
                self.ring_limit = min(max(self.ring_limit, age + 1.0), LONGEST_RING)
            if answered and self.rate.answers:
                self.rate.answers[-1] += 1.0

    def estimate(self) -> Rate:
        """The answer rate now."""
        k = (self.slot - self.back) % self.size
        return self.rate.estimate(self.dials[k] * self.exposed_by, self.answers[k])

    def by_age(self) -> Array:
        """Calls still in flight, by age in slots."""
        return np.asarray(self.ringing[(self.slot - self.back) % self.size])

    def answer_table(self, p: float, after: Array) -> Array:
        """P(answered within `after` seconds | in flight at each age): (ages, len(after)).

        p (F(a+s) − F(a)) / (1 − p F(a) − (1−p) B(a)).
        """
        grid = np.arange(self.slots + 1) * SLOT
        now_f = self.exposed_by
        now_b = np.interp(grid + 0.5 * SLOT, grid, self.failed_by)
        then = np.interp((grid[:, None] + 0.5 * SLOT) + after[None, :], grid, self.answered_by)
        still = np.maximum(1.0 - p * now_f - (1.0 - p) * now_b, 1e-6)
        return np.asarray(np.clip(p * (then - now_f[:, None]) / still[:, None], 0.0, 1.0))

    def quantiles(self, points: int) -> Array:
        """Equally likely answer times of a call placed now."""
        levels = (np.arange(points) + 0.5) / points
        grid = np.arange(self.slots + 1) * SLOT
        return np.asarray(np.interp(levels, self.answered_by, grid))
