"""Users: an administrator is always left, and a change of rights holds at once."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg

from crm_api import sessions
from crm_api.access import Role
from crm_api.calendars import service as calendars
from crm_api.errors import ApiError, conflict, invalid, not_found
from storage.database import Connection, savepoint
from storage.errors import Conflict
from storage.ids import uuid7
from storage.queries import Queries

QUERIES = Queries.load("crm_api")
SORTS = ("login", "name", "role", "created_at", "enabled")


@dataclass(frozen=True, slots=True)
class UserFields:
    name: str
    role: Role
    agent_id: UUID | None = None
    campaign_ids: Collection[UUID] = ()
    language: str = "es"
    enabled: bool = True


@dataclass(frozen=True, slots=True)
class User:
    id: UUID
    login: str
    name: str
    role: Role
    agent_id: UUID | None
    campaign_ids: list[UUID]
    language: str
    enabled: bool
    created_at: datetime


async def create(
    conn: Connection, login: str, password_hash: str, fields: UserFields, *, now: datetime
) -> User:
    """A new user; also what `marcador user` and the demo call, with a hash from `crm_api.passwords`."""
    _check(fields)
    user_id = uuid7(now)
    try:
        async with savepoint(conn):
            await conn.execute(
                QUERIES.add_user,
                user_id,
                login,
                fields.name,
                password_hash,
                fields.role,
                fields.agent_id,
                fields.language,
                now,
            )
    except Conflict as error:
        raise _taken(error) from error
    await conn.execute(QUERIES.add_watched, user_id, list(fields.campaign_ids))
    return await get(conn, user_id)


async def get(conn: Connection, user_id: UUID) -> User:
    rows = await every(conn, user_id)
    if not rows:
        raise not_found("user", user_id)
    return rows[0]


async def every(conn: Connection, user_id: UUID | None = None) -> list[User]:
    return [_user(row) for row in await conn.fetch(QUERIES.users, user_id)]


async def edit(conn: Connection, user_id: UUID, fields: UserFields) -> User:
    """New rights hold from the next request on; a disabled user's sessions end. The calendar's address, which
    needs no log-in, closes with the user, and where the agent is another one."""
    old = await get(conn, user_id)
    _check(fields)
    if fields.role is not Role.ADMIN or not fields.enabled:
        await _keep_an_admin(conn, user_id)
    try:
        async with savepoint(conn):
            await conn.execute(
                QUERIES.edit_user,
                user_id,
                fields.name,
                fields.role,
                fields.agent_id,
                fields.language,
                fields.enabled,
            )
    except Conflict as error:
        raise _taken(error) from error
    await conn.execute(QUERIES.drop_watched, user_id)
    await conn.execute(QUERIES.add_watched, user_id, list(fields.campaign_ids))
    if not fields.enabled:
        await sessions.close_sessions_of(conn, user_id)
    if old.agent_id is not None and (not fields.enabled or fields.agent_id != old.agent_id):
        await calendars.close(conn, old.agent_id)
    return await get(conn, user_id)


async def set_password(conn: Connection, user_id: UUID, password_hash: str) -> None:
    """By an administrator: whoever was logged in with the old one is out."""
    if await conn.fetchval(QUERIES.set_password, user_id, password_hash) is None:
        raise not_found("user", user_id)
    await sessions.close_sessions_of(conn, user_id)


async def _keep_an_admin(conn: Connection, user_id: UUID) -> None:
    await conn.execute(QUERIES.lock_key, "the last administrator")
    if not await conn.fetchval(QUERIES.other_admins, user_id):
        raise conflict("last_admin", "the last administrator must stay one")


def _check(fields: UserFields) -> None:
    if fields.role is Role.AGENT and fields.agent_id is None:
        raise invalid("agent_needed", "a user of role agent needs the agent it is")


def _taken(error: Conflict) -> ApiError:
    if "agent" in error.constraint:
        return conflict("agent_has_user", "this agent belongs to another user already")
    return conflict("login_taken", "there is a user of that login already")


def _user(row: asyncpg.Record) -> User:
    return User(**{**row, "role": Role(row["role"])})
