"""Agents as the API shows them: who they are, with where they are now."""

from collections.abc import Collection, Sequence
from uuid import UUID

from crm_api.access import Call, Role
from crm_api.agents.schemas import AgentIn, AgentOut, PresenceOut
from crm_api.errors import forbidden
from dialer import agents, campaigns

SORTS = ("code", "name", "line", "server", "enabled")
MOST = 100_000


async def every(call: Call) -> list[AgentOut]:
    """All, or those of the campaigns a supervisor watches."""
    watched = call.who.campaigns
    found = await agents.page(
        call.conn, campaign_ids=list(watched) if watched is not None else None, limit=MOST
    )
    return await with_presence(call, found)


async def with_presence(call: Call, found: Sequence[agents.Agent]) -> list[AgentOut]:
    presences = {at.agent_id: at for at in await agents.presences(call.conn, [one.id for one in found])}
    return [shown(one, presences.get(one.id)) for one in found]


async def may_act_for(call: Call, agent_id: UUID) -> agents.Agent:
    """Agents act for themselves, supervisors for the agents of the campaigns they watch."""
    call.must_be_agent(agent_id)
    found = await agents.get(call.conn, agent_id)
    watched = call.who.campaigns
    if call.who.role is not Role.AGENT and watched is not None and not watched & found.campaign_ids:
        raise forbidden("agent_not_yours", "this agent works in none of your campaigns", id=str(agent_id))
    return found


async def may_take_from(call: Call, agent_ids: Collection[UUID]) -> None:
    """The customers of agents of the campaigns watched, and of agents who work in none."""
    watched = call.who.campaigns
    if watched is None or not agent_ids:
        return
    for found in await agents.page(call.conn, ids=list(agent_ids), limit=len(agent_ids)):
        if found.campaign_ids and not watched & found.campaign_ids:
            raise forbidden(
                "agent_not_yours", "these are customers of an agent of other campaigns", id=str(found.id)
            )


async def must_exist(call: Call, campaign_ids: Collection[UUID]) -> None:
    for campaign_id in campaign_ids:
        await campaigns.get(call.conn, campaign_id)


def fields(body: AgentIn) -> agents.AgentFields:
    return agents.AgentFields(**body.model_dump(exclude={"campaign_ids"}))


def shown(agent: agents.Agent, presence: agents.Presence | None = None) -> AgentOut:
    out = AgentOut.model_validate(agent)
    return out.model_copy(update={"presence": PresenceOut.model_validate(presence)}) if presence else out
