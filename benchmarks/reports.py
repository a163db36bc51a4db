"""A year of 50 million calls in the hourly sums, and how long each report over it takes.

    python -m benchmarks.reports [--year 1.0] [--runs 5] [--json]

The sums are filled directly (20 campaigns with two lists each, 300 agents, 12 hours on 310 days), in a
throw-away PostgreSQL with its default settings. Then an hour of 16,000 real attempts is closed and rolled up.
"""

import argparse
import asyncio
import json
import os
import statistics
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from benchmarks import _processes
from dialer.outcome import Outcome
from dialer.reports import drilling, figures, rolling
from dialer.reports.scope import By, Scope
from storage.database import Connection, Database, connect
from storage.ids import uuid7
from storage.migrate import migrate
from storage.partitions import ensure_partitions
from storage.throw_away import throw_away_postgres

START = datetime(2026, 1, 1, tzinfo=UTC)
CAMPAIGNS, LISTS, AGENTS, RESULTS = 20, 2, 300, 10
WORKDAYS, HOURS_A_DAY = 310, 12
HOUR_CALLS = 16_000
TARGET_S = 1.0
UNMEASURED = 6
"""After five times PostgreSQL may keep one plan for any values: what runs for days has that one."""

# $1 days. An hour's row carries about as many calls as a floor of 50 million a year gives it.
_HOURS = """
SELECT timestamptz '2026-01-01 08:00Z' + d * interval '1 day' + h * interval '1 hour' AS hour
FROM generate_series(0, $1 - 1) d, generate_series(0, 11) h
"""
_ID = "('00000000-0000-0000-{}-' || lpad(to_hex({}), 12, '0'))::uuid"
_WIDE = "56, 2, 28, 14, 28, 28, 2, 2, 2, 3, 2, 1, 1, 0"  # in the order of dialer.outcome.Outcome
_CAMPAIGN, _LIST = _ID.format("0001", "c"), _ID.format("0002", "c * 2 + l")
_AGENT, _AGENTS_CAMPAIGN = _ID.format("0003", "a"), _ID.format("0001", f"1 + a % {CAMPAIGNS}")
# A campaign dials its lists one after the other, by priority: an agent's hour belongs to one of them.
_AGENTS_LIST = _ID.format("0002", f"(1 + a % {CAMPAIGNS}) * 2 + extract(hour FROM hour)::int % {LISTS}")
_EVERY_LIST = f"generate_series(1, {CAMPAIGNS}) c, generate_series(0, {LISTS - 1}) l"
_EVERY_AGENT = f"generate_series(1, {AGENTS}) a"
_FILL = {
    "report_hour": f"""
        SELECT hour, {_CAMPAIGN}, {_LIST}, kind, {_WIDE}, 1100000, 4000, 3600000, 60, 0, 30, 6, 0, 25
        FROM ({_HOURS}) hours, {_EVERY_LIST}, unnest(ARRAY['dialled', 'inbound']) kind""",
    "report_agent_call_hour": f"""
        SELECT hour, {_AGENT}, {_AGENTS_CAMPAIGN}, {_AGENTS_LIST}, 'dialled', 'connected',
               11, 30000, 1100, 1500000, 11, 0, 6, 1, 0, 2.5
        FROM ({_HOURS}) hours, {_EVERY_AGENT}""",
    "report_result_hour": f"""
        SELECT hour, {_CAMPAIGN}, {_LIST}, CASE WHEN r > 0 THEN {_ID.format("0004", "r")} END, 8
        FROM ({_HOURS}) hours, {_EVERY_LIST}, generate_series(0, {RESULTS}) r""",
    "report_agent_result_hour": f"""
        SELECT hour, {_AGENT}, {_AGENTS_CAMPAIGN}, {_AGENTS_LIST}, {_ID.format("0004", "1 + (a + r) % 10")}, 2
        FROM ({_HOURS}) hours, {_EVERY_AGENT}, generate_series(1, 6) r""",
    "report_agent_hour": f"""
        SELECT hour, {_AGENT}, {_AGENTS_CAMPAIGN}, 700000, 2200000, 500000, 200000, 0
        FROM ({_HOURS}) hours, {_EVERY_AGENT}""",
    "report_time_hour": f"""
        SELECT hour, {_CAMPAIGN}, 10500000, 33000000, 7500000, 3000000, 0
        FROM ({_HOURS}) hours, generate_series(1, {CAMPAIGNS}) c""",
    "report_agent_call_day": """
        SELECT date_trunc('day', hour, 'UTC'), agent_id, campaign_id, dial_list_id, kind, outcome,
               sum(attempts), sum(ring_ms), sum(wait_ms), sum(talk_ms), sum(interactions), sum(untypified),
               sum(right_party),
               sum(successes), sum(machines_met), sum(measure)
        FROM report_agent_call_hour WHERE $1 > 0 GROUP BY 1, 2, 3, 4, 5, 6""",
    "report_agent_day": """
        SELECT date_trunc('day', hour, 'UTC'), agent_id, campaign_id, sum(ready_ms), sum(talk_ms),
               sum(wrapup_ms), sum(paused_ms), sum(other_ms)
        FROM report_agent_hour WHERE $1 > 0 GROUP BY 1, 2, 3""",
}


