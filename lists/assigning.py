"""Acts on the customers of a filter: given to agents in equal shares, or taken back."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from lists.errors import Refused
from lists.filtering.matching import BULK_S, fill
from lists.filtering.model import Filter
from storage.database import Connection
from storage.queries import Queries

ASSIGNING = Queries.load("lists", "queries_assigning.sql")

MAX_AGENTS = 1000


@dataclass(frozen=True, slots=True)
class Assigned:
    customers: int
    per_agent: Mapping[UUID, int]


def in_order(agent_ids: Sequence[UUID], seed: str) -> list[UUID]:
    """The agents in the seed's order: who gets one more is chance as well. Twice named is once meant."""
    return sorted(set(agent_ids), key=lambda agent: hashlib.sha256(_seed(seed) + agent.bytes).digest())


async def assign(
    conn: Connection, filter_: Filter, agent_ids: Sequence[UUID], *, seed: str, now: datetime
) -> Assigned:
    """Deal the customers out at random, in shares that differ by at most one. The same seed over the same
    customers and agents deals the same again. Whether the agents exist is the caller's to know.

    Raises Refused (no_agents, too_many_agents, fewer_customers_than_agents), BadFilter, NotFound.
    """
    agents = in_order(agent_ids, seed)
    if not agents:
        raise Refused("no_agents", "Choose the agents who are to get the customers.")
    if len(agents) > MAX_AGENTS:
        raise Refused("too_many_agents", f"At most {MAX_AGENTS} agents can be chosen at once.")
    sql, args = await fill(
        conn, ASSIGNING.assign, filter_, filter_.maximum, _seed(seed), agents, now, now=now
    )
    rows = await conn.fetch(sql, *args, timeout=BULK_S)
    matched = rows[0]["matched"]
    if matched < len(agents):
        message = f"{matched} customers cannot be shared among {len(agents)} agents."
        raise Refused("fewer_customers_than_agents", message)
    given = {row["agent_id"]: row["customers"] for row in rows if row["agent_id"] is not None}
    return Assigned(matched, {agent: given.get(agent, 0) for agent in agents})


async def owners(conn: Connection, filter_: Filter, *, assigned_only: bool, now: datetime) -> set[UUID]:
    """The agents whose customers `assign`, or `unassign` (`assigned_only`), would take. Raises BadFilter,
    NotFound."""
    sql, args = await fill(conn, ASSIGNING.owners, filter_, filter_.maximum, assigned_only, now=now)
    return {row["owner_id"] for row in await conn.fetch(sql, *args, timeout=BULK_S)}


async def unassign(conn: Connection, filter_: Filter, *, now: datetime) -> int:
    """Take the customers back from their agents. How many had one. Raises BadFilter, NotFound."""
    sql, args = await fill(conn, ASSIGNING.unassign, filter_, filter_.maximum, now, now=now)
    freed: int = await conn.fetchval(sql, *args, timeout=BULK_S)
    return freed


def _seed(seed: str) -> bytes:
    return seed.encode()
