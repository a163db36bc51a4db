"""Speech: the text an agent has before the eyes, by campaign. The newest is the one in the pop."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from asyncpg import Record

from storage.database import Connection
from storage.ids import uuid7
from storage.queries import Queries
from typifications import rich_text
from typifications.errors import NotFound, Refused, StaleRevision

QUERIES = Queries.load("typifications", "sql/speech.sql")
MAX_BODY = 100_000


@dataclass(frozen=True, slots=True)
class Speech:
    id: UUID
    campaign_id: UUID
    title: str
    body: str
    """Rich text, made safe when it was written; placeholders as `rich_text.rendered` fills them."""
    created_at: datetime
    updated_at: datetime
    revision: int
    """Grows with each edit."""


async def create(conn: Connection, campaign_id: UUID, *, title: str, body: str, now: datetime) -> Speech:
    """Raises `Refused`."""
    kept = _checked(body)
    return _found(await conn.fetchrow(QUERIES["create"], uuid7(now), campaign_id, title, kept, now))


async def edit(
    conn: Connection, speech_id: UUID, *, title: str, body: str, revision: int | None = None, now: datetime
) -> Speech:
    """Give `revision` to be refused when somebody was faster. Raises `NotFound`, `StaleRevision`,
    `Refused`."""
    kept = _checked(body)
    row = await conn.fetchrow(QUERIES["edit"], speech_id, title, kept, now, revision)
    if row is None:
        current = _found(await conn.fetchrow(QUERIES["get"], speech_id))
        raise StaleRevision("the speech was changed meanwhile", revision=current.revision)
    return _found(row)


async def remove(conn: Connection, speech_id: UUID) -> None:
    """Raises `NotFound`."""
    if await conn.fetchval(QUERIES["remove"], speech_id) is None:
        raise NotFound("there is no such speech")


async def of_campaign(conn: Connection, campaign_id: UUID) -> list[Speech]:
    """Newest first."""
    return [_found(row) for row in await conn.fetch(QUERIES["of_campaign"], campaign_id)]


def _checked(body: str) -> str:
    """The text as it is stored."""
    if len(body) > MAX_BODY:
        raise Refused("body_too_long", f"a speech has at most {MAX_BODY} characters", limit=MAX_BODY)
    kept = rich_text.safe(rich_text.gathered(body))
    if not rich_text.words(kept):
        raise Refused("body_missing", "a speech without words helps nobody")
    if wrong := rich_text.unknown(kept):
        raise Refused("placeholder_unknown", f"nothing fills {wrong[0]!r}", names=list(wrong))
    return kept


def _found(row: Record | None) -> Speech:
    if row is None:
        raise NotFound("there is no such speech")
    return Speech(**row)
