"""Scheduled delivery of reports: what is asked, when, and where it goes."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field, StringConstraints

from crm_api.deliveries.model import Format, Period, Report, RunState
from crm_api.schemas import ClockTime, In, Name, Out, Zone
from dialer.reports.scope import By
from lists.model import AttemptKind

Ids = Annotated[tuple[UUID, ...], Field(max_length=500)]
Address = Annotated[
    str,
    StringConstraints(
        strip_whitespace=True,
        max_length=254,
        pattern=r"^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+$",
    ),
]
Folder = Annotated[
    str,
    StringConstraints(
        pattern=r"^[A-Za-z0-9_][A-Za-z0-9_ .-]{0,59}(/[A-Za-z0-9_][A-Za-z0-9_ .-]{0,59}){0,3}$"
    ),
]
"""Below the configured folder. No part begins with a dot."""


class QuestionIn(In):
    """As the statistics take it, but for the days. `by` splits the figures."""

    campaign_id: Ids | None = None
    dial_list_id: Ids | None = None
    agent_id: Ids | None = None
    kind: Annotated[tuple[AttemptKind, ...] | None, Field(max_length=10)] = None
    by: Annotated[tuple[By, ...], Field(max_length=4)] = ()


class TimesIn(In):
    """A local time, on these weekdays (1 is Monday) and, if given, on this day of the month only."""

    at: ClockTime
    zone: Zone
    weekdays: Annotated[frozenset[Annotated[int, Field(ge=1, le=7)]], Field(min_length=1, max_length=7)] = (
        frozenset(range(1, 8))
    )
    month_day: Annotated[int | None, Field(ge=1, le=28)] = None


class DeliveryIn(In):
    """To recipients by e-mail, or into a folder below the configured one: one of the two."""

    name: Name
    report: Report = Report.FIGURES
    question: QuestionIn = QuestionIn()
    period: Period = Period.YESTERDAY
    format: Format = Format.XLSX
    times: TimesIn
    recipients: Annotated[tuple[Address, ...], Field(max_length=20)] = ()
    folder: Folder | None = None
    enabled: bool = True


class TimesOut(Out):
    at: ClockTime
    zone: str
    weekdays: frozenset[int]
    month_day: int | None


class QuestionOut(Out):
    campaign_id: tuple[UUID, ...] | None
    dial_list_id: tuple[UUID, ...] | None
    agent_id: tuple[UUID, ...] | None
    kind: tuple[AttemptKind, ...] | None
    by: tuple[By, ...]


class DeliveryOut(Out):
    """`next_at` null: stopped. `last_state`: what became of the last time it was due."""

    id: UUID
    user_id: UUID
    name: str
    report: Report
    question: QuestionOut
    period: Period
    format: Format
    times: TimesOut
    recipients: tuple[str, ...]
    folder: str | None
    enabled: bool
    next_at: datetime | None
    last_state: RunState | None
    last_due_at: datetime | None
    created_at: datetime
    updated_at: datetime


class RunOut(Out):
    """`error_id` is set too where some recipients were refused and the others have it."""

    id: UUID
    due_at: datetime
    state: RunState
    tries: int
    file_name: str
    rows: int | None
    error_id: str | None
    error: str
    finished_at: datetime | None


class WaysOut(Out):
    """What this installation can deliver by."""

    mail: bool
    folder: bool
