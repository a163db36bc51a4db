"""The clocks that follow the machine's."""

import asyncio
from datetime import UTC, datetime, timedelta, timezone

import pytest

from storage.clock import Clock, ScaledClock, SystemClock, VirtualClock

START = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)


class Hand:
    """A monotonic time set by hand."""

    def __init__(self) -> None:
        self.at = 100.0

    def __call__(self) -> float:
        return self.at


def test_all_three_are_clocks() -> None:
    clocks: list[Clock] = [SystemClock(), ScaledClock(2, START), VirtualClock(START)]
    assert all(clock.now().utcoffset() == timedelta(0) for clock in clocks)


async def test_the_system_clock_calls_back_unless_cancelled() -> None:
    clock, called = SystemClock(), asyncio.Event()
    clock.call_later(0.001, lambda: pytest.fail("was cancelled")).cancel()
    clock.call_later(-1, called.set)
    await asyncio.wait_for(called.wait(), 5)
    before = clock.now()
    await clock.sleep(0.01)
    assert clock.now() - before >= timedelta(milliseconds=9)


def test_scaled_time_runs_that_many_times_as_fast_from_its_start() -> None:
    hand = Hand()
    clock = ScaledClock(20, START.astimezone(timezone(timedelta(hours=-3))), monotonic=hand)
    assert clock.now() == START
    hand.at += 3
    assert clock.now() == START + timedelta(minutes=1)
    assert clock.now().tzinfo is UTC


async def test_a_scaled_sleep_is_shorter_in_real_time() -> None:
    clock = ScaledClock(20, START, lag_limit=60)
    loop = asyncio.get_running_loop()
    began = loop.time()
    await clock.sleep(1)
    assert loop.time() - began >= 0.04
    assert clock.now() >= START + timedelta(seconds=0.9)
    assert clock.valid


async def test_a_run_that_lags_is_declared_invalid_and_stays_so() -> None:
    hand = Hand()
    clock = ScaledClock(10, START, lag_limit=0.5, monotonic=hand)
    called = asyncio.Event()
    clock.call_later(0.01, called.set)
    hand.at += 0.2  # the machine was busy: 2 s of business time
    await asyncio.wait_for(called.wait(), 5)
    assert clock.lag == pytest.approx(1.99)
    assert not clock.valid
    clock.call_later(0, called.set)
    await asyncio.sleep(0)
    assert not clock.valid


@pytest.mark.parametrize("speed", [0, 0.5, 20.1])
def test_a_speed_the_machine_cannot_keep_honest_is_refused(speed: float) -> None:
    with pytest.raises(ValueError, match="from 1 to 20"):
        ScaledClock(speed, START)


def test_a_scaled_start_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="zone"):
        ScaledClock(2, START.replace(tzinfo=None))
