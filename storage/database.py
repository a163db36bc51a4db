"""The PostgreSQL pool: deadlines on everything, typed errors, JSON as values, UTC.

Connections are made anew by themselves after PostgreSQL was restarted; what was under way then fails with
`DatabaseDown`, because only the caller knows whether it may be tried again.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractContextManager, asynccontextmanager, contextmanager, nullcontext, suppress
from typing import TYPE_CHECKING, Any, TypeAlias

import asyncpg
import msgspec
from asyncpg.pool import PoolConnectionProxy

from storage.errors import DatabaseDown, DeadlinePassed, WrongAddress
from storage.in_flight import InFlight
from storage.translate import translated

if TYPE_CHECKING:
    PooledConnection: TypeAlias = PoolConnectionProxy[asyncpg.Record]
    Connection: TypeAlias = asyncpg.Connection[asyncpg.Record] | PooledConnection
    Pool: TypeAlias = asyncpg.Pool[asyncpg.Record]
else:
    PooledConnection = PoolConnectionProxy
    Connection = asyncpg.Connection | PooledConnection
    Pool = asyncpg.Pool

__all__ = ["Connection", "Database", "connect", "fetch_planned_anew", "savepoint", "translated"]

log = logging.getLogger(__name__)

CONNECT_S = 5.0
ACQUIRE_S = 5.0
COMMAND_S = 10.0
CLOSE_S = 5.0
_FIRST_RETRY_S = 0.02
_LAST_RETRY_S = 1.0
_JSONB_VERSION = b"\x01"


class Database:
    """A pool of connections. `async with db.transaction() as conn:` and hand `conn` to the rooms' functions.

    Business time must not be waited for while a connection is held: in virtual time it would never come.
    """

    def __init__(self, pool: Pool, in_flight: InFlight | None) -> None:
        self._pool = pool
        self._in_flight = in_flight

    @classmethod
    async def open(
        cls,
        dsn: str,
        *,
        min_size: int = 1,
        max_size: int = 10,
        in_flight: InFlight | None = None,
        command_timeout: float = COMMAND_S,
        application_name: str = "marcador",
        wait: float = 0.0,
    ) -> "Database":
        """Open the pool; PostgreSQL may take up to `wait` seconds to come up, else `DatabaseDown`."""
        counted = _counted(in_flight)
        pool = asyncpg.create_pool(
            dsn,
            min_size=0,
            max_size=max_size,
            init=_prepare,
            reset=_keep_session,
            timeout=CONNECT_S,
            command_timeout=command_timeout,
            server_settings=_settings(application_name),
        )
        with counted:
            await pool
            database = cls(pool, in_flight)
            try:
                await database.wait_until_up(wait)
                await database._warm(min_size)
            except BaseException:
                pool.terminate()
                raise
        return database

    @asynccontextmanager
    async def connection(self, *, acquire_timeout: float = ACQUIRE_S) -> AsyncIterator[Connection]:
        """A connection for a while; every statement commits by itself."""
        with _counted(self._in_flight), translated():
            conn = await self._acquire(acquire_timeout)
            try:
                yield conn
            except asyncpg.InternalClientError:
                conn.terminate()  # nobody knows what state it is in
                raise
            finally:
                await self._give_back(conn)

    @asynccontextmanager
    async def transaction(self, *, acquire_timeout: float = ACQUIRE_S) -> AsyncIterator[Connection]:
        """A connection inside a transaction: committed at the end of the block, undone by an exception."""
        async with self.connection(acquire_timeout=acquire_timeout) as conn, _all_or_nothing(conn):
            yield conn

    async def wait_until_up(self, deadline: float) -> None:
        """Return when PostgreSQL answers; `DatabaseDown` when it has not done so for `deadline` seconds."""
        loop = asyncio.get_running_loop()
        end = loop.time() + deadline
        pause = _FIRST_RETRY_S
        while True:
            try:
                async with self.connection() as conn:
                    await conn.execute("SELECT 1")
                return
            except WrongAddress:
                raise
            except (DatabaseDown, DeadlinePassed) as error:
                if loop.time() + pause > end:
                    raise DatabaseDown(f"PostgreSQL did not answer within {deadline:g} s: {error}") from error
            with _counted(self._in_flight):
                await asyncio.sleep(pause)
            pause = min(2 * pause, _LAST_RETRY_S)

    async def close(self) -> None:
        """Close when those who hold a connection have given it back, or by force after a few seconds."""
        with _counted(self._in_flight):
            try:
                async with asyncio.timeout(CLOSE_S):
                    await self._pool.close()
            except TimeoutError:
                self._pool.terminate()

    async def __aenter__(self) -> "Database":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def _acquire(self, timeout: float) -> PooledConnection:
        try:
            return await self._pool.acquire(timeout=timeout)
        except TimeoutError as error:
            raise DeadlinePassed(f"no database connection was free for {timeout:g} s") from error
        except OSError as error:  # a host without a name, a socket that is not there
            raise DatabaseDown(str(error)) from error
        except (ValueError, OverflowError) as error:
            raise _misspelt(error) from error

    async def _give_back(self, conn: PooledConnection) -> None:
        """Never the caller's error: what they did is done, or undone with the connection."""
        try:
            await self._pool.release(conn, timeout=CLOSE_S)
        except TimeoutError:  # asyncpg has cut it by then; a statement whose cancelling got lost still ran
            log.warning("a connection was not given back within %g s, and was cut", CLOSE_S)

    async def _warm(self, size: int) -> None:
        """Connect `size` times at once, so that the first calls find open connections."""
        held = await asyncio.gather(*(self._acquire(CONNECT_S) for _ in range(size)))
        for conn in held:
            await self._pool.release(conn)


