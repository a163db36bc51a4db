"""Agents as people with a phone, and where each of them is now (`Presence`, written by the worker)."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from asyncpg import Record

from dialer.errors import NameTaken, Unknown
from storage.database import Connection, savepoint
from storage.errors import Conflict
from storage.ids import uuid7
from storage.queries import Queries

QUERIES = Queries.load("dialer", "sql/agents.sql")


class Line(StrEnum):
    HELD = "held"
    """One open line for the whole shift; a customer is on it within milliseconds."""
    RINGING = "ringing"
    """The phone rings for each call."""


@dataclass(frozen=True, slots=True)
class AgentFields:
    code: str
    """Letters, digits, `_` and `-`: what the agent is called in Asterisk too."""
    name: str
    dial: str
    """How to reach the phone: PJSIP/agent-1001."""
    line: Line = Line.HELD
    auto_answer: bool = True
    server: str = "main"
    enabled: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Agent(AgentFields):
    id: UUID
    campaign_ids: frozenset[UUID] = frozenset()


@dataclass(frozen=True, slots=True)
class Presence:
    """`state` is a `dialer.agent.AgentState`; `channel` the unique id of the held line."""

    agent_id: UUID
    state: str
    since: datetime
    reason: str = ""
    logged_in_at: datetime | None = None
    channel: str = ""
    attempt_id: UUID | None = None
    attempt_at: datetime | None = None
    pending: str = ""
    """A pause or log-out to take effect after the call."""
    wrapup_until: datetime | None = None
    came: str = ""
    """How its call came to it, if in no usual way: RESCUED or TRANSFERRED."""


RESCUED, TRANSFERRED = "rescued", "transferred"
HELD = "held"
"""Of a stay within one of `talking`: the customer heard music."""


@dataclass(frozen=True, slots=True)
class Stay:
    """A stretch of time an agent spent in one state: what occupancy is counted from."""

    agent_id: UUID
    state: str
    reason: str
    campaign_id: UUID | None
    from_at: datetime
    to_at: datetime


async def create(
    conn: Connection, fields: AgentFields, *, campaign_ids: Collection[UUID] = (), now: datetime
) -> Agent:
    """Raises `NameTaken` where the code is in use."""
    agent_id = uuid7(now)
    try:
        async with savepoint(conn):
            await conn.execute(QUERIES["create"], agent_id, *_values(fields), now)
    except Conflict as error:
        raise NameTaken(f"there is an agent {fields.code!r} already", name=fields.code) from error
    await conn.execute(QUERIES["join_campaigns"], agent_id, list(campaign_ids))
    return await get(conn, agent_id)


async def get(conn: Connection, agent_id: UUID) -> Agent:
    """Raises `Unknown`."""
    rows = await conn.fetch(QUERIES["page"], [agent_id], None, 1, 0)
    if not rows:
        raise Unknown("there is no such agent", agent_id=str(agent_id))
    return _agent(rows[0])


async def page(
    conn: Connection,
    *,
    ids: Sequence[UUID] | None = None,
    campaign_ids: Sequence[UUID] | None = None,
    limit: int = 100,
    offset: int = 0,
) -> list[Agent]:
    """By code; of certain campaigns only where these are given."""
    rows = await conn.fetch(
        QUERIES["page"],
        list(ids) if ids is not None else None,
        list(campaign_ids) if campaign_ids is not None else None,
        limit,
        offset,
    )
    return [_agent(row) for row in rows]


async def names(conn: Connection, ids: Collection[UUID]) -> dict[UUID, str]:
    """The code where there is no name."""
    return {row["id"]: row["name"] for row in await conn.fetch(QUERIES.names, list(ids))}


async def edit(conn: Connection, agent_id: UUID, fields: AgentFields) -> Agent:
    """Phone and line hold from the next log-in on. Raises `Unknown`, `NameTaken`."""
    try:
        async with savepoint(conn):
            await conn.execute(QUERIES["edit"], agent_id, *_values(fields))
    except Conflict as error:
        raise NameTaken(f"there is an agent {fields.code!r} already", name=fields.code) from error
    return await get(conn, agent_id)


async def set_campaigns(conn: Connection, agent_id: UUID, campaign_ids: Collection[UUID]) -> Agent:
    """Holds at once: also while the agent is logged in."""
    await conn.execute(QUERIES["leave_campaigns"], agent_id, list(campaign_ids))
    await conn.execute(QUERIES["join_campaigns"], agent_id, list(campaign_ids))
    return await get(conn, agent_id)


async def presences(conn: Connection, ids: Sequence[UUID] | None = None) -> list[Presence]:
    """Of every agent who is not logged out, or of those asked for."""
    rows = await conn.fetch(QUERIES["presences"], list(ids) if ids is not None else None)
    return [_presence(row) for row in rows]


async def save_presences(conn: Connection, presences: Sequence[Presence]) -> None:
    """The worker's: where each of these agents is now, each of them once."""
    if presences:
        await conn.execute(
            QUERIES["save_presences"],
            [at.agent_id for at in presences],
            [at.state for at in presences],
            [at.reason for at in presences],
            [at.since for at in presences],
            [at.logged_in_at for at in presences],
            [at.channel for at in presences],
            [at.attempt_id for at in presences],
            [at.attempt_at for at in presences],
            [at.pending for at in presences],
            [at.wrapup_until for at in presences],
            [at.came for at in presences],
        )


async def log(conn: Connection, stays: Sequence[Stay]) -> None:
    if stays:
        await conn.execute(
            QUERIES["log"],
            [stay.agent_id for stay in stays],
            [stay.state for stay in stays],
            [stay.reason for stay in stays],
            [stay.campaign_id for stay in stays],
            [stay.from_at for stay in stays],
            [stay.to_at for stay in stays],
        )


def _values(fields: AgentFields) -> tuple[Any, ...]:
    return (
        fields.code,
        fields.name,
        fields.line,
        fields.dial,
        fields.auto_answer,
        fields.server,
        fields.enabled,
    )


def _agent(row: Record) -> Agent:
    return Agent(
        id=row["id"],
        code=row["code"],
        name=row["name"],
        line=Line(row["line"]),
        dial=row["dial"],
        auto_answer=row["auto_answer"],
        server=row["server"],
        enabled=row["enabled"],
        campaign_ids=frozenset(row["campaign_ids"]),
    )


def _presence(row: Record) -> Presence:
    return Presence(
        agent_id=row["agent_id"],
        state=row["state"],
        since=row["since"],
        reason=row["reason"],
        logged_in_at=row["logged_in_at"],
        channel=row["channel"],
        attempt_id=row["attempt_id"],
        attempt_at=row["attempt_at"],
        pending=row["pending"],
        wrapup_until=row["wrapup_until"],
        came=row["came"],
    )
