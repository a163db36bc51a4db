"""The agenda as iCalendar."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from crm_api.calendars.ical import FOLD, calendar, folded, text
from typifications.model import AgendaEvent, EventState

MADE = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)


def _event(name: str, note: str = "") -> AgendaEvent:
    return AgendaEvent(
        id=UUID(int=7),
        state=EventState.PENDING,
        customer_id=None,
        customer_name=name,
        campaign_id=None,
        contact_id=None,
        agent_id=None,
        e164="+34612345678",
        due_at=MADE + timedelta(hours=1),
        zone="Europe/Madrid",
        note=note,
        tries=0,
        interaction_id=None,
        managed_by=None,
        created_by=None,
        created_at=MADE,
        closed_at=None,
    )


def _lines(made: str) -> list[str]:
    return made.replace("\r\n ", "").split("\r\n")


def test_an_event_has_its_time_its_customer_and_an_alarm_before_it() -> None:
    made = _lines(calendar("Ana", [_event("Luis, S.A.")], notify=timedelta(minutes=10), made=MADE))
    assert made[0] == "BEGIN:VCALENDAR"
    assert made[-2:] == ["END:VCALENDAR", ""]
    assert "DTSTART:20260302T160000Z" in made
    assert "SUMMARY:Luis\\, S.A." in made
    assert "TRIGGER:-PT10M" in made


@given(st.text())
def test_nothing_typed_begins_a_line_of_its_own(typed: str) -> None:
    made = _lines(calendar(typed, [_event(typed, typed)], notify=timedelta(), made=MADE))
    assert [line.partition(":")[0] for line in made if line.startswith(("BEGIN", "END"))] == [
        "BEGIN", "BEGIN", "BEGIN", "END", "END", "END"
    ]  # fmt: skip
    assert len(made) == 5 + 14 + 2


@given(st.text(alphabet=st.characters(blacklist_categories=("Cs", "Cc"))))
def test_long_lines_are_folded_between_characters(typed: str) -> None:
    parts = list(folded(typed))
    assert all(len(part.encode()) <= FOLD for part in parts)
    assert parts[0] + "".join(part[1:] for part in parts[1:]) == typed


def test_escapes_are_those_of_the_standard() -> None:
    assert text("a;b,c\\d\ne") == "a\\;b\\,c\\\\d\\ne"
    assert text("Ana\xa0María\tRuiz\x07") == "Ana María Ruiz"
