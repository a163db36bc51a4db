"""Real PostgreSQL for tests: one throw-away server a run, one fresh database a test."""

import asyncio
import os
import secrets
import threading
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import asyncpg

from storage.database import connect
from storage.embedded import EmbeddedPostgres
from storage.migrate import migrate
from storage.postgres_binaries import Binaries, binaries_in, wheel_binaries

T = TypeVar("T")

TEMPLATE = "marcador_template"
DEBIAN_15 = Path("/usr/lib/postgresql/15/bin")
_ANSWER_S = 30.0


def binaries_under_test() -> Binaries:
    """The wheel's PostgreSQL, or with MARCADOR_TEST_PG=15 Debian's."""
    wanted = os.environ.get("MARCADOR_TEST_PG")
    return binaries_in(Path(f"/usr/lib/postgresql/{wanted}/bin")) if wanted else wheel_binaries()


class SideLoop:
    """A loop in a thread of its own: fixtures without a loop talk to the database through it."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="test database", daemon=True)
        self._thread.start()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(_ANSWER_S)

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(_ANSWER_S)
        self._loop.close()


class TestServer:
    """A server whose databases are cloned from one migrated template."""

    __test__ = False

    def __init__(self, server: EmbeddedPostgres, side: SideLoop) -> None:
        self.server = server
        self._side = side
        self._admin = side.run(asyncpg.connect(server.dsn_of("postgres"), timeout=_ANSWER_S))
        self._execute(f"CREATE DATABASE {TEMPLATE}")
        side.run(self._migrate(server.dsn_of(TEMPLATE)))

    @contextmanager
    def fresh_database(self, template: str = TEMPLATE) -> Iterator[str]:
        """The DSN of a migrated, empty database; dropped afterwards, whoever still holds it."""
        name = f"test_{secrets.token_hex(6)}"
        self._execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        try:
            yield self.server.dsn_of(name)
        finally:
            self._execute(f"DROP DATABASE {name} WITH (FORCE)")

    def close(self) -> None:
        self._side.run(self._admin.close())

    def _execute(self, sql: str) -> None:
        self._side.run(self._admin.execute(sql))

    @staticmethod
    async def _migrate(dsn: str) -> None:
        async with connect(dsn) as conn:
            await migrate(conn)
