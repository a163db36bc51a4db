"""Our own numbers: an operator says which campaign answers which."""

from uuid import UUID

from fastapi import APIRouter

from crm_api.access import Call, Operator, OperatorOnce, Supervisor
from crm_api.dids.schemas import DidIn, DidOut
from crm_api.guarded import Guarded
from crm_api.schemas import Page, Paged
from dialer import campaigns, dids
from dialer.dids import DidFields

router = APIRouter(prefix="/api/dids", tags=["dids"], route_class=Guarded)
SORTS = ("number", "created_at")
MOST = 100_000


@router.get("")
async def every(call: Supervisor, paging: Paged, campaign_id: UUID | None = None) -> Page[DidOut]:
    """Of the campaigns one watches."""
    watched = call.who.campaigns
    ids = list(watched) if watched is not None else None
    found = await dids.page(call.conn, campaign_ids=ids, limit=MOST)
    shown = [DidOut.model_validate(did) for did in found if campaign_id in (None, did.campaign_id)]
    return paging.cut(shown, SORTS, "number")


@router.post("", status_code=201)
async def create(body: DidIn, call: OperatorOnce) -> DidOut:
    """Holds from the next call on. A number is answered by one campaign (`number_taken`)."""
    made = await dids.create(call.conn, await _fields(call, body), now=call.now)
    call.note(made.id, number=made.number)
    return DidOut.model_validate(made)


@router.get("/{did_id}")
async def one(did_id: UUID, call: Supervisor) -> DidOut:
    found = await dids.get(call.conn, did_id)
    call.must_watch(found.campaign_id)
    return DidOut.model_validate(found)


@router.put("/{did_id}")
async def edit(did_id: UUID, body: DidIn, call: Operator) -> DidOut:
    return DidOut.model_validate(await dids.edit(call.conn, did_id, await _fields(call, body)))


@router.delete("/{did_id}", status_code=204)
async def remove(did_id: UUID, call: Operator) -> None:
    """Its callers go where those of any other number go."""
    await dids.remove(call.conn, did_id)


async def _fields(call: Call, body: DidIn) -> DidFields:
    campaign = await campaigns.get(call.conn, body.campaign_id)
    number = dids.folded(body.number, body.region or campaign.settings.region)
    return DidFields(number, campaign.id, body.shared, body.note)
