"""Logging in and out. A browser keeps the session in a cookie no script can read."""

from fastapi import APIRouter, Request, Response

from crm_api import sessions
from crm_api.access import Agent, AgentStream, Public
from crm_api.auth import service
from crm_api.auth.schemas import LoginIn, MeOut, PasswordIn
from crm_api.guarded import Guarded
from crm_api.live import notify

router = APIRouter(prefix="/api/auth", tags=["auth"], route_class=Guarded)


@router.post("/login")
async def login(body: LoginIn, request: Request, response: Response, visit: Public) -> MeOut:
    """Sets the session's cookie; keep `csrf` for the header X-CSRF-Token."""
    address = request.client.host if request.client else "unknown"
    opened = await service.log_in(visit, body.login, body.password, address)
    settings = visit.hub.settings
    response.set_cookie(
        sessions.COOKIE,
        opened.secret,
        max_age=settings.session_s,
        httponly=True,
        secure=settings.cookie_secure or request.url.scheme == "https",
        samesite="strict",
        path="/api",
    )
    async with visit.hub.db.connection() as conn:
        who = await sessions.of_secret(conn, opened.secret, visit.now)
    return MeOut.model_validate(who)


@router.get("/me")
async def me(call: Agent) -> MeOut:
    """Who is logged in, with the CSRF token: what a page needs after a reload."""
    return MeOut.model_validate(call.who)


@router.post("/logout", status_code=204)
async def logout(request: Request, response: Response, call: Agent) -> None:
    """Ends this session and its live sockets. An agent's line stays: log the agent out for that."""
    if secret := request.cookies.get(sessions.COOKIE):
        await sessions.close_session(call.conn, secret)
    response.delete_cookie(sessions.COOKIE, path="/api")
    call.after_commit(lambda: notify.access_changed(call.hub.bus, call.who.id))


@router.post("/password", status_code=204)
async def change_password(body: PasswordIn, visit: AgentStream) -> None:
    """Every session of the user ends: log in again."""
    await service.change_password(visit, body.current, body.new)
    notify.access_changed(visit.hub.bus, visit.who.id)
