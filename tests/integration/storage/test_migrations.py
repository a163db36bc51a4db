"""Migrations on real servers."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from storage.database import Connection, Database, connect
from storage.errors import Conflict, MigrationError
from storage.migrate import Migration, migrate, read_migrations
from storage.partitions import ensure_partitions
from storage.postgres_binaries import binaries_in
from storage.throw_away import throw_away_postgres
from tests.helpers.postgres import DEBIAN_15, TestServer

FIRST = Migration(
    9001, "9001_pre_test_first.sql", "CREATE TABLE first_made (n int); CREATE TABLE also (n int)"
)
BROKEN = Migration(9002, "9002_pre_test_broken.sql", "CREATE TABLE half (n int); SELECT 1/0")
MARCH = datetime(2026, 3, 15, tzinfo=UTC)


@pytest.fixture
def empty_dsn(postgres: TestServer) -> Iterator[str]:
    with postgres.fresh_database(template="template0") as dsn:
        yield dsn


async def tables(conn: Connection) -> set[str]:
    rows = await conn.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    return {row["tablename"] for row in rows}


async def test_migrations_are_applied_once(empty_dsn: str) -> None:
    async with connect(empty_dsn) as conn:
        assert await migrate(conn, [FIRST]) == [FIRST.name]
        assert await migrate(conn, [FIRST]) == []
        assert await tables(conn) == {"first_made", "also", "schema_migration"}


async def test_a_migration_that_fails_leaves_nothing_and_is_named(empty_dsn: str) -> None:
    async with connect(empty_dsn) as conn:
        with pytest.raises(MigrationError, match=r"9002_pre_test_broken.sql: division by zero"):
            await migrate(conn, [FIRST, BROKEN])
        assert await tables(conn) == {"first_made", "also", "schema_migration"}
        mended = Migration(BROKEN.number, BROKEN.name, "CREATE TABLE half (n int)")
        assert await migrate(conn, [FIRST, mended]) == [BROKEN.name]


async def test_a_changed_or_missing_file_is_refused(empty_dsn: str) -> None:
    async with connect(empty_dsn) as conn:
        await migrate(conn, [FIRST])
        with pytest.raises(MigrationError, match="was changed"):
            await migrate(conn, [Migration(FIRST.number, FIRST.name, FIRST.sql + " ")])
        with pytest.raises(MigrationError, match="missing"):
            await migrate(conn, [])


async def test_two_processes_that_migrate_at_once_apply_everything_once(empty_dsn: str) -> None:
    async def one() -> list[str]:
        async with connect(empty_dsn) as conn:
            return await migrate(conn, [FIRST])

    done = await asyncio.gather(one(), one(), one())
    assert sorted(done) == [[], [], [FIRST.name]]


async def test_the_house_is_up_to_date_after_its_own_migrations(db: Database, database_dsn: str) -> None:
    async with connect(database_dsn) as conn:
        assert await migrate(conn) == []
        assert {"schema_migration"} < await tables(conn)


def test_the_houses_migrations_apply_on_debians_postgresql_15() -> None:
    if not DEBIAN_15.exists():
        pytest.skip(f"{DEBIAN_15} is not there (Debian 12: apt-get install postgresql-15)")

    async def main(dsn: str) -> None:
        async with connect(dsn) as conn:
            assert await conn.fetchval("SELECT current_setting('server_version_num')::int / 10000") == 15
            assert await migrate(conn) == [migration.name for migration in read_migrations()]
            assert await migrate(conn) == []

    with throw_away_postgres(binaries_in(DEBIAN_15)) as server:
        asyncio.run(main(server.dsn))


async def test_partitions_are_made_for_this_month_and_those_ahead_once(empty_dsn: str) -> None:
    async with connect(empty_dsn) as conn:
        await conn.execute("CREATE TABLE event (at timestamptz NOT NULL, n int) PARTITION BY RANGE (at)")
        made = await ensure_partitions(conn, "event", MARCH, 2)
        assert made == ["event_2026_03", "event_2026_04", "event_2026_05"]
        assert await ensure_partitions(conn, "event", MARCH, 2) == []
        assert await ensure_partitions(conn, "event", MARCH, 3) == ["event_2026_06"]
        for at in (datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 6, 30, 23, 59, 59, 999_999, tzinfo=UTC)):
            await conn.execute("INSERT INTO event VALUES ($1, 1)", at)
        assert await conn.fetchval("SELECT count(*) FROM event_2026_03") == 1
        assert await conn.fetchval("SELECT count(*) FROM event_2026_06") == 1


async def test_two_processes_that_make_the_same_partition_do_not_collide(empty_dsn: str) -> None:
    async with connect(empty_dsn) as conn:
        await conn.execute("CREATE TABLE event (at timestamptz NOT NULL) PARTITION BY RANGE (at)")

    async def one() -> list[str]:
        async with connect(empty_dsn) as conn:
            return await ensure_partitions(conn, "event", MARCH, 5)

    await asyncio.gather(one(), one(), one())
    async with connect(empty_dsn) as conn:
        assert len(await tables(conn)) == 7


async def test_only_a_tables_plain_name_is_taken(db: Database) -> None:
    async with db.connection() as conn:
        with pytest.raises(ValueError, match="is not a table's name"):
            await ensure_partitions(conn, "event; DROP TABLE x", MARCH, 1)


async def test_each_test_has_a_database_of_its_own(postgres: TestServer) -> None:
    with postgres.fresh_database() as one, postgres.fresh_database() as two:
        async with connect(one) as conn:
            await conn.execute("CREATE TABLE only_here (n int PRIMARY KEY)")
            await conn.execute("INSERT INTO only_here VALUES (1)")
            with pytest.raises(Conflict):
                async with connect(one) as same:
                    await same.execute("INSERT INTO only_here VALUES (1)")
        async with connect(two) as conn:
            assert "only_here" not in await tables(conn)
