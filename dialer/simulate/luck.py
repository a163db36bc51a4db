"""Luck that does not depend on what a policy does: a hash of (seed, stream, index).

The i-th customer dialled answers, talks and hangs up alike under every policy, so policies are compared in
pairs.
"""

from math import erfc, sqrt

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
BLOCK = 4096
_Z = np.arange(-8.0, 8.0005, 0.002)


def _normal_cdf(z: Array) -> Array:
    return np.array([0.5 * erfc(-x * sqrt(0.5)) for x in z])


_PHI = _normal_cdf(_Z)


def normal_quantile(u: Array) -> Array:
    """Φ⁻¹ by interpolation in a table of Φ, to about 1e-6 where it matters."""
    return np.asarray(np.interp(u, _PHI, _Z))


def normal_cdf(z: float) -> float:
    return float(np.interp(z, _Z, _PHI))


def uniforms(seed: int, stream: int, start: int, count: int = BLOCK) -> Array:
    """Uniform numbers start … start + count − 1 of a stream: splitmix64's finaliser over a counter.

    Steele, Lea, Flood: Fast splittable pseudorandom number generators, OOPSLA 2014.
    """
    key = (seed * 0xD1B54A32D192ED03 + stream + 1) % 2**64
    counter = np.arange(start, start + count, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    x = _mix(counter + _mix(np.array([key], dtype=np.uint64)))
    return np.asarray((x >> np.uint64(11)).astype(np.float64) * 2.0**-53 + 2.0**-54)


def _mix(x: NDArray[np.uint64]) -> NDArray[np.uint64]:
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.asarray(x ^ (x >> np.uint64(31)), dtype=np.uint64)
