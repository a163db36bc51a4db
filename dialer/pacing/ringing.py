"""What a ringing tone tells: numbers that ring may answer, numbers that fail mostly never rang."""

from dataclasses import dataclass, field

import numpy as np

from dialer.pacing.answers import SLOT
from dialer.pacing.durations import Array

RING_CODES = (180, 183)
TRUST_AFTER = 40
TRUST_SHARE = 0.95
"""The tone is used once this many answers were seen, this share of them after a tone: some trunks send
none."""


@dataclass(slots=True)
class Tones:
    """Counts of answered and failed calls that rang or did not, and when the tone came."""

    answered: int = 0
    answered_rung: int = 0
    failed: int = 0
    failed_silent: int = 0
    after: Array = field(default_factory=lambda: np.zeros(80))

    def rang(self, age: float) -> None:
        self.after[min(int(age / SLOT), len(self.after) - 1)] += 1.0

    def ended(self, rang: bool, answered: bool) -> None:
        if answered:
            self.answered += 1
            self.answered_rung += rang
        else:
            self.failed += 1
            self.failed_silent += not rang

    @property
    def trusted(self) -> bool:
        return self.answered >= TRUST_AFTER and self.answered_rung >= TRUST_SHARE * self.answered

    def silent_share(self) -> float:
        """β: P(never rings | not answered)."""
        return self.failed_silent / self.failed if self.failed else 0.0

    def rung_by(self, ages: Array) -> Array:
        """G(a): P(rung by age a | rings)."""
        total = np.concatenate([[0.0], self.after.cumsum()])
        grid = np.arange(len(total)) * SLOT
        return np.asarray(np.interp(ages, grid, total / max(float(total[-1]), 1.0)))

    def split(self, p: float, failed_by: Array) -> tuple[float, Array]:
        """For a call that rings: its answer probability p / (p + (1−p)(1−β)), and B without the silent
        ones."""
        silent = self.silent_share()
        rings = p + (1.0 - p) * (1.0 - silent)
        return p / max(rings, 1e-9), np.clip((failed_by - silent) / max(1.0 - silent, 1e-9), 0.0, 1.0)

    def silence(self, p: float, answered_by: Array, failed_by: Array, ages: Array) -> Array:
        """P(a call not rung by age a will still be answered, over P(the same of any call)): (ages).

        Bayes: of those that will ring, 1 − G(a) have not yet; of those that never ring, all that have not
        failed.
        """
        silent, unrung = self.silent_share(), 1.0 - self.rung_by(ages)
        still = (1.0 - failed_by) * (1.0 - p) + p * (1.0 - answered_by)
        quiet = (1.0 - p) * np.maximum(silent - failed_by, 0.0)
        ringing = np.maximum(still - quiet, 0.0) * unrung
        return np.asarray(unrung * still / np.maximum(ringing + quiet, 1e-9))
