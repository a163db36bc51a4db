"""Passwords are guessed slowly: few tries per login and address, counted over all processes."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from crm_api import sessions
from crm_api.access import Visit
from crm_api.errors import ApiError, forbidden
from storage.ids import uuid7
from storage.queries import Queries

QUERIES = Queries.load("crm_api")


@dataclass(frozen=True, slots=True)
class Opened:
    user_id: UUID
    secret: str
    csrf: str


async def log_in(visit: Visit, login: str, password: str, address: str) -> Opened:
    """A new session. Raises 429 after too many tries, 401 for anything else that does not fit."""
    settings, db, now = visit.hub.settings, visit.hub.db, visit.now
    limits = {
        f"login {login} {address}": settings.login_failures,
        f"address {address}": settings.address_failures,
    }
    await _count_try(visit, limits)
    async with db.connection() as conn:
        user = await conn.fetchrow(QUERIES.user_by_login, login)
    fits = await visit.hub.passwords.matches(user["password_hash"] if user else None, password)
    if not fits or user is None or not user["enabled"]:
        await _note(visit, None, "auth.login_failed", login)
        raise _bad_login()
    async with db.transaction() as conn:
        # The password was checked for a while: a new one, or the user's end, may have come meanwhile.
        if not await conn.fetchval(QUERIES.still_lets_in, user["id"], user["password_hash"]):
            raise _bad_login()
        await conn.execute(QUERIES.forgive_try, list(limits))
        secret, csrf = await sessions.open_session(conn, user["id"], now=now, lifetime_s=settings.session_s)
    await _note(visit, user["id"], "auth.login", login)
    return Opened(user["id"], secret, csrf)


async def change_password(visit: Visit, current: str, new: str) -> None:
    """One's own; every session of the user ends, this one too. Whoever sits down at an open session guesses
    its password no faster than at the log-in."""
    if visit.who.is_token:
        raise forbidden("not_a_user", "a token has no password")
    limits = {f"password {visit.who.id}": visit.hub.settings.login_failures}
    await _count_try(visit, limits)
    async with visit.hub.db.connection() as conn:
        stored = await conn.fetchval(QUERIES.password_hash_of, visit.who.id)
    if not await visit.hub.passwords.matches(stored, current):
        raise _bad_password()
    hashed = await visit.hub.passwords.hash(new)
    async with visit.hub.db.transaction() as conn:
        if not await conn.fetchval(QUERIES.still_lets_in, visit.who.id, stored):
            raise _bad_password()  # an administrator has set another one meanwhile
        await conn.execute(QUERIES.forgive_try, list(limits))
        await conn.execute(QUERIES.set_password, visit.who.id, hashed)
        await sessions.close_sessions_of(conn, visit.who.id)


async def _count_try(visit: Visit, limits: Mapping[str, int]) -> None:
    """One try more for each of these keys. Raises 429 where one has had too many."""
    window_s = visit.hub.settings.login_window_s
    async with visit.hub.db.transaction() as conn:
        begun = visit.now - timedelta(seconds=window_s)
        rows = await conn.fetch(QUERIES.count_try, list(limits), visit.now, begun)
    if any(row["failures"] > limits[row["key"]] for row in rows):
        raise ApiError(429, "too_many_logins", "too many failed log-ins: wait a while", wait_s=window_s)


def _bad_login() -> ApiError:
    return ApiError(401, "bad_login", "this login and password do not fit")


def _bad_password() -> ApiError:
    return forbidden("bad_password", "the current password does not fit")


async def _note(visit: Visit, user_id: UUID | None, action: str, login: str) -> None:
    async with visit.hub.db.transaction() as conn:
        await conn.execute(QUERIES.add_audit, uuid7(visit.now), visit.now, user_id, action, login, {})
