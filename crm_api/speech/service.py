"""Speech belongs to a campaign: who may not see the campaign may not edit it."""

from uuid import UUID

from crm_api.access import Call
from crm_api.campaigns.service import must_see
from crm_api.errors import not_found
from crm_api.speech.schemas import SpeechOut
from dialer import agents
from lists import customers
from lists.customers import Customer
from storage.database import Connection
from typifications import rich_text, speech
from typifications.speech import Speech

SORTS = ("title", "created_at", "updated_at")


async def must_edit(call: Call, campaign_id: UUID, speech_id: UUID) -> Speech:
    """The campaign's speech of that id."""
    await must_see(call, campaign_id)
    for found in await speech.of_campaign(call.conn, campaign_id):
        if found.id == speech_id:
            return found
    raise not_found("speech", speech_id)


async def for_customer(call: Call, campaign_id: UUID, customer_id: UUID) -> SpeechOut:
    """The campaign's newest speech as the agent reads it to this customer."""
    campaign = await must_see(call, campaign_id)
    found = await speech.of_campaign(call.conn, campaign_id)
    if not found:
        raise not_found("speech", campaign_id)
    customer = await customers.card(call.conn, customer_id)
    agent = await agent_name(call.conn, call.who.agent_id)
    return spoken(found[0], customer, campaign_name=campaign.name, agent_name=agent)


async def agent_name(conn: Connection, agent_id: UUID | None) -> str:
    return (await agents.get(conn, agent_id)).name if agent_id is not None else ""


def spoken(
    found: Speech, customer: Customer | None, *, campaign_name: str, agent_name: str = "", number: str = ""
) -> SpeechOut:
    """With everything filled in that is known of the call."""
    values = {"phone": number, "campaign.name": campaign_name, "agent.name": agent_name}
    if customer is not None:
        values |= {f"customer.{name}": getattr(customer, name) for name in ("name", "document", "key")}
        values |= {f"data.{name}": value for name, value in customer.data.items()}
        if not number and customer.phones:
            values["phone"] = customer.phones[0].e164
    shown = SpeechOut.model_validate(found)
    return shown.model_copy(update={"body": rich_text.rendered(found.body, values)})
