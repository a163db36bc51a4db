"""A PBX that exists in this process alone, with people who do not exist: nobody can be called by it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from ami.connection import Server
from ami.simulator import Population, Shares, SimulatedAsterisk, Spread
from marcador.asterisk_config import new_secret

SEED = 20260501
SIMULATED = "main"
"""The server's name."""
POPULATION = Population(
    seed=SEED,
    shares=Shares(
        answer=0.42, machine=0.06, busy=0.08, no_answer=0.34, invalid=0.05, congestion=0.02, rejected=0.03
    ),
    ring=Spread(median=5.0, sigma=0.5, low=1.0, high=18.0),
    talk=Spread(median=12.0, sigma=0.6, low=3.0, high=60.0),
)
"""Short talks, so that a minute shows what a shift would."""


@asynccontextmanager
async def simulated_asterisk() -> AsyncIterator[Server]:
    """As long as the block runs."""
    secret = new_secret()
    async with SimulatedAsterisk(POPULATION, secret=secret) as asterisk:
        yield Server(SIMULATED, "127.0.0.1", asterisk.port, asterisk.username, secret)
