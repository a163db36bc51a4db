"""Campaigns that share agents: none starved, no agent counted twice, each within its own target."""

from collections.abc import Callable
from dataclasses import replace
from statistics import fmean
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dialer.pacing import Pacer, make
from dialer.simulate import Lognormal, Mix, always, run, run_shared
from dialer.simulate.shared import SharedFloor

pytestmark = pytest.mark.slow

HOUR = 3600.0
CAMPAIGN = Mix(0, always(0.25), Lognormal(60.0, 1.0), length=0.3 * HOUR)
UNLIKE = (
    replace(CAMPAIGN, answer=always(0.1)),
    replace(CAMPAIGN, talk=Lognormal(30.0, 1.0)),
    replace(CAMPAIGN, answer=always(0.6), talk=Lognormal(150.0, 1.0)),
)
Watch = Callable[[], None]


class Watched:
    """A pacer that keeps a list of the agents it counts on."""

    def __init__(self, inner: Pacer, watch: Watch) -> None:
        self._inner = inner
        self._watch = watch
        self.counted: set[Any] = set()

    def ready(self, agent: Any, at: float) -> None:
        self.counted.add(agent)
        self._watch()
        self._inner.ready(agent, at)

    def connected(self, call: Any, agent: Any, at: float) -> None:
        self.counted.add(agent)
        self._watch()
        self._inner.connected(call, agent, at)

    def left(self, agent: Any, at: float) -> None:
        self.counted.discard(agent)
        self._inner.left(agent, at)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)


floors = st.integers(1, 4).flatmap(
    lambda campaigns: st.tuples(
        st.just(campaigns),
        st.lists(st.sets(st.integers(0, campaigns - 1), min_size=1), min_size=1, max_size=12),
        st.sampled_from(["progressive", "power", "predictive"]),
        st.integers(0, 5),
    )
)


@given(floors)
@settings(max_examples=15, suppress_health_check=[HealthCheck.too_slow])
def test_no_agent_is_ever_counted_on_twice_and_only_by_its_own_campaigns(
    floor: tuple[int, list[set[int]], str, int],
) -> None:
    campaigns, works_for, name, seed = floor
    watched: list[Watched] = []

    def once() -> None:
        everybody = [agent for pacer in watched for agent in pacer.counted]
        assert len(everybody) == len(set(everybody))
        for number, pacer in enumerate(watched):
            assert all(number in works_for[agent] for agent in pacer.counted)

    watched.extend(Watched(make(name, target=0.03), once) for _ in range(campaigns))
    mixes = [replace(CAMPAIGN, length=120.0)] * campaigns
    run_shared(mixes, watched, works_for, seed)
    assert sum(len(pacer.counted) for pacer in watched) == len(works_for)


@pytest.mark.parametrize("mixes", [(CAMPAIGN,) * 3, UNLIKE], ids=["alike", "unlike"])
def test_no_hungry_campaign_is_starved(mixes: tuple[Mix, ...]) -> None:
    pacers = [make("predictive", target=0.03) for _ in mixes]
    shift = run_shared(mixes, pacers, [(0, 1, 2)] * 15, 1)
    for part in shift.parts:
        assert part.talk_share > 0.2
        assert part.starved < 180


def test_each_campaign_keeps_its_own_target() -> None:
    targets = (0.01, 0.03, 0.05)
    pacers = [make("predictive", target=target) for target in targets]
    shift = run_shared((CAMPAIGN,) * 3, pacers, [(0, 1, 2)] * 15, 3)
    for part, target in zip(shift.parts, targets, strict=True):
        # One call beyond is what nobody can foresee.
        assert part.abandoned <= target * (part.connected + part.abandoned) + 1


def test_an_agent_of_one_campaign_takes_no_other_campaigns_calls() -> None:
    pacers = [make("progressive", target=0.03) for _ in range(2)]
    shift = run_shared((CAMPAIGN, CAMPAIGN), pacers, [(0,), (0,), (0,)], 1)
    assert shift.parts[1].connected == 0
    assert shift.parts[1].dialed == 0
    assert shift.parts[0].connected > 0


def test_a_floor_of_one_campaign_is_the_ordinary_floor() -> None:
    """In the mean: the ordinary one gathers events for 50 ms, so the two meet customers at other times."""
    mix, seeds = replace(CAMPAIGN, agents=10), range(6)
    alone = [run(mix, make("predictive", target=0.03), seed) for seed in seeds]
    shared = [run_shared((mix,), (make("predictive", target=0.03),), [(0,)] * 10, seed) for seed in seeds]
    assert fmean(s.parts[0].connected for s in shared) == pytest.approx(
        fmean(s.connected for s in alone), rel=0.03
    )
    assert fmean(s.occupancy for s in shared) == pytest.approx(fmean(s.occupancy for s in alone), abs=0.02)


def test_who_waits_longest_is_served_first_whatever_the_campaign() -> None:
    floor = SharedFloor((CAMPAIGN,) * 2, [make("progressive", target=0.03)] * 2, [(0, 1)], 1)
    floor.homes[0] = 0
    floor.waiting = {(1, 7): None, (0, 3): None}
    floor._free(0)
    assert list(floor.waiting) == [(0, 3)]
