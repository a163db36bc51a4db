"""From a number of a report to the calls it counts, or to what was said."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from dialer.errors import BadValue
from dialer.outcome import Outcome
from dialer.reports.scope import Scope
from storage.database import Connection, fetch_planned_anew
from storage.ids import uuid7_floor
from storage.queries import Queries

QUERIES = Queries.load("dialer.reports", "drilling.sql")

_SKEW = timedelta(hours=1)
"""Whose clock made an id may be so far behind."""
MAX_SPAN = timedelta(days=32)
"""Of a drill that names no campaign: it has to look through the calls of all."""


class Said(StrEnum):
    """Figures that count what was said, each with the classes it counts."""

    RIGHT_PARTY = "right_party"
    SUCCESS = "success"
    MACHINE = "machine"

    @property
    def classes(self) -> list[str]:
        return ["right_party", "success"] if self is Said.RIGHT_PARTY else [self.value]


class Lack(StrEnum):
    """A row of a report may stand for what belongs to none."""

    CAMPAIGN = "campaign"
    DIAL_LIST = "dial_list"


@dataclass(frozen=True, slots=True)
class Drill:
    """Beside the scope: which calls of it."""

    outcomes: Collection[Outcome] | None = None
    result_id: UUID | None = None
    """At any level."""
    said: Said | None = None
    typified: bool | None = None
    """Whether the call's interaction has a result; of calls without an interaction neither holds."""
    weekday: int | None = None
    hour_of_day: int | None = None
    without: Collection[Lack] = ()


@dataclass(frozen=True, slots=True)
class Call:
    id: UUID
    begun_at: datetime
    kind: str
    campaign_id: UUID | None
    dial_list_id: UUID | None
    contact_id: UUID | None
    customer_id: UUID | None
    agent_id: UUID | None
    e164: str
    trunk: str
    outcome: str
    fault: str
    reason: str
    answered_at: datetime | None
    connected_at: datetime | None
    ended_at: datetime
    hung_up_by: str
    result_names: tuple[str, ...]
    interaction_id: UUID | None


@dataclass(frozen=True, slots=True)
class Spoken:
    """An interaction; without an `attempt_id` nobody was called for it. `at`: where the sums book it."""

    id: UUID
    at: datetime
    campaign_id: UUID | None
    dial_list_id: UUID | None
    contact_id: UUID | None
    customer_id: UUID | None
    agent_id: UUID | None
    e164: str
    attempt_id: UUID | None
    result_names: tuple[str, ...]
    created_at: datetime


def must_be_bounded(scope: Scope) -> None:
    """Raises BadValue where too much would have to be looked through."""
    if scope.campaign_ids is None and scope.end - scope.start > MAX_SPAN:
        raise BadValue(f"choose a campaign, or at most {MAX_SPAN.days} days")


async def calls(
    conn: Connection,
    scope: Scope,
    drill: Drill = Drill(),
    *,
    after: tuple[datetime, UUID] | None = None,
    limit: int = 50,
) -> list[Call]:
    """The newest first; `after` is (begun_at, id) of the last one on the page before. Raises BadValue."""
    must_be_bounded(scope)
    rows = await fetch_planned_anew(
        conn,
        QUERIES.attempts,
        *scope.hours,
        _list(scope.campaign_ids),
        _list(scope.dial_list_ids),
        _list(scope.agent_ids),
        _list(scope.kinds),
        _list(drill.outcomes),
        drill.result_id,
        drill.weekday,
        drill.hour_of_day,
        after[0] if after else None,
        after[1] if after else None,
        scope.zone,
        limit,
        drill.said.classes if drill.said else None,
        drill.typified,
        list(drill.without),
    )
    return [Call(**{**dict(row), "result_names": tuple(row["result_names"])}) for row in rows]


async def interactions(
    conn: Connection,
    scope: Scope,
    drill: Drill = Drill(),
    *,
    after: tuple[datetime, UUID] | None = None,
    limit: int = 50,
) -> list[Spoken]:
    """As `calls`, of what was said: the drill's outcomes are of calls, and not looked at. `after` is
    (at, id)."""
    must_be_bounded(scope)
    rows = await fetch_planned_anew(
        conn,
        QUERIES.interactions,
        *scope.hours,
        _list(scope.campaign_ids),
        _list(scope.dial_list_ids),
        _list(scope.agent_ids),
        _list(scope.kinds),
        drill.result_id,
        drill.said.classes if drill.said else None,
        drill.typified,
        drill.weekday,
        drill.hour_of_day,
        after[0] if after else None,
        after[1] if after else None,
        scope.zone,
        limit,
        list(drill.without),
        uuid7_floor(scope.hours[0] - _SKEW),
    )
    return [Spoken(**{**dict(row), "result_names": tuple(row["result_names"])}) for row in rows]


def _list(values: Collection[object] | None) -> list[object] | None:
    return list(values) if values is not None else None
