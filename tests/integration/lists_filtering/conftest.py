"""A world on a fresh database for each test, inside a transaction: lists are sent whole."""

from collections.abc import AsyncIterator

import pytest

from storage.database import Database
from tests.integration.lists.world import World


@pytest.fixture
async def world(db: Database) -> AsyncIterator[World]:
    async with db.transaction() as conn:
        yield await World.made(conn)
