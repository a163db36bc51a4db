"""Does one shift lie where others say it will?"""

from collections.abc import Sequence
from math import sqrt
from statistics import NormalDist, mean, stdev


def interval(values: Sequence[float], certainty: float = 0.95) -> tuple[float, float]:
    """Where one more of these falls: Student's prediction interval, his quantile by the first term of its
    expansion in the normal one (Abramowitz and Stegun 26.7.5; within 1 % from twenty values on)."""
    n = len(values)
    z = NormalDist().inv_cdf(0.5 + certainty / 2)
    t = z + (z**3 + z) / (4 * (n - 1))
    half = t * stdev(values) * sqrt(1.0 + 1.0 / n)
    return mean(values) - half, mean(values) + half
