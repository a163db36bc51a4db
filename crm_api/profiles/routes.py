"""Profiles: supervisors make them, agents fill them in."""

from uuid import UUID

from fastapi import APIRouter

from crm_api.access import Agent, Supervisor, SupervisorOnce
from crm_api.campaigns.service import must_see
from crm_api.guarded import Guarded
from crm_api.profiles import service
from crm_api.profiles.schemas import ProfileEdit, ProfileIn, ProfileOut
from crm_api.schemas import Page, Paged
from typifications import profiles

router = APIRouter(prefix="/api/profiles", tags=["profiles"], route_class=Guarded)


@router.get("")
async def every(call: Supervisor, paging: Paged) -> Page[ProfileOut]:
    """Of the campaigns watched, and those no campaign has yet."""
    found = await service.every(call)
    return paging.cut([ProfileOut.model_validate(one) for one in found], service.SORTS, "name")


@router.get("/of-campaign/{campaign_id}")
async def of_campaign(campaign_id: UUID, call: Agent, paging: Paged) -> Page[ProfileOut]:
    await must_see(call, campaign_id)
    found = await profiles.of_campaign(call.conn, campaign_id)
    return paging.cut([ProfileOut.model_validate(one) for one in found], service.SORTS, "name")


@router.post("", status_code=201)
async def create(body: ProfileIn, call: SupervisorOnce) -> ProfileOut:
    await service.must_fit(call, body)
    made = await profiles.create(call.conn, body.name, service.fields(body), body.campaign_ids, now=call.now)
    call.note(made.id, name=made.name)
    return ProfileOut.model_validate(made)


@router.put("/{profile_id}")
async def edit(profile_id: UUID, body: ProfileEdit, call: Supervisor) -> ProfileOut:
    """Replaced whole."""
    await service.must_edit(call, profile_id)
    await service.must_fit(call, body)
    edited = await profiles.edit(
        call.conn,
        profile_id,
        body.name,
        service.fields(body),
        body.campaign_ids,
        revision=body.revision,
    )
    return ProfileOut.model_validate(edited)


@router.delete("/{profile_id}", status_code=204)
async def remove(profile_id: UUID, call: Supervisor) -> None:
    """What agents filled in stays with the interactions."""
    await service.must_edit(call, profile_id)
    await profiles.remove(call.conn, profile_id)
