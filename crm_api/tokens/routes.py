"""API tokens: an administrator's."""

from operator import getitem
from uuid import UUID

from fastapi import APIRouter

from crm_api.access import Admin
from crm_api.guarded import Guarded
from crm_api.live import notify
from crm_api.schemas import Page, Paged
from crm_api.tokens import service
from crm_api.tokens.schemas import NewTokenOut, TokenIn, TokenOut

router = APIRouter(prefix="/api/tokens", tags=["tokens"], route_class=Guarded)


@router.get("")
async def every(call: Admin, paging: Paged) -> Page[TokenOut]:
    rows = [dict(row) for row in await service.every(call.conn)]
    return Page[TokenOut].model_validate(
        paging.cut(rows, service.SORTS, "name", key=getitem), from_attributes=True
    )


@router.post("", status_code=201)
async def create(body: TokenIn, call: Admin) -> NewTokenOut:
    """No Idempotency-Key here: a stored answer would hold the token in clear."""
    token_id, secret = await service.create(
        call.conn, body.name, body.role, created_by=call.who.user_id, now=call.now
    )
    call.note(token_id, name=body.name, role=body.role)
    return NewTokenOut(
        id=token_id,
        name=body.name,
        role=body.role,
        created_by=call.who.user_id,
        created_at=call.now,
        revoked_at=None,
        token=secret,
    )


@router.delete("/{token_id}", status_code=204)
async def revoke(token_id: UUID, call: Admin) -> None:
    """Holds from the next request on."""
    await service.revoke(call.conn, token_id, now=call.now)
    call.after_commit(lambda: notify.access_changed(call.hub.bus, token_id))
