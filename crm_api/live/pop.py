"""The screen-pop: everything an agent needs, read at once and sent as one message."""

from uuid import UUID

from crm_api.agenda.schemas import EventOut
from crm_api.customers.schemas import CustomerOut
from crm_api.interactions.showing import shown
from crm_api.live.schemas import CallOffered, Pop, PopCampaign
from crm_api.profiles.schemas import ProfileOut
from crm_api.results.schemas import TreeOut, nodes
from crm_api.speech import service
from crm_api.speech.schemas import SpeechOut
from dialer import campaigns
from dialer.campaigns import Campaign
from dialer.errors import Unknown
from dialer.live import Offered
from lists import customers
from lists.customers import Customer
from lists.errors import NotFound
from storage.database import Connection
from typifications import agenda, interactions, profiles, results, speech
from typifications.model import ResultTree
from typifications.speech import Speech

HISTORY = 20


async def compose(conn: Connection, offered: Offered) -> Pop:
    """A dialled call is known by its id. An inbound one is looked up by its number."""
    customer, matches = await _who(conn, offered)
    campaign = await _campaign(conn, offered.campaign_id)
    found = await results.tree(conn, campaign.id) if campaign else ResultTree()
    spoken = await speech.of_campaign(conn, campaign.id) if campaign else []
    extra = await profiles.of_campaign(conn, campaign.id) if campaign else []
    past = await interactions.history(conn, customer.id, limit=HISTORY) if customer else []
    events = await agenda.for_customer(conn, customer.id) if customer else []
    return Pop(
        call=CallOffered.model_validate(offered),
        number=offered.e164,
        customer=CustomerOut.model_validate(customer) if customer else None,
        matches=[CustomerOut.model_validate(one) for one in matches],
        campaign=_shown(campaign) if campaign else None,
        speech=await _speech(conn, spoken[0], customer, campaign, offered) if spoken and campaign else None,
        profiles=[ProfileOut.model_validate(one) for one in extra],
        results=TreeOut(roots=nodes(found.roots)),
        history=await shown(conn, past),
        events=[EventOut.model_validate(one) for one in events],
    )


async def _speech(
    conn: Connection, found: Speech, customer: Customer | None, campaign: Campaign, offered: Offered
) -> SpeechOut:
    """With the customer's fields in it. With several matches they are left out until one is chosen."""
    agent = await service.agent_name(conn, offered.agent_id)
    return service.spoken(found, customer, campaign_name=campaign.name, agent_name=agent, number=offered.e164)


async def _who(conn: Connection, offered: Offered) -> tuple[Customer | None, list[Customer]]:
    """The customer, or several to choose from."""
    if offered.customer_id is not None:
        try:
            return await customers.card(conn, offered.customer_id), []
        except NotFound:  # deleted since the call began
            return None, []
    if not offered.e164:
        return None, []
    found = await customers.by_phone(conn, offered.e164)
    return (found[0], []) if len(found) == 1 else (None, found)


async def _campaign(conn: Connection, campaign_id: UUID | None) -> Campaign | None:
    try:
        return await campaigns.get(conn, campaign_id) if campaign_id else None
    except Unknown:  # deleted while its last calls still run
        return None


def _shown(campaign: Campaign) -> PopCampaign:
    settings = campaign.settings
    return PopCampaign(
        id=campaign.id,
        name=campaign.name,
        kind=campaign.kind,
        zone=settings.zone,
        region=settings.region,
        wrapup_s=settings.wrapup_s,
    )
