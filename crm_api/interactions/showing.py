"""Interactions as people read them: with the names of campaign and agent, which an agent cannot look up."""

from collections.abc import Sequence

from crm_api.interactions.schemas import InteractionOut
from dialer import agents, campaigns
from storage.database import Connection
from typifications.model import Interaction


async def shown(conn: Connection, found: Sequence[Interaction]) -> list[InteractionOut]:
    """Two looks, however many there are."""
    of_campaigns = {one.campaign_id for one in found if one.campaign_id is not None}
    of_agents = {one.agent_id for one in found if one.agent_id is not None}
    campaign = await campaigns.names(conn, of_campaigns) if of_campaigns else {}
    agent = await agents.names(conn, of_agents) if of_agents else {}
    return [
        InteractionOut.model_validate(one).model_copy(
            update={
                "campaign": campaign.get(one.campaign_id) if one.campaign_id else None,
                "agent": agent.get(one.agent_id) if one.agent_id else None,
            }
        )
        for one in found
    ]
