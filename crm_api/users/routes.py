"""Users and their roles: an administrator's."""

from uuid import UUID

from fastapi import APIRouter

from crm_api.access import Admin, Call
from crm_api.guarded import Guarded
from crm_api.live import notify
from crm_api.schemas import Page, Paged
from crm_api.users import service
from crm_api.users.schemas import NewPassword, UserEdit, UserIn, UserOut
from dialer import agents, campaigns

router = APIRouter(prefix="/api/users", tags=["users"], route_class=Guarded)


@router.get("")
async def every(call: Admin, paging: Paged) -> Page[UserOut]:
    page = paging.cut(await service.every(call.conn), service.SORTS, "login")
    return Page[UserOut].model_validate(page, from_attributes=True)


@router.post("", status_code=201)
async def create(body: UserIn, call: Admin) -> UserOut:
    """No Idempotency-Key: its fingerprint would keep a fast hash of the password. Repeats are refused."""
    await _must_exist(call, body)
    hashed = await call.hub.passwords.hash(body.password)
    user = await service.create(call.conn, body.login, hashed, _fields(body), now=call.now)
    call.note(user.id, login=user.login, role=user.role)
    return UserOut.model_validate(user)


@router.get("/{user_id}")
async def one(user_id: UUID, call: Admin) -> UserOut:
    return UserOut.model_validate(await service.get(call.conn, user_id))


@router.put("/{user_id}")
async def edit(user_id: UUID, body: UserEdit, call: Admin) -> UserOut:
    """Rights change at once, also on open sockets."""
    await _must_exist(call, body)
    user = await service.edit(call.conn, user_id, _fields(body))
    call.note(role=user.role, enabled=user.enabled)
    call.after_commit(lambda: notify.access_changed(call.hub.bus, user_id))
    return UserOut.model_validate(user)


@router.post("/{user_id}/password", status_code=204)
async def set_password(user_id: UUID, body: NewPassword, call: Admin) -> None:
    """The user's sessions end."""
    await service.set_password(call.conn, user_id, await call.hub.passwords.hash(body.password))
    call.after_commit(lambda: notify.access_changed(call.hub.bus, user_id))


async def _must_exist(call: Call, body: UserEdit) -> None:
    """Agent and campaigns are another room's: no reference of the database holds them."""
    if body.agent_id is not None:
        await agents.get(call.conn, body.agent_id)
    for campaign_id in body.campaign_ids:
        await campaigns.get(call.conn, campaign_id)


def _fields(body: UserEdit) -> service.UserFields:
    return service.UserFields(
        name=body.name,
        role=body.role,
        agent_id=body.agent_id,
        campaign_ids=body.campaign_ids,
        language=body.language,
        enabled=body.enabled,
    )
