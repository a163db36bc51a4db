"""A base with customers, a dialer campaign, and somebody of every role."""

from dataclasses import dataclass, field
from typing import Any

import httpx

from crm_api.access import Role
from dialer.agents import Agent
from dialer.campaigns import Campaign
from tests.integration.crm_api.given import Api, accepted

NOBODY = "00000000-0000-7000-8000-000000000000"


@dataclass
class People:
    api: Api
    campaign: Campaign
    agents: list[Agent]
    agent: httpx.AsyncClient
    supervisor: httpx.AsyncClient
    operator: httpx.AsyncClient
    base_id: str
    made: int = 0
    customers: list[str] = field(default_factory=list)

    @classmethod
    async def given(cls, api: Api, *, agents: int = 1, **settings: Any) -> "People":
        campaign = await api.campaign("ventas", **{"region": "ES", "zone": "Europe/Madrid"} | settings)
        team = [await api.agent(campaign.id) for _ in range(agents)]
        operator = await api.as_role(Role.OPERATOR)
        supervisor = await api.as_role(Role.SUPERVISOR, watches=(campaign.id,))
        agent = await api.as_role(Role.AGENT, agent_id=team[0].id)
        base = accepted(await operator.post("/api/bases", json={"name": "clientes", "region": "ES"}), 201)
        return cls(api, campaign, team, agent, supervisor, operator, base["id"])

    async def customer(self, name: str = "Ana", **about: Any) -> str:
        """A new customer, whose number nobody else has."""
        self.made += 1
        body = {
            "base_id": self.base_id,
            "name": name,
            "document": f"D{self.made}",
            "phones": [{"number": f"+346000000{self.made:02}"}],
        }
        customer_id: str = accepted(await self.operator.post("/api/customers", json=body | about), 201)["id"]
        self.customers.append(customer_id)
        return customer_id
