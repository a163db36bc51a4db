"""Bases and dial lists: made, paused, ordered, deleted, exported, measured."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from lists.model import ContactState
from storage.database import Connection


@dataclass(frozen=True, slots=True)
class Base:
    id: UUID
    name: str
    key_columns: tuple[str, ...]
    region: str
    zone: str | None
    customers: int
    created_at: datetime


@dataclass(frozen=True, slots=True)
class DialList:
    id: UUID
    campaign_id: UUID
    base_id: UUID
    name: str
    zone: str | None
    priority: int
    paused: bool
    ready: bool
    expires_at: datetime | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class ListProgress:
    """How far a list is: contacts by state, waiting ones split into untouched and in retry."""

    dial_list_id: UUID
    total: int
    by_state: Mapping[ContactState, int]
    untouched: int
    in_retry: int
    by_reason: Mapping[str, int]  # of ended contacts


async def create_base(
    conn: Connection,
    name: str,
    *,
    region: str,
    key_columns: Sequence[str] = (),
    zone: str | None = None,
    now: datetime,
) -> Base:
    raise NotImplementedError


async def bases(conn: Connection, *, limit: int = 50, offset: int = 0) -> list[Base]:
    raise NotImplementedError


async def delete_base(conn: Connection, base_id: UUID, now: datetime) -> int:
    """End the base's open contacts and hide its customers; interactions and do-not-call stay. Contacts ended."""
    raise NotImplementedError


async def get(conn: Connection, dial_list_id: UUID) -> DialList:
    raise NotImplementedError


async def of_campaign(conn: Connection, campaign_id: UUID) -> list[DialList]:
    """In the order they are dialled."""
    raise NotImplementedError


async def pause(conn: Connection, dial_list_id: UUID, paused: bool) -> None:
    """After commit no attempt of a paused list begins; live calls finish."""
    raise NotImplementedError


async def set_priority(conn: Connection, dial_list_id: UUID, priority: int) -> None:
    raise NotImplementedError


async def delete(conn: Connection, dial_list_id: UUID, now: datetime) -> int:
    """End the list's waiting contacts as removed; live calls finish. How many ended."""
    raise NotImplementedError


async def expire_due(conn: Connection, now: datetime) -> int:
    """End the waiting contacts of lists whose time is over."""
    raise NotImplementedError


async def list_progress(conn: Connection, dial_list_id: UUID) -> ListProgress:
    raise NotImplementedError


def export(conn: Connection, dial_list_id: UUID) -> AsyncIterator[bytes]:
    """The list as CSV (UTF-8 with BOM, ';'), in pieces, safe to open in a spreadsheet. Needs a transaction."""
    raise NotImplementedError
