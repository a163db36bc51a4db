"""When a list is refreshed next, on plain days and on those with 23 or 25 hours."""

from datetime import UTC, datetime, time, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lists.assigning import in_order
from lists.errors import Refused
from lists.filtering.schedule import Schedule, from_json, next_after, to_json

MONDAY = datetime(2026, 3, 2, 12, tzinfo=UTC)


def test_every_so_many_minutes() -> None:
    assert next_after(Schedule(minutes=30), MONDAY) == MONDAY + timedelta(minutes=30)


def test_at_a_local_time_today_if_it_is_still_to_come_else_tomorrow() -> None:
    evening = Schedule(at=time(20, 0), zone="Europe/Madrid")
    assert next_after(evening, MONDAY) == datetime(2026, 3, 2, 19, tzinfo=UTC)
    assert next_after(evening, MONDAY.replace(hour=19)) == datetime(2026, 3, 3, 19, tzinfo=UTC)


def test_only_on_the_chosen_weekdays() -> None:
    mondays = Schedule(at=time(8, 0), weekdays=frozenset({1}))
    assert next_after(mondays, MONDAY) == datetime(2026, 3, 9, 8, tzinfo=UTC)


def test_a_time_the_clocks_skip_moves_to_the_next_that_exists() -> None:
    night = Schedule(at=time(2, 30), zone="Europe/Madrid")
    before = datetime(2026, 3, 28, 12, tzinfo=UTC)  # on the 29th 2:00 becomes 3:00
    assert next_after(night, before) == datetime(2026, 3, 29, 1, 0, tzinfo=UTC)


def test_of_a_repeated_time_the_first_is_taken() -> None:
    night = Schedule(at=time(2, 30), zone="Europe/Madrid")
    before = datetime(2026, 10, 24, 12, tzinfo=UTC)
    assert next_after(night, before) == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)


@given(
    st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC)),
    st.times(),
    st.sets(st.integers(1, 7), min_size=1),
    st.sampled_from(["UTC", "Europe/Madrid", "America/Santiago", "Australia/Lord_Howe", "Asia/Kathmandu"]),
)
def test_the_next_time_is_always_later_and_within_nine_days(
    now: datetime, at: time, weekdays: set[int], zone: str
) -> None:
    found = next_after(
        Schedule(at=at.replace(second=0, microsecond=0), weekdays=frozenset(weekdays), zone=zone), now
    )
    assert now < found <= now + timedelta(days=9)


@pytest.mark.parametrize(
    "raw",
    [
        {},
        {"minutes": 1},
        {"minutes": 30, "at": "08:00"},
        {"at": "25:00"},
        {"at": "08:00", "weekdays": [0]},
        {"at": "08:00", "zone": "Mars/Olympus"},
        {"minutes": "often"},
    ],
)
def test_a_schedule_that_makes_no_sense_is_refused(raw: dict[str, Any]) -> None:
    with pytest.raises(Refused) as refused:
        from_json(raw)
    assert refused.value.error_id == "bad_schedule"


def test_a_schedule_survives_its_json_form() -> None:
    for schedule in (
        Schedule(minutes=60),
        Schedule(at=time(8, 5), weekdays=frozenset({1, 5}), zone="America/Lima"),
    ):
        assert from_json(to_json(schedule)) == schedule


def test_who_gets_one_more_is_decided_by_the_seed_and_not_by_the_order_of_asking() -> None:
    agents = [UUID(int=n) for n in range(20)]
    assert in_order(agents, "a") == in_order([*reversed(agents), agents[3]], "a")
    assert in_order(agents, "a") != in_order(agents, "b")
