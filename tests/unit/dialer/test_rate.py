"""A trunk's limits."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from dialer.passing import SET_BACK
from dialer.rate import SLACK_S, TrunkLimits

SET_BACK_S = SET_BACK.total_seconds()
NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)


def take_all(limits: TrunkLimits, now: datetime) -> int:
    taken = 0
    while limits.allowed(now):
        limits.take(now)
        taken += 1
    return taken


def test_calls_are_spread_and_not_sent_in_a_burst() -> None:
    limits = TrunkLimits(calls_per_s=5, channels=100)
    assert take_all(limits, NOW) == 1
    assert take_all(limits, NOW + timedelta(seconds=0.05)) == 0
    assert take_all(limits, NOW + timedelta(seconds=0.2)) == 1


def test_channels_are_a_limit_and_come_back_once_each() -> None:
    limits = TrunkLimits(calls_per_s=1000, channels=2)
    assert take_all(limits, NOW) == 2
    limits.give_back()
    assert take_all(limits, NOW + timedelta(seconds=1)) == 1


def test_giving_back_too_often_never_makes_more_channels() -> None:
    limits = TrunkLimits(calls_per_s=1000, channels=2)
    limits.give_back()
    limits.give_back()
    assert take_all(limits, NOW) == 2


def test_a_trunk_of_no_calls_per_second_is_closed() -> None:
    assert TrunkLimits(calls_per_s=0, channels=10).allowed(NOW) == 0


@given(
    st.floats(0.5, 200),
    st.lists(st.floats(0, 0.4), min_size=1, max_size=200),
)
def test_in_no_second_do_more_calls_go_out_than_the_rate_allows(rate: float, gaps: list[float]) -> None:
    limits = TrunkLimits(calls_per_s=rate, channels=10**6)
    sent: list[datetime] = []
    now = NOW
    for gap in gaps:
        now += timedelta(seconds=gap)
        sent += [now] * take_all(limits, now)
    for start in sent:
        within = sum(start <= at < start + timedelta(seconds=1) for at in sent)
        assert within <= rate * (1 + SLACK_S) + 1.01


@given(
    st.floats(0.5, 200),
    st.lists(st.tuples(st.floats(0, 0.4), st.one_of(st.just(0.0), st.floats(0, 7200))), max_size=150),
)
def test_a_clock_that_is_set_back_neither_stops_the_calls_nor_lets_more_of_them_out(
    rate: float, steps: list[tuple[float, float]]
) -> None:
    """Each step: so much time passes, and then the clock is set back by so much."""
    limits = TrunkLimits(calls_per_s=rate, channels=10**6)
    sent: list[float] = []
    passed, set_back = 0.0, 0.0
    for gap, back in steps:
        passed, set_back = passed + gap, set_back + back
        sent += [passed] * take_all(limits, NOW + timedelta(seconds=passed - set_back))
    for start in sent:
        within = sum(start <= at < start + 1 for at in sent)
        assert within <= rate * (1 + SLACK_S) + 1.01
    in_time = NOW + timedelta(seconds=passed - set_back + 1 + SET_BACK_S + 1 / rate)
    assert limits.allowed(in_time) >= 1


@given(st.floats(0.5, 200))
def test_when_the_next_call_is_due_it_is_allowed(rate: float) -> None:
    limits = TrunkLimits(calls_per_s=rate, channels=10**6)
    take_all(limits, NOW)
    assert limits.allowed(limits.next_at(NOW) + timedelta(microseconds=2)) >= 1
