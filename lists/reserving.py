"""Lending contacts to a worker: which are due, in which order, and how they come back."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from lists.contacts import settle_many
from lists.model import Caps, ContactState, Finish, Reserved, Settlement
from lists.queries import RESERVING, Row
from lists.zones import effective_zones
from storage.database import Connection


async def reserve(
    conn: Connection, campaign_id: UUID, *, now: datetime, limit: int, worker: str, lease_s: float
) -> list[Reserved]:
    """Lend up to `limit` due contacts of the campaign's open lists to `worker`, in the order they are to be
    dialled.

    Lists come by priority, then age; contacts by priority, due time, position. Never contacts bound to an
    agent. A lease runs on the database's clock and is not an attempt: when it ends the contact is free again.
    """
    rows = await conn.fetch(RESERVING.reserve, campaign_id, now, limit, worker, lease_s)
    return await _lent(conn, rows, now)


async def reserve_bound(
    conn: Connection,
    agent_ids: Sequence[UUID],
    campaign_ids: Sequence[UUID],
    *,
    now: datetime,
    limit: int,
    worker: str,
    lease_s: float,
) -> list[Reserved]:
    """Lend due contacts of these campaigns bound to these agents, longest due first."""
    rows = await conn.fetch(
        RESERVING.reserve_bound, list(agent_ids), now, limit, worker, lease_s, list(campaign_ids)
    )
    return await _lent(conn, rows, now)


async def reserve_one(
    conn: Connection, contact_id: UUID, *, worker: str, lease_s: float, now: datetime
) -> Reserved | None:
    """Lend one waiting contact whatever its due time (preview, click to call). None: not to be had.

    A scheduled contact may be called by hand before its time; it stays scheduled until the attempt begins.
    """
    lent = await _lent(conn, await conn.fetch(RESERVING.reserve_one, contact_id, worker, lease_s), now)
    return lent[0] if lent else None


async def release(conn: Connection, contact_ids: Sequence[UUID], worker: str) -> int:
    """Give reserved contacts back untouched. How many were still ours."""
    return len(await conn.fetch(RESERVING.release, list(contact_ids), worker))


async def postpone(conn: Connection, contact_ids: Sequence[UUID], until: datetime) -> int:
    """Not before `until`; gives the reservation back. A wait is never shortened."""
    return len(await conn.fetch(RESERVING.postpone, list(contact_ids), until))


async def postpone_zone(
    conn: Connection, dial_list_id: UUID, zone_key: str, until: datetime, *, limit: int = 5000
) -> int:
    """Postpone the list's waiting contacts of one zone key, the first `limit` of them: an update of bounded
    size.

    Contacts lent to a worker are left to it. Call it again while it returns `limit`.
    """
    return len(await conn.fetch(RESERVING.postpone_zone, dial_list_id, zone_key, until, limit))


async def next_due(conn: Connection, campaign_id: UUID, now: datetime) -> datetime | None:
    """When the campaign next has something to dial; not after `now` if it already has. None: nothing waits.

    Contacts lent to a worker and contacts bound to an agent are not counted.
    """
    due: datetime | None = await conn.fetchval(RESERVING.next_due, campaign_id, now)
    return due


async def remaining(conn: Connection, campaign_id: UUID) -> Mapping[ContactState, int]:
    """Contacts of the campaign's lists by state (paused lists too, deleted ones not)."""
    rows = await conn.fetch(RESERVING.remaining, campaign_id)
    return {ContactState(row["state"]): row["contacts"] for row in rows}


async def _lent(conn: Connection, rows: Sequence[Row], now: datetime) -> list[Reserved]:
    """A contact whose customer has no phone left would be lent for ever: it ends here instead."""
    without = [row["id"] for row in rows if row["phone_id"] is None]
    if without:
        finish = Finish(ContactState.REJECTED, "no_phone")
        await settle_many(conn, [Settlement(contact_id, finish, Caps()) for contact_id in without], now)
    return [_reserved(row) for row in rows if row["phone_id"] is not None]


def _reserved(row: Row) -> Reserved:
    zones = effective_zones(row["customer_zone"], row["list_zone"], row["zones"])
    return Reserved(
        contact_id=row["id"],
        dial_list_id=row["dial_list_id"],
        campaign_id=row["campaign_id"],
        customer_id=row["customer_id"],
        phone_id=row["phone_id"],
        e164=row["e164"],
        cursor=row["position"],
        zones=zones,
        list_zone=None if row["customer_zone"] else row["list_zone"],
        attempts=row["attempts"],
        number_attempts=row["number_attempts"],
        retries=row["retries"],
        agent_id=row["agent_id"],
        priority=row["priority"],
        zone_key=row["zone_key"],
        data=row["data"],
        phone_kind=row["phone_kind"],
    )
