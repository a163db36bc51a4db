"""Speech belongs to a campaign: who may not see the campaign may not edit it."""

from uuid import UUID

from crm_api.access import Call
from crm_api.campaigns.service import must_see
from crm_api.errors import not_found
from typifications import speech
from typifications.speech import Speech

SORTS = ("title", "created_at", "updated_at")


async def must_edit(call: Call, campaign_id: UUID, speech_id: UUID) -> Speech:
    """The campaign's speech of that id."""
    await must_see(call, campaign_id)
    for found in await speech.of_campaign(call.conn, campaign_id):
        if found.id == speech_id:
            return found
    raise not_found("speech", speech_id)
