"""A logistic regression that learns call by call, and knows whether it knows anything.

    logit P(answer) = w₀ + Σ w(trait)

Each weight is a normal variable of its own, N(w, v), moved by an extended Kalman filter: after a call with
prediction p and answer y ∈ {0, 1}, with s = p(1 − p) and V = Σ v over the call's traits,

    w += v (y − p) / (1 + s V),    v −= v² s / (1 + s V)

(Penny, Roberts: Dynamic logistic regression, IJCNN 1999, with a diagonal covariance.) The prior, mean 0, is
the regularisation: a trait seen twice says next to nothing. Before each step v grows a little, up to the
prior's, so that what was learned long ago gives way.

Whether it is of use is measured before each lesson, on a call it has not yet seen: its log loss against that
of the campaign's average.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import exp, log, sqrt
from typing import Any

BASE = "base"
BASE_VARIANCE, TRAIT_VARIANCE = 4.0, 0.25
GROWTH = 1.0003
"""Of a weight's variance, at each call that has its trait."""
LEAST, MOST = 0.002, 0.98
"""No prediction lies outside."""
START_RATE = 0.25
MEMORY = 5000.0
"""Calls over which the losses and the average are taken, the older ones fading."""
ENOUGH, ENOUGH_OF_EACH = 500, 50
"""Calls, and answers and failures among them, before anything is believed."""
STANDARD_ERRORS = 2.0
MOST_LEVELS = 200
"""Traits kept; a campaign has some sixty."""


class Standing(StrEnum):
    """Whether its predictions are used, and if not, why."""

    OFF = "off"
    """The campaign does not want it."""
    TOO_LITTLE = "too_little_data"
    NO_BETTER = "no_better_than_average"
    USED = "used"


@dataclass(frozen=True, slots=True)
class Level:
    """What was learned of one trait. `odds` multiplies the odds of an answer; `low` and `high` bound it with
    95 %."""

    trait: str
    calls: int
    answers: int
    odds: float
    low: float
    high: float


@dataclass(slots=True)
class Weight:
    mean: float
    variance: float
    calls: int = 0
    answers: int = 0


class Chances:
    """One campaign's model."""

    def __init__(self) -> None:
        self._base = Weight(log(START_RATE / (1.0 - START_RATE)), BASE_VARIANCE)
        self._weights: dict[str, Weight] = {}
        self.calls = self.answers = 0
        self._seen = self._rate_sum = 0.0
        self._gain = self._gain_squares = 0.0

    def predict(self, traits: Sequence[str]) -> float:
        """The answer probability of a call with these traits; a trait never met says nothing."""
        known = self._weights
        logit = self._base.mean + sum(known[trait].mean for trait in traits if trait in known)
        return min(max(1.0 / (1.0 + exp(-logit)), LEAST), MOST)

    def learn(self, traits: Sequence[str], answered: bool) -> None:
        """How the call ended. Calls that say nothing of the customer (a trunk's fault, our own hang-up) are
        not to be told."""
        p = self.predict(traits)
        self._judge(p, answered)
        weights = [self._base, *(weight for trait in traits if (weight := self._weight(trait)) is not None)]
        for weight, most in zip(weights, (BASE_VARIANCE, *([TRAIT_VARIANCE] * len(traits))), strict=False):
            weight.variance = min(weight.variance * GROWTH, most)
            weight.calls += 1
            weight.answers += answered
        s = p * (1.0 - p)
        scale = 1.0 + s * sum(weight.variance for weight in weights)
        for weight in weights:
            weight.mean += weight.variance * (answered - p) / scale
            weight.variance -= weight.variance**2 * s / scale
        self.calls += 1
        self.answers += answered

    def _weight(self, trait: str) -> Weight | None:
        weight = self._weights.get(trait)
        if weight is None and len(self._weights) < MOST_LEVELS:
            weight = self._weights[trait] = Weight(0.0, TRAIT_VARIANCE)
        return weight

    def _judge(self, p: float, answered: bool) -> None:
        average = (self._rate_sum + 1.0) / (self._seen + 1.0 / START_RATE)
        gain = _loss(average, answered) - _loss(p, answered)
        keep = 1.0 - 1.0 / MEMORY
        self._seen = self._seen * keep + 1.0
        self._rate_sum = self._rate_sum * keep + answered
        self._gain = self._gain * keep + gain
        self._gain_squares = self._gain_squares * keep + gain**2

    # --- what it is worth -----------------------------------------------------------------------------

    @property
    def gain(self) -> float:
        """How much smaller its log loss is than the average's, in nats a call: the mean over the last
        calls, each predicted before it was learned from."""
        return self._gain / self._seen if self._seen else 0.0

    @property
    def standing(self) -> Standing:
        if self.calls < ENOUGH or min(self.answers, self.calls - self.answers) < ENOUGH_OF_EACH:
            return Standing.TOO_LITTLE
        spread = max(self._gain_squares / self._seen - self.gain**2, 0.0)
        error = sqrt(spread / self._seen)
        return Standing.USED if self.gain > STANDARD_ERRORS * error else Standing.NO_BETTER

    @property
    def rate(self) -> float:
        """The share of answers of late."""
        return self._rate_sum / self._seen if self._seen else 0.0

    def levels(self) -> list[Level]:
        """All traits met, by name."""
        return [
            Level(
                trait=trait,
                calls=weight.calls,
                answers=weight.answers,
                odds=exp(weight.mean),
                low=exp(weight.mean - 1.96 * sqrt(weight.variance)),
                high=exp(weight.mean + 1.96 * sqrt(weight.variance)),
            )
            for trait, weight in sorted(self._weights.items())
        ]

    # --- memory ---------------------------------------------------------------------------------------

    def snapshot(self) -> dict[str, Any]:
        """JSON-able."""
        return {
            "version": 1,
            "base": _row(self._base),
            "weights": {trait: _row(weight) for trait, weight in self._weights.items()},
            "calls": self.calls,
            "answers": self.answers,
            "losses": [self._seen, self._rate_sum, self._gain, self._gain_squares],
        }

    def restore(self, snapshot: dict[str, Any]) -> None:
        """Go on from there. Of another version: start anew."""
        if snapshot.get("version") != 1:
            return
        self._base = Weight(*snapshot["base"])
        self._weights = {trait: Weight(*row) for trait, row in snapshot["weights"].items()}
        self.calls, self.answers = int(snapshot["calls"]), int(snapshot["answers"])
        self._seen, self._rate_sum, self._gain, self._gain_squares = map(float, snapshot["losses"])


def _loss(p: float, answered: bool) -> float:
    return -log(p if answered else 1.0 - p)


def _row(weight: Weight) -> list[float]:
    return [weight.mean, weight.variance, weight.calls, weight.answers]
