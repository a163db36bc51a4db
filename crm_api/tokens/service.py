"""API tokens: random, kept as hashes, revocable at once."""

from datetime import datetime
from uuid import UUID

import asyncpg

from crm_api import sessions
from crm_api.access import Role
from crm_api.errors import not_found
from storage.database import Connection
from storage.ids import uuid7
from storage.queries import Queries

QUERIES = Queries.load("crm_api")
SORTS = ("name", "role", "created_at", "revoked_at")


async def create(
    conn: Connection, name: str, role: Role, *, created_by: UUID | None, now: datetime
) -> tuple[UUID, str]:
    """The token's id, and the token itself, which nobody can read again."""
    token_id, secret = uuid7(now), sessions.new_secret()
    await conn.execute(QUERIES.add_token, token_id, name, sessions.digest(secret), role, created_by, now)
    return token_id, secret


async def every(conn: Connection) -> list[asyncpg.Record]:
    return await conn.fetch(QUERIES.tokens)


async def revoke(conn: Connection, token_id: UUID, *, now: datetime) -> None:
    if await conn.fetchval(QUERIES.revoke_token, token_id, now) is None:
        raise not_found("token", token_id)
