"""The AMI connection is cut in mid campaign."""

import pytest

from tests.helpers import until
from tests.helpers.proxy import proxied
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


async def test_a_cut_link_costs_no_call_twice_and_no_conversation(
    witness: Ami, frail: Asterisk, database_dsn: str, brief: Carrier, patient: Carrier
) -> None:
    async with (
        proxied("127.0.0.1", frail.config.ami_port) as proxy,
        open_centre(database_dsn, frail, brief, ami_port=proxy.port) as centre,
    ):
        floor = await midway(centre, brief, patient)

        floor.broken()
        proxy.cut()
        await until(lambda: not centre.link.connected, message="the dialer notices")
        await calls_end_meanwhile(witness)
        proxy.mend()
        await until(lambda: centre.link.connected, 20, "the link is back")
        floor.mended()

        await floor.dialled_on()
        assert all(still_the_same_talk(witness, attempt) for attempt in floor.talks)
        assert [await desk.talks() for desk in floor.talkers] == floor.talks
        await floor.end_talks()
        await nobody_was_called_twice_or_lost(floor)
