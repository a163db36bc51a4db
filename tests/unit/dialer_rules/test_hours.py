"""When a number may be called. Zones below were chosen for their clock changes."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from dialer.hours import Closed, Open, campaign_opening, legal_hour, opening
from dialer.settings import Settings
from dialer.week import Week, minutes, week

NEW_YORK = ("America/New_York",)
RING = 25
US = Settings(preset="us", ring_timeout_s=RING)


def at(text: str, zone: str = "UTC") -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


def test_a_us_number_is_called_from_eight_to_nine_in_the_evening_where_it_is() -> None:
    assert opening(NEW_YORK, None, US, at("2026-03-02T07:59:59", *NEW_YORK)) == Closed(
        at("2026-03-02T08:00", *NEW_YORK), "outside_legal_hours"
    )
    assert opening(NEW_YORK, None, US, at("2026-03-02T08:00", *NEW_YORK)) == Open(
        at("2026-03-02T20:59:35", *NEW_YORK)
    )


def test_the_last_ring_ends_inside_the_window() -> None:
    last = at("2026-03-02T20:59:35", *NEW_YORK)
    assert isinstance(opening(NEW_YORK, None, US, last), Open)
    assert opening(NEW_YORK, None, US, last + timedelta(milliseconds=1)) == Closed(
        at("2026-03-03T08:00", *NEW_YORK), "outside_legal_hours"
    )


def test_a_number_in_several_zones_is_called_only_while_all_of_them_allow_it() -> None:
    both = ("America/New_York", "America/Los_Angeles")
    morning = at("2026-03-02T09:00", "America/New_York")
    assert opening(both, None, US, morning) == Closed(
        at("2026-03-02T08:00", "America/Los_Angeles"), "outside_legal_hours"
    )
    noon = at("2026-03-02T12:00", "America/New_York")
    assert opening(both, None, US, noon) == Open(at("2026-03-02T20:59:35", "America/New_York"))


def test_zones_whose_windows_never_meet_are_never_called() -> None:
    narrow = Settings(callee_hours=week("09:00-10:00"), ring_timeout_s=RING)
    assert opening(("Asia/Tokyo", "America/New_York"), None, narrow, at("2026-03-02T00:00")) == Closed(
        None, "never_open"
    )


def test_a_number_whose_zone_nobody_knows_is_not_called_and_says_why() -> None:
    assert opening((), None, US, at("2026-03-02T15:00")) == Closed(None, "zone_unknown")
    assert opening(("Not/AZone",), None, US, at("2026-03-02T15:00")) == Closed(None, "zone_unknown")
    assert opening((*NEW_YORK, "Not/AZone"), None, US, at("2026-03-02T15:00")) == Closed(None, "zone_unknown")


def test_the_campaigns_zone_stands_in_only_if_the_campaign_says_so() -> None:
    lent = Settings(preset="us", zone="America/New_York", allow_campaign_zone=True)
    assert isinstance(opening((), None, lent, at("2026-03-02T15:00")), Open)
    kept = Settings(preset="us", zone="America/New_York")
    assert opening((), None, kept, at("2026-03-02T15:00")) == Closed(None, "zone_unknown")


def test_the_lists_zone_decides_before_the_numbers() -> None:
    noon_in_new_york = at("2026-03-02T12:00", "America/New_York")
    assert isinstance(opening(NEW_YORK, "Asia/Tokyo", US, noon_in_new_york), Closed)


def test_without_any_hours_at_all_no_zone_is_needed() -> None:
    assert isinstance(opening((), None, Settings(), at("2026-03-01T03:00")), Open)


def test_the_campaigns_hours_are_in_its_own_zone_and_not_in_the_servers() -> None:
    settings = Settings(zone="America/Montevideo", hours=week("09:00-18:00"), ring_timeout_s=RING)
    assert campaign_opening(settings, at("2026-03-02T11:59")) == Closed(
        at("2026-03-02T12:00"), "outside_hours"
    )
    assert campaign_opening(settings, at("2026-03-02T12:00")) == Open(at("2026-03-02T20:59:35"))
    assert campaign_opening(settings, at("2026-03-07T12:00")) == Closed(
        at("2026-03-09T12:00"), "outside_hours"
    )


def test_callee_hours_of_the_campaign_tighten_the_presets() -> None:
    settings = Settings(preset="us", callee_hours=week("10:00-22:00"), ring_timeout_s=RING)
    assert opening(NEW_YORK, None, settings, at("2026-03-02T08:30", *NEW_YORK)) == Closed(
        at("2026-03-02T10:00", *NEW_YORK), "outside_hours"
    )
    assert opening(NEW_YORK, None, settings, at("2026-03-02T12:00", *NEW_YORK)) == Open(
        at("2026-03-02T20:59:35", *NEW_YORK)
    )


def test_florida_numbers_are_not_called_after_eight_but_their_zone_stays_open() -> None:
    evening = at("2026-03-02T20:30", *NEW_YORK)
    assert opening(NEW_YORK, None, US, evening, e164="+13055550123") == Closed(
        at("2026-03-03T08:00", *NEW_YORK), "outside_legal_hours", whole_zone=False
    )
    assert isinstance(opening(NEW_YORK, None, US, evening, e164="+12125550123"), Open)
    night = opening(NEW_YORK, None, US, at("2026-03-02T22:00", *NEW_YORK), e164="+13055550123")
    assert isinstance(night, Closed)
    assert night.whole_zone


@pytest.mark.parametrize(
    ("preset", "zone", "closed", "opens"),
    [
        ("es", "Europe/Madrid", "2026-03-07T12:00", "2026-03-09T09:00"),  # a Saturday
        ("es", "Europe/Madrid", "2026-12-25T12:00", "2026-12-28T09:00"),  # Christmas, a Friday
        ("fr", "Europe/Paris", "2026-03-02T13:30", "2026-03-02T14:00"),  # the midday pause
        ("fr", "Europe/Paris", "2026-07-14T11:00", "2026-07-15T10:00"),  # 14 July
        ("co", "America/Bogota", "2026-03-07T15:00", "2026-03-09T07:00"),  # Saturday after three
        ("co", "America/Bogota", "2026-07-20T10:00", "2026-07-21T07:00"),  # Independence Day
        ("mx_collections", "America/Mexico_City", "2026-03-07T12:00", "2026-03-09T07:00"),  # a Saturday
        ("mx_collections", "America/Mexico_City", "2026-09-16T12:00", "2026-09-17T07:00"),  # Independence Day
        ("cl_collections", "America/Santiago", "2026-03-07T13:00", "2026-03-09T08:00"),  # Saturday after one
        ("cl_collections", "America/Santiago", "2026-05-21T12:00", "2026-05-22T08:00"),  # Navy Day
        (
            "br_sp_collections",
            "America/Sao_Paulo",
            "2026-03-07T14:00",
            "2026-03-09T08:00",
        ),  # after two
        ("br_sp_collections", "America/Sao_Paulo", "2026-07-09T12:00", "2026-07-10T08:00"),  # São Paulo's own
        ("br_telecom", "America/Manaus", "2026-03-07T16:00", "2026-03-09T09:00"),  # Saturday after four
        ("br_telecom", "America/Sao_Paulo", "2026-09-07T12:00", "2026-09-08T09:00"),  # Independence Day
    ],
)
def test_presets_keep_pauses_weekends_and_public_holidays(
    preset: str, zone: str, closed: str, opens: str
) -> None:
    found = opening((zone,), None, Settings(preset=preset), at(closed, zone))
    assert isinstance(found, Closed)
    assert found.until == at(opens, zone)


def test_a_public_holiday_is_named_as_the_reason() -> None:
    found = opening(("Europe/Paris",), None, Settings(preset="fr"), at("2026-07-14T11:00", "Europe/Paris"))
    assert isinstance(found, Closed)
    assert found.why == "holiday"


def test_the_campaign_rests_on_its_own_holidays_and_closed_dates() -> None:
    settings = Settings(
        zone="America/Montevideo", holidays=("UY",), closed_dates=(date(2026, 8, 26),), ring_timeout_s=RING
    )
    eve = at("2026-08-24T23:00", "America/Montevideo")
    # 25 August is Uruguay's Independence Day, the 26th the campaign's own.
    assert campaign_opening(settings, eve) == Open(at("2026-08-24T23:59:35", "America/Montevideo"))
    assert campaign_opening(settings, at("2026-08-25T10:00", "America/Montevideo")) == Closed(
        at("2026-08-27T00:00", "America/Montevideo"), "holiday"
    )


def test_a_campaign_that_rests_for_a_month_says_when_it_goes_on() -> None:
    august = tuple(date(2026, 8, day) for day in range(1, 32))
    settings = Settings(hours=week("09:00-18:00"), closed_dates=august, ring_timeout_s=RING)
    assert campaign_opening(settings, at("2026-07-31T18:00")) == Closed(
        at("2026-09-01T09:00"), "outside_hours"
    )


def test_a_window_that_goes_on_past_midnight_does_not_close_for_it() -> None:
    night = Settings(hours=Week(mon=("20:00-24:00",), tue=("00:00-02:00",)), ring_timeout_s=RING)
    found = campaign_opening(night, at("2026-03-02T23:59:50"))  # a Monday
    assert found == Open(at("2026-03-03T01:59:35"))


def test_touching_spans_are_one_window() -> None:
    assert minutes(("13:00-15:00", "09:00-13:00", "16:00-17:00")) == ((540, 900), (960, 1020))


def test_a_window_shorter_than_one_ring_never_opens() -> None:
    settings = Settings(hours=week("09:00-09:01"), ring_timeout_s=90)
    assert campaign_opening(settings, at("2026-03-02T09:00")) == Closed(None, "never_open")


def test_the_reason_an_agent_hears_for_an_illegal_hour() -> None:
    refusal = legal_hour(US, NEW_YORK)
    assert refusal(at("2026-03-02T22:00", *NEW_YORK)) == "outside_legal_hours"
    assert refusal(at("2026-03-02T12:00", *NEW_YORK)) is None


# --- properties -----------------------------------------------------------------------------------

ZONES = [
    "America/New_York",  # gap 2026-03-08 02:00, fold 2026-11-01 02:00
    "Europe/Madrid",
    "America/Santiago",  # changes at midnight
    "Australia/Lord_Howe",  # by half an hour
    "Africa/Casablanca",
    "America/Bogota",
    "Asia/Kolkata",
    "Pacific/Apia",
    "America/Havana",  # gap and fold at midnight
]
AROUND_CLOCK_CHANGES = [
    datetime(2026, 3, 8, 5, tzinfo=UTC),
    datetime(2026, 11, 1, 4, tzinfo=UTC),
    datetime(2026, 3, 29, 0, tzinfo=UTC),
    datetime(2026, 10, 25, 0, tzinfo=UTC),
    datetime(2026, 4, 4, 14, tzinfo=UTC),
    datetime(2026, 9, 6, 3, tzinfo=UTC),
    datetime(2011, 12, 30, 9, tzinfo=UTC),  # the day Samoa left out
]
instants = st.builds(
    lambda start, seconds: start + timedelta(seconds=seconds),
    st.sampled_from(AROUND_CLOCK_CHANGES),
    st.integers(-86_400, 2 * 86_400),
)


@st.composite
def weeks(draw: st.DrawFn) -> Week:
    def day() -> tuple[str, ...]:
        points = sorted(draw(st.lists(st.integers(0, 96), max_size=4, unique=True)))
        pairs = zip(points[::2], points[1::2], strict=False)
        return tuple(f"{a // 4:02}:{a % 4 * 15:02}-{b // 4:02}:{b % 4 * 15:02}" for a, b in pairs)

    return Week(*(day() for _ in range(7)))


def inside(plan: Week, zone: str, moment: datetime) -> bool:
    """By the wall clock alone."""
    local = moment.astimezone(ZoneInfo(zone))
    second = local.hour * 3600 + local.minute * 60 + local.second + local.microsecond / 1e6
    return any(start * 60 <= second < end * 60 for start, end in plan.day(local.weekday()))


_UNTIL_HALF_PAST_ONE = week("00:00-01:30", "00:00-01:30", "00:00-01:30")
_HALF_PAST_ONE = week("01:30-03:00", "01:30-03:00", "01:30-03:00")


@given(st.lists(st.sampled_from(ZONES), min_size=1, max_size=3), weeks(), instants, st.integers(15, 120))
@example(["America/New_York"], _HALF_PAST_ONE, datetime(2026, 11, 1, 6, 10, tzinfo=UTC), 25)
@example(["America/New_York"], _UNTIL_HALF_PAST_ONE, datetime(2026, 11, 1, 5, 45, tzinfo=UTC), 25)
@example(["America/New_York"], _HALF_PAST_ONE, datetime(2026, 3, 8, 6, 45, tzinfo=UTC), 25)
def test_open_means_the_whole_ring_lies_in_hours_by_every_candidates_wall_clock(
    zones: list[str], plan: Week, now: datetime, ring: int
) -> None:
    settings = Settings(callee_hours=plan, ring_timeout_s=ring)
    found = opening(zones, None, settings, now)
    if isinstance(found, Open):
        assert found.until >= now
        for zone in zones:
            for second in range(0, ring, 5):
                assert inside(plan, zone, now + timedelta(seconds=second))
                assert inside(plan, zone, found.until + timedelta(seconds=second))
            assert inside(plan, zone, found.until + timedelta(seconds=ring - 0.001))


@given(st.lists(st.sampled_from(ZONES), min_size=1, max_size=3), weeks(), instants)
def test_closed_opens_when_it_says_and_not_before(zones: list[str], plan: Week, now: datetime) -> None:
    settings = Settings(callee_hours=plan, ring_timeout_s=RING)
    found = opening(zones, None, settings, now)
    if isinstance(found, Closed) and found.until is not None:
        assert found.until > now
        assert isinstance(opening(zones, None, settings, found.until), Open)
        for share in (0.1, 0.5, 0.9, 0.999):
            between = now + (found.until - now) * share
            assert isinstance(opening(zones, None, settings, between), Closed)


@given(weeks(), instants, st.sampled_from(["America/Bogota", "Asia/Kolkata"]))
def test_without_clock_changes_a_call_is_open_exactly_when_the_wall_clock_says_so(
    plan: Week, now: datetime, zone: str
) -> None:
    settings = Settings(callee_hours=plan, ring_timeout_s=15)
    if inside(plan, zone, now) and inside(plan, zone, now + timedelta(seconds=15)):
        assert isinstance(opening((zone,), None, settings, now), Open)


@given(st.permutations(ZONES), instants)
def test_more_candidate_zones_never_open_what_one_of_them_closes(zones: list[str], now: datetime) -> None:
    all_open = isinstance(opening(zones[:3], None, US, now), Open)
    each_open = all(isinstance(opening((zone,), None, US, now), Open) for zone in zones[:3])
    assert all_open == each_open
