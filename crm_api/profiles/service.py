"""Profiles as the API takes them: a supervisor edits those whose campaigns are all watched."""

from uuid import UUID

from crm_api.access import Call
from crm_api.campaigns.service import must_see
from crm_api.profiles.schemas import ProfileIn
from typifications import profiles
from typifications.profiles import Profile, ProfileField

SORTS = ("name",)


def fields(body: ProfileIn) -> list[ProfileField]:
    return [ProfileField(**field.model_dump()) for field in body.fields]


async def every(call: Call) -> list[Profile]:
    """Those a supervisor's campaigns have, and those that are none's yet."""
    found = await profiles.of_campaign(call.conn, None)
    watched = call.who.campaigns
    return [one for one in found if watched is None or not one.campaigns or watched & set(one.campaigns)]


async def must_fit(call: Call, body: ProfileIn) -> None:
    for campaign_id in body.campaign_ids:
        await must_see(call, campaign_id)


async def must_edit(call: Call, profile_id: UUID) -> Profile:
    found = await profiles.get(call.conn, profile_id)
    for campaign_id in found.campaigns:
        call.must_watch(campaign_id)
    return found
