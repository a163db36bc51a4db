"""The probability that a call finds no agent, from the cumulants of free agents minus answers."""

from collections.abc import Sequence
from math import erfc, exp, sqrt

SQRT_HALF = sqrt(0.5)
INV_SQRT_TAU = 0.3989422804014327


def at_most_zero(mean: float, variance: float, third: float) -> float:
    """P(Y ≤ 0) of an integer Y by the Edgeworth series to the third cumulant, with continuity correction.

    P(Y ≤ ½) ≈ Φ(z) − γ/6 (z² − 1) φ(z), z = (½ − mean)/σ, γ = κ₃/σ³ (Kolassa, Series Approximation Methods, ch. 3).
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
    gamma = third / (variance * sigma)
    gamma = min(max(gamma, -1.0), 1.0)
    value = tail - gamma / 6.0 * (z * z - 1.0) * INV_SQRT_TAU * exp(-0.5 * z * z)
    return min(max(value, 0.0), 1.0)


def mean_loss(
    weights: Sequence[float], mean: Sequence[float], var: Sequence[float], third: Sequence[float]
) -> float:
    """Σ w_j · P(no agent | answered at s_j)."""
    return sum(w * at_most_zero(m, v, k) for w, m, v, k in zip(weights, mean, var, third, strict=True))
