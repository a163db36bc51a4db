"""Who stands behind the ids of a report, in names people know."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol
from uuid import UUID

from dialer import agents, campaigns
from lists import dial_lists
from storage.database import Connection


class Placed(Protocol):
    """What belongs to a campaign, a list and an agent, or to some of them."""

    @property
    def campaign_id(self) -> UUID | None: ...
    @property
    def dial_list_id(self) -> UUID | None: ...
    @property
    def agent_id(self) -> UUID | None: ...


@dataclass(frozen=True, slots=True)
class Names:
    campaigns: Mapping[UUID, str]
    dial_lists: Mapping[UUID, str]
    agents: Mapping[UUID, str]

    @classmethod
    async def of(cls, conn: Connection, found: Iterable[Placed]) -> "Names":
        """Three looks, however many rows; none for what no row has."""
        theirs = [(one.campaign_id, one.dial_list_id, one.agent_id) for one in found]
        of_campaigns, of_lists, of_agents = (
            {id_ for ids in theirs if (id_ := ids[place]) is not None} for place in range(3)
        )
        return cls(
            await campaigns.names(conn, of_campaigns) if of_campaigns else {},
            await dial_lists.names(conn, of_lists) if of_lists else {},
            await agents.names(conn, of_agents) if of_agents else {},
        )

    def beside(self, one: Placed) -> dict[str, Any]:
        return {
            "campaign": self.campaigns.get(one.campaign_id) if one.campaign_id else None,
            "dial_list": self.dial_lists.get(one.dial_list_id) if one.dial_list_id else None,
            "agent": self.agents.get(one.agent_id) if one.agent_id else None,
        }
