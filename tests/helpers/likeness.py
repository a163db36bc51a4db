"""Does one shift lie where others say it will?"""

from collections.abc import Sequence
from math import sqrt
from statistics import mean, stdev

from dialer.simulate.predict import STUDENT


def interval(values: Sequence[float]) -> tuple[float, float]:
    """Where one more of these falls, with 95 %: Student's prediction interval."""
    n = len(values)
    t = STUDENT[n - 1] if n <= len(STUDENT) else 2.09 if n <= 25 else 2.0
    half = t * stdev(values) * sqrt(1.0 + 1.0 / n)
    return mean(values) - half, mean(values) + half
