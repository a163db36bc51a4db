"""The pacer of a broadcast: presses of 1 are kept within the agents free for them."""

from hypothesis import given
from hypothesis import strategies as st

from dialer.pacing import make
from dialer.pacing.broadcast import Broadcast


def within_agents() -> Broadcast:
    return Broadcast(within_agents=True)


def test_without_agents_trunks_and_channels_alone_decide() -> None:
    assert make("broadcast", target=0.03, within_agents=False).decide(0.0, 57) == 57


def test_nobody_free_and_nobody_is_called() -> None:
    assert within_agents().decide(0.0, 57) == 0


def test_before_anything_is_known_one_agent_is_worth_ten_calls() -> None:
    pacer = within_agents()
    pacer.ready("ana", 0.0)
    assert pacer.decide(0.0, 57) == 10


def test_what_is_under_way_and_who_waits_are_taken_off() -> None:
    pacer = within_agents()
    for agent in ("ana", "bea", "caro"):
        pacer.ready(agent, 0.0)
    for call in range(8):
        pacer.dialed(call, 0.0)
    pacer.answered(0, 5.0)
    assert pacer.decide(5.0, 57) == int(2 / pacer.press_rate) - 7 == 4


def test_few_presses_and_more_are_called() -> None:
    pacer = within_agents()
    pacer.ready("ana", 0.0)
    for call in range(90):
        pacer.dialed(call, 0.0)
        pacer.failed(call, 1.0, "played")
    assert pacer.decide(2.0, 1000) == 100


def test_what_was_learned_is_remembered_with_a_bounded_weight() -> None:
    first = within_agents()
    for call in range(5000):
        first.dialed(call, 0.0)
        if call % 50 == 0:
            first.answered(call, 1.0)
        first.failed(call, 2.0, "played")
    second = within_agents()
    second.restore(first.snapshot())
    assert abs(second.press_rate - first.press_rate) < 1e-9
    second.dialed("new", 0.0)
    second.answered("new", 0.0)
    assert second.press_rate > first.press_rate + 0.001
    second.restore({"calls": -1, "presses": 5})  # of a broken row: no harm


@given(
    st.integers(0, 20),
    st.lists(st.sampled_from(["dial", "press", "end", "join", "wrap", "ready"]), max_size=200),
)
def test_expected_presses_never_exceed_the_agents(agents: int, events: list[str]) -> None:
    pacer = within_agents()
    for agent in range(agents):
        pacer.ready(agent, 0.0)
    calls: list[int] = []
    for at, event in enumerate(events):
        match event:
            case "dial":
                new = range(len(calls), len(calls) + pacer.decide(at, 30))
                for call in new:
                    pacer.dialed(call, at)
                    calls.append(call)
                if new:
                    told = pacer.explain(at)
                    assert told["expected_presses"] + told["waiting"] <= told["idle"] + 1e-6
            case "press" if calls:
                pacer.answered(calls[at % len(calls)], at)
            case "end" if calls:
                pacer.failed(calls[at % len(calls)], at, "played")
            case "join" if calls and agents:
                pacer.connected(calls[at % len(calls)], at % agents, at)
            case "wrap" if agents:
                pacer.wrapup(at % agents, at)
            case "ready" if agents:
                pacer.ready(at % agents, at)
