"""Lending contacts to a worker: which are due, in which order, and how they come back."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from lists.model import ContactState, Reserved
from storage.database import Connection


async def reserve(
    conn: Connection, campaign_id: UUID, *, now: datetime, limit: int, worker: str, lease_s: float
) -> list[Reserved]:
    """Lend up to `limit` due contacts of the campaign's open lists to `worker`, in the order they are to be dialled.

    Lists come by priority, then age; contacts by priority, due time, position. Never contacts bound to an agent.
    A lease runs on the database's clock and is not an attempt: when it ends the contact is free again.
    """
    raise NotImplementedError


async def reserve_bound(
    conn: Connection, agent_ids: Sequence[UUID], *, now: datetime, limit: int, worker: str, lease_s: float
) -> list[Reserved]:
    """Lend due contacts bound to these agents, oldest due first, of any campaign."""
    raise NotImplementedError


async def reserve_one(conn: Connection, contact_id: UUID, *, worker: str, lease_s: float) -> Reserved | None:
    """Lend one open, waiting contact whatever its due time (preview, click to call). None: not to be had."""
    raise NotImplementedError


async def release(conn: Connection, contact_ids: Sequence[UUID], worker: str) -> int:
    """Give reserved contacts back untouched. How many were still ours."""
    raise NotImplementedError


async def postpone(conn: Connection, contact_ids: Sequence[UUID], until: datetime) -> int:
    """Not before `until`; gives the reservation back. A wait is never shortened."""
    raise NotImplementedError


async def postpone_zone(
    conn: Connection, dial_list_id: UUID, zone_key: str, until: datetime, *, limit: int = 5000
) -> int:
    """Postpone the list's due contacts of one zone key, the first `limit` of them: an update of a bounded size.

    Call it again while it returns `limit`.
    """
    raise NotImplementedError


async def next_due(conn: Connection, campaign_id: UUID, now: datetime) -> datetime | None:
    """When the campaign next has something to dial; a time not after `now` when it already has. None: nothing waits."""
    raise NotImplementedError


async def remaining(conn: Connection, campaign_id: UUID) -> Mapping[ContactState, int]:
    """Contacts of the campaign's lists by state (paused lists too, deleted ones not)."""
    raise NotImplementedError
