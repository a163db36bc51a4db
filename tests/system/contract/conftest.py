"""A real Asterisk with the contract's two trunks, and a link of ours to it."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator

import pytest

from ami import actions
from ami.connection import AsteriskLink, Server
from ami.errors import ActionRefused
from marcador.asterisk_config import AgentPhone
from tests.contract.bench import BRIEF_S, BRIEF_TRUNK, TRUNK, UNREGISTERED, Bench
from tests.helpers import until
from tests.system.asterisk.carrier import Carrier
from tests.system.asterisk.installation import Installation
from tests.system.asterisk.running import running
from tests.system.asterisk.server import Asterisk


@pytest.fixture(scope="session")
def contract_carriers() -> Iterator[tuple[Carrier, Carrier, Carrier]]:
    """Customers who stay, customers who hang up soon, and one that only calls in."""
    carriers: list[Carrier] = []
    try:
        for name, talk_ms in ((TRUNK, 30_000), (BRIEF_TRUNK, round(BRIEF_S * 1000))):
            carriers.append(Carrier(name, talk_ms=talk_ms))
            carriers[-1].start()
        carriers.append(Carrier("inbound"))
        patient, brief, inbound = carriers
        yield patient, brief, inbound
    finally:
        for carrier in carriers:
            carrier.remove()


@pytest.fixture(scope="session")
def contract_asterisk(
    installation: Installation, contract_carriers: tuple[Carrier, ...]
) -> Iterator[Asterisk]:
    trunks = tuple(carrier.trunk for carrier in contract_carriers)
    with running(Asterisk(installation, trunks, (AgentPhone(UNREGISTERED),))) as one:
        yield one


@pytest.fixture
async def bench(
    contract_asterisk: Asterisk, contract_carriers: tuple[Carrier, Carrier, Carrier]
) -> AsyncIterator[Bench]:
    config, inbound = contract_asterisk.config, contract_carriers[2]
    link = AsteriskLink(Server("real", "127.0.0.1", config.ami_port, config.ami_user, config.ami_secret))

    async def wait(condition: Callable[[], object], message: str = "") -> None:
        await until(condition, 20, message)

    def call_in(number: str, did: str) -> None:
        inbound.calls_in(config.sip_port, did, number)

    bench = Bench(link, wait, call_in)
    link.subscribe(bench.events.append)
    await link.start()
    try:
        await wait(lambda: link.connected, "connected")
        yield bench
        await _hang_up_everything(link)
    finally:
        await link.stop()
        inbound.stop()


async def _hang_up_everything(link: AsteriskLink) -> None:
    async def nothing_left() -> bool:
        channels = await link.list_channels()
        hangups = (link.send(actions.Hangup(channel.uniqueid)) for channel in channels)
        for result in await asyncio.gather(*hangups, return_exceptions=True):
            if isinstance(result, BaseException) and not isinstance(result, ActionRefused):
                raise result
        return not channels

    await until(nothing_left, every=0.05)
