"""When people answer, and when the other calls end.

Time is cut into slots of a quarter of a second; calls are counted by the slot of their dial.
"""

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

    def known(self) -> float:
        """Answers that F rests on, the prior's among them."""
        return float(self.answers.sum()) + PRIOR_ANSWERS

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
