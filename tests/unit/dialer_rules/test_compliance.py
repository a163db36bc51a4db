"""The abandonment ratio: what is counted, and what is left out."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from dialer.compliance import Counts, counts, ratio, total, window_start
from dialer.outcome import CallFacts, Verdict, verdict
from lists.model import AttemptKind

NOW = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)
CONNECTED = verdict(CallFacts(answered_at=NOW, connected_at=NOW))
ABANDONED = verdict(CallFacts(answered_at=NOW, closed=True))
MACHINE = verdict(CallFacts(answered_at=NOW, amd="MACHINE"))
GONE = verdict(CallFacts(answered_at=NOW, hung_up_by="customer"))
BUSY = verdict(CallFacts(cause=17))


@pytest.mark.parametrize(
    ("found", "row"),
    [
        (CONNECTED, Counts(attempts=1, answered=1, connected=1)),
        (ABANDONED, Counts(attempts=1, answered=1, abandoned=1)),
        (MACHINE, Counts(attempts=1, answered=1, machines=1)),
        (GONE, Counts(attempts=1, answered=1, gone=1)),
        (BUSY, Counts(attempts=1)),
    ],
)
def test_each_paced_call_counts_once(found: Verdict, row: Counts) -> None:
    assert counts(AttemptKind.DIALLED, found) == row


@pytest.mark.parametrize("kind", sorted(set(AttemptKind) - {AttemptKind.DIALLED}))
def test_calls_that_are_not_paced_are_outside_the_ratio(kind: AttemptKind) -> None:
    assert counts(kind, ABANDONED) == Counts()


def test_the_ratio_is_abandoned_over_live_answers() -> None:
    calls = [CONNECTED] * 97 + [ABANDONED] * 3 + [BUSY] * 500
    assert ratio(total(counts(AttemptKind.DIALLED, call) for call in calls)) == 0.03


def test_machines_and_customers_gone_early_are_in_neither_term() -> None:
    live = [CONNECTED] * 97 + [ABANDONED] * 3
    more = live + [MACHINE] * 50 + [GONE] * 50
    assert ratio(total(counts(AttemptKind.DIALLED, call) for call in more)) == 0.03


def test_machines_met_by_agents_are_taken_out_where_no_detection_runs() -> None:
    assert ratio(Counts(connected=147, abandoned=3), machines_met=50) == 0.03


def test_no_live_answer_is_no_abandonment() -> None:
    assert ratio(Counts()) == 0.0
    assert ratio(Counts(connected=5), machines_met=9) == 0.0


def test_the_window_is_thirty_days_a_day_or_the_shift() -> None:
    began = NOW - timedelta(hours=3)
    assert window_start("30d", NOW) == NOW - timedelta(days=30)
    assert window_start("24h", NOW) == NOW - timedelta(days=1)
    assert window_start("shift", NOW, began) == began
    assert window_start("shift", NOW) == NOW


@pytest.mark.parametrize(
    ("zone", "midnight", "hour"),
    [
        ("Asia/Kolkata", "2026-03-01T18:30Z", "2026-03-01T18:00Z"),
        ("America/St_Johns", "2026-03-02T03:30Z", "2026-03-02T03:00Z"),
        ("Asia/Kathmandu", "2026-03-01T18:15Z", "2026-03-01T18:00Z"),
    ],
)
def test_the_hour_a_window_begins_in_belongs_to_it_for_sums_are_kept_by_hours_of_utc(
    zone: str, midnight: str, hour: str
) -> None:
    began = datetime.fromisoformat(midnight)
    assert began.astimezone(ZoneInfo(zone)).time() == time.min
    assert window_start("shift", began + timedelta(hours=9), began) == datetime.fromisoformat(hour)
    now = began + timedelta(hours=9)
    assert window_start("24h", now.astimezone(ZoneInfo(zone))) <= now - timedelta(days=1)
    assert window_start("24h", now) == datetime.fromisoformat(hour) + timedelta(hours=9, days=-1)
