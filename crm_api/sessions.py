"""Who is asking: a session's cookie, or a machine's Bearer token. Both are stored as hashes only."""

import hashlib
import hmac
import secrets
from datetime import datetime, timedelta
from uuid import UUID

import asyncpg
from starlette.requests import HTTPConnection

from crm_api.access import Principal, Role
from crm_api.errors import forbidden
from storage.database import Connection
from storage.queries import Queries

QUERIES = Queries.load("crm_api")
COOKIE = "marcador_session"
CSRF_HEADER = "X-CSRF-Token"
SEEN_EVERY = timedelta(minutes=1)
NOBODY = Principal(id=UUID(int=0), name="", role=Role.AGENT, is_token=True)
"""Who asks a public route without a session: takes no part in any rule."""


def new_secret() -> str:
    return secrets.token_urlsafe(32)


def digest(secret: str) -> bytes:
    """Secrets of 256 random bits need no salt and no slow hash."""
    return hashlib.sha256(secret.encode()).digest()


async def open_session(conn: Connection, user_id: UUID, *, now: datetime, lifetime_s: int) -> tuple[str, str]:
    """A new session's secret (for the cookie) and CSRF token (for the header)."""
    secret, csrf = new_secret(), new_secret()
    await conn.execute(
        QUERIES.open_session, digest(secret), user_id, csrf, now, now + timedelta(seconds=lifetime_s)
    )
    return secret, csrf


async def close_session(conn: Connection, secret: str) -> None:
    await conn.execute(QUERIES.close_session, digest(secret))


async def close_sessions_of(conn: Connection, user_id: UUID) -> None:
    await conn.execute(QUERIES.close_sessions_of, user_id)


async def principal(conn: Connection, request: HTTPConnection, now: datetime) -> Principal | None:
    """Who sent this request or opened this socket; None when nobody known did."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        row = await conn.fetchrow(QUERIES.token_owner, digest(token.strip()))
        return Principal(row["id"], row["name"], Role(row["role"]), is_token=True) if row else None
    secret = request.cookies.get(COOKIE)
    return await of_secret(conn, secret, now) if secret else None


async def of_secret(conn: Connection, secret: str, now: datetime) -> Principal | None:
    """Whose session this is, while it lives and its user is enabled."""
    row = await conn.fetchrow(QUERIES.session_owner, digest(secret), now)
    if row is None:
        return None
    if now - row["seen_at"] >= SEEN_EVERY:
        await conn.execute(QUERIES.session_seen, digest(secret), now)
    return _user(row)


def check_csrf(who: Principal, sent: str | None) -> None:
    """Another site can make a browser send our cookie, never read the token that goes with it."""
    if who.csrf is not None and not hmac.compare_digest(who.csrf.encode(), (sent or "").encode()):
        raise forbidden("csrf_missing", f"send the session's token in {CSRF_HEADER}")


def _user(row: asyncpg.Record) -> Principal:
    role = Role(row["role"])
    return Principal(
        id=row["id"],
        name=row["login"],
        role=role,
        agent_id=row["agent_id"],
        language=row["language"],
        campaigns=frozenset(row["campaign_ids"]) if role is Role.SUPERVISOR else None,
        csrf=row["csrf"],
    )
