"""The probability that the next call, if answered, finds no agent: two ways to the same number.

Y = agents free now − calls waiting + agents free by then − answers by then; the call is lost when Y ≤ 0.
Agents and calls are independent yes-or-no's, each with its own probability, looked at at several equally
likely answer times.
"""

from collections.abc import Callable
from math import erfc, exp, sqrt
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from dialer.pacing.durations import Array

SQRT_HALF = sqrt(0.5)
HERMITE_POINTS: Array = np.array([-sqrt(3.0), 0.0, sqrt(3.0)])
HERMITE_WEIGHTS: Array = np.array([1 / 6, 2 / 3, 1 / 6])
UNSURE = 0.12
"""Relative error of the answer rate from which it matters on a small floor."""
INV_SQRT_TAU = 0.3989422804014327


class Gauge(Protocol):
    """Measures the loss of the next call from tables of probabilities: one row for each kind of agent or
    call."""

    points: int

    def know_agents(self, free: Array) -> None:
        """P(free by each answer time), (rows, points)."""

    def know_calls(self, answered: Array) -> None:
        """P(answered by each answer time), (ages, points); row 0 is a call placed now."""

    def measure(
        self, start: float, agents: NDArray[np.int64], calls: Array, error: float
    ) -> Callable[[int], float]:
        """The loss as a function of how many others are placed at the same moment.

        `agents`: the table row of each agent; `calls`: how many are in flight at each age; `error`: relative
        standard error of the answer rate.
        """


def at_most_zero(mean: float, variance: float, third: float) -> float:
    """P(Y ≤ 0) of an integer Y by the Edgeworth series to the third cumulant, with continuity correction.

    P(Y ≤ ½) ≈ Φ(z) − γ/6 (z² − 1) φ(z), z = (½ − mean)/σ, γ = κ₃/σ³
    (Kolassa, Series Approximation Methods in Statistics, ch. 3).
    """
    if variance < 1e-9:
        return 1.0 if mean < 0.5 else 0.0
    sigma = sqrt(variance)
    z = (0.5 - mean) / sigma
    if z < -6.0:
        return 0.0
    if z > 6.0:
        return 1.0
    tail = 0.5 * erfc(-z * SQRT_HALF)
    gamma = min(max(third / (variance * sigma), -1.0), 1.0)
    value = tail - gamma / 6.0 * (z * z - 1.0) * INV_SQRT_TAU * exp(-0.5 * z * z)
    return min(max(value, 0.0), 1.0)


def cumulants(p: Array) -> Array:
    """Mean, variance and third cumulant of independent yes-or-no's, side by side."""
    variance = p * (1.0 - p)
    return np.concatenate([p, variance, variance * (1.0 - 2.0 * p)], axis=1)


class Series:
    """For large floors: the first three cumulants of Y are sums over agents and calls."""

    points = 8

    def know_agents(self, free: Array) -> None:
        self.agents = cumulants(free)

    def know_calls(self, answered: Array) -> None:
        self.calls = cumulants(answered)

    def measure(
        self, start: float, agents: NDArray[np.int64], calls: Array, error: float
    ) -> Callable[[int], float]:
        m = self.points
        counts = np.bincount(agents, minlength=len(self.agents)).astype(float)
        free, answers = counts @ self.agents, calls @ self.calls
        points = list(
            zip(
                (start + free[:m] - answers[:m]).tolist(),
                (free[m : 2 * m] + answers[m : 2 * m]).tolist(),
                (free[2 * m :] - answers[2 * m :]).tolist(),
                (error * answers[:m]).tolist(),
                *self.calls[0].reshape(3, m).tolist(),
                strict=True,
            )
        )

        def loss(others: int) -> float:
            total = 0.0
            for mean, variance, third, unsure, new_mean, new_variance, new_third in points:
                # The answer rate itself is uncertain, as a gamma variable is: κ₂ = (e µ)², κ₃ = 2 e (e µ)³.
                unsure += error * others * new_mean
                total += at_most_zero(
                    mean - others * new_mean,
                    variance + others * new_variance + unsure * unsure,
                    third - others * new_third - 2.0 * error * unsure * unsure * unsure,
                )
            return total / m

        return loss


