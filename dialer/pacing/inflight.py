"""The calls in flight: counted by age, by what the network said, and by their own chance where one is
known."""

from dataclasses import dataclass
from math import exp, hypot, log, sqrt

import numpy as np

from dialer.pacing.answers import LONGEST_RING, RING_LIMIT, SLOT, AnswerTimes
from dialer.pacing.durations import Array
from dialer.pacing.rates import AnswerRate, Rate
from dialer.pacing.ringing import RING_CODES, Tones

CHANCE_STEP = 0.3
CHANCE_LEVELS = 8
"""A call's own chance, relative to the average, is kept in steps of a factor e^0.3 = 1.35."""


@dataclass(slots=True)
class Placed:
    """A call in flight: when it was dialled, the slot and group it is counted in, its weight in the answer
    rate."""

    at: float
    slot: int
    group: int
    level: int
    rang: bool = False


class InFlight:
    """Counts of calls by (group, slot of the dial), and the estimators fed by how they end.

    A group is (has rung, level of chance); group 0 is a call of which nothing is known. Slots live in a ring
    of twice the longest ringing, so a call whose end was never told fades out by itself.
    """

    def __init__(self, ring_limit: float = RING_LIMIT) -> None:
        self.times = AnswerTimes()
        self.rate = AnswerRate()
        self.tones = Tones()
        self.ring_limit = min(max(ring_limit, 5.0), LONGEST_RING)
        self.size = int(LONGEST_RING / SLOT) * 2
        self.groups: dict[tuple[bool, int], int] = {(False, 0): 0}
        self.ringing: Array = np.zeros((1, self.size))
        self.dials: Array = np.zeros(self.size)
        self.answers: Array = np.zeros(self.size)
        self.results: dict[int, list[tuple[float, bool]]] = {}
        self.chances, self.chance_sum = 0, 0.0
        self.slot, self.settled_slot = 0, -1
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
        steps = np.append(np.diff(self.exposed_by), np.zeros(self.slots + 1))
        self.coming = steps[self.back[:, None] + np.arange(self.slots)[None, :]]

    # -- what happens

    def advance(self, at: float) -> None:
        """Move to the slot of `at`; dials that pass the ring limit are settled."""
        now = int(at / SLOT)
        if now <= self.slot:
            return
        first = max(self.slot + 1, now - self.size + 1)
        self._settle_until(now - self.slots - 1)
        for slot in range(first, now + 1):
            k = slot % self.size
            self.ringing[:, k] = 0.0
            self.dials[k] = self.answers[k] = 0.0
        self.slot = now

    def _settle_until(self, slot: int) -> None:
        if self.results:
            for s in [s for s in self.results if s <= slot]:
                for age, answered in self.results.pop(s):
                    self.times.add(age, answered)
        # Slots beyond the last one advanced to are empty.
        for s in range(self.settled_slot + 1, min(slot, self.slot) + 1):
            k = s % self.size
            if self.dials[k]:
                self.rate.settle(s, float(self.dials[k]), float(self.answers[k]))
        self.settled_slot = max(self.settled_slot, slot)

    def dialed(self, at: float, chance: float | None) -> Placed:
        """One more call in this slot; `chance` is its own answer probability, in any unit that is
        proportional."""
        weight, level = 1.0, 0
        if chance is not None and chance > 0.0:
            self.chances += 1
            self.chance_sum += chance
            weight = chance * self.chances / self.chance_sum
            level = min(max(round(log(weight) / CHANCE_STEP), -CHANCE_LEVELS), CHANCE_LEVELS)
        group = self._group(False, level)
        k = self.slot % self.size
        self.ringing[group, k] += 1.0
        self.dials[k] += weight
        return Placed(at, self.slot, group, level)

    def progress(self, placed: Placed, at: float, code: int) -> None:
        if code in RING_CODES and not placed.rang:
            placed.rang = True
            self.tones.rang(at - placed.at)
            self._leave(placed)
            placed.group = self._group(True, placed.level)
            if self.slot - placed.slot < self.size:
                self.ringing[placed.group, placed.slot % self.size] += 1.0

    def ended(self, placed: Placed, at: float, answered: bool) -> None:
        age, slot = at - placed.at, placed.slot
        self._leave(placed)
        self.tones.ended(placed.rang, answered)
        if slot > self.settled_slot:
            self.answers[slot % self.size] += answered
            self.results.setdefault(slot, []).append((age, answered))
            return
        # It rang longer than thought possible.
        self.times.add(age, answered)
        self.ring_limit = min(max(self.ring_limit, age + 1.0), LONGEST_RING)
        if answered:
            self.rate.late_answer()

    def _leave(self, placed: Placed) -> None:
        if self.slot - placed.slot < self.size:
            k = placed.slot % self.size
            self.ringing[placed.group, k] = max(self.ringing[placed.group, k] - 1.0, 0.0)

    def _group(self, rang: bool, level: int) -> int:
        group = self.groups.get((rang, level))
        if group is None:
            group = self.groups[rang, level] = len(self.groups)
            self.ringing = np.concatenate([self.ringing, np.zeros((1, self.size))])
        return group

    # -- what follows

    def estimate(self) -> Rate:
        """The answer rate now, of a call with the average chance.

        Its error holds that of F as well: of n answers a share f came by the ages of the young dials, known
        to √((1 − f) / f n) of itself, and the rate rests on young dials in part. At a start on a large floor
        that is most of the error: two thousand calls in flight, F from thirty answers.
        """
        k = (self.slot - self.back) % self.size
        young, answers = self.dials[k] * self.exposed_by, self.answers[k]
        rate = self.rate.estimate(young, answers)
        exposed = float(young.sum())
        if not exposed:
            return rate
        by_now = exposed / float(self.dials[k].sum())
        resting = min(exposed * rate.p * rate.error**2, 1.0)
        times = sqrt((1.0 - by_now) / (by_now * self.times.known()))
        return Rate(rate.p, hypot(rate.error, resting * times))

    def by_age(self) -> Array:
        """Calls in flight, group after group, each by age in slots."""
        return np.asarray(self.ringing[:, (self.slot - self.back) % self.size].ravel())

    def answer_table(self, p: float, weights: Array) -> Array:
        """Σ P(answered after u | in flight) · weights[u], a row for each group and age, a column for each of
        theirs.

        `weights` has a row for each slot to come; ones up to s and zeros beyond give P(answered within s).
        """
        ages: Array = np.arange(self.slots + 1, dtype=np.float64) * SLOT
        now_b = np.interp(ages + 0.5 * SLOT, ages, self.failed_by)
        coming = self.coming @ weights
        rows = []
        for rang, level in self.groups:
            own = min(p * exp(CHANCE_STEP * level), 0.95) if level else p
            if not self.tones.trusted:
                rows.append(self._of_those_left(own, now_b, coming))
            elif rang:
                own, failed = self.tones.split(own, now_b)
                rows.append(self._of_those_left(own, failed, coming))
            else:
                share = self.tones.silence(own, self.exposed_by, now_b, ages)
                rows.append(np.minimum(self._of_those_left(own, now_b, coming) * share[:, None], 1.0))
        return np.concatenate(rows)

    def _of_those_left(self, p: float, failed_by: Array, coming: Array) -> Array:
        """p (F(a+s) − F(a)) / (1 − p F(a) − (1−p) B(a)): Bayes, for a call of age a that has not ended."""
        still = np.maximum(1.0 - p * self.exposed_by - (1.0 - p) * failed_by, 1e-6)
        return np.asarray(np.clip(p * coming / still[:, None], 0.0, 1.0))

    def quantiles(self, points: int) -> Array:
        """Equally likely answer times of a call placed now."""
        levels = (np.arange(points) + 0.5) / points
        return np.asarray(np.interp(levels, self.answered_by, np.arange(self.slots + 1) * SLOT))
