"""Contacts that belong to one agent: none of them keeps the agent's others waiting."""

import msgspec

from dialer.campaigns import Desired
from tests.integration.dialer.house import ANSWERS, SETTINGS, House, in_virtual_time, number

MAIN, FIRST = number(1), number(2)
IN_NO_ZONE = "+80012345678"


def test_a_contact_of_a_paused_campaign_keeps_none_of_its_agents_others_waiting(database_dsn: str) -> None:
    async def story(house: House) -> None:
        await house.trunk()
        paused, running = await house.campaign("paused"), await house.campaign("running")
        ana = await house.agent("ana", paused.id, running.id)
        await house.want(paused.id, Desired.PAUSED)
        run = house.engine.hub.runs[paused.id]
        await house.until(lambda: run.campaign.desired is Desired.PAUSED)
        await house.contact(await house.list_(paused.id), MAIN, agent_id=ana.id)
        await house.clock.sleep(1)
        house.calls_to(FIRST, ANSWERS)
        await house.contact(await house.list_(running.id), FIRST, agent_id=ana.id)
        await house.until(lambda: house.dialled() == [FIRST], 30)

    in_virtual_time(database_dsn, story)


def test_a_contact_nobody_knows_when_to_call_keeps_none_of_its_agents_others_waiting(
    database_dsn: str,
) -> None:
    async def story(house: House) -> None:
        await house.trunk()
        campaign = await house.campaign(settings=msgspec.structs.replace(SETTINGS, preset="us"))
        ana = await house.agent("ana", campaign.id)
        people = await house.list_(campaign.id)
        await house.contact(people, IN_NO_ZONE, agent_id=ana.id)
        await house.clock.sleep(1)
        house.calls_to(FIRST, ANSWERS)
        await house.contact(people, FIRST, agent_id=ana.id)
        await house.until(lambda: house.dialled() == [FIRST], 30)

    in_virtual_time(database_dsn, story)
