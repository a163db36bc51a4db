"""Speech: the text an agent has before the eyes, by campaign. The newest is the one in the pop."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from asyncpg import Record

from storage.database import Connection
from storage.ids import uuid7
from storage.queries import Queries
from typifications.errors import NotFound, Refused

QUERIES = Queries.load("typifications", "sql/speech.sql")
MAX_BODY = 100_000


@dataclass(frozen=True, slots=True)
class Speech:
    id: UUID
    campaign_id: UUID
    title: str
    body: str
    """As it was written: whoever shows it as HTML makes it safe first."""
    created_at: datetime
    updated_at: datetime


async def create(conn: Connection, campaign_id: UUID, *, title: str, body: str, now: datetime) -> Speech:
    """Raises `Refused`."""
    _checked(body)
    return _found(await conn.fetchrow(QUERIES["create"], uuid7(now), campaign_id, title, body, now))


async def edit(conn: Connection, speech_id: UUID, *, title: str, body: str, now: datetime) -> Speech:
    """Raises `NotFound`, `Refused`."""
    _checked(body)
    return _found(await conn.fetchrow(QUERIES["edit"], speech_id, title, body, now))


async def remove(conn: Connection, speech_id: UUID) -> None:
    """Raises `NotFound`."""
    if await conn.fetchval(QUERIES["remove"], speech_id) is None:
        raise NotFound("there is no such speech")


async def of_campaign(conn: Connection, campaign_id: UUID) -> list[Speech]:
    """Newest first."""
    return [_found(row) for row in await conn.fetch(QUERIES["of_campaign"], campaign_id)]


def _checked(body: str) -> None:
    if not body.strip():
        raise Refused("body_missing", "a speech without words helps nobody")
    if len(body) > MAX_BODY:
        raise Refused("body_too_long", f"a speech has at most {MAX_BODY} characters", limit=MAX_BODY)


def _found(row: Record | None) -> Speech:
    if row is None:
        raise NotFound("there is no such speech")
    return Speech(
        row["id"], row["campaign_id"], row["title"], row["body"], row["created_at"], row["updated_at"]
    )
