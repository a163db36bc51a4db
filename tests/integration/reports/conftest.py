"""A past on a fresh database for each test, inside a transaction."""

from collections.abc import AsyncIterator

import pytest

from storage.database import Database
from tests.integration.reports.history import History


@pytest.fixture
async def history(db: Database) -> AsyncIterator[History]:
    async with db.transaction() as conn:
        yield await History.made(conn)
