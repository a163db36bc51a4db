"""The one call other systems make: dial this number, in that campaign."""

from fastapi import APIRouter

from crm_api.access import SupervisorOnce
from crm_api.guarded import Guarded
from crm_api.records import service
from crm_api.records.schemas import RecordIn, RecordOut

router = APIRouter(prefix="/api/records", tags=["records"], route_class=Guarded)


@router.post("", status_code=201)
async def add(body: RecordIn, call: SupervisorOnce) -> RecordOut:
    """Add a record to a campaign, running or not. Send an Idempotency-Key and repeat as often as you like."""
    added = await service.add(call, body)
    call.note(added.contact_id, campaign=str(added.campaign_id))
    return added
