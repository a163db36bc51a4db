"""Fixtures every tier may use: a real PostgreSQL, a real Redis, and a loop that hides no error."""

import asyncio
import gc
import os
import shutil
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from hypothesis import settings

from storage.database import Database
from storage.throw_away import throw_away_postgres
from tests.helpers.postgres import SideLoop, TestServer, binaries_under_test
from tests.helpers.redis_server import RedisServer

# No timed assertions: on a busy machine an example may take as long as it likes.
settings.register_profile("untimed", deadline=None)
settings.register_profile("quick", deadline=None, max_examples=25)  # make check; make test asks for all 100
settings.load_profile("untimed")


@pytest.fixture(autouse=True)
def loop_errors(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Iterator[list[dict[str, Any]]]:
    """Fails a test when any event loop saw an error nobody handled; a test that means it clears the list."""
    seen: list[dict[str, Any]] = []
    original = asyncio.BaseEventLoop.call_exception_handler

    def note(loop: asyncio.BaseEventLoop, context: dict[str, Any]) -> None:
        seen.append(context)
        original(loop, context)

    monkeypatch.setattr(asyncio.BaseEventLoop, "call_exception_handler", note)
    yield seen
    if request.node.get_closest_marker("asyncio"):
        gc.collect()  # a task's exception nobody asked for is told of when the task is collected
    if seen:
        told = "\n".join(f"  {context.get('message')}: {context.get('exception')!r}" for context in seen)
        pytest.fail(f"an event loop saw errors nobody handled:\n{told}", pytrace=False)


@pytest.fixture(scope="session")
def postgres() -> Iterator[TestServer]:
    """One server a run (one a worker); MARCADOR_TEST_PG=15 takes Debian's PostgreSQL 15 instead of ours."""
    side = SideLoop()
    try:
        with throw_away_postgres(binaries_under_test()) as server:
            tested = TestServer(server, side)
            yield tested
            tested.close()
    finally:
        side.close()


@pytest.fixture
def database_dsn(postgres: TestServer) -> Iterator[str]:
    """A fresh, migrated database of this test alone. For code with a loop of its own (`VirtualClock.run`)."""
    with postgres.fresh_database() as dsn:
        yield dsn


@pytest.fixture
async def db(database_dsn: str) -> AsyncIterator[Database]:
    """The same, opened."""
    async with await Database.open(database_dsn, application_name="test") as database:
        yield database


@pytest.fixture
def redis_server() -> Iterator[RedisServer]:
    """A Redis of this test alone: it may stop it."""
    program = shutil.which("redis-server")
    if program is None:
        reason = "redis-server is not on PATH (Debian: apt-get install redis-server)"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    server = RedisServer(program)
    try:
        server.start()
        yield server
    finally:
        server.close()