@asynccontextmanager
async def _all_or_nothing(conn: Connection) -> AsyncIterator[None]:
    """A transaction, or a savepoint inside one. Undoing is never the caller's error: a statement whose
    cancelling got lost on its way still runs; the connection is cut then, and PostgreSQL undoes it."""
    transaction = conn.transaction()
    inside = conn.is_in_transaction()
    with nullcontext() if inside else _cut_in_doubt(conn):
        await transaction.start()
    try:
        yield
    except BaseException:
        with suppress(asyncpg.InterfaceError):  # the connection is gone already
            try:
                await transaction.rollback()
            except (TimeoutError, OSError, asyncpg.PostgresError, asyncpg.InternalClientError):
                conn.terminate()
        raise
    with nullcontext() if inside else _cut_in_doubt(conn):
        await transaction.commit()


@contextmanager
def _cut_in_doubt(conn: Connection) -> Iterator[None]:
    """A BEGIN or COMMIT without its answer: nobody knows whether a transaction is open, so the connection is
    cut, and PostgreSQL undoes what was. A savepoint's is left to the transaction around it."""
    try:
        yield
    except BaseException:
        with suppress(asyncpg.InterfaceError):  # the connection is gone already
            conn.terminate()
        raise


@asynccontextmanager
async def connect(dsn: str, *, application_name: str = "marcador") -> AsyncIterator[Connection]:
    """One connection outside any pool, without a deadline per statement: for migrations and maintenance."""
    with translated():
        try:
            conn = await asyncpg.connect(dsn, timeout=CONNECT_S, server_settings=_settings(application_name))
        except (ValueError, OverflowError) as error:
            raise _misspelt(error) from error
        try:
            await _prepare(conn)
            yield conn
        finally:
            await conn.close(timeout=CLOSE_S)


@asynccontextmanager
async def savepoint(conn: Connection) -> AsyncIterator[None]:
    """Inside a transaction: an error in the block (translated) undoes the block only."""
    with translated():
        async with _all_or_nothing(conn):
            yield


async def fetch_planned_anew(conn: Connection, sql: str, *args: object) -> list[asyncpg.Record]:
    """As `conn.fetch`, with a plan made for these values, each time.

    After five times PostgreSQL may keep one plan for whatever values come. Of a query whose conditions may be
    absent (`$3 IS NULL OR …`) that plan is guessed far too cheap, so it is kept, and takes up to a hundred
    times as long. It costs a round trip and the planning, some milliseconds: for what is asked seldom.
    """
    statement = await conn.prepare(sql, name="")
    return await statement.fetch(*args)


def _misspelt(error: ValueError | OverflowError) -> WrongAddress:
    """The driver's own words where they are for people; else none of them: they may quote a password."""
    if isinstance(error, asyncpg.ClientConfigurationError):
        return WrongAddress(str(error))
    return WrongAddress("a database address reads postgresql://user:password@host:port/database")


def _counted(in_flight: InFlight | None) -> AbstractContextManager[None]:
    return in_flight.working() if in_flight is not None else nullcontext()


def _settings(application_name: str) -> dict[str, str]:
    # JIT only ever costs on statements as short as ours. A session that forgot its transaction holds locks.
    return {
        "application_name": application_name,
        "timezone": "UTC",
        "jit": "off",
        "idle_in_transaction_session_timeout": "60s",
    }


async def _prepare(conn: Connection) -> None:
    """JSON goes in and comes out as Python values; binary, so that COPY takes it too."""
    await conn.set_type_codec(
        "jsonb",
        schema="pg_catalog",
        format="binary",
        encoder=lambda value: _JSONB_VERSION + msgspec.json.encode(value),
        decoder=lambda data: msgspec.json.decode(memoryview(data)[1:]),
    )


async def _keep_session(conn: Any) -> None:
    """Nothing to reset: the house sets nothing for a session (SET LOCAL only), and asyncpg has already rolled
    back what was open. It saves a round trip at every release."""