def campaign(n: int) -> UUID:
    return UUID(int=1 << 48 | n)


def agent(n: int) -> UUID:
    return UUID(int=3 << 48 | n)


async def fill(conn: Connection, days: int) -> dict[str, int]:
    """The tables of sums; indexes are made afterwards, as a bulk load would. Rows by table."""
    await conn.execute(
        f"INSERT INTO result (id, parent_id, level, name, classes, measure, created_at)"
        f" SELECT {_ID.format('0004', 'n')}, CASE WHEN n > 5 THEN {_ID.format('0004', 'n - 5')} END,"
        f" CASE WHEN n > 5 THEN 2 ELSE 1 END, 'result ' || n,"
        f" CASE WHEN n % 3 = 0 THEN '{{success}}'::text[] ELSE '{{}}' END, n, $1"
        f" FROM generate_series(1, {RESULTS}) n",
        START,
    )
    await conn.execute(
        f"INSERT INTO campaign_hour (campaign_id, hour, attempts, answered, connected, abandoned)"
        f" SELECT {_ID.format('0001', 'c')}, hour, 670, 220, 160, 3"
        f" FROM ({_HOURS}) hours, generate_series(1, {CAMPAIGNS}) c",
        days,
    )
    rows = {}
    for table, select in _FILL.items():
        indexes = await conn.fetch(
            "SELECT indexrelid::regclass::text AS name, pg_get_indexdef(indexrelid) AS sql FROM pg_index"
            " WHERE indrelid = $1::regclass",
            table,
        )
        for index in indexes:
            await conn.execute(f"DROP INDEX {index['name']}")
        rows[table] = int((await conn.execute(f"INSERT INTO {table} {select}", days)).split()[-1])
        for index in indexes:
            await conn.execute(index["sql"])
    await conn.execute("VACUUM ANALYZE")
    return rows


Question = Callable[[Connection], Awaitable[object]]


def questions(days: int) -> dict[str, Question]:
    end = START + timedelta(days=days)
    year = Scope(START, end, zone="America/Bogota")
    of_one = Scope(START, end, campaign_ids=[campaign(3)], zone="America/Bogota")
    month = Scope(end - timedelta(days=31), end, zone="America/Bogota")
    return {
        "year, everything": lambda c: figures.total(c, year),
        "year, by campaign": lambda c: figures.figures(c, year, (By.CAMPAIGN,)),
        "year, by list": lambda c: figures.figures(c, year, (By.DIAL_LIST,)),
        "year, by day": lambda c: figures.figures(c, year, (By.DAY,)),
        "year, by agent": lambda c: figures.figures(c, year, (By.AGENT,)),
        "year, best hour to call": lambda c: figures.best_hours(c, year),
        "year, typification shares": lambda c: figures.typification_shares(c, year),
        "year of one campaign, by day": lambda c: figures.figures(c, of_one, (By.DAY,)),
        "year of one campaign, by agent": lambda c: figures.figures(c, of_one, (By.AGENT,)),
        "year of one agent, by day": lambda c: figures.figures(c, year.own(agent(7)), (By.DAY,)),
        "year of one agent, shares": lambda c: figures.typification_shares(c, year.own(agent(7))),
        "month, by campaign and day": lambda c: figures.figures(c, month, (By.CAMPAIGN, By.DAY)),
        "month, by agent and day": lambda c: figures.figures(c, month, (By.AGENT, By.DAY)),
        "abandonment, 24 h and 30 days": lambda c: figures.abandonment(c, None, end),
    }


@dataclass(frozen=True, slots=True)
class Took:
    """Seconds. Of processors: the server's, all its processes together, a question's mean."""

    median: float
    worst: float
    processors: float


async def timed(conn: Connection, ask: Question, runs: int) -> Took:
    """After `UNMEASURED` runs."""
    server = _processes.parent(await conn.fetchval("SELECT pg_backend_pid()"))
    for _ in range(UNMEASURED):
        await ask(conn)
    took = []
    used = _processes.family(server)
    for _ in range(runs):
        begun = time.perf_counter()
        await ask(conn)
        took.append(time.perf_counter() - begun)
    return Took(statistics.median(took), max(took), (_processes.family(server) - used) / runs)


