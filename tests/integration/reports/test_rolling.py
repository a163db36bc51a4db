"""The hourly sums agree with the rows they are made from, whatever changes, however late, however often."""

import asyncio
from collections import Counter
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest

from dialer.outcome import Outcome
from dialer.reports import rolling
from lists import attempts
from lists.model import AttemptKind, Begin, Closing
from storage.database import Connection, Database
from tests.integration.lists.world import NO_GAPS, World, number
from tests.integration.reports.history import MORNING, History
from typifications.model import ResultClass

TABLES = (
    "report_hour",
    "report_agent_call_hour",
    "report_agent_call_day",
    "report_result_hour",
    "report_agent_result_hour",
    "report_agent_hour",
    "report_agent_day",
    "report_time_hour",
)
HOUR = timedelta(hours=1)


async def sums(conn: Connection) -> dict[str, list[dict[str, Any]]]:
    return {
        table: [dict(row) for row in await conn.fetch(f"SELECT * FROM {table} AS r ORDER BY r::text")]
        for table in TABLES
    }


async def test_the_sums_are_those_of_the_closed_calls(history: History) -> None:
    interested = await history.result("interested", ResultClass.SUCCESS)
    await history.shift(seed=1, calls=150, results_=[interested])
    await history.rolled()

    attempts = await history.conn.fetch("SELECT * FROM attempt WHERE ended_at IS NOT NULL")
    kept = await history.conn.fetch("SELECT * FROM report_hour")
    assert sum(row[f"of_{outcome}"] for row in kept for outcome in Outcome) == len(attempts) > 100
    talk = sum((a["ended_at"] - a["connected_at"] for a in attempts if a["connected_at"]), timedelta())
    assert sum(row["talk_ms"] for row in kept) == pytest.approx(
        talk / timedelta(milliseconds=1), abs=len(kept)
    )
    ring = sum(((a["answered_at"] or a["ended_at"]) - a["ringing_at"] for a in attempts), timedelta())
    assert sum(row["ring_ms"] for row in kept) == pytest.approx(
        ring / timedelta(milliseconds=1), abs=len(kept)
    )
    for row in kept:
        mine = Counter(
            a["outcome"]
            for a in attempts
            if row["hour"] <= a["begun_at"] < row["hour"] + HOUR
            and all(a[name] == row[name] for name in ("campaign_id", "dial_list_id", "kind"))
        )
        assert mine == Counter({outcome.value: row[f"of_{outcome}"] for outcome in Outcome})
    of_agents = await history.conn.fetch("SELECT sum(attempts) AS n FROM report_agent_call_hour")
    assert of_agents[0]["n"] == sum(a["agent_id"] is not None for a in attempts)
    said = await history.conn.fetchval("SELECT count(*) FROM interaction")
    assert await history.conn.fetchval("SELECT sum(interactions) FROM report_result_hour") == said
    stayed = await history.conn.fetchval("SELECT sum(to_at - from_at) FROM agent_log")
    total = await history.conn.fetchval(
        "SELECT sum(ready_ms + talk_ms + wrapup_ms + paused_ms + other_ms)::bigint FROM report_agent_hour"
    )
    assert total == pytest.approx(stayed / timedelta(milliseconds=1), abs=1000)


async def test_many_small_roll_ups_between_changes_agree_with_one_recount(
    history: History, monkeypatch: pytest.MonkeyPatch
) -> None:
    results_ = [await history.result("a"), await history.result("b", ResultClass.RIGHT_PARTY)]
    monkeypatch.setattr(rolling, "CALL_HOURS", 3)
    monkeypatch.setattr(rolling, "STAY_HOURS", 3)
    for seed in range(4):
        await history.shift(seed=seed, calls=25, results_=results_)
        await rolling.roll_up(history.conn, MORNING)  # one bounded pass: marks are left over
    # Completed late, and closed late: the hours of the calls change, not those of now.
    await history.conn.execute(
        "UPDATE interaction SET state = 'typified', result_ids = $1 WHERE state = 'untypified'",
        [results_[0].id],
    )
    await history.conn.execute(
        "UPDATE attempt SET ended_at = begun_at + interval '1 day', outcome = 'unknown'"
        " WHERE ended_at IS NULL"
    )
    await history.rolled()
    kept = await sums(history.conn)
    assert all(kept.values())

    await rolling.recount(history.conn, MORNING, MORNING + timedelta(days=4))
    assert await history.rolled() > 0
    assert await sums(history.conn) == kept


