"""Agenda events as iCalendar (RFC 5545). Pure."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta

from typifications.model import AgendaEvent, EventState

LASTS = timedelta(minutes=15)
FOLD = 75
"""Octets in a line; a longer one goes on in the next, behind a blank (RFC 5545, 3.1)."""
_STATUS = {EventState.PENDING: "CONFIRMED", EventState.MANAGED: "CONFIRMED", EventState.REMOVED: "CANCELLED"}


def calendar(name: str, events: Iterable[AgendaEvent], *, notify: timedelta, made: datetime) -> str:
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//Marcador//Agenda//EN",
        "CALSCALE:GREGORIAN",
        f"X-WR-CALNAME:{text(name)}",
    ]
    for event in events:
        lines += _event(event, notify, made)
    return "".join(f"{part}\r\n" for line in [*lines, "END:VCALENDAR"] for part in folded(line))


def _event(event: AgendaEvent, notify: timedelta, made: datetime) -> list[str]:
    who = event.customer_name or event.e164
    return [
        "BEGIN:VEVENT",
        f"UID:{event.id}@marcador",
        f"DTSTAMP:{moment(made)}",
        f"DTSTART:{moment(event.due_at)}",
        f"DTEND:{moment(event.due_at + LASTS)}",
        f"SUMMARY:{text(who)}",
        f"DESCRIPTION:{text(f'{event.e164} {event.note}'.strip())}",
        f"STATUS:{_STATUS[event.state]}",
        "BEGIN:VALARM",
        "ACTION:DISPLAY",
        f"DESCRIPTION:{text(who)}",
        f"TRIGGER:-PT{int(notify.total_seconds() // 60)}M",
        "END:VALARM",
        "END:VEVENT",
    ]


def moment(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")


def text(value: str) -> str:
    """Escaped, so that nothing typed can begin a line of its own."""
    for sign in ("\\", ";", ","):
        value = value.replace(sign, "\\" + sign)
    lines = ("".join(map(_sign, line)) for line in value.splitlines())
    return "\\n".join(lines)


def _sign(character: str) -> str:
    """Blanks of every kind are one (a spreadsheet's do not break); what cannot be seen is left out."""
    return " " if character.isspace() else character if character.isprintable() else ""


def folded(line: str) -> Iterator[str]:
    """Cut between characters, never inside one."""
    part, size = "", 0
    for character in line:
        width = len(character.encode())
        if size + width > FOLD:
            yield part
            part, size = " ", 1
        part += character
        size += width
    yield part
