"""A campaign's counts by hour of the attempt's beginning, and what its pacer has learned."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from dialer.compliance import Counts
from storage.database import Connection
from storage.queries import Queries

CHANCES = "chances"
"""In a campaign's memory: what `dialer.chance` learned. Its other keys are modes, with their pacer's."""
QUERIES = Queries.load("dialer", "sql/counters.sql")


async def add(conn: Connection, found: Mapping[tuple[UUID, datetime], Counts]) -> None:
    """Add to campaigns' hours; the key's time is any instant of the hour."""
    await conn.executemany(
        QUERIES["add"],
        [
            (campaign, at, c.attempts, c.answered, c.machines, c.connected, c.abandoned, c.gone)
            # In one order everywhere, so that two workers never wait for each other's rows crosswise.
            for (campaign, at), c in sorted(found.items(), key=lambda item: (item[0][0].bytes, item[0][1]))
        ],
    )


async def since(conn: Connection, campaign_id: UUID, start: datetime) -> Counts:
    row = await conn.fetchrow(QUERIES["since"], campaign_id, start)
    assert row is not None
    return Counts(**row)


async def machines_met(conn: Connection, campaign_id: UUID, start: datetime) -> int:
    """Connected paced calls typified as machines; about a minute behind."""
    found: int = await conn.fetchval(QUERIES["machines_met"], campaign_id, start)
    return found


async def recount(conn: Connection, campaign_id: UUID) -> dict[datetime, Counts]:
    """By hour, from the closed attempts: equal to the counters, or there is an error to find."""
    rows = await conn.fetch(QUERIES["recount"], campaign_id)
    return {row["hour"]: Counts(*list(row.values())[1:]) for row in rows}


async def load_memory(conn: Connection, campaign_id: UUID) -> dict[str, Any] | None:
    row = await conn.fetchrow(QUERIES["load_memory"], campaign_id)
    return row["snapshot"] if row else None


async def save_memory(
    conn: Connection, campaign_id: UUID, snapshot: Mapping[str, Any], now: datetime
) -> None:
    await conn.execute(QUERIES["save_memory"], campaign_id, dict(snapshot), now)


@dataclass(frozen=True, slots=True)
class PacingNow:
    """What a campaign's worker said last of its pacing, and what its pacers have learned; empty: nothing."""

    at: datetime | None
    figures: Mapping[str, Any]
    memory: Mapping[str, Any]


async def load_pacing(conn: Connection, campaign_id: UUID) -> PacingNow:
    row = await conn.fetchrow(QUERIES["load_pacing"], campaign_id)
    assert row is not None
    return PacingNow(row["at"], row["figures"] or {}, row["snapshot"] or {})


async def save_pacing(conn: Connection, campaign_id: UUID, figures: Mapping[str, Any], now: datetime) -> None:
    await conn.execute(QUERIES["save_pacing"], campaign_id, now, dict(figures))
