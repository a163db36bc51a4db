"""Waiting for a condition."""

from datetime import UTC, datetime

import pytest

from storage.clock import VirtualClock
from tests.helpers import until, until_sync


async def test_the_first_true_value_is_returned() -> None:
    values = iter([0, None, 7])
    assert await until(lambda: next(values)) == 7

    async def later() -> str:
        return "yes"

    assert await until(later) == "yes"
    assert until_sync(lambda: 3) == 3


async def test_a_condition_that_never_comes_is_told_with_its_words() -> None:
    with pytest.raises(AssertionError, match=r"not so after 0.02 s: the moon is blue"):
        await until(lambda: False, 0.02, "the moon is blue")
    with pytest.raises(AssertionError, match="1 > 2"):
        await until(lambda: 1 > 2, 0.02)
    with pytest.raises(AssertionError, match="not so"):
        until_sync(list, 0.02, "never")


def test_with_a_clock_the_deadline_is_business_time() -> None:
    clock = VirtualClock(datetime(2026, 1, 1, tzinfo=UTC))

    async def main() -> None:
        done: list[int] = []
        clock.call_later(3600, lambda: done.append(1))
        await until(lambda: done, 7200, clock=clock, every=1)
        assert (clock.now() - datetime(2026, 1, 1, tzinfo=UTC)).total_seconds() == pytest.approx(3600, abs=2)

    clock.run(main())
