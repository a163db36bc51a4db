"""Labels of the place fields and the notification period: read by everybody, set by supervisors."""

from fastapi import APIRouter

from crm_api.access import Agent, Supervisor
from crm_api.guarded import Guarded
from crm_api.preferences import service
from crm_api.preferences.schemas import PreferencesEdit, PreferencesOut

router = APIRouter(prefix="/api/preferences", tags=["preferences"], route_class=Guarded)


@router.get("")
async def read(call: Agent) -> PreferencesOut:
    return await service.read(call.conn)


@router.patch("")
async def edit(body: PreferencesEdit, call: Supervisor) -> PreferencesOut:
    call.note("preferences", **body.model_dump(exclude_none=True))
    return await service.edit(call, body)
