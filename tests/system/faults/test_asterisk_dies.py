"""Asterisk is killed in mid campaign, and started again."""

import asyncio

import pytest

from tests.helpers import until
from tests.system.asterisk.carrier import Carrier
from tests.system.asterisk.server import Asterisk
from tests.system.campaign.centre import open_centre
from tests.system.faults.midway import midway, nobody_was_called_twice_or_lost

pytestmark = pytest.mark.asterisk


async def test_asterisk_killed_and_started_again_is_dialled_on_and_nobody_twice(
    frail: Asterisk, database_dsn: str, brief: Carrier, patient: Carrier
) -> None:
    async with open_centre(database_dsn, frail, brief) as centre:
        floor = await midway(centre, brief, patient)

        floor.broken()
        await asyncio.to_thread(frail.kill)
        await until(lambda: not centre.link.connected, message="the dialer notices")
        await asyncio.to_thread(frail.start)
        await until(lambda: centre.link.connected, 20, "the link is back")
        floor.mended()

        for attempt in floor.talks:
            row = await centre.ended(attempt)
            assert row["outcome"] == "connected", "they did talk"
        await floor.dialled_on()
        await centre.finished(20)
        await nobody_was_called_twice_or_lost(floor)
        for desk in floor.talkers:
            await desk.becomes("ready", 20)  # the lines were called back
