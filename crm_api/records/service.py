"""A record added while the campaign dials: by name or by id, whatever the other system knows."""

from uuid import UUID

from crm_api import phones
from crm_api.access import Call
from crm_api.agents.service import may_act_for
from crm_api.campaigns.service import must_see
from crm_api.commands import service as engine
from crm_api.errors import invalid, not_found
from crm_api.records.schemas import RecordIn, RecordOut
from dialer import agents, campaigns
from lists import contacts
from lists.contacts import Record

MOST = 100_000


async def add(call: Call, body: RecordIn) -> RecordOut:
    campaign = await _campaign(call, body.campaign)
    settings = campaign.settings
    if not settings.region and not body.destination.startswith("+"):
        raise invalid(
            "bad_phone",
            "the campaign has no region to read national numbers by: write +…",
            phone=body.destination,
            reason="no_region",
        )
    phones.read(body.destination, settings.region)
    record = Record(
        campaign_id=campaign.id,
        destination=body.destination,
        region=settings.region,
        alternatives=body.alternatives,
        calldate=body.calldate,
        agent_id=await _agent(call, body.agent) if body.agent else None,
        priority=body.priority,
        name=body.name,
        data=body.data,
        dial_list_id=body.dial_list_id,
        same_customer=body.same_customer,
    )
    contact_id = await contacts.add_one(call.conn, record, call.now)
    engine.wake(call)
    return RecordOut(contact_id=contact_id, campaign_id=campaign.id)


async def _campaign(call: Call, name: str) -> campaigns.Campaign:
    wanted = _as_id(name)
    if wanted is None:
        found = await campaigns.by_name(call.conn, name)
        if found is None:
            raise not_found("campaign", name)
        wanted = found.id
    return await must_see(call, wanted)


async def _agent(call: Call, code: str) -> UUID:
    """Bound to this agent, of the campaigns watched: dialled outside pacing, one to one."""
    wanted = _as_id(code)
    if wanted is None:
        known = {one.code: one.id for one in await agents.page(call.conn, limit=MOST)}
        wanted = known.get(code)
    if wanted is None:
        raise not_found("agent", code)
    return (await may_act_for(call, wanted)).id


def _as_id(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
