"""Counts over the attempts themselves, for the end of a run and to check counters by."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from storage.database import Connection
from storage.queries import Queries

QUERIES = Queries.load("lists", "queries_tallies.sql")

LIVE = "live"
"""Stands for the outcome of attempts that have not ended."""


@dataclass(frozen=True, slots=True)
class OutcomeTally:
    placed: int
    answered: int
    connected: int


async def outcomes(conn: Connection, campaign_id: UUID, since: datetime) -> Mapping[str, OutcomeTally]:
    """Attempts of a campaign begun at or after `since`, by outcome (or `LIVE`)."""
    rows = await conn.fetch(QUERIES["outcomes"], campaign_id, since)
    return {row["outcome"]: OutcomeTally(row["placed"], row["answered"], row["connected"]) for row in rows}


async def keys(conn: Connection, campaign_id: UUID, since: datetime) -> Mapping[str, int]:
    """Calls of a broadcast begun at or after `since`, by each key pressed in them."""
    return {row["key"]: row["calls"] for row in await conn.fetch(QUERIES["keys"], campaign_id, since)}
