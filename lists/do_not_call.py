"""Numbers nobody may dial: for one campaign or for all, until a supervisor lifts them with a reason."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from lists.errors import NotFound, Refused
from lists.gate import close_gate
from lists.queries import DO_NOT_CALL
from storage.database import Connection
from storage.ids import uuid7


class Source(StrEnum):
    AGENT = "agent"
    OPT_OUT = "opt_out"
    FILE = "file"
    SUPERVISOR = "supervisor"
    API = "api"


@dataclass(frozen=True, slots=True)
class Entry:
    id: UUID
    e164: str
    campaign_id: UUID | None
    source: Source
    reason: str
    created_at: datetime
    created_by: UUID | None
    lifted_at: datetime | None
    lifted_by: UUID | None
    lifted_reason: str | None


async def add(
    conn: Connection,
    *,
    numbers: Sequence[str] = (),
    customer_id: UUID | None = None,
    campaign_id: UUID | None,
    source: Source,
    reason: str = "",
    attempt_id: UUID | None = None,
    user_id: UUID | None = None,
    now: datetime,
) -> list[UUID]:
    """Forbid these numbers (E.164), and all phones of the customer if one is named; campaign None: every
    campaign.

    Ends the named customer's contacts in scope, and everyone's contacts left without a number to dial.
    Answers the attempts still ringing to these numbers: the dialer hangs them up. Once the transaction has
    committed, no attempt to them begins. Needs a transaction.
    """
    await close_gate(conn)
    forbidden = set(numbers)
    if customer_id is not None:
        forbidden |= {row["e164"] for row in await conn.fetch(DO_NOT_CALL.phones_of, customer_id)}
    e164s = sorted(forbidden)
    await conn.execute(
        DO_NOT_CALL.add,
        [uuid7(now) for _ in e164s],
        e164s,
        campaign_id,
        source,
        reason,
        attempt_id,
        user_id,
        now,
    )
    if customer_id is not None:
        await conn.execute(DO_NOT_CALL.end_customer, customer_id, campaign_id, now)
    await conn.execute(DO_NOT_CALL.end_unreachable, e164s, campaign_id, now)
    return [row["attempt_id"] for row in await conn.fetch(DO_NOT_CALL.ringing, e164s, campaign_id)]


async def lift(conn: Connection, entry_id: UUID, *, user_id: UUID | None, reason: str, now: datetime) -> bool:
    """Allow the number again. False: it was lifted before. Ended contacts stay ended.

    Raises Refused without a reason, NotFound.
    """
    if not reason.strip():
        raise Refused("reason_needed", "Say why this number may be called again.")
    if await conn.fetchval(DO_NOT_CALL.lift, entry_id, now, user_id, reason.strip()):
        return True
    await get(conn, entry_id)
    return False


async def get(conn: Connection, entry_id: UUID) -> Entry:
    """Raises NotFound."""
    row = await conn.fetchrow(DO_NOT_CALL.one, entry_id)
    if row is None:
        raise NotFound(f"there is no do-not-call entry {entry_id}")
    return _entry(dict(row))


async def blocked(conn: Connection, e164: str, campaign_id: UUID | None) -> bool:
    """Whether this number may not be dialled for this campaign (with None: is forbidden for every one)."""
    return bool(await conn.fetchval(DO_NOT_CALL.blocked, e164, campaign_id))


async def page(
    conn: Connection,
    *,
    number: str = "",
    campaign_id: UUID | None = None,
    seen: Collection[UUID] | None = None,
    lifted: bool = False,
    newest_first: bool = True,
    limit: int = 50,
    offset: int = 0,
) -> list[Entry]:
    """Entries by time, chosen by digits of the number and by campaign; lifted ones too if asked. `seen`: of
    these campaigns only, and what holds for every one."""
    digits = "".join(c for c in number if c.isdigit())
    like = f"%{digits}%" if digits else None
    only = list(seen) if seen is not None else None
    rows = await conn.fetch(DO_NOT_CALL.page, like, campaign_id, lifted, limit, offset, newest_first, only)
    return [_entry(dict(row)) for row in rows]


def _entry(row: Mapping[str, Any]) -> Entry:
    return Entry(**{**row, "source": Source(row["source"])})
