"""What is due now and then, also by a clock that is set back."""

from datetime import UTC, datetime, timedelta
from typing import cast

from hypothesis import given
from hypothesis import strategies as st

from dialer.engine.rhythm import Rhythm
from dialer.passing import SET_BACK
from storage.clock import Clock

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


class ClockThatIsSet:
    def __init__(self) -> None:
        self.passed = timedelta(0)
        self.set_back = timedelta(0)

    def now(self) -> datetime:
        return NOON + self.passed - self.set_back


def test_it_is_due_once_in_so_many_beats_and_sooner_in_a_hurry() -> None:
    clock = ClockThatIsSet()
    rhythm = Rhythm(cast(Clock, clock), beat_s=1)
    assert [_second(clock, rhythm) for _ in range(7)] == [True, False, False, True, False, False, True]
    rhythm.hurry("look", but_not_within_s=0.5)
    assert _second(clock, rhythm)


@given(st.lists(st.tuples(st.floats(0.01, 2), st.one_of(st.just(0.0), st.floats(0, 90_000)))))
def test_by_a_clock_that_is_set_back_nothing_comes_much_later_than_it_should(
    steps: list[tuple[float, float]],
) -> None:
    """Each step: so much time passes, and then the clock is set back by so much."""
    clock = ClockThatIsSet()
    rhythm = Rhythm(cast(Clock, clock), beat_s=1)
    last, unseen = timedelta(0), timedelta(0)
    for gap, back in steps:
        clock.passed += timedelta(seconds=gap)
        clock.set_back += timedelta(seconds=back)
        if back:  # nobody can tell what passed before it, and a small step is not told from no step
            unseen += timedelta(seconds=gap) + SET_BACK
        if rhythm.is_due("look", 3):
            last, unseen = clock.passed, timedelta(0)
        assert clock.passed - last <= timedelta(seconds=3) + unseen


def _second(clock: ClockThatIsSet, rhythm: Rhythm) -> bool:
    due = rhythm.is_due("look", 3)
    clock.passed += timedelta(seconds=1)
    return due
