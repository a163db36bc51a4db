"""Why a contact is not being dialled: what the lists know, with the campaign's state and the hours added."""

from uuid import UUID

from crm_api.access import Call
from crm_api.campaigns.service import must_see
from crm_api.contacts.schemas import WhyNotOut
from dialer.campaigns import Desired
from dialer.hours import Closed, opening
from lists import contacts


async def why_not(call: Call, contact_id: UUID) -> WhyNotOut:
    found = await contacts.why_not(call.conn, contact_id, call.now)
    campaign = await must_see(call, found.campaign_id)
    reasons, until = list(found.reasons), found.until
    if found.state.is_open:
        if campaign.desired is not Desired.RUNNING:
            reasons.append(f"campaign_{campaign.desired}")
        hours = opening(found.zones, found.list_zone, campaign.settings, call.now, e164=found.e164 or "")
        if isinstance(hours, Closed):
            reasons.append(hours.why)
            until = max(filter(None, (until, hours.until)), default=None)
        if found.attempts >= campaign.settings.effective_caps.per_contact:
            reasons.append("attempts_used")
    return WhyNotOut(
        contact_id=found.contact_id,
        campaign_id=found.campaign_id,
        customer_id=found.customer_id,
        state=found.state,
        reasons=tuple(reasons),
        until=until,
        e164=found.e164,
        zones=found.zones,
        attempts=found.attempts,
        agent_id=found.agent_id,
        final_reason=found.final_reason,
        do_not_call_since=found.do_not_call_since,
    )
