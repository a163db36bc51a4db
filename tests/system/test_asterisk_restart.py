"""The harness's own promise: Asterisk can be killed in the middle of a test, and comes back as it was."""

import asyncio

import pytest

from tests.system.asterisk.ami import connected
from tests.system.asterisk.calls import answered
from tests.system.asterisk.server import Asterisk

pytestmark = pytest.mark.asterisk


async def test_a_killed_asterisk_comes_back_on_the_same_ports_and_takes_calls(asterisk: Asterisk) -> None:
    async with connected(asterisk.config) as ami:
        await answered(ami)
        await asyncio.to_thread(asterisk.kill)

    await asyncio.to_thread(asterisk.start)

    async with connected(asterisk.config) as ami:
        assert await ami.channels() == []
        await answered(ami)
        await ami.hang_up_everything()


def test_its_configuration_starts_without_a_word_of_complaint(asterisk: Asterisk) -> None:
    first_start = asterisk.messages.split("Asterisk 22.")[1]
    complaints = [line for line in first_start.splitlines() if "WARNING" in line or "ERROR" in line]
    loading = [line for line in complaints if "loader.c" in line or "config" in line]
    assert not loading
