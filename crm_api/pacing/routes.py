"""Why a campaign dials what it dials now, and what it has learned of who answers."""

from uuid import UUID

from fastapi import APIRouter

from crm_api.access import Supervisor
from crm_api.campaigns.service import must_see
from crm_api.guarded import Guarded
from crm_api.pacing import service
from crm_api.pacing.schemas import ChancesOut, PacingOut

router = APIRouter(prefix="/api/campaigns", tags=["campaigns"], route_class=Guarded)


@router.get("/{campaign_id}/pacing")
async def pacing(campaign_id: UUID, call: Supervisor) -> PacingOut:
    """As its worker wrote it, at most a few seconds ago; every second as a live message on
    `campaign.<id>`. 404 `pacing_not_found` where it has never dialled."""
    await must_see(call, campaign_id)
    return await service.pacing(call, campaign_id)


@router.get("/{campaign_id}/chances")
async def chances(campaign_id: UUID, call: Supervisor) -> ChancesOut:
    """The model of who answers: what each hour, weekday, phone and past is worth, and on how many calls that
    rests. As of the last minute."""
    campaign = await must_see(call, campaign_id)
    return await service.chances(call, campaign)
