"""The two gauges against each other, and against counting."""

from itertools import product

import numpy as np
import pytest

from dialer.pacing.loss import Lattice, Series, at_most_zero, most_within


def counted(start: int, free: list[float], answers: list[float]) -> float:
    """P(start + Σ free − Σ answers ≤ 0) by going through every case."""
    total = 0.0
    for case in product((0, 1), repeat=len(free) + len(answers)):
        chance = 1.0
        for yes, p in zip(case, free + answers, strict=True):
            chance *= p if yes else 1.0 - p
        if start + sum(case[: len(free)]) - sum(case[len(free) :]) <= 0:
            total += chance
    return total


@pytest.mark.parametrize("start", [-1, 0, 1, 2])
def test_the_lattice_counts_exactly(start: int) -> None:
    gauge = Lattice(5)
    free, answers = [0.9, 0.3, 0.05], [0.25, 0.4, 0.1, 0.02]
    gauge.know_agents(np.repeat(np.array([[0.0], *([p] for p in free)]), gauge.points, axis=1))
    gauge.know_calls(np.repeat(np.array([[p] for p in answers]), gauge.points, axis=1))
    loss = gauge.measure(start, np.array([1, 2, 3]), np.array([0.0, 1.0, 1.0, 1.0]), 0.0)
    assert loss(0) == pytest.approx(counted(start, free, answers[1:]), abs=2e-3)
    assert loss(2) == pytest.approx(counted(start, free, [*answers[1:], 0.25, 0.25]), abs=2e-3)


def test_on_a_large_floor_the_series_agrees_with_the_lattice() -> None:
    exact, series = Lattice(64), Series()
    for gauge in (exact, series):
        gauge.know_agents(np.repeat(np.array([[0.0], [0.12]]), 8, axis=1))
        gauge.know_calls(np.repeat(np.array([[0.2]]), 8, axis=1))
    agents = np.ones(60, dtype=np.int64)
    for calls in (8, 12, 18, 24):
        a = exact.measure(0, agents, np.array([float(calls)]), 0.0)(0)
        b = series.measure(0, agents, np.array([float(calls)]), 0.0)(0)
        assert b == pytest.approx(a, abs=0.01)


@pytest.mark.parametrize("gauge", [Lattice(24), Series()])
def test_doubt_about_the_answer_rate_makes_the_loss_of_a_large_volley_dearer(gauge: Lattice | Series) -> None:
    gauge.know_agents(np.zeros((1, 8)))
    gauge.know_calls(np.full((1, 8), 0.1))
    sure = gauge.measure(20, np.zeros(1, dtype=np.int64), np.zeros(1), 0.0)
    unsure = gauge.measure(20, np.zeros(1, dtype=np.int64), np.zeros(1), 0.4)
    assert unsure(120) > 1.5 * sure(120)


def test_a_certain_number_of_free_agents_is_compared_with_nothing() -> None:
    assert at_most_zero(0.0, 0.0, 0.0) == 1.0
    assert at_most_zero(1.0, 0.0, 0.0) == 0.0
    assert at_most_zero(50.0, 1.0, 0.0) == 0.0
    assert at_most_zero(-50.0, 1.0, 0.0) == 1.0


@pytest.mark.parametrize("bound", [0, 1, 2, 3, 7, 8, 31, 100])
def test_the_search_finds_the_last_call_worth_its_price(bound: int) -> None:
    assert most_within(0.5, 100, lambda others: float(others >= bound)) == (min(bound, 100), 1.0)
