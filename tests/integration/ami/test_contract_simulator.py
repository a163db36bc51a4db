"""The contract's scenarios on the simulated PBX; tests/system/contract runs them on a real Asterisk."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime

import pytest

from ami.connection import AsteriskLink, Server
from ami.simulator import Behaviour, Fate, Phone, Population, Settings, SimulatedAsterisk
from ami.simulator.population import MACHINE
from storage.virtual_clock import VirtualClock
from tests.contract.bench import BRIEF_S, BRIEF_TRUNK, TRUNK, UNREGISTERED, Bench, Number
from tests.contract.every import EVERY
from tests.contract.scenarios import Scenario
from tests.helpers import until

NUMBERS: dict[str, Behaviour | Sequence[Behaviour]] = {
    Number.ANSWERS: Behaviour(ring_s=0.1),
    Number.BUSY: Behaviour(fate=Fate.BUSY),
    Number.UNKNOWN: Behaviour(fate=Fate.INVALID),
    Number.EARLY_UNKNOWN: Behaviour(fate=Fate.INVALID, early_s=0.1),
    Number.CONGESTED: Behaviour(fate=Fate.CONGESTION),
    Number.SILENT: Behaviour(fate=Fate.NO_ANSWER),
    Number.GONE_RINGING: Behaviour(fate=Fate.REJECTED, ring_s=0.1),
    Number.GONE_AT_ONCE: Behaviour(ring_s=0.1, gives_up_s=0.0),
    Number.PRESSES_9: Behaviour(ring_s=0.1, opts_out=True, presses="9"),
    Number.PRESSES_1: Behaviour(ring_s=0.1, presses="1"),
    Number.PRESSES_5: Behaviour(ring_s=0.1, presses="5"),
    Number.MACHINE: Behaviour(fate=Fate.MACHINE, ring_s=0.1, amd=MACHINE),
    Number.BRIEF: Behaviour(ring_s=0.1, talk_s=BRIEF_S, gives_up_s=BRIEF_S),
}


@pytest.mark.parametrize("scenario", EVERY, ids=lambda scenario: scenario.__name__)
def test_the_simulated_pbx_keeps_the_contract(scenario: Scenario) -> None:
    clock = VirtualClock(datetime(2026, 1, 5, 9, tzinfo=UTC))
    settings = Settings(
        phones={UNREGISTERED: Phone(registered=False)},
        trunks=frozenset({TRUNK, BRIEF_TRUNK}),
    )

    async def run() -> None:
        population = Population(numbers=NUMBERS)
        async with SimulatedAsterisk(population, settings, clock=clock, in_flight=clock.in_flight) as pbx:
            server = Server("simulated", "127.0.0.1", pbx.port, pbx.username, pbx.secret)
            link = AsteriskLink(server, in_flight=clock.in_flight)

            async def wait(condition: Callable[[], object], message: str = "") -> None:
                await until(condition, 20, message, clock=clock, every=0.01)

            bench = Bench(link, wait, lambda number, did: None)
            bench.call_in = lambda number, did: _call_in(pbx, number, did)
            link.subscribe(bench.events.append)
            await link.start()
            await wait(lambda: link.connected, "connected")
            try:
                await scenario(bench)
            finally:
                await link.stop()

    clock.run(run())


def _call_in(pbx: SimulatedAsterisk, number: str, did: str) -> None:
    pbx.pbx.inbound(number, did, behaviour=Behaviour())
