"""A POST with an Idempotency-Key has its effect once: the first answer is kept, and given again.

The answer is stored in the transaction of its effect. Two at the same time: the second waits for the first.
Refusals are not kept, for they had no effect.
"""

from datetime import datetime, timedelta
from uuid import UUID

from fastapi import Response

from crm_api.errors import invalid
from storage.database import Connection
from storage.queries import Queries

QUERIES = Queries.load("crm_api")
KEPT = timedelta(days=2)


async def replay(conn: Connection, key: str, asked: str) -> Response | None:
    """The answer given before, or None for the first to come with this key."""
    await conn.execute(QUERIES.lock_key, key)
    row = await conn.fetchrow(QUERIES.answer_of_key, key)
    if row is None:
        return None
    if row["request"] != asked:
        raise invalid("idempotency_key_reused", "this Idempotency-Key was used for another request")
    return Response(
        bytes(row["body"]),
        status_code=row["status"],
        media_type="application/json",
        headers={"Idempotent-Replayed": "true"},
    )


async def store(
    conn: Connection, key: str, user_id: UUID, asked: str, response: Response, now: datetime
) -> None:
    if response.status_code < 300:
        await conn.execute(
            QUERIES.keep_answer, key, user_id, asked, response.status_code, bytes(response.body), now
        )


async def forget(conn: Connection, now: datetime) -> None:
    """Keys are kept for two days."""
    await conn.execute(QUERIES.forget_answers, now - KEPT)
