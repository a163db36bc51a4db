"""Real input: 45,211 clients of a bank's phone campaign, dialled to the end in virtual time."""

import logging
import time

import msgspec

from ami.simulator import Population, Shares, Spread
from dialer.settings import Mode
from lists.loading.load import load_file
from lists.loading.mapping import ColumnMap
from lists.loading.model import LoadSpec
from tests.integration.dialer.house import SETTINGS, House, in_virtual_time
from tests.integration.lists.test_loading import shared
from typifications.model import Action

log = logging.getLogger(__name__)

AGENTS = 400
PEOPLE = Population(
    seed=4,
    shares=Shares(
        answer=0.16, machine=0.10, busy=0.10, no_answer=0.50, invalid=0.08, congestion=0.03, rejected=0.03
    ),
    talk=Spread(median=60, sigma=0.7, low=2, high=900),
    numbers={},
)
FLOOR = msgspec.structs.replace(
    SETTINGS, mode=Mode.POWER, ratio=2.0, amd=True, channels=3000, region="FR", wrapup_s=60
)


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
        log.warning("loaded: %.1f s", time.monotonic() - began)
        for agent in await house.many_agents(AGENTS, campaign.id):
            house.typifies_everything(agent, done)
        log.warning("agents: %.1f s", time.monotonic() - began)
        await house.finished(864_000)
        log.warning(
            "dialled: %.1f s, %s, %s", time.monotonic() - began, house.clock.now(), len(house.pbx.calls)
        )

        attempts = await house.rows("SELECT id FROM attempt")
        placed = [call.attempt for call in house.pbx.calls]
        assert len(placed) == len(set(placed)) == len(attempts)
        assert {str(row["id"]) for row in attempts} == set(placed)
        states = await house.states()
        assert sum(states.values()) == 45_211
        assert not await house.rows("SELECT * FROM live_attempt")
        log.warning("%s %s", states, await house.outcomes())

    in_virtual_time(database_dsn, story, population=PEOPLE)
