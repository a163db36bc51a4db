"""What an agent is shown before there is a call. Written by the worker, read by a desktop that comes back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from storage.database import Connection
from storage.queries import Queries

QUERIES = Queries.load("dialer", "sql/proposals.sql")


class Stage(StrEnum):
    PREVIEW = "preview"
    """The agent decides: call, or skip."""
    RINGING = "ringing"
    """The agent's phone rings; the customer is called when it is picked up."""
    CALL = "call"
    """The customer is being called, or waits: from here on there is an attempt."""


@dataclass(frozen=True, slots=True)
class Proposal:
    agent_id: UUID
    attempt_id: UUID
    """The id its call will have."""
    stage: Stage
    direction: str
    campaign_id: UUID
    contact_id: UUID | None
    customer_id: UUID | None
    e164: str
    since: datetime
    worker: str
    until: datetime | None = None
    at_end: str = ""
    skips_left: int | None = None


@dataclass(frozen=True, slots=True)
class Skip:
    """A contact shown to an agent and not called."""

    id: UUID
    """The id its call would have had."""
    at: datetime
    campaign_id: UUID
    contact_id: UUID
    customer_id: UUID
    agent_id: UUID
    e164: str
    reason: str
    by_timer: bool


async def put(conn: Connection, shown: Proposal) -> None:
    """One for each agent: the newest."""
    await conn.execute(
        QUERIES["put"],
        shown.agent_id,
        shown.attempt_id,
        shown.stage,
        shown.direction,
        shown.campaign_id,
        shown.contact_id,
        shown.customer_id,
        shown.e164,
        shown.since,
        shown.until,
        shown.at_end,
        shown.skips_left,
        shown.worker,
    )


async def remove(conn: Connection, agent_id: UUID, attempt_id: UUID) -> None:
    """A newer one of the same agent stays."""
    await conn.execute(QUERIES["remove"], agent_id, attempt_id)


async def take_over(conn: Connection) -> Mapping[str, list[UUID]]:
    """End those of earlier workers: by worker, the contacts it had reserved for them."""
    found: dict[str, list[UUID]] = {}
    for row in await conn.fetch(QUERIES["take_over"]):
        if row["contact_id"] is not None:
            found.setdefault(row["worker"], []).append(row["contact_id"])
    return found


async def of_agent(conn: Connection, agent_id: UUID) -> Mapping[str, Any] | None:
    """As a desktop is told of it (`dialer.live.Offered`)."""
    row = await conn.fetchrow(QUERIES["of_agent"], agent_id)
    return dict(row) if row else None


async def skipped(conn: Connection, skip: Skip) -> None:
    await conn.execute(
        QUERIES["skip"],
        skip.id,
        skip.at,
        skip.campaign_id,
        skip.contact_id,
        skip.customer_id,
        skip.agent_id,
        skip.e164,
        skip.reason,
        skip.by_timer,
    )


async def skips(
    conn: Connection,
    *,
    campaign_ids: Sequence[UUID] | None = None,
    contact_id: UUID | None = None,
    agent_id: UUID | None = None,
    newest_first: bool = True,
    limit: int = 100,
    offset: int = 0,
) -> list[Skip]:
    """By time; of these campaigns only where they are given."""
    ids = list(campaign_ids) if campaign_ids is not None else None
    rows = await conn.fetch(QUERIES["skips"], ids, contact_id, agent_id, newest_first, limit, offset)
    return [Skip(**dict(row)) for row in rows]