async def test_a_recount_mends_sums_that_were_spoilt(history: History) -> None:
    await history.shift(seed=1, calls=40, results_=[await history.result("a")])
    await history.rolled()
    kept = await sums(history.conn)
    await history.conn.execute("UPDATE report_hour SET of_busy = of_busy + 1")
    await history.conn.execute("DELETE FROM report_agent_hour")
    await history.conn.execute(
        "INSERT INTO report_result_hour VALUES ($1, $2, NULL, NULL, 99)", MORNING + 5 * HOUR, uuid4()
    )
    await rolling.recount(history.conn, MORNING, MORNING + timedelta(days=4))
    await history.rolled()
    assert await sums(history.conn) == kept


async def test_what_a_result_counts_as_holds_for_its_past_too(history: History) -> None:
    parent = await history.result("interested")
    child = await history.result("wants a call", parent_id=parent.id)
    await history.said(await history.call(MORNING), MORNING, parent, child)
    await history.said(await history.call(MORNING + HOUR), MORNING + HOUR, await history.result("no"))
    await history.rolled()
    kept = "SELECT sum(successes) AS successes, sum(measure) AS measure FROM report_hour"
    assert tuple(await history.conn.fetchrow(kept) or ()) == (0, 0)
    await history.conn.execute("UPDATE result SET name = 'x' WHERE id = $1", parent.id)
    assert await history.rolled() == 0
    await history.conn.execute(
        "UPDATE result SET classes = '{success}', measure = 2.5 WHERE id = $1", parent.id
    )
    assert await history.rolled() == 1
    assert tuple(await history.conn.fetchrow(kept) or ()) == (1, Decimal("2.5"))


async def test_an_interaction_typified_during_the_call_counts_once_and_with_the_call(
    history: History,
) -> None:
    result = await history.result("a", ResultClass.SUCCESS)
    attempt_id = await history.begun(MORNING)
    await history.said(attempt_id, MORNING, result)
    await history.rolled()
    await history.conn.execute(
        "UPDATE attempt SET outcome = 'connected', ended_at = $2 WHERE id = $1", attempt_id, MORNING + HOUR
    )
    await history.rolled()
    (row,) = await history.conn.fetch("SELECT * FROM report_hour")
    assert (row["of_connected"], row["interactions"], row["successes"]) == (1, 1, 1)


async def test_nothing_new_is_nothing_to_count(history: History) -> None:
    await history.shift(seed=1, calls=10, results_=[await history.result("a")])
    assert await history.rolled() > 0
    assert await history.rolled() == 0


async def test_an_attempt_that_has_not_ended_marks_nothing(history: History) -> None:
    attempt_id = await history.begun(MORNING)
    await history.conn.execute("UPDATE attempt SET ringing_at = $2 WHERE id = $1", attempt_id, MORNING)
    assert await history.rolled() == 0


async def test_the_calls_of_the_house_are_counted_when_they_are_closed(db: Database) -> None:
    """By the functions the engine uses, not by the tests' own statements."""
    async with db.transaction() as conn:
        world = await World.made(conn)
        list_id = await world.list_()
        for n in range(3):
            await world.contact(list_id, number(n))
        begins: list[Begin] = [await world.begun(caps=NO_GAPS) for _ in range(3)]
        closings = [
            Closing(b.attempt_id, b.begun_at, world.now, outcome, "customer")
            for b, outcome in zip(begins, ("busy", "busy", "no_answer"), strict=True)
        ]
        await attempts.close(conn, closings, world.now)
    assert await rolling.catch_up(db, world.now) == 1
    async with db.connection() as conn:
        (row,) = await conn.fetch("SELECT * FROM report_hour")
        assert (row["kind"], row["of_busy"], row["of_no_answer"]) == (AttemptKind.DIALLED, 2, 1)
        assert await rolling.rolled_at(conn) == world.now


