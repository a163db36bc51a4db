"""The link against a real Asterisk that dies and comes back."""

from collections.abc import Iterator

import pytest

from ami import actions
from ami import events as e
from ami.connection import AsteriskLink, Server
from ami.errors import LinkLost
from tests.contract.bench import phone_of
from tests.helpers import until
from tests.system.asterisk.installation import Installation
from tests.system.asterisk.server import Asterisk

pytestmark = pytest.mark.asterisk


@pytest.fixture
def lone_asterisk(installation: Installation) -> Iterator[Asterisk]:
    """One of this test alone, not yet started."""
    one = Asterisk(installation)
    try:
        yield one
    finally:
        one.remove()


async def test_a_link_started_first_comes_up_when_asterisk_takes_calls_and_again_after_it_was_killed(
    lone_asterisk: Asterisk,
) -> None:
    config = lone_asterisk.config
    link = AsteriskLink(Server("real", "127.0.0.1", config.ami_port, config.ami_user, config.ami_secret))
    events: list[e.Event] = []
    link.subscribe(events.append)
    await link.start()
    try:
        for generation in (1, 2):
            lone_asterisk.start()
            await until(lambda: link.connected, 20)
            assert link.generation == generation
            await link.send(_agent_line(f"line-{generation}"))  # refused when it came up too early
            assert {channel.uniqueid for channel in await link.list_channels()} <= {
                f"line-{generation}",
                phone_of(f"line-{generation}"),
            }
            lone_asterisk.kill()
            await until(lambda: not link.connected)
            with pytest.raises(LinkLost):
                await link.send(actions.Ping())
        ups_and_downs = [type(event) for event in events if isinstance(event, e.LinkUp | e.LinkDown)]
        assert ups_and_downs == [e.LinkUp, e.LinkDown] * 2
    finally:
        await link.stop()


def _agent_line(uniqueid: str) -> actions.Originate:
    phone = actions.local("7", "phone")
    return actions.Originate(phone, uniqueid, "marcador-agent", "line", other_channel_id=phone_of(uniqueid))
