"""Virtual time and a real PostgreSQL: a timer never fires before the database has answered."""

import asyncio
from datetime import UTC, datetime, timedelta

from storage.clock import VirtualClock
from storage.database import Database

START = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)


def test_a_patience_of_2_s_is_not_shortened_by_a_slow_statement(database_dsn: str) -> None:
    clock = VirtualClock(START)

    async def main() -> None:
        async with await Database.open(database_dsn, in_flight=clock.in_flight) as db:
            closed = asyncio.Event()
            clock.call_later(2.0, closed.set)
            async with db.connection() as conn:
                await conn.execute("SELECT pg_sleep(0.3)")
            assert clock.now() == START
            assert not closed.is_set()
            await closed.wait()
            assert clock.now() == START + timedelta(seconds=2)

    clock.run(main())


def test_a_shift_of_eight_hours_with_a_statement_a_minute_is_exact(database_dsn: str) -> None:
    """Four workers write what time they think it is; each must have written every one of its moments."""
    clock = VirtualClock(START)
    minutes = 8 * 60

    async def worker(db: Database, number: int) -> None:
        for _ in range(minutes // 4):
            await clock.sleep(240)
            async with db.transaction() as conn:
                await conn.execute("INSERT INTO beat VALUES ($1, $2)", number, clock.now())

    async def main() -> None:
        async with await Database.open(database_dsn, max_size=4, in_flight=clock.in_flight) as db:
            async with db.connection() as conn:
                await conn.execute("CREATE TABLE beat (worker int, at timestamptz)")
            await asyncio.gather(*(worker(db, number) for number in range(4)))
            async with db.connection() as conn:
                rows = await conn.fetch("SELECT at, count(*) AS n FROM beat GROUP BY at ORDER BY at")
        expected = [START + timedelta(minutes=4 * (step + 1)) for step in range(minutes // 4)]
        assert [(row["at"], row["n"]) for row in rows] == [(at, 4) for at in expected]

    clock.run(main())
    assert clock.now() == START + timedelta(hours=8)


def test_a_statements_own_deadline_is_real_while_business_time_stands(database_dsn: str) -> None:
    clock = VirtualClock(START)

    async def main() -> None:
        async with await Database.open(database_dsn, in_flight=clock.in_flight, command_timeout=0.1) as db:
            clock.call_later(1, lambda: None)
            try:
                async with db.connection() as conn:
                    await conn.execute("SELECT pg_sleep(30)")
            except TimeoutError:
                assert clock.now() == START
            else:
                raise AssertionError("the deadline did not pass")

    clock.run(main())