async def one_hour(db: Database) -> dict[str, float]:
    """16,000 attempts of one hour, closed in batches of 100 with and without marks, then rolled up."""
    hour = START + timedelta(hours=9)
    async with db.transaction() as conn:
        await ensure_partitions(conn, "attempt", START, 1)
        values = [
            (
                uuid7(at),
                at,
                "dialled",
                campaign(1 + n % CAMPAIGNS),
                f"+3319900{n % 10_000:04}",
                agent(1 + n % AGENTS),
            )
            for n in range(HOUR_CALLS)
            if (at := hour + timedelta(seconds=n * 3600 / HOUR_CALLS))
        ]
        await conn.executemany(
            "INSERT INTO attempt (id, begun_at, kind, campaign_id, e164, agent_id)"
            " VALUES ($1, $2, $3, $4, $5, $6)",
            values,
        )
    close = (
        "UPDATE attempt SET ended_at = begun_at + interval '1 minute', outcome = 'connected',"
        " connected_at = begun_at"
        " WHERE (id, begun_at) IN (SELECT * FROM unnest($1::uuid[], $2::timestamptz[]))"
    )

    async def closed(first: int, last: int) -> float:
        begun = time.perf_counter()
        for n in range(first, last, 100):
            piece = values[n : n + 100]
            async with db.connection() as conn:
                await conn.execute(close, [v[0] for v in piece], [v[1] for v in piece])
        return (time.perf_counter() - begun) / (last - first) * 100

    half = HOUR_CALLS // 2
    async with db.connection() as conn:
        await conn.execute("ALTER TABLE attempt DISABLE TRIGGER report_calls")
    without = await closed(0, half)
    async with db.connection() as conn:
        await conn.execute("ALTER TABLE attempt ENABLE TRIGGER report_calls")
    with_marks = await closed(half, HOUR_CALLS)
    begun = time.perf_counter()
    await rolling.catch_up(db, hour)
    rolled = time.perf_counter() - begun
    scope = Scope(hour, hour + timedelta(hours=1), campaign_ids=[campaign(3)])
    async with db.connection() as conn:
        drill = await timed(conn, lambda c: drilling.calls(c, scope), 5)
    return {
        "close 100 calls, without marks": without,
        "close 100 calls, with marks": with_marks,
        f"roll up an hour of {HOUR_CALLS} calls": rolled,
        "drill to a page of calls": drill.median,
    }


async def measure(dsn: str, year: float, runs: int) -> dict[str, Any]:
    days = max(int(WORKDAYS * year), 31)
    async with connect(dsn) as conn:
        await migrate(conn)
        begun = time.perf_counter()
        rows = await fill(conn, days)
        filled = time.perf_counter() - begun
        calls = await conn.fetchval(f"SELECT sum({' + '.join(f'of_{o}' for o in Outcome)}) FROM report_hour")
        asked = {}
        for name, ask in questions(days).items():
            asked[name] = await timed(conn, ask, runs)
    async with await Database.open(dsn) as db:
        hour = await one_hour(db)
    return {
        "calls": calls,
        "rows": rows,
        "fill_s": round(filled, 1),
        "cores": os.cpu_count(),
        "load": round(os.getloadavg()[0], 1),
        "reports": {
            name: {
                "median_ms": took.median * 1000,
                "worst_ms": took.worst * 1000,
                "processor_ms": took.processors * 1000,
            }
            for name, took in asked.items()
        },
        "hour_ms": {name: seconds * 1000 for name, seconds in hour.items()},
        "target_ms": TARGET_S * 1000,
        "met": all(took.median < TARGET_S for took in asked.values()),
    }


def show(found: dict[str, Any]) -> None:
    rows = sum(found["rows"].values())
    print(f"{found['calls']:,} calls in {rows:,} rows of sums")
    print(f"{found['cores']} cores under a load of {found['load']}")
    for name, took in found["reports"].items():
        print(
            f"  {name:<34} median {took['median_ms']:7.0f} ms   worst {took['worst_ms']:7.0f} ms"
            f"   processors {took['processor_ms']:7.0f} ms"
        )
    for name, ms in found["hour_ms"].items():
        print(f"  {name:<34} {ms:14.1f} ms")
    print(f"every report under {found['target_ms']:.0f} ms at the median: {'yes' if found['met'] else 'NO'}")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--year", type=float, default=1.0, help="share of a year (default 1.0)")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with throw_away_postgres() as server:
        found = asyncio.run(measure(server.dsn, options.year, options.runs))
    if options.json:
        print(json.dumps(found, indent=2))
    else:
        show(found)


if __name__ == "__main__":
    main()
