"""When reports are delivered and about which days; where their files may go."""

from datetime import UTC, date, datetime, time
from pathlib import Path

import pytest

from crm_api.deliveries import filing
from crm_api.deliveries.errors import NotDelivered
from crm_api.deliveries.model import Period, Times, days_of
from crm_api.settings import Tls
from lists.errors import Refused
from marcador.config import mail_server
from marcador.errors import ConfigError

THURSDAY = date(2026, 11, 26)


@pytest.mark.parametrize(
    ("period", "first", "last"),
    [
        (Period.TODAY, "2026-11-26", "2026-11-26"),
        (Period.YESTERDAY, "2026-11-25", "2026-11-25"),
        (Period.LAST_7_DAYS, "2026-11-19", "2026-11-25"),
        (Period.THIS_WEEK, "2026-11-23", "2026-11-26"),
        (Period.LAST_WEEK, "2026-11-16", "2026-11-22"),
        (Period.THIS_MONTH, "2026-11-01", "2026-11-26"),
        (Period.LAST_MONTH, "2026-10-01", "2026-10-31"),
    ],
)
def test_the_days_of_a_period_as_seen_on_a_thursday(period: Period, first: str, last: str) -> None:
    assert days_of(period, THURSDAY) == (date.fromisoformat(first), date.fromisoformat(last))


def test_the_month_before_january_is_last_year_s_december() -> None:
    assert days_of(Period.LAST_MONTH, date(2026, 1, 1)) == (date(2025, 12, 1), date(2025, 12, 31))


def test_a_report_is_due_at_the_local_time_on_both_sides_of_a_change_of_clocks() -> None:
    times = Times(time(8), "Europe/Madrid")
    assert times.after(datetime(2026, 3, 28, 12, tzinfo=UTC)) == datetime(2026, 3, 29, 6, tzinfo=UTC)
    assert times.after(datetime(2026, 3, 27, 12, tzinfo=UTC)) == datetime(2026, 3, 28, 7, tzinfo=UTC)


def test_a_day_of_the_month_is_the_zone_s_own() -> None:
    times = Times(time(22), "America/Montevideo", month_day=1)  # UTC is in the second by then
    assert times.after(datetime(2026, 11, 26, tzinfo=UTC)) == datetime(2026, 12, 2, 1, tzinfo=UTC)


def test_a_day_of_the_month_and_of_the_week_must_both_hold() -> None:
    mondays = Times(time(8), "UTC", frozenset({1}), month_day=1)
    assert mondays.after(datetime(2026, 11, 26, tzinfo=UTC)) == datetime(2027, 2, 1, 8, tzinfo=UTC)


def test_times_read_as_they_were_written() -> None:
    times = Times(time(8, 30), "Asia/Kolkata", frozenset({1, 3}), month_day=7)
    assert Times.from_json(times.to_json()) == times


def test_an_unknown_zone_is_refused() -> None:
    with pytest.raises(Refused, match="Europe/Nowhere"):
        Times(time(8), "Europe/Nowhere")


def test_a_file_is_put_whole_below_the_root_and_replaces_the_one_before(tmp_path: Path) -> None:
    filing.put(tmp_path, "ventas/diario", "a.csv", b"old")
    path = filing.put(tmp_path, "ventas/diario", "a.csv", b"new")
    assert path == tmp_path / "ventas/diario/a.csv"
    assert [(one.name, one.read_bytes()) for one in path.parent.iterdir()] == [("a.csv", b"new")]


def test_a_link_below_the_root_is_not_followed(tmp_path: Path) -> None:
    root, outside = tmp_path / "root", tmp_path / "outside"
    root.mkdir()
    outside.mkdir()
    (root / "ventas").symlink_to(outside)
    with pytest.raises(NotDelivered, match="link") as caught:
        filing.put(root, "ventas/diario", "a.csv", b"x")
    assert caught.value.error_id == "folder_is_a_link"
    assert list(outside.iterdir()) == []


def test_a_folder_that_is_missing_may_be_there_at_the_next_try(tmp_path: Path) -> None:
    with pytest.raises(NotDelivered) as caught:
        filing.put(tmp_path / "unmounted", "ventas", "a.csv", b"x")
    assert caught.value.again


def test_a_mail_server_is_read_from_its_address() -> None:
    found = mail_server("smtp://ana:se%40cret@mail.example", "reports@example.com")
    assert (found.host, found.port, found.user, found.password) == ("mail.example", 587, "ana", "se@cret")
    assert found.tls is Tls.STARTTLS
    assert mail_server("smtps://mail.example", "r@example.com").port == 465
    assert mail_server("smtp://127.0.0.1?tls=none", "r@example.com").tls is Tls.NONE
    assert "se@cret" not in repr(found)


@pytest.mark.parametrize(
    ("url", "sender"),
    [
        ("mail.example", "r@example.com"),
        ("smtp://mail.example?tls=maybe", "r@example.com"),
        ("smtp://mail.example", "reports"),
        ("smtp://ana:secret@mail.example?tls=none", "r@example.com"),
    ],
)
def test_a_mail_server_that_cannot_be_meant_is_refused_at_the_start(url: str, sender: str) -> None:
    with pytest.raises(ConfigError):
        mail_server(url, sender)
