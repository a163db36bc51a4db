"""Campaigns: what the operator wants (`desired`, `settings`) and what their worker says of them (`status`).

The API writes desired state and settings; each change raises `revision`, by which the worker sees it. The
worker alone writes `status`.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID

import msgspec
from asyncpg import Record

from dialer import settings as campaign_settings
from dialer.errors import NameTaken, StaleRevision, Unknown
from dialer.settings import Settings
from storage.database import Connection, savepoint
from storage.errors import Conflict
from storage.ids import uuid7
from storage.queries import Queries

QUERIES = Queries.load("dialer", "sql/campaigns.sql")


class Kind(StrEnum):
    DIALER = "dialer"
    VOICE = "voice"
    """Inbound and manual calls only."""


class Desired(StrEnum):
    STOPPED = "stopped"
    RUNNING = "running"
    PAUSED = "paused"
    """No new calls; those ringing go on, and agents stay."""
    DRAINING = "draining"
    """No new calls; stopped by itself when the last one is over."""


class Doing(StrEnum):
    """What a campaign does now. Never silently nothing: `Status.why` says what it waits for."""

    STOPPED = "stopped"
    DIALLING = "dialling"
    WAITING = "waiting"
    """Something must come first: an agent, an hour, a trunk, a contact's wait; `why` names it."""
    PAUSED = "paused"
    DRAINING = "draining"
    FINISHED = "finished"
    """No contact is left that could be dialled, now or later."""


@dataclass(frozen=True, slots=True)
class Status:
    doing: Doing = Doing.STOPPED
    why: str = ""
    """A stable word: no_agents, outside_hours, no_trunk, no_asterisk, contacts_wait, …"""
    since: datetime | None = None
    until: datetime | None = None
    """When it goes on by itself, where that is known."""
    worker: str = ""
    finals: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Campaign:
    id: UUID
    name: str
    kind: Kind
    desired: Desired
    settings: Settings
    revision: int
    status: Status
    created_at: datetime


async def create(
    conn: Connection, name: str, settings: Settings, *, kind: Kind = Kind.DIALER, now: datetime
) -> Campaign:
    """Raises `NameTaken`."""
    raw = campaign_settings.encode(settings)
    try:
        async with savepoint(conn):
            row = await conn.fetchrow(QUERIES["create"], uuid7(now), name, kind, raw, now)
    except Conflict as error:
        raise NameTaken(f"there is a campaign named {name!r} already", name=name) from error
    return _campaign(row)


async def get(conn: Connection, campaign_id: UUID) -> Campaign:
    """Raises `Unknown`; a deleted campaign is unknown."""
    return _found(await conn.fetchrow(QUERIES["get"], campaign_id), campaign_id)


async def by_name(conn: Connection, name: str) -> Campaign | None:
    row = await conn.fetchrow(QUERIES["by_name"], name)
    return _campaign(row) if row else None


async def page(
    conn: Connection, *, ids: Sequence[UUID] | None = None, limit: int = 100, offset: int = 0
) -> list[Campaign]:
    """By name; `ids` restricts it to those a supervisor watches."""
    rows = await conn.fetch(QUERIES["page"], list(ids) if ids is not None else None, limit, offset)
    return [_campaign(row) for row in rows]


async def names(conn: Connection, ids: Collection[UUID]) -> dict[UUID, str]:
    """Of deleted campaigns, too."""
    return {row["id"]: row["name"] for row in await conn.fetch(QUERIES.names, list(ids))}


async def zones(conn: Connection, ids: Collection[UUID] | None) -> frozenset[str]:
    """The time zones of these campaigns, deleted ones too (None: of all that are not)."""
    rows = await conn.fetch(QUERIES.zones, list(ids) if ids is not None else None)
    return frozenset(row["zone"] for row in rows)


async def edit(
    conn: Connection,
    campaign_id: UUID,
    *,
    name: str | None = None,
    settings: Settings | None = None,
    revision: int | None = None,
) -> Campaign:
    """Change name or settings, also while it dials. Give `revision` to be refused when somebody was faster.

    Raises `Unknown`, `NameTaken`, `StaleRevision`.
    """
    raw = campaign_settings.encode(settings) if settings is not None else None
    try:
        async with savepoint(conn):
            row = await conn.fetchrow(QUERIES["edit"], campaign_id, name, raw, revision)
    except Conflict as error:
        raise NameTaken(f"there is a campaign named {name!r} already", name=name) from error
    if row is None and revision is not None:
        current = await get(conn, campaign_id)
        raise StaleRevision("the campaign was changed meanwhile", revision=current.revision)
    return _found(row, campaign_id)


async def set_desired(conn: Connection, campaign_id: UUID, desired: Desired) -> Campaign:
    """Start, pause, drain or stop. An emergency stop is a command: it also hangs up (`dialer.commands`)."""
    return _found(await conn.fetchrow(QUERIES["set_desired"], campaign_id, desired), campaign_id)


async def remove(conn: Connection, campaign_id: UUID, *, now: datetime) -> None:
    """Stopped and hidden; its history stays. Its name is free again."""
    _found(await conn.fetchrow(QUERIES["remove"], campaign_id, now), campaign_id)


async def say(conn: Connection, campaign_id: UUID, status: Status) -> None:
    """The worker's word on what the campaign does. Not a change of the campaign: the revision stays."""
    await conn.execute(QUERIES["say"], campaign_id, msgspec.to_builtins(status))


async def revisions(conn: Connection) -> dict[UUID, int]:
    """Of all campaigns that are not deleted: what a worker compares with what it knows."""
    return {row["id"]: row["revision"] for row in await conn.fetch(QUERIES["revisions"])}


def _found(row: Record | None, campaign_id: UUID) -> Campaign:
    if row is None:
        raise Unknown("there is no such campaign", campaign_id=str(campaign_id))
    return _campaign(row)


def _campaign(row: Record | None) -> Campaign:
    assert row is not None
    return Campaign(
        id=row["id"],
        name=row["name"],
        kind=Kind(row["kind"]),
        desired=Desired(row["desired"]),
        settings=campaign_settings.decode(row["settings"]),
        revision=row["revision"],
        status=msgspec.convert(row["status"], Status),
        created_at=row["created_at"],
    )
