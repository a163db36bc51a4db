"""UUIDv7."""

from datetime import UTC, datetime, timedelta
from random import Random
from uuid import RFC_4122

from hypothesis import given
from hypothesis import strategies as st

from storage.ids import Uuid7Source, uuid7, uuid7_floor, uuid7_time_ms

NOW = datetime(2026, 3, 1, 12, 0, 0, 123_456, tzinfo=UTC)
MOMENTS = st.datetimes(
    min_value=datetime(1970, 1, 1),
    max_value=datetime(2200, 1, 1),
    timezones=st.just(UTC),
)


@given(MOMENTS)
def test_an_id_is_a_version_7_uuid_that_carries_its_millisecond(now: datetime) -> None:
    made = uuid7(now)
    assert (made.version, made.variant) == (7, RFC_4122)
    assert uuid7_time_ms(made) == (now - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)


def test_ids_of_one_millisecond_grow() -> None:
    made = [uuid7(NOW) for _ in range(10_000)]
    assert made == sorted(set(made))


@given(MOMENTS, st.integers(min_value=1, max_value=10**9))
def test_a_later_millisecond_gives_a_greater_id(now: datetime, milliseconds: int) -> None:
    assert uuid7(now) < uuid7(now + timedelta(milliseconds=milliseconds))


@given(MOMENTS)
def test_the_ids_of_a_moment_lie_between_its_least_and_that_of_the_next(now: datetime) -> None:
    assert uuid7_floor(now) < uuid7(now) < uuid7_floor(now + timedelta(milliseconds=1))


def test_a_seeded_source_gives_the_same_ids_again() -> None:
    first, second = (Uuid7Source(Random(7).getrandbits) for _ in range(2))
    assert [first(NOW) for _ in range(5)] == [second(NOW) for _ in range(5)]


def test_a_clock_that_goes_back_gives_ids_of_the_time_it_says() -> None:
    source = Uuid7Source()
    source(NOW)
    assert uuid7_time_ms(source(NOW - timedelta(days=1))) == uuid7_time_ms(source(NOW)) - 86_400_000
