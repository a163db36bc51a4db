"""How long a state lasts: hazards by time in state, with the ways out of it kept apart."""

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

EDGES: Array = np.concatenate([np.arange(0.0, 30.0), 30.0 * 1.06 ** np.arange(0, 96)])
"""Bins of age: one second wide to half a minute, then 6 % wider each, to two hours."""
WIDTHS: Array = np.append(np.diff(EDGES), EDGES[-1] * 0.06)
BINS = len(EDGES)
WINDOWS = (0, 1, 2, 3, 4, 6, 8, 12, 16, 24, 32, BINS)
EVENTS_WANTED = 12.0
"""A hazard is averaged over neighbouring bins until it rests on this many ends."""
HISTORY = 3000.0
"""Ends remembered; beyond, the past is halved."""


def bin_of(age: float) -> int:
    if age < 30.0:
        return max(int(age), 0)
    return min(int(np.searchsorted(EDGES, age, side="right")) - 1, BINS - 1)


class Durations:
    """Ends and exposure by age. h(a) = ends at age a / time spent at age a, running ones counted in the time.

    The estimator of Nelson and Aalen in bins, smoothed over the nearest `EVENTS_WANTED` ends, with one prior
    end at the overall rate. Counting the running ones is what keeps the first minutes honest: short ones end
    first.
    """

    def __init__(self, exits: int, prior_mean: float) -> None:
        self.prior_mean = prior_mean
        self.ends: Array = np.zeros((exits, BINS))
        self.stopped: Array = np.zeros(BINS)
        self.within: Array = np.zeros(BINS)
        self.changes = 0

    def add(self, age: float, way_out: int | None) -> None:
        """One more that lasted `age` and went out by `way_out`; None when it was cut short (agent gone)."""
        age = max(age, 0.0)
        k = bin_of(age)
        if way_out is not None:
            self.ends[way_out, k] += 1.0
        self.stopped[k] += 1.0
        self.within[k] += min(age - float(EDGES[k]), float(WIDTHS[k]))
        self.changes += 1
        if self.changes % 500 == 0 and self.ends.sum() > HISTORY:
            self.forget(0.5)

    def forget(self, keep: float) -> None:
        self.ends *= keep
        self.stopped *= keep
        self.within *= keep

    def hazards(self, running: Iterable[float] | Array = ()) -> Array:
        """Hazards per second, one row for each way out, one column for each bin."""
        stopped, within = self.stopped, self.within
        ages = np.fromiter(running, dtype=float) if not isinstance(running, np.ndarray) else running
        if len(ages):
            k = np.clip(np.searchsorted(EDGES, ages, side="right") - 1, 0, BINS - 1)
            stopped = stopped + np.bincount(k, minlength=BINS)
            inside = np.minimum(ages - EDGES[k], WIDTHS[k])
            within = within + np.bincount(k, weights=inside, minlength=BINS)
        beyond = stopped[::-1].cumsum()[::-1] - stopped
        exposure = beyond * WIDTHS + within
        ends = self.ends.sum(axis=0)
        overall = (ends.sum() + 1.0) / (exposure.sum() + self.prior_mean)
        wide_ends, wide_exposure, window = _widen(ends, exposure)
        total = (wide_ends + 1.0) / (wide_exposure + 1.0 / overall)
        shares = np.empty_like(self.ends)
        overall_share = (self.ends.sum(axis=1) + 0.5) / (ends.sum() + 0.5 * len(self.ends))
        for row, ends_of in enumerate(self.ends):
            shares[row] = (_window_sum(ends_of, window) + overall_share[row]) / (wide_ends + 1.0)
        return np.asarray(total * shares)

    def snapshot(self) -> dict[str, Any]:
        return {"ends": self.ends.tolist(), "stopped": self.stopped.tolist(), "within": self.within.tolist()}

    def restore(self, saved: dict[str, Any], keep: float) -> None:
        ends = np.asarray(saved["ends"], dtype=float)
        if ends.shape == self.ends.shape:
            self.ends = ends * keep
            self.stopped = np.asarray(saved["stopped"], dtype=float) * keep
            self.within = np.asarray(saved["within"], dtype=float) * keep


_WIDTHS_OF: NDArray[np.int64] = np.array(WINDOWS)
_LOW = np.maximum(np.arange(BINS)[None, :] - _WIDTHS_OF[:, None], 0)
_HIGH = np.minimum(np.arange(BINS)[None, :] + _WIDTHS_OF[:, None] + 1, BINS)


def _window_sum(values: Array, window: NDArray[np.int64]) -> Array:
    total = np.concatenate([[0.0], values.cumsum()])
    k = np.arange(BINS)
    return np.asarray(total[np.minimum(k + window + 1, BINS)] - total[np.maximum(k - window, 0)])


def _widen(ends: Array, exposure: Array) -> tuple[Array, Array, NDArray[np.int64]]:
    """Sums over the smallest symmetric window round each bin that holds `EVENTS_WANTED` ends."""
    total = np.concatenate([[0.0], ends.cumsum()])
    enough = total[_HIGH] - total[_LOW] >= EVENTS_WANTED
    enough[-1] = True
    window = _WIDTHS_OF[enough.argmax(axis=0)]
    return _window_sum(ends, window), _window_sum(exposure, window), window
