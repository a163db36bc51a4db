"""When agents become free: the way talk → wrap-up → form opened → ready, from any state and age.

Each state has hazards by age for each way out (`Durations`); the chance of being free within u seconds is
their convolution. A discrete semi-Markov chain in one-second steps (Çinlar, Introduction to Stochastic
Processes, ch. 10).
"""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from dialer.pacing.durations import BINS, EDGES, WIDTHS, Array

AGES: Array = EDGES + 0.5 * WIDTHS


def leaving_steps(hazards: Array, horizon: int) -> Array:
    """P(out by each way within second i | age), shape (ways, bins, horizon)."""
    total = hazards.sum(axis=0)
    cumulative = np.concatenate([[0.0], (total * WIDTHS).cumsum()])
    low, part, beyond, middle = _grid(horizon)
    at = cumulative[low] + part * (cumulative[low + 1] - cumulative[low]) + beyond * total[-1]
    survival = np.exp(at[:, :1] - at)
    step = survival[:, :-1] - survival[:, 1:]
    share = hazards / np.maximum(total, 1e-12)
    return np.asarray(share[:, middle] * step)


@lru_cache(maxsize=4)
def _grid(horizon: int) -> tuple[NDArray[np.int64], Array, Array, NDArray[np.int64]]:
    """Where the ages of the next seconds lie, (bins, horizon + 1): bin, part of it, seconds past the last
    bin; and the bin in the middle of each second."""
    grid = AGES[:, None] + np.arange(horizon + 1)[None, :]
    low = np.clip(np.searchsorted(EDGES, grid, side="right") - 1, 0, BINS - 1)
    part = np.clip((grid - EDGES[low]) / WIDTHS[low], 0.0, 1.0)
    beyond = np.maximum(grid - (EDGES[-1] + WIDTHS[-1]), 0.0)
    middle = np.clip(np.searchsorted(EDGES, grid[:, :-1] + 0.5, side="right") - 1, 0, BINS - 1)
    return low, part, beyond, middle


def through(step: Array, after: Array) -> Array:
    """Convolve steps into a state, (bins, horizon), with P(free within u | just arrived there), (horizon +
    1)."""
    horizon = step.shape[1]
    lag = np.arange(1, horizon + 1)[None, :] - np.arange(horizon)[:, None]
    kernel = np.where(lag >= 0, after[np.maximum(lag, 0)], 0.0)
    kernel = 0.5 * (kernel + np.where(lag >= 1, after[np.maximum(lag - 1, 0)], 0.0))
    return np.asarray(step @ kernel)


def free_within(talk: Array, wrapup: Array, finishing: Array, horizon: int) -> tuple[Array, Array, Array]:
    """P(free within 0, 1, … horizon seconds | state, age bin) for talk, wrap-up and finishing: (bins, horizon
    + 1).

    Ways out: talk → ready, wrap-up, finishing; wrap-up → ready, finishing; finishing → ready.
    """

    def with_now(curve: Array) -> Array:
        return np.concatenate([np.zeros((BINS, 1)), np.minimum(curve, 1.0)], axis=1)

    from_finishing = with_now(leaving_steps(finishing, horizon)[0].cumsum(axis=1))
    to_ready, to_finishing = leaving_steps(wrapup, horizon)
    from_wrapup = with_now(to_ready.cumsum(axis=1) + through(to_finishing, fresh(from_finishing)))
    to_ready, to_wrapup, to_finishing = leaving_steps(talk, horizon)
    from_talk = with_now(
        to_ready.cumsum(axis=1)
        + through(to_wrapup, fresh(from_wrapup))
        + through(to_finishing, fresh(from_finishing))
    )
    return from_talk, from_wrapup, from_finishing


def fresh(curve: Array) -> Array:
    """The curve of somebody who has just arrived: age 0, from the first bin (whose middle is half a
    second)."""
    return np.concatenate([[0.0], 0.5 * (curve[0, 1:] + curve[0, :-1])])
