"""The answer rate of this moment."""

from bisect import bisect_left
from dataclasses import dataclass
from math import sqrt

import numpy as np

from dialer.pacing.durations import Array

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
