"""Speech by campaign: supervisors write it, the newest stands in the pop."""

from uuid import UUID

from fastapi import APIRouter

from crm_api.access import Agent, Supervisor, SupervisorOnce
from crm_api.campaigns.service import must_see
from crm_api.guarded import Guarded
from crm_api.schemas import Page, Paged
from crm_api.speech import service
from crm_api.speech.schemas import PlaceholdersOut, SpeechEdit, SpeechIn, SpeechOut
from typifications import rich_text, speech

router = APIRouter(prefix="/api/speech", tags=["speech"], route_class=Guarded)


@router.get("")
async def of_campaign(call: Agent, paging: Paged, campaign_id: UUID) -> Page[SpeechOut]:
    await must_see(call, campaign_id)
    found = [SpeechOut.model_validate(one) for one in await speech.of_campaign(call.conn, campaign_id)]
    return paging.cut(found, service.SORTS, "-updated_at")


@router.get("/placeholders")
async def placeholders(call: Supervisor) -> PlaceholdersOut:
    return PlaceholdersOut(names=rich_text.FIXED)


@router.get("/rendered")
async def rendered(call: Agent, campaign_id: UUID, customer_id: UUID) -> SpeechOut:
    """With this customer's fields filled in: for an agent who chose among several matches."""
    return await service.for_customer(call, campaign_id, customer_id)


@router.post("", status_code=201)
async def create(body: SpeechIn, call: SupervisorOnce) -> SpeechOut:
    await must_see(call, body.campaign_id)
    made = await speech.create(call.conn, body.campaign_id, title=body.title, body=body.body, now=call.now)
    call.note(made.id)
    return SpeechOut.model_validate(made)


@router.put("/{campaign_id}/{speech_id}")
async def edit(campaign_id: UUID, speech_id: UUID, body: SpeechEdit, call: Supervisor) -> SpeechOut:
    await service.must_edit(call, campaign_id, speech_id)
    edited = await speech.edit(
        call.conn, speech_id, title=body.title, body=body.body, revision=body.revision, now=call.now
    )
    return SpeechOut.model_validate(edited)


@router.delete("/{campaign_id}/{speech_id}", status_code=204)
async def remove(campaign_id: UUID, speech_id: UUID, call: Supervisor) -> None:
    await service.must_edit(call, campaign_id, speech_id)
    await speech.remove(call.conn, speech_id)
