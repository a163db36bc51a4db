"""A campaign from the first call to the last contact's final state."""

from ami.simulator import Population
from tests.integration.dialer.house import House, in_virtual_time, number
from typifications.model import Action


def test_every_contact_of_a_campaign_ends_and_our_attempts_are_the_pbx_calls(database_dsn: str) -> None:
    async def story(house: House) -> None:
        await house.trunk()
        campaign = await house.campaign()
        done = await house.result(campaign.id, Action.NO_ACTION)
        people = await house.list_(campaign.id)
        for n in range(500):
            await house.contact(people, number(n))
        for n in range(10):
            agent = await house.agent(f"agent-{n}", campaign.id)
            house.typifies_everything(agent, done)
        await house.finished()

        attempts = await house.rows("SELECT id, outcome, ended_at FROM attempt")
        assert {str(row["id"]) for row in attempts} == {call.attempt for call in house.pbx.calls}
        assert len(attempts) == len(house.pbx.calls)
        assert all(row["ended_at"] is not None for row in attempts)
        assert not await house.rows("SELECT * FROM live_attempt")
        engine = house.worker.engine
        assert engine is not None
        assert not len(engine.tools.calls)

    in_virtual_time(database_dsn, story, population=Population(seed=1, numbers={}), write_gap_s=0.25)