NEGATIVE_REACH = 24
"""Answers beyond the agents free that a lattice still tells apart."""

LEVELS = 1024
"""Probabilities are rounded to squares of 1/1023, finest where they are small: a complex logarithm is
dear."""


class Lattice:
    """For small floors, where three cumulants are not enough: the exact distribution of Y on the integers.

    Its characteristic function is a product over agents and calls, so its logarithm is a sum; P(Y ≤ 0) is a
    linear function of it (Fourier inversion on a ring of `size` integers; Hong, Computing the Poisson
    binomial, 2013).
    """

    points = 8

    def __init__(self, agents: int) -> None:
        self.size = 8 * ((agents + NEGATIVE_REACH) // 8 + 1)
        frequencies = np.arange(self.size // 2 + 1)
        self.angle = 2.0 * np.pi * frequencies / self.size
        self.turn = np.exp(1j * self.angle)
        levels = np.linspace(0.0, 1.0, LEVELS)[:, None] ** 2
        # Half-way round, a probability of one half gives zero, which has no logarithm.
        self.logarithms = np.log(1.0 + levels * (self.turn - 1.0) + 1e-12)
        values = np.arange(1 - NEGATIVE_REACH, 1)
        twice = np.where((frequencies == 0) | (frequencies == self.size // 2), 1.0, 2.0)
        inversion = np.exp(-2j * np.pi * np.outer(frequencies, values) / self.size).sum(axis=1)
        self.inversion = np.tile(inversion * twice / self.size, self.points) / self.points

    def know_agents(self, free: Array) -> None:
        self.agents = self._looked_up(free, self.logarithms)

    def know_calls(self, answered: Array) -> None:
        self.calls = self._looked_up(answered, self.logarithms.conj())
        self.new = np.exp(self.calls[0])

    @staticmethod
    def _looked_up(p: Array, table: NDArray[np.complex128]) -> NDArray[np.complex128]:
        levels = np.rint(np.sqrt(np.clip(p, 0.0, 1.0)) * (LEVELS - 1)).astype(np.int64)
        return np.asarray(table[levels].reshape(len(p), -1))

    def measure(
        self, start: float, agents: NDArray[np.int64], calls: Array, error: float
    ) -> Callable[[int], float]:
        ages = calls.nonzero()[0]
        # Not `@`: for so small a product BLAS wakes its threads, which costs a hundred times the work.
        answers = np.einsum("a,af->f", calls[ages], self.calls[ages])
        free = self.agents[agents].sum(axis=0)
        free = (free.reshape(self.points, -1) + 1j * start * self.angle).ravel()
        if error < UNSURE:
            at_once = np.exp(free + answers)
            return lambda others: float(((at_once * self.new**others) @ self.inversion).real)
        new = self.calls[0]
        rates = np.maximum(1.0 + error * HERMITE_POINTS, 0.1)[:, None]

        def loss(others: int) -> float:
            # log φ is nearly proportional to the answer rate: Gauss and Hermite's three points of its error.
            at_each = np.exp(free + rates * (answers + others * new))
            return float(HERMITE_WEIGHTS @ (at_each @ self.inversion).real)

        return loss


LATTICE_AGENTS = 24


def gauge_for(agents: int) -> Gauge:
    """The exact way where it is cheap and matters, the series above."""
    return Lattice(8 * -(-agents // 8)) if agents <= LATTICE_AGENTS else Series()


def most_within(price: float, most: int, loss: Callable[[int], float]) -> tuple[int, float]:
    """The largest n ≤ most whose last call is lost with probability ≤ price, and the loss of the one after
    it (where n < most): doubling, then halving."""
    low, step, beyond = 0, 1, 1.0
    while low + step <= most:
        measured = loss(low + step - 1)
        if measured > price:
            beyond = measured
            break
        low += step
        step *= 2
    while step > 1:
        step //= 2
        if low + step <= most:
            measured = loss(low + step - 1)
            if measured > price:
                beyond = measured
            else:
                low += step
    return low, beyond
