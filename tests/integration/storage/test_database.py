"""The pool: deadlines, typed errors, values, and life after a restart of PostgreSQL."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import asyncpg
import pytest

from storage.database import Connection, Database, connect, fetch_planned_anew, savepoint
from storage.embedded import EmbeddedPostgres
from storage.errors import (
    Conflict,
    DatabaseDown,
    DeadlinePassed,
    InvalidValue,
    MissingReference,
    WrongAddress,
)
from storage.in_flight import InFlight
from storage.throw_away import throw_away_postgres
from tests.helpers import until


@pytest.fixture(scope="module")
def own_server() -> Iterator[EmbeddedPostgres]:
    """A server these tests may stop."""
    with throw_away_postgres() as server:
        yield server


@pytest.fixture
async def restartable(own_server: EmbeddedPostgres) -> AsyncIterator[Database]:
    if own_server.pid is None:
        await asyncio.to_thread(own_server.restart)
    async with await Database.open(own_server.dsn, max_size=3) as database:
        yield database


async def test_json_goes_in_and_comes_out_as_values_also_by_copy(db: Database) -> None:
    value = {"nombre": "Núñez", "list": [1, 2.5, None, True], "nested": {"a": []}}
    async with db.transaction() as conn:
        assert await conn.fetchval("SELECT $1::jsonb", value) == value
        assert await conn.fetchval("SELECT $1::jsonb ->> 'nombre'", value) == "Núñez"
        await conn.execute("CREATE TEMP TABLE loaded (data jsonb) ON COMMIT DROP")
        await conn.copy_records_to_table("loaded", records=[(value,), ({},)])
        assert [row["data"] for row in await conn.fetch("SELECT data FROM loaded")] == [value, {}]


async def test_the_session_is_in_utc_and_says_whose_it_is(db: Database) -> None:
    async with db.connection() as conn:
        assert await conn.fetchval("SHOW timezone") == "UTC"
        assert await conn.fetchval("SHOW application_name") == "test"
        moment = datetime(2026, 3, 1, 12, tzinfo=UTC)
        assert await conn.fetchval("SELECT $1::timestamptz", moment) == moment
        assert (await conn.fetchval("SELECT $1::timestamptz", moment)).utcoffset() == timedelta(0)


async def test_a_transaction_is_kept_whole_or_not_at_all(db: Database) -> None:
    async with db.transaction() as conn:
        await conn.execute("CREATE TABLE note (id int PRIMARY KEY)")

    async def fail_half_way() -> None:
        async with db.transaction() as conn:
            await conn.execute("INSERT INTO note VALUES (1)")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await fail_half_way()
    async with db.connection() as conn:
        assert await conn.fetchval("SELECT count(*) FROM note") == 0


async def test_a_broken_constraint_is_told_by_its_name(db: Database) -> None:
    async with db.transaction() as conn:
        await conn.execute(
            "CREATE TABLE note (id int CONSTRAINT one_note PRIMARY KEY, n int CONSTRAINT small CHECK (n < 9),"
            " other int CONSTRAINT other_note REFERENCES note)"
        )
        await conn.execute("INSERT INTO note VALUES (1, 1, 1)")
    for sql, error, constraint in (
        ("INSERT INTO note VALUES (1, 1, 1)", Conflict, "one_note"),
        ("INSERT INTO note VALUES (2, 9, 1)", InvalidValue, "small"),
        ("INSERT INTO note VALUES (2, 1, 7)", MissingReference, "other_note"),
    ):
        with pytest.raises(error) as caught:
            async with db.transaction() as conn:
                await conn.execute(sql)
        assert caught.value.constraint == constraint
        assert isinstance(caught.value.__cause__, asyncpg.PostgresError)


async def test_a_savepoint_undoes_its_block_only(db: Database) -> None:
    async def twice(conn: Connection) -> None:
        async with savepoint(conn):
            await conn.execute("INSERT INTO note VALUES (2)")
            await conn.execute("INSERT INTO note VALUES (1)")

    async with db.transaction() as conn:
        await conn.execute("CREATE TABLE note (id int PRIMARY KEY)")
        await conn.execute("INSERT INTO note VALUES (1)")
        with pytest.raises(Conflict):
            await twice(conn)
        await conn.execute("INSERT INTO note VALUES (3)")
    async with db.connection() as conn:
        assert [row["id"] for row in await conn.fetch("SELECT id FROM note ORDER BY id")] == [1, 3]


async def test_what_is_planned_anew_never_comes_to_one_plan_for_whatever_values(db: Database) -> None:
    sql = "SELECT n FROM generate_series(1, 3) n WHERE $1::int IS NULL OR n = $1"
    plans = "SELECT sum(generic_plans) FROM pg_prepared_statements WHERE statement LIKE 'SELECT n FROM%'"
    async with db.transaction() as conn:
        for _ in range(9):
            assert [row["n"] for row in await fetch_planned_anew(conn, sql, 2)] == [2]
            assert len(await fetch_planned_anew(conn, sql, None)) == 3
        assert await conn.fetchval(plans) is None
        for _ in range(9):
            await conn.fetch(sql, 2)
        assert await conn.fetchval(plans) > 0


async def test_a_statement_that_takes_too_long_is_ended_and_the_connection_lives(database_dsn: str) -> None:
    async with await Database.open(database_dsn, max_size=1, command_timeout=0.05) as database:
        with pytest.raises(DeadlinePassed):
            async with database.connection() as conn:
                await conn.execute("SELECT pg_sleep(30)")
        async with database.connection() as conn:
            assert await conn.fetchval("SELECT 1") == 1


async def test_the_wait_for_a_free_connection_ends(database_dsn: str) -> None:
    async with await Database.open(database_dsn, max_size=1) as database, database.connection():
        with pytest.raises(DeadlinePassed, match="no database connection was free"):
            async with database.connection(acquire_timeout=0.05):
                pass


async def cancelled_after(database: Database, statement: str) -> None:
    """A transaction whose caller is cancelled when this is done, and the next statement under way."""
    begun = asyncio.Event()

    async def interrupted() -> None:
        async with database.transaction() as conn:
            await conn.execute(statement)
            begun.set()
            await conn.execute("SELECT pg_sleep(30)")

    task = asyncio.create_task(interrupted())
    await asyncio.wait_for(begun.wait(), 5)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_a_cancelled_caller_leaves_a_clean_connection(database_dsn: str) -> None:
    async with await Database.open(database_dsn, max_size=1) as database:
        async with database.transaction() as conn:
            await conn.execute("CREATE TABLE note (id int)")
        await cancelled_after(database, "INSERT INTO note VALUES (1)")
        async with database.connection() as conn:
            assert await conn.fetchval("SELECT count(*) FROM note") == 0


@pytest.mark.parametrize("last_word", ["BEGIN;", "INSERT INTO note VALUES (2)", "COMMIT;"])
async def test_a_caller_cancelled_while_it_waits_for_an_answer_leaves_all_or_nothing(
    database_dsn: str, monkeypatch: pytest.MonkeyPatch, last_word: str
) -> None:
    """`loop_errors` sees it when a transaction is left for the pool to undo."""
    execute = asyncpg.Connection.execute

    async def interrupted(conn: "asyncpg.Connection[asyncpg.Record]", query: str, *args: object) -> str:
        if query == last_word and asyncio.current_task() is writing:
            asyncio.get_running_loop().call_soon(writing.cancel)
        return await execute(conn, query, *args)

    async def written() -> None:
        async with database.transaction() as conn:
            await conn.execute("INSERT INTO note VALUES (1)")
            await conn.execute("INSERT INTO note VALUES (2)")

    async with await Database.open(database_dsn, max_size=1) as database:
        async with database.connection() as conn:
            await conn.execute("CREATE TABLE note (n int)")
        monkeypatch.setattr(asyncpg.Connection, "execute", interrupted)
        writing = asyncio.create_task(written())
        with pytest.raises(asyncio.CancelledError):
            await writing
        async with database.transaction() as conn:
            kept = await conn.fetchval("SELECT count(*) FROM note")
        assert kept == 0 or (kept == 2 and last_word == "COMMIT;")


async def test_a_cancelling_that_got_lost_costs_the_connection_and_is_no_error_of_the_caller(
    database_dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def lost(**_to: object) -> None:
        pass

    monkeypatch.setattr("asyncpg.connect_utils._cancel", lost)
    async with await Database.open(database_dsn, max_size=1, command_timeout=0.5) as database:
        await cancelled_after(database, "CREATE TABLE note (id int)")
        async with database.connection() as conn:
            assert await conn.fetchval("SELECT to_regclass('note')") is None


async def test_work_is_counted_as_in_flight_for_as_long_as_a_connection_is_held(database_dsn: str) -> None:
    in_flight = InFlight()
    async with await Database.open(database_dsn, max_size=2, in_flight=in_flight) as database:
        assert not in_flight
        async with database.connection(), database.transaction() as conn:
            assert in_flight.count == 2
            await conn.execute("SELECT 1")
        with pytest.raises(RuntimeError):
            async with database.connection():
                raise RuntimeError
        assert not in_flight
    assert not in_flight


async def test_the_pool_recovers_by_itself_after_postgresql_was_restarted(
    own_server: EmbeddedPostgres, restartable: Database
) -> None:
    async with restartable.connection() as one, restartable.connection() as two:
        pids = {await one.fetchval("SELECT pg_backend_pid()"), await two.fetchval("SELECT pg_backend_pid()")}
    await asyncio.to_thread(own_server.restart)
    for _ in range(4):
        async with restartable.connection() as conn:
            assert await conn.fetchval("SELECT pg_backend_pid()") not in pids


async def test_what_was_under_way_when_postgresql_died_fails_as_database_down(
    own_server: EmbeddedPostgres, restartable: Database
) -> None:
    begun = asyncio.Event()

    async def under_way() -> None:
        async with restartable.transaction() as conn:
            begun.set()
            await conn.execute("SELECT pg_sleep(30)")

    task = asyncio.create_task(under_way())
    await asyncio.wait_for(begun.wait(), 5)
    await asyncio.to_thread(own_server.kill)
    with pytest.raises(DatabaseDown):
        await task
    with pytest.raises(DatabaseDown):
        async with restartable.connection() as conn:
            await conn.execute("SELECT 1")


async def test_waiting_until_postgresql_is_up_is_bounded_and_succeeds_when_it_is(
    own_server: EmbeddedPostgres, restartable: Database
) -> None:
    await asyncio.to_thread(own_server.kill)
    with pytest.raises(DatabaseDown, match=r"did not answer within 0\.1 s"):
        await restartable.wait_until_up(0.1)
    waiting = asyncio.create_task(restartable.wait_until_up(20))
    await asyncio.to_thread(own_server.restart)
    await waiting
    async with restartable.connection() as conn:
        assert await conn.fetchval("SELECT 1") == 1


async def test_opening_a_pool_on_nothing_fails_as_database_down() -> None:
    with pytest.raises(DatabaseDown):
        await Database.open("postgresql://nobody@127.0.0.1:1/nothing")


@pytest.mark.parametrize(
    "address",
    [
        "mysql://a@b/c",
        "nothing",
        "postgresql://user:se/cret@127.0.0.1:port/marcador",
        "postgresql://user:secret@127.0.0.1:99999/marcador",
    ],
)
async def test_an_address_that_cannot_be_one_fails_at_once_and_quotes_no_password(address: str) -> None:
    for attempt in (Database.open(address, wait=30), _connected(address)):
        with pytest.raises(WrongAddress) as caught:
            await attempt
        assert "cret" not in str(caught.value)


async def test_a_wrong_password_or_database_is_not_waited_for(database_dsn: str) -> None:
    parts = urlsplit(database_dsn)
    for wrong in (
        parts._replace(netloc=f"{parts.username}:wrong@{parts.hostname}:{parts.port}"),
        parts._replace(path="/nowhere"),
    ):
        with pytest.raises(WrongAddress):
            await Database.open(wrong.geturl(), wait=30)


async def _connected(address: str) -> None:
    async with connect(address):
        pass


async def test_a_session_that_is_left_alone_in_a_transaction_does_not_leak_into_the_next_user(
    database_dsn: str, loop_errors: list[object]
) -> None:
    async with await Database.open(database_dsn, max_size=1) as database:
        async with database.connection() as conn:
            await conn.execute("BEGIN")
        async with database.connection() as conn:
            assert not conn.is_in_transaction()
    assert len(loop_errors) == 1  # asyncpg tells of it: it is a mistake
    loop_errors.clear()


async def test_a_single_connection_for_maintenance_closes_itself(db: Database, database_dsn: str) -> None:
    async with connect(database_dsn, application_name="maintenance") as conn:
        assert await conn.fetchval("SELECT $1::jsonb", [1]) == [1]

    async def gone() -> bool:
        async with db.connection() as conn:
            seen = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'maintenance'"
            return bool(await conn.fetchval(seen) == 0)

    await until(gone)
