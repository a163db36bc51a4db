"""Gate 1a: one call on real parts, under the configuration that is delivered."""

import pytest

from tests.helpers import until
from tests.system.asterisk.ami import Ami, of_agents
from tests.system.asterisk.carrier import Carrier, Customer
from tests.system.asterisk.server import Asterisk

pytestmark = pytest.mark.asterisk


async def test_a_call_is_placed_answered_joined_to_a_held_line_and_the_agent_returns_to_hold(
    ami: Ami, asterisk: Asterisk, carrier: Carrier
) -> None:
    line = await ami.agent_line("101")
    attempt = await ami.call(f"346000001{Customer.ANSWERS}", carrier.trunk.name)
    await ami.waiting(attempt)
    talk_begins = len(ami.events)
    await ami.bridge(line, attempt)
    await until(lambda: ami.joined(line, attempt), message="both legs are in one conversation")

    await ami.action("Hangup", Channel=attempt)

    hangup = await ami.event("Hangup", Uniqueid=attempt)
    assert hangup["Cause"] == "16"
    await ami.event("MarcadorLine", Uniqueid=line, State="idle")
    await ami.event("BridgeEnter", after=talk_begins, Uniqueid=line, BridgeName=of_agents)

    assert [invite.number for invite in carrier.invites() if invite.attempt == attempt] == ["34600000110"]
    await until(lambda: attempt in asterisk.records(), message="Asterisk's own record is written")
    record = asterisk.records()[attempt]
    assert record.answered is not None
    assert record.cause == 16
    assert 0 < record.seconds < 5
