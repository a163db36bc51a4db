"""The dialer, a process of its own, is killed with -9 in mid campaign and started again."""

import pytest

from storage.bus import open_bus
from tests.helpers.redis_server import RedisServer
from tests.system.asterisk.ami import Ami
from tests.system.asterisk.carrier import Carrier
from tests.system.asterisk.server import Asterisk
from tests.system.campaign.centre import open_centre
from tests.system.faults.conftest import Start
from tests.system.faults.midway import (
    calls_end_meanwhile,
    midway,
    nobody_was_called_twice_or_lost,
    still_the_same_talk,
)

pytestmark = pytest.mark.asterisk


async def test_a_killed_dialer_comes_back_to_its_conversations_and_calls_nobody_twice(
    start_dialer: Start,
    witness: Ami,
    frail: Asterisk,
    database_dsn: str,
    redis_server: RedisServer,
    brief: Carrier,
    patient: Carrier,
) -> None:
    async with (
        open_bus(redis_server.url) as bus,
        open_centre(database_dsn, frail, brief, bus=bus, worker=False) as centre,
    ):
        dialer = start_dialer()
        floor = await midway(centre, brief, patient)

        floor.broken()
        dialer.kill()
        dialer.wait(10)
        await calls_end_meanwhile(witness)
        start_dialer()
        floor.mended()

        await floor.dialled_on()
        assert all(still_the_same_talk(witness, attempt) for attempt in floor.talks)
        assert [await desk.talks() for desk in floor.talkers] == floor.talks
        await floor.end_talks()
        await nobody_was_called_twice_or_lost(floor)
        talked = [await centre.ended(attempt) for attempt in floor.talks]
        assert [(row["outcome"], row["agent_id"]) for row in talked] == [
            ("connected", desk.agent.id) for desk in floor.talkers
        ]
