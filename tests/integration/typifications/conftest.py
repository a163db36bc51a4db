"""A desk on a fresh database for each test: the lists' world, and an agent who has talked with somebody."""

from collections.abc import AsyncIterator

import pytest

from storage.database import Database
from tests.integration.lists.world import World
from tests.integration.typifications.desk import Desk


@pytest.fixture
async def desk(db: Database) -> AsyncIterator[Desk]:
    async with db.connection() as conn:
        yield await Desk.made(await World.made(conn))
