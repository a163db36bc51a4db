"""The roll-up: hourly sums kept up to date from what was marked as changed.

Triggers mark an hour in the transaction that changes it. A roll-up takes a bounded number of marked hours
and counts each anew from the rows themselves, so it may be killed, repeated, run late or twice without harm,
and a recount is the same work over more hours.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from storage.database import Connection, Database
from storage.queries import Queries

QUERIES = Queries.load("dialer.reports", "rolling.sql")

CALL_HOURS = 50
"""Hours of campaigns counted in one transaction."""
STAY_HOURS = 2_000
"""Hours of agents."""
LONGEST_STAY = timedelta(days=7)
"""An agent who does not change state for longer is not at work."""
PASS_S = 120.0
MAX_PASSES = 10_000
_NONE = UUID(int=0)


@dataclass(frozen=True, slots=True)
class Rolled:
    hours: int
    """Counted anew in this pass."""
    more: bool
    """Marks are left: another pass has work."""


async def roll_up(conn: Connection, now: datetime) -> Rolled:
    """One bounded pass. Needs a transaction. Does nothing while another process rolls up."""
    if not await conn.fetchval(QUERIES.alone):
        return Rolled(0, more=False)
    calls = await _take(conn, "calls", CALL_HOURS)
    if calls:
        await _renew(conn, calls, "forget_calls", "forget_agent_calls", "count_calls")
        await _renew(conn, calls, "forget_agent_call_days", "sum_agent_call_days")
        await _renew(conn, calls, "forget_results", "forget_agent_results", "count_results")
    stays = await _take(conn, "stays", STAY_HOURS)
    if stays:
        await _renew(conn, stays, "forget_stays")
        await conn.execute(QUERIES.count_stays, *_columns(stays), LONGEST_STAY, timeout=PASS_S)
        await _renew(conn, stays, "forget_agent_days", "sum_agent_days", "forget_time", "sum_time")
    full = len(calls) == CALL_HOURS or len(stays) == STAY_HOURS
    if not full:
        await conn.execute(QUERIES.complete, now)
    return Rolled(len(calls) + len(stays), more=full)


async def catch_up(db: Database, now: datetime) -> int:
    """Passes until nothing is left, each in a transaction of its own. How many hours were counted.

    To be called about once a minute by one or more processes.
    """
    hours = 0
    for _ in range(MAX_PASSES):
        async with db.transaction() as conn:
            done = await roll_up(conn, now)
        hours += done.hours
        if not done.more:
            break
    return hours


async def recount(conn: Connection, start: datetime, end: datetime) -> None:
    """Mark all hours from `start` to `end` (whole hours are meant); the roll-up counts them anew.

    Only for a time whose attempts are still kept: sums without attempts are taken away.
    """
    first = start.replace(minute=0, second=0, microsecond=0)
    await conn.execute(QUERIES.mark_all, first, end, timeout=PASS_S)


async def rolled_at(conn: Connection) -> datetime | None:
    """Everything committed before this moment is in the sums. None: never rolled up."""
    found: datetime | None = await conn.fetchval(QUERIES.rolled_at)
    return found


Hours = Sequence[tuple[UUID | None, datetime]]


async def _take(conn: Connection, what: str, limit: int) -> Hours:
    rows = await conn.fetch(QUERIES.take_marks, what, limit, _NONE, timeout=PASS_S)
    return [(row["id"], row["hour"]) for row in rows]


async def _renew(conn: Connection, hours: Hours, *names: str) -> None:
    for name in names:
        await conn.execute(QUERIES[name], *_columns(hours), timeout=PASS_S)


def _columns(hours: Hours) -> tuple[list[UUID | None], list[datetime]]:
    return [id_ for id_, _ in hours], [hour for _, hour in hours]
