"""The answer rate of this moment."""

from bisect import bisect_left
from dataclasses import dataclass
from math import sqrt

import numpy as np

from dialer.pacing.durations import Array

WINDOWS = (40.0, 160.0, 900.0)
"""Answers looked back on."""
CONSISTENT, CONTRARY = 2.0, 3.0
"""A longer window is believed whole within so many standard errors of the shorter one, and not at all beyond
the second; between, in part."""
PRIOR_P, PRIOR_WEIGHT = 0.3, 3.0
"""Answer rate supposed before anything is known, worth this many dials."""


BLOCK_ANSWERS, BLOCK_SLOTS = 1.0, 80
"""Dials are compared in blocks of 20 s, from one answer expected."""
BLOCKS = 120.0
"""Blocks remembered."""


@dataclass(slots=True)
class Dispersion:
    """How far the answer rate itself wanders: its coefficient of variation from block to block of dials.

    In excess of the binomial scatter: CV² = Σ ((answers − µ)² − µ(1−p)) / Σ µ², less one and a half of its
    own standard errors, √(2 Σ µ²) / Σ µ² (method of moments for the negative binomial; Anscombe 1950). Waves
    of callers and answers that come together show here, and make every call in flight riskier at once.
    """

    excess: float = 0.0
    weight: float = 0.0

    def add(self, dials: float, answers: float, p: float) -> None:
        expected = dials * p
        keep = 1.0 - 1.0 / BLOCKS
        self.excess = keep * self.excess + (answers - expected) ** 2 - expected * (1.0 - p)
        self.weight = keep * self.weight + expected**2

    def spread(self) -> float:
        if self.weight <= 0.0:
            return 0.0
        doubt = 1.5 * sqrt(2.0 * self.weight) / self.weight
        return sqrt(min(max(self.excess / self.weight - doubt, 0.0), 1.0))


LONG_RUN_SLOTS = 7200
"""Half an hour."""
LULL = 5.0
"""A rate counts as at most so many times below its long run."""
LEAST_P = 0.01
"""No answer rate is believed below this: a list nobody answers must not open lines without end."""


@dataclass(slots=True)
class Rate:
    """The answer rate of this moment and its relative standard error."""

    p: float
    error: float


class AnswerRate:
    """p = (answers + prior) / (Σ dials · F(age) + prior), over the longest window consistent with the shorter
    ones: a firm threshold (Gao and Bruce, WaveShrink with firm shrinkage, 1997).

    A hard threshold jumps to a short window by chance in one moment of twenty, and is then wrong by two
    standard errors of forty answers, which is a third: that alone doubled the error of a steady rate.

    Weighting each dial by F(its age) is the censoring correction: a dial counts as far as it could have been
    answered by now, so the estimate follows a change within seconds, without waiting for the ring limit.
    """

    def __init__(self) -> None:
        self.ends: list[int] = []
        self.dials: list[float] = []
        self.answers: list[float] = []
        self.prior_p, self.prior_weight = PRIOR_P, PRIOR_WEIGHT
        self.dispersion = Dispersion()
        self.block = (0, 0.0, 0.0)

    def settle(self, slot: int, dials: float, answers: float) -> None:
        """A slot older than the ring limit: its dials count whole."""
        self._compare(slot, dials, answers)
        last_d, last_a = (self.dials[-1], self.answers[-1]) if self.dials else (0.0, 0.0)
        self.ends.append(slot)
        self.dials.append(last_d + dials)
        self.answers.append(last_a + answers)

    def _compare(self, slot: int, dials: float, answers: float) -> None:
        start, in_block, answered = self.block
        long_run = self._settled_rate()
        if slot - start >= BLOCK_SLOTS:
            if in_block * long_run >= BLOCK_ANSWERS and self.settled > 3.0 * in_block:
                self.dispersion.add(in_block, answered, long_run)
            start, in_block, answered = slot, 0.0, 0.0
        self.block = (start, in_block + dials, answered + answers)

    def _settled_rate(self) -> float:
        """Of settled dials, over the last half hour or the middle window, whichever is longer: further back
        the rate was another where it rises or falls all day."""
        if not self.dials:
            return self.prior_p
        enough = bisect_left(self.answers, self.answers[-1] - WINDOWS[1])
        first = min(enough, bisect_left(self.ends, self.ends[-1] - LONG_RUN_SLOTS))
        before_d, before_a = (self.dials[first - 1], self.answers[first - 1]) if first else (0.0, 0.0)
        return self._rate(self.answers[-1] - before_a, self.dials[-1] - before_d).p

    @property
    def settled(self) -> float:
        return self.dials[-1] if self.dials else 0.0

    @property
    def settled_answers(self) -> float:
        return self.answers[-1] if self.answers else 0.0

    def wander(self, p: float) -> float:
        """How far the answer rate wanders, relative to `p`, the one of this moment.

        It wanders round its long run. In a lull a relative spread taken of the lull alone forgets that the
        lull will end: 300 lines stood open on 50 agents when it did.
        """
        spread = self.dispersion.spread()
        return spread * min(max(self._settled_rate() / p, 1.0), LULL) if spread else 0.0

    def late_answer(self) -> None:
        """An answer of a dial settled before."""
        if self.answers:
            self.answers[-1] += 1.0

    def estimate(self, exposed: Array, answered: Array) -> Rate:
        """`exposed` (dials · F(age)) and `answered` of the unsettled slots, youngest first."""
        exposure, answers = exposed.cumsum(), answered.cumsum()
        rate = self._window(WINDOWS[0], exposure, answers, self._guess(exposure, answers))
        for size in WINDOWS[1:]:
            longer = self._window(size, exposure, answers, rate.p)
            apart = abs(longer.p - rate.p) / (rate.error * rate.p)
            doubt = min(max((apart - CONSISTENT) / (CONTRARY - CONSISTENT), 0.0), 1.0)
            if doubt == 1.0:
                break
            rate = Rate(
                longer.p + doubt * (rate.p - longer.p), longer.error + doubt * (rate.error - longer.error)
            )
        return rate

    def _guess(self, exposure: Array, answers: Array) -> float:
        total = float(exposure[-1]) + self.settled
        seen = float(answers[-1]) + self.settled_answers
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
        return self._rate(a, e)

    def _rate(self, answers: float, dials: float) -> Rate:
        p = (answers + self.prior_p * self.prior_weight) / (dials + self.prior_weight)
        p = min(max(p, LEAST_P), 0.999)
        return Rate(p, sqrt((1.0 - p) / (answers + 1.0)))
