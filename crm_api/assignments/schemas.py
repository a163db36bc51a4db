"""Assignments: customers of a filter given to agents, taken back, or sent to a dial list."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from crm_api.filters.schemas import FilterIn
from crm_api.schemas import ClockTime, In, Int, KnownZone, Name, Out, Short, When, Zone
from lists.assigning import MAX_AGENTS
from lists.filtering.schedule import MAX_MINUTES, MIN_MINUTES
from lists.model import SameCustomer


class AssignIn(In):
    """`seed`: the same over the same customers and agents deals the same again; chosen when empty."""

    filter: FilterIn
    agent_ids: Annotated[tuple[UUID, ...], Field(min_length=1, max_length=MAX_AGENTS)]
    seed: Short = ""


class ShareOut(Out):
    agent_id: UUID
    customers: int


class AssignedOut(Out):
    customers: int
    shares: list[ShareOut]
    seed: str


class UnassignIn(In):
    filter: FilterIn


class UnassignedOut(Out):
    customers: int


class ScheduleIn(In):
    """`minutes` alone, or a local time `at` with weekdays (1 is Monday)."""

    minutes: Annotated[int | None, Field(ge=MIN_MINUTES, le=MAX_MINUTES)] = None
    at: ClockTime | None = None
    weekdays: Annotated[frozenset[Annotated[int, Field(ge=1, le=7)]], Field(max_length=7)] = frozenset(
        range(1, 8)
    )
    zone: Zone = "UTC"


class SendIn(In):
    """Send to Marcador: a new dial list of a dialer campaign. With a schedule it goes on filling itself.
    `same_customer`: of those who wait in another list of the campaign."""

    filter: FilterIn
    campaign_id: UUID
    name: Name
    priority: Int = 100
    zone: KnownZone | None = None
    expires_at: When | None = None
    schedule: ScheduleIn | None = None
    same_customer: SameCustomer = SameCustomer.REFUSE


class SentOut(Out):
    """The counts after `matched` add up to it."""

    matched: int
    queued: int
    moved: int
    already_open: int
    already_in_list: int
    do_not_call: int
    no_phone: int


class SentListOut(Out):
    dial_list_id: UUID
    sent: SentOut


class RefreshIn(In):
    filter: FilterIn
    schedule: ScheduleIn
    same_customer: SameCustomer = SameCustomer.REFUSE


class ScheduleOut(Out):
    minutes: int | None
    at: ClockTime | None
    weekdays: frozenset[int]
    zone: str


class RefreshOut(Out):
    """`next_at` null: stopped. `error`: why the last run did nothing."""

    dial_list_id: UUID
    filter: FilterIn
    schedule: ScheduleOut
    same_customer: SameCustomer
    next_at: datetime | None
    last_at: datetime | None
    last_sent: SentOut | None
    error: str | None
