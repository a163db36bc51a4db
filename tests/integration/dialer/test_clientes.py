"""Real input: 45,211 clients of a bank's phone campaign, dialled to the end in virtual time."""

import logging
import time

import msgspec
import pytest

from ami.simulator import Population, Shares, Spread
from dialer.settings import Mode, RetryRule
from lists.loading.load import load_file
from lists.loading.mapping import ColumnMap
from lists.loading.model import LoadSpec
from tests.integration.dialer.house import QUICK_RETRIES, SETTINGS, House, in_virtual_time
from tests.integration.lists.test_loading import shared
from typifications.model import Action

log = logging.getLogger(__name__)

AGENTS = 200
PEOPLE = Population(
    seed=4,
    shares=Shares(
        answer=0.06, machine=0.04, busy=0.2, no_answer=0.2, invalid=0.4, congestion=0.05, rejected=0.05
    ),
    ring=Spread(median=6.0, sigma=0.5, low=1.0, high=20.0),
    talk=Spread(median=15, sigma=0.7, low=2, high=300),
    numbers={},
)
FLOOR = msgspec.structs.replace(
    SETTINGS,
    mode=Mode.POWER,
    ratio=10.0,
    amd=True,
    channels=3000,
    region="FR",
    ring_timeout_s=15,
    retry={outcome: RetryRule(wait_s=60, max=1) for outcome in QUICK_RETRIES},
)


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_45211_clients_all_reach_a_final_state_and_attempts_equal_the_pbx_calls(database_dsn: str) -> None:
    path = shared("clientes.csv")

    async def story(house: House) -> None:
        began = time.monotonic()
        await house.trunk(calls_per_s=300, channels=3000)
        campaign = await house.campaign(settings=FLOOR)
        done = await house.result(campaign.id, Action.NO_ACTION)
        loaded = await load_file(
            house.db,
            LoadSpec(
                path=path,
                region="FR",
                campaign_id=campaign.id,
                base="clientes",
                mapping=ColumnMap.parse("phone=telefono,alternatives=telefonos_alternativos,key=documento"),
            ),
            now=house.clock.now(),
        )
        assert (loaded.rows, loaded.loaded, loaded.rejected) == (45_211, 45_211, 0)
        log.info("loaded: %.1f s", time.monotonic() - began)
        for agent in await house.many_agents(AGENTS, campaign.id):
            house.typifies_everything(agent, done)
        log.info("agents: %.1f s", time.monotonic() - began)
        await house.finished(864_000)
        log.info("dialled: %.1f s, %s, %s", time.monotonic() - began, house.clock.now(), len(house.pbx.calls))

        attempts = await house.rows("SELECT id FROM attempt")
        placed = [call.attempt for call in house.pbx.calls]
        assert len(placed) == len(set(placed)) == len(attempts)
        assert {str(row["id"]) for row in attempts} == set(placed)
        states = await house.states()
        assert sum(states.values()) == 45_211
        assert not await house.rows("SELECT * FROM live_attempt")
        log.info("%s %s", states, await house.outcomes())

    in_virtual_time(database_dsn, story, population=PEOPLE, write_gap_s=0.25)
