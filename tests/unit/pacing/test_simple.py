"""Progressive and power: by arithmetic."""

from dialer.pacing import make
from dialer.pacing.simple import Power


def test_progressive_places_one_call_for_each_agent_free_of_calls_and_waiting_customers() -> None:
    pacer = make("progressive", target=0.03)
    for agent in range(5):
        pacer.ready(agent, 0.0)
    assert pacer.decide(0.0, 99) == 5
    pacer.dialed("a", 0.0)
    pacer.dialed("b", 0.0)
    assert pacer.decide(0.0, 99) == 3
    pacer.answered("a", 4.0)
    assert pacer.decide(4.0, 99) == 3
    pacer.connected("a", 0, 4.0)
    assert pacer.decide(4.0, 99) == 3
    pacer.failed("b", 5.0, "busy")
    assert pacer.decide(5.0, 99) == 4


def test_power_multiplies_the_free_agents_and_rounds_down() -> None:
    pacer = make("power", target=0.03, ratio=1.5)
    for agent in range(3):
        pacer.ready(agent, 0.0)
    pacer.dialed("a", 0.0)
    assert pacer.decide(0.0, 99) == 3


def test_the_ratio_changes_while_it_dials() -> None:
    pacer = Power(1.0)
    for agent in range(4):
        pacer.ready(agent, 0.0)
    assert pacer.decide(0.0, 99) == 4
    pacer.set_ratio(2.5)
    assert pacer.decide(1.0, 99) == 10


def test_an_idle_agent_counts_until_gone_whatever_was_asked_for() -> None:
    pacer = make("progressive", target=0.03)
    pacer.ready("ana", 0.0)
    pacer.leaving("ana", 1.0)
    assert pacer.decide(1.0, 9) == 1
    pacer.left("ana", 2.0)
    assert pacer.decide(2.0, 9) == 0


def test_repeated_events_change_nothing() -> None:
    pacer = make("progressive", target=0.03)
    for _ in range(3):
        pacer.ready("ana", 0.0)
    pacer.dialed("a", 0.0)
    pacer.answered("a", 1.0)
    pacer.connected("a", "ana", 1.0)
    pacer.connected("a", "ana", 1.0)
    pacer.wrapup("ana", 2.0)
    pacer.wrapup("ana", 3.0)
    pacer.wrapup("nobody", 3.0)
    assert pacer.decide(3.0, 9) == 0
    pacer.ready("ana", 4.0)
    assert pacer.decide(4.0, 9) == 1
