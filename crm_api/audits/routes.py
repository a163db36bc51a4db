"""The audit: an administrator's to read, nobody's to change."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from crm_api.access import Admin
from crm_api.audits import service
from crm_api.audits.schemas import AuditOut
from crm_api.guarded import Guarded
from crm_api.schemas import Page, Paged, When

router = APIRouter(prefix="/api/audit", tags=["audit"], route_class=Guarded)


@router.get("")
async def page(
    call: Admin,
    paging: Paged,
    user_id: UUID | None = None,
    action: Annotated[str | None, Query(max_length=80)] = None,
    since: When | None = None,
    until: When | None = None,
) -> Page[AuditOut]:
    """Newest first."""
    return await service.page(call.conn, paging, user_id=user_id, action=action, since=since, until=until)
