"""PostgreSQL is killed in mid campaign, and started again."""

import asyncio
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from storage.database import connect
from storage.embedded import EmbeddedPostgres
from storage.migrate import migrate
from tests.helpers.postgres import binaries_under_test
from tests.system.asterisk.ami import Ami
from tests.system.asterisk.carrier import Carrier
from tests.system.asterisk.server import Asterisk
from tests.system.campaign.centre import open_centre
from tests.system.faults.midway import (
    calls_end_meanwhile,
    midway,
    nobody_was_called_twice_or_lost,
    still_the_same_talk,
)

pytestmark = pytest.mark.asterisk


@pytest.fixture
def durable_postgres() -> Iterator[EmbeddedPostgres]:
    """One whose commits outlive it, as an installation's do; the other tests' do not."""
    folder = Path(tempfile.mkdtemp(prefix="marcador-pg-"))
    try:
        with EmbeddedPostgres(folder, binaries=binaries_under_test()) as server:
            yield server
    finally:
        shutil.rmtree(folder, ignore_errors=True)


async def test_while_postgres_is_away_nothing_is_dialled_and_afterwards_nobody_twice(
    witness: Ami, frail: Asterisk, durable_postgres: EmbeddedPostgres, brief: Carrier, patient: Carrier
) -> None:
    async with connect(durable_postgres.dsn) as conn:
        await migrate(conn)
    async with open_centre(durable_postgres.dsn, frail, brief) as centre:
        floor = await midway(centre, brief, patient)

        await asyncio.to_thread(durable_postgres.kill)
        floor.broken()
        await calls_end_meanwhile(witness)
        await asyncio.to_thread(durable_postgres.restart)
        floor.mended()

        await floor.dialled_on()
        assert all(still_the_same_talk(witness, attempt) for attempt in floor.talks)
        assert [await desk.talks() for desk in floor.talkers] == floor.talks
        await floor.end_talks()
        await nobody_was_called_twice_or_lost(floor)
        attempts = await centre.attempts()
        assert not [row for row in attempts if floor.broken_at < row["begun_at"] < floor.mended_at]
        assert not [row for row in attempts if row["outcome"] == "unknown"], "Asterisk told us all the while"
