"""Floors no constant was chosen by, and the pauses between two measurements."""

import pytest

from benchmarks.pacing.cells import held_out
from dialer.pacing import Pacer, make
from dialer.simulate import run

pytestmark = pytest.mark.slow

HELD_OUT = held_out(10, length=1500.0)


@pytest.mark.parametrize("name", HELD_OUT)
def test_on_a_floor_never_seen_few_calls_are_lost_and_agents_busier_than_one_to_one(name: str) -> None:
    ours = run(HELD_OUT[name], make("predictive", target=0.03), 1)
    plain = run(HELD_OUT[name], make("progressive", target=0.03), 1)
    # So short a shift has some eighty answers: the budget's walk is wider than 3 % of them.
    assert ours.abandoned <= max(0.04 * (ours.connected + ours.abandoned), 5)
    assert ours.first_abandoned <= max(0.06 * ours.first_answered, 4)
    assert ours.occupancy > plain.occupancy


def floor() -> Pacer:
    """Three talk, one is free, and as many calls ring as are worth it."""
    pacer = make("predictive", target=0.03)
    for agent in range(4):
        pacer.ready(agent, 0.0)
    for call in range(60):
        pacer.dialed(call, 0.1 * call)
    for call in range(60):
        pacer.failed(call, 30.0, "no_answer") if call % 4 else pacer.answered(call, 14.0)
    for agent in range(3):
        pacer.connected(4 * agent, agent, 31.0)
    for call in range(1000, 1000 + pacer.decide(40.0, 100)):
        pacer.dialed(call, 40.0)
    return pacer


@pytest.mark.parametrize("agents", [5, 10, 20, 50, 300])
def test_a_start_grows_with_the_dials_that_are_settled(agents: int) -> None:
    """Nobody answers at first, which says less than it seems: the next volley must not be without end."""
    pacer, calls, at = make("predictive", target=0.03), 0, 0.0
    for agent in range(agents):
        pacer.ready(agent, 0.0)
    for _ in range(4):
        known, volley = calls, pacer.decide(at, 100_000)
        assert volley <= 1.5 * agents + known
        for call in range(calls, calls + volley):
            pacer.dialed(call, at)
        at += 26.0
        for call in range(calls, calls + volley):
            pacer.failed(call, at, "no_answer")
        calls += volley
    assert calls > 4 * agents


def test_what_happens_ends_the_pause_between_two_measurements() -> None:
    pacer = floor()
    assert pacer.decide(40.1, 100) == 0
    for agent in range(10, 40):
        pacer.ready(agent, 40.2)
    assert pacer.decide(40.2, 100) >= 1


def test_calls_asked_for_but_not_placed_are_asked_for_again() -> None:
    pacer = make("predictive", target=0.03)
    for agent in range(4):
        pacer.ready(agent, 0.0)
    wanted = pacer.decide(0.0, 100)
    assert wanted >= 4
    assert pacer.decide(0.1, 100) == wanted
    pacer.dialed(1, 0.1)
    assert pacer.decide(0.2, 100) >= wanted - 2