async def test_a_call_committed_late_is_not_missed(db: Database) -> None:
    """The race a watermark over times would lose: closed before the roll-up, committed after it."""
    async with db.transaction() as conn:
        history = await History.made(conn)
        await history.call(MORNING)
    async with db.transaction() as late:
        await History(late, history.campaign_id).call(MORNING + timedelta(minutes=1))
        assert await rolling.catch_up(db, MORNING + HOUR) == 1
    assert await rolling.catch_up(db, MORNING + HOUR) == 1
    async with db.connection() as conn:
        assert await conn.fetchval("SELECT sum(of_connected) FROM report_hour") == 2


async def test_two_processes_that_roll_up_at_once_count_everything_once(db: Database) -> None:
    async with db.transaction() as conn:
        history = await History.made(conn)
        await history.shift(seed=3, calls=60, results_=[await history.result("a")])
    await asyncio.gather(*(rolling.catch_up(db, MORNING) for _ in range(3)))
    await rolling.catch_up(db, MORNING)
    async with db.transaction() as conn:
        kept = await sums(conn)
        await rolling.recount(conn, MORNING, MORNING + timedelta(days=4))
        await History(conn).rolled()
        assert await sums(conn) == kept


async def test_an_agents_stay_is_cut_at_the_hour(history: History) -> None:
    agent_id = uuid4()
    await history.stay(agent_id, "paused", MORNING + timedelta(minutes=50), 3 * 3600)
    await history.rolled()
    rows = await history.conn.fetch("SELECT hour, paused_ms FROM report_agent_hour ORDER BY hour")
    assert [(row["hour"] - MORNING, row["paused_ms"] // 60_000) for row in rows] == [
        (0 * HOUR, 10),
        (1 * HOUR, 60),
        (2 * HOUR, 60),
        (3 * HOUR, 50),
    ]


async def test_waiting_and_pauses_are_shared_by_the_time_given_to_each_campaign(history: History) -> None:
    agent_id, other = uuid4(), uuid4()
    at = await history.stay(agent_id, "ready", MORNING, 400)
    at = await history.stay(agent_id, "talking", at, 250, history.campaign_id)
    at = await history.stay(agent_id, "wrapup", at, 50, history.campaign_id)
    at = await history.stay(agent_id, "talking", at, 100, other)
    await history.stay(agent_id, "paused", at, 40)
    await history.stay(agent_id, "ready", MORNING + HOUR, 600)
    await history.stay(agent_id, "paused", MORNING + 2 * HOUR, 20, other)  # who works in no other campaign
    await history.rolled()
    rows = await history.conn.fetch("SELECT campaign_id, hour, ready_ms, paused_ms FROM report_agent_hour")
    assert {
        (row["campaign_id"], row["hour"] - MORNING): (row["ready_ms"], row["paused_ms"]) for row in rows
    } == {
        (history.campaign_id, 0 * HOUR): (300_000, 30_000),
        (other, 0 * HOUR): (100_000, 10_000),
        (None, 1 * HOUR): (600_000, 0),
        (other, 2 * HOUR): (0, 20_000),
    }


async def test_an_interaction_is_booked_to_the_hour_of_its_call(history: History) -> None:
    result = await history.result("a")
    attempt_id = await history.call(MORNING)
    await history.said(attempt_id, MORNING, result, at=MORNING + 5 * HOUR)
    await history.said(None, MORNING, result, at=MORNING + 6 * HOUR)
    await history.rolled()
    rows = await history.conn.fetch("SELECT hour, dial_list_id FROM report_result_hour ORDER BY hour")
    assert [tuple(row) for row in rows] == [(MORNING, history.list_id), (MORNING + 6 * HOUR, None)]
