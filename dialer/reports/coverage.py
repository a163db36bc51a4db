"""Managed against unmanaged customers. A customer is managed once an interaction was typified."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from asyncpg import Record

from dialer import metrics
from storage.database import Connection
from storage.queries import Queries

QUERIES = Queries.load("dialer.reports", "coverage.sql")

FRESH_FOR = timedelta(minutes=15)
_COUNT_S = 120.0


@dataclass(frozen=True, slots=True)
class Coverage:
    customers: int
    managed: int
    counted_at: datetime

    @property
    def unmanaged(self) -> int:
        return self.customers - self.managed

    @property
    def managed_share(self) -> float | None:
        return metrics.share(self.managed, self.customers)


async def of_campaigns(
    conn: Connection, campaign_ids: Collection[UUID] | None = None
) -> dict[UUID, Coverage]:
    """As last counted; a campaign never counted is missing."""
    ids = list(campaign_ids) if campaign_ids is not None else None
    return {row["campaign_id"]: _coverage(row) for row in await conn.fetch(QUERIES.of_campaigns, ids)}


async def count(conn: Connection, campaign_id: UUID, now: datetime) -> Coverage:
    """Count anew, for "refresh": reads all contacts of the campaign."""
    row = await conn.fetchrow(QUERIES.count_campaign, campaign_id, now, timeout=_COUNT_S)
    assert row is not None
    return _coverage(row)


async def count_stale(conn: Connection, now: datetime, *, limit: int = 1) -> int:
    """Count those campaigns whose count is oldest, if it is no longer fresh. How many: for the roll-up's
    job."""
    rows = await conn.fetch(QUERIES.stale, now - FRESH_FOR, limit)
    for row in rows:
        await count(conn, row["id"], now)
    return len(rows)


async def of_agent(conn: Connection, agent_id: UUID, now: datetime) -> Coverage:
    """An agent's own customers, counted now."""
    row = await conn.fetchrow(QUERIES.of_agent, agent_id)
    assert row is not None
    return Coverage(row["customers"], row["managed"], now)


def _coverage(row: Record) -> Coverage:
    return Coverage(row["customers"], row["managed"], row["counted_at"])
