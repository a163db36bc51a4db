"""The attempts of the past, as people read them."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from lists.model import AttemptKind
from storage.database import Connection, fetch_planned_anew
from storage.queries import Queries

QUERIES = Queries.load("lists", "queries_history.sql")


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt as it stands; what has not happened is None or empty. `cause` is Q.850."""

    id: UUID
    begun_at: datetime
    kind: AttemptKind
    campaign_id: UUID | None
    dial_list_id: UUID | None
    contact_id: UUID | None
    customer_id: UUID | None
    e164: str
    trunk: str
    caller_id: str
    agent_id: UUID | None
    ringing_at: datetime | None
    early_media_at: datetime | None
    answered_at: datetime | None
    connected_at: datetime | None
    ended_at: datetime | None
    outcome: str | None
    fault: str | None
    cause: int | None
    reason: str
    amd: str
    hung_up_by: str
    pressed: str
    """A broadcast's keys, in order."""


@dataclass(frozen=True, slots=True)
class Filter:
    """All that is given must fit. `since` is included, `until` is not."""

    since: datetime
    until: datetime
    customer_id: UUID | None = None
    contact_id: UUID | None = None
    campaign_id: UUID | None = None
    agent_id: UUID | None = None
    e164: str | None = None
    outcome: str | None = None


async def get(conn: Connection, attempt_id: UUID) -> Attempt | None:
    """Looks into every month: meant for one attempt at a time."""
    row = await conn.fetchrow(QUERIES["one"], attempt_id)
    return Attempt(**row) if row else None


async def page(
    conn: Connection,
    wanted: Filter,
    *,
    campaign_ids: Collection[UUID] | None = None,
    newest_first: bool = True,
    limit: int,
    offset: int = 0,
) -> list[Attempt]:
    """By time; of `campaign_ids` alone where these are given."""
    rows = await fetch_planned_anew(
        conn,
        QUERIES["newest_first" if newest_first else "oldest_first"],
        wanted.since,
        wanted.until,
        wanted.customer_id,
        wanted.contact_id,
        wanted.campaign_id,
        wanted.agent_id,
        wanted.e164,
        wanted.outcome,
        list(campaign_ids) if campaign_ids is not None else None,
        limit,
        offset,
    )
    return [Attempt(**row) for row in rows]
