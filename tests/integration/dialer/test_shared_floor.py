"""Campaigns that share their agents, in the engine: each agent is on one pacer's books, none is starved."""

from collections import Counter
from uuid import UUID

import msgspec

from ami.simulator import Behaviour, Fate
from dialer.campaigns import Desired
from dialer.settings import Mode
from tests.integration.dialer.house import BUSY, SETTINGS, House, in_virtual_time, number

CAMPAIGNS, AGENTS, CONTACTS = 3, 6, 150
PREDICTIVE = msgspec.structs.replace(SETTINGS, mode=Mode.PREDICTIVE, target=0.03)


def counted(house: House) -> list[tuple[UUID, UUID]]:
    """Who counts on whom: campaign and agent, from the pacers' own books."""
    return [
        (run.id, agent)
        for run in house.engine.hub.runs.values()
        for agent in run.pacer._inner.books.agents  # type: ignore[attr-defined]
    ]


def test_no_agent_is_counted_on_twice_and_no_campaign_is_starved(database_dsn: str) -> None:
    async def story(house: House) -> None:
        await house.trunk()
        campaigns = [
            await house.campaign(f"campaign {n}", PREDICTIVE, running=False) for n in range(CAMPAIGNS)
        ]
        results = {each.id: await house.result(each.id, None) for each in campaigns}
        for n, campaign in enumerate(campaigns):
            people = await house.list_(campaign.id)
            for k in range(n * CONTACTS, (n + 1) * CONTACTS):
                answers = Behaviour(fate=Fate.ANSWER, setup_s=0.3, ring_s=3 + k % 7, talk_s=20 + 10 * (k % 5))
                house.calls_to(number(k), answers if k % 3 == 0 else BUSY)
                await house.contact(people, number(k))
        everybody = [await house.agent(f"agent-{n}", *(each.id for each in campaigns)) for n in range(AGENTS)]
        for agent in everybody:
            house.typifies_everything(agent, results)
        for campaign in campaigns:
            await house.want(campaign.id, Desired.RUNNING)
        await house.until(lambda: len(counted(house)) == AGENTS)
        for _ in range(600):
            await house.clock.sleep(0.5)
            found = counted(house)
            assert Counter(agent for _, agent in found) == Counter(agent.id for agent in everybody)
        rows = await house.rows(
            "SELECT campaign_id, count(*) AS talks FROM attempt WHERE connected_at IS NOT NULL GROUP BY 1"
        )
        talks = {row["campaign_id"]: row["talks"] for row in rows}
        assert talks.keys() == {campaign.id for campaign in campaigns}
        assert min(talks.values()) > 0.5 * max(talks.values())

    in_virtual_time(database_dsn, story)
