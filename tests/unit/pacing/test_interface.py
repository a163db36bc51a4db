"""What every pacer promises, whatever happens to it."""

import json
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dialer.pacing import BadOption, Pacer, UnknownPacer, make

NAMES = ("progressive", "power", "predictive")
Event = tuple[str, int, float]
EVENTS = st.lists(
    st.tuples(
        st.sampled_from(
            ["dialed", "progress", "answered", "busy", "no_answer", "invalid", "machine", "abandoned",
             "connected", "wrapup", "finishing", "ready", "left", "leaving", "decide"]
        ),
        st.integers(0, 12),
        st.sampled_from([0.0, 0.0, 0.1, 1.0, 7.0, 40.0, 4000.0, -5.0]),
    ),
    max_size=120,
)  # fmt: skip


def tell(pacer: Pacer, event: Event, at: float) -> None:
    what, who, _ = event
    match what:
        case "busy" | "no_answer" | "invalid" | "machine":
            pacer.failed(who, at, what)
        case "progress":
            pacer.progress(who, at, 180)
        case "connected":
            pacer.connected(who, f"agent {who % 5}", at)
        case "wrapup" | "finishing" | "ready" | "left" | "leaving":
            getattr(pacer, what)(f"agent {who % 5}", at)
        case "dialed" | "answered" | "abandoned":
            getattr(pacer, what)(who, at)


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(events=EVENTS, lines=st.integers(-3, 30))
def test_no_history_makes_a_pacer_ask_for_less_than_nothing_or_more_than_the_lines(
    name: str, events: list[Event], lines: int
) -> None:
    pacer = make(name, target=0.03)
    at = 0.0
    for event in events:
        at = max(at + event[2], 0.0)
        tell(pacer, event, at)
        assert 0 <= pacer.decide(at, lines) <= max(lines, 0)
    explained = pacer.explain(at)
    assert explained["idle"] >= 0
    assert explained["in_flight"] >= 0
    assert explained["waiting"] >= 0


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(events=EVENTS)
def test_without_agents_nobody_is_called(name: str, events: list[Event]) -> None:
    pacer = make(name, target=0.03)
    at = 0.0
    for event in events:
        at = max(at + event[2], 0.0)
        tell(pacer, event, at)
    for agent in range(5):
        pacer.left(f"agent {agent}", at)
    assert pacer.decide(at, 50) == 0


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(events=EVENTS)
def test_predictive_never_calls_less_than_progressive(events: list[Event]) -> None:
    bold, plain = make("predictive", target=0.03), make("progressive", target=0.03)
    at = 0.0
    for event in events:
        at = max(at + event[2], 0.0)
        tell(bold, event, at)
        tell(plain, event, at)
        assert bold.decide(at, 20) >= plain.decide(at, 20)


@pytest.mark.parametrize("name", NAMES)
def test_what_was_learned_survives_json(name: str) -> None:
    pacer = make(name, target=0.03)
    pacer.ready("ana", 0.0)
    pacer.dialed(1, 0.0)
    pacer.answered(1, 5.0)
    pacer.connected(1, "ana", 5.0)
    pacer.wrapup("ana", 60.0)
    pacer.ready("ana", 80.0)
    saved = json.loads(json.dumps(pacer.snapshot()))
    heir = make(name, target=0.03)
    heir.restore(saved)
    heir.ready("ana", 0.0)
    assert heir.decide(0.0, 10) >= 1


@pytest.mark.parametrize("name", NAMES)
def test_a_snapshot_of_another_age_is_not_used(name: str) -> None:
    pacer = make(name, target=0.03)
    pacer.restore({"version": 99})
    pacer.ready("ana", 0.0)
    assert pacer.decide(0.0, 10) == 1


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: make("predictive", target=0.0),
        lambda: make("predictive", target=1.0),
        lambda: make("power", target=0.03, ratio=-1),
        lambda: make("progressive", target=0.03, ratio=2),
        lambda: make("predictive", target=0.03).retarget(2.0),
    ],
)
def test_options_outside_their_range_are_refused(wrong: Callable[[], object]) -> None:
    with pytest.raises(BadOption):
        wrong()


def test_an_unknown_pacer_is_refused_by_name() -> None:
    with pytest.raises(UnknownPacer, match="clairvoyant"):
        make("clairvoyant", target=0.03)
