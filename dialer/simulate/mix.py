"""What a simulated floor meets: customers, agents, hours."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from math import exp, gamma, log, pi, sin, sqrt
from typing import Protocol

import numpy as np

from dialer.simulate.luck import Array, normal_cdf, normal_quantile


class Spread(Protocol):
    """A distribution, as its quantile function."""

    def quantile(self, u: Array) -> Array: ...


@dataclass(frozen=True, slots=True)
class Lognormal:
    """Lognormal by mean and coefficient of variation, shifted by `least`, drawn again above `most`."""

    mean: float
    cv: float
    least: float = 0.0
    most: float = float("inf")

    def quantile(self, u: Array) -> Array:
        sigma = sqrt(log(1.0 + self.cv**2))
        mu = log(self.mean) - 0.5 * sigma**2
        if self.most < float("inf"):
            u = u * normal_cdf((log(self.most - self.least) - mu) / sigma)
        return np.asarray(self.least + np.exp(mu + sigma * normal_quantile(u)))


@dataclass(frozen=True, slots=True)
class Weibull:
    """By mean and shape: 1 is exponential, above it ends crowd round the mean, below it tails are long."""

    mean: float
    shape: float

    def quantile(self, u: Array) -> Array:
        scale = self.mean / gamma(1.0 + 1.0 / self.shape)
        return np.asarray(scale * (-np.log1p(-u)) ** (1.0 / self.shape))


@dataclass(frozen=True, slots=True)
class Uniform:
    least: float
    most: float

    def quantile(self, u: Array) -> Array:
        return np.asarray(self.least + (self.most - self.least) * u)


@dataclass(frozen=True, slots=True)
class Either:
    """The first with probability `share`, else the second."""

    share: float
    first: Spread
    second: Spread

    def quantile(self, u: Array) -> Array:
        low = u < self.share
        first = self.first.quantile(np.where(low, u / self.share, 0.5))
        second = self.second.quantile(np.where(low, 0.5, (u - self.share) / (1.0 - self.share)))
        return np.where(low, first, second)


@dataclass(frozen=True, slots=True)
class Seen:
    """Past observations, as they were."""

    values: Sequence[float]

    def quantile(self, u: Array) -> Array:
        return np.asarray(np.quantile(np.asarray(self.values, dtype=float), u))


def always(p: float) -> Callable[[float], float]:
    return lambda _at: p


@dataclass(frozen=True, slots=True)
class Absence:
    """A share of the agents leaves, unannounced or announced `notice` seconds before, and comes back."""

    share: float
    at: float
    back: float
    notice: float = 0.0


@dataclass(frozen=True, slots=True)
class Signals:
    """What desktop, network and history tell, beyond the states."""

    finishing: bool = False
    """The form is opened at 60–95 % of wrap-up in 80 % of calls; in 10 % earlier, a false alarm."""
    ringing: bool = False
    """180 within 0.3–3 s for numbers that ring, none for those that fail."""
    rings_at_once: bool = False
    """The same, known at the dial: no network tells this, a benchmark may."""
    chance: bool = False
    """Each customer's own answer probability is told with the dial (needs `Mix.unlike`)."""
    past: int = 0
    """It is told as a predictor sees it that knows how this many earlier calls to each customer ended; 0:
    exactly."""


@dataclass(frozen=True, slots=True)
class Mix:
    """One floor and its customers. Seconds throughout; `answer(at)` is the probability of this moment."""

    agents: int
    answer: Callable[[float], float]
    talk: Spread
    wrapup: Spread = field(default_factory=lambda: Lognormal(20.0, 0.7))
    answer_after: Spread = field(default_factory=lambda: Lognormal(8.0, 0.6, 1.0, 25.0))
    early_failures: float = 0.2
    early_after: Spread = field(default_factory=lambda: Uniform(2.0, 4.0))
    ring_limit: float = 26.0
    machines: float = 0.0
    """Share of those who are no person but are answered all the same, where nothing detects machines."""
    machine_hold: Spread = field(default_factory=lambda: Lognormal(8.0, 0.3))
    patience: float = 2.0
    length: float = 4 * 3600.0
    lines: int = 1_000_000
    absences: tuple[Absence, ...] = ()
    unlike: float = 0.0
    """How unlike customers are: their answer probabilities are Beta with this α + β; 0 means all alike."""
    signals: Signals = field(default_factory=Signals)


def decaying(start: float, end: float, length: float) -> Callable[[float], float]:
    """From `start` to `end`, exponentially over `length`."""
    return lambda at: start * exp(log(end / start) * at / length)


def jumping(before: float, after: float, when: float) -> Callable[[float], float]:
    return lambda at: before if at < when else after


def waving(mean: float, swing: float, period: float) -> Callable[[float], float]:
    """Up and down by `swing` (a share of the mean) within `period`."""
    return lambda at: mean * (1.0 + swing * sin(2.0 * pi * at / period))


def stepping(rates: Sequence[float], every: float) -> Callable[[float], float]:
    """One rate after another, each for `every` seconds, over and over."""
    return lambda at: rates[int(at / every) % len(rates)]
