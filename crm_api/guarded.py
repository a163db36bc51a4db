"""The way of every request: let in by its rule, inside one transaction, audited, and answered once per key.

The order gives the guarantees. The body is read (bounded) before a connection is taken, so that a slow client
holds none. Session, role and CSRF come before anything of the body is looked at. Effect, audit row and stored
answer commit together, and only then are others woken up.
"""

import hashlib
import json
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any
from urllib.parse import unquote

from fastapi import Request, Response
from fastapi.routing import APIRoute
from starlette.types import Message, Receive

from crm_api import audit, idempotency, sessions
from crm_api.access import Allow, AllowOnce, Call, Principal, Visit, check, rule_of
from crm_api.errors import ApiError, invalid
from crm_api.hub import Hub
from storage.database import Connection

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
Handler = Callable[[Request], Awaitable[Response]]


class Guarded(APIRoute):
    """The route class of every router here."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        rule = rule_of(self.dependant)
        if rule is None:
            raise TypeError(f"{sorted(self.methods or ())} {self.path} must declare exactly one role rule")
        inner = super().get_route_handler()
        action = f"{self.tags[0]}.{self.name}" if self.tags else self.name

        async def handler(request: Request) -> Response:
            hub: Hub = request.app.state.hub
            limit = hub.settings.upload_bytes if rule.upload else hub.settings.body_bytes
            request = Request(request.scope, bounded(request, limit))
            refuse_nul(request)
            refuse_form(request)
            if rule.holds_transaction:
                return await _in_transaction(hub, rule, action, request, inner)
            return await _streaming(hub, rule, action, request, inner)

        return handler


def bounded(request: Request, limit: int) -> Receive:
    """Receive no more than `limit` bytes, whatever the headers said."""
    declared = request.headers.get("content-length", "")
    if declared.isdigit() and int(declared) > limit:
        raise too_large(limit)
    receive, total = request.receive, 0

    async def counted() -> Message:
        nonlocal total
        message = await receive()
        total += len(message.get("body", b""))
        if total > limit:
            raise too_large(limit)
        return message

    return counted


def too_large(limit: int) -> ApiError:
    return ApiError(413, "body_too_large", f"a request here may carry {limit} bytes at most", limit=limit)


def refuse_nul(request: Request) -> None:
    """PostgreSQL has no NUL in a text."""
    query = request.scope.get("query_string", b"").decode("latin-1")
    if "\x00" in request.url.path or "\x00" in unquote(request.url.path) or "\x00" in unquote(query):
        raise invalid("invalid_characters", "an address may not hold a NUL")


def refuse_form(request: Request) -> None:
    """Nothing here takes one, and its boundary would be read as the first line of an uploaded file."""
    if request.headers.get("content-type", "").lower().startswith("multipart/"):
        raise invalid("file_in_form", "send the file itself as the body, not within a form")


def refuse_bad_text(body: bytes) -> None:
    """NULs and halves of surrogate pairs are legal JSON, and no text."""
    if rb"\u0000" in body or b"\x00" in body:
        raise invalid("invalid_characters", "a text may not hold a NUL")
    if rb"\ud" in body.lower():
        try:
            json.dumps(json.loads(body), ensure_ascii=False).encode()
        except UnicodeEncodeError:
            raise invalid("invalid_characters", "a text holds half of a surrogate pair") from None
        except (ValueError, RecursionError):
            return  # no JSON at all, or nested beyond reading: the framework says so


async def _in_transaction(hub: Hub, rule: Allow, action: str, request: Request, inner: Handler) -> Response:
    body = await request.body()
    refuse_bad_text(body)
    now = hub.clock.now()
    reads = request.method in SAFE
    async with hub.db.connection() if reads else hub.db.transaction() as conn:
        who = await _let_in(conn, hub, rule, request)
        key = _key(rule, request, who)
        call = Call(hub=hub, who=who, now=now, conn=conn, key=key)
        request.state.visit = call
        asked = _fingerprint(request, body)
        if key and (answer := await idempotency.replay(conn, key, asked)):
            return answer
        response = await inner(request)
        if not reads:
            await audit.record(conn, call, action, request.path_params)
        if key:
            await idempotency.store(conn, key, who.id, asked, response, now)
    call.committed()
    return response


async def _streaming(hub: Hub, rule: Allow, action: str, request: Request, inner: Handler) -> Response:
    async with hub.db.connection() as conn:
        who = await _let_in(conn, hub, rule, request)
    visit = Visit(hub=hub, who=who, now=hub.clock.now())
    request.state.visit = visit
    response = await inner(request)
    if request.method not in SAFE and rule.role is not None:
        async with hub.db.transaction() as conn:
            await audit.record(conn, visit, action, request.path_params)
    return response


async def _let_in(conn: Connection, hub: Hub, rule: Allow, request: Request) -> Principal:
    who = await sessions.principal(conn, request, hub.clock.now())
    check(rule, who)
    if who is None:
        return sessions.NOBODY
    if rule.role is not None and request.method not in SAFE:
        sessions.check_csrf(who, request.headers.get(sessions.CSRF_HEADER))
    return who


def _fingerprint(request: Request, body: bytes) -> str:
    """What was asked, so that a key is not used for something else."""
    content = hashlib.sha256(request.url.query.encode() + b"?" + body).hexdigest()
    return f"{request.method} {request.url.path} {content}"


def _key(rule: Allow, request: Request, who: Principal) -> str | None:
    """Keys are each caller's own: nobody can be answered with another's answer."""
    if not isinstance(rule, AllowOnce):
        return None
    key = request.headers.get("idempotency-key")
    if key is None and rule.needs_key:
        raise ApiError(400, "idempotency_key_required", "send an Idempotency-Key: this must not happen twice")
    return f"{who.id}:{key}" if key else None
