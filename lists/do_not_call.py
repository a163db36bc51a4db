"""Numbers nobody may dial: for one campaign or for all, until a supervisor lifts them with a reason."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from storage.database import Connection


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
    """Forbid these numbers, and all phones of the customer if one is named; campaign None means every campaign.

    Ends the named customer's contacts in scope, and everyone's contacts left without a number to dial.
    Answers the live attempts not yet answered that ring to these numbers: the dialer hangs them up.
    """
    raise NotImplementedError


async def lift(conn: Connection, entry_id: UUID, *, user_id: UUID | None, reason: str, now: datetime) -> bool:
    """Allow the number again. Needs a reason. False: it was lifted before. Ended contacts stay ended."""
    raise NotImplementedError


async def blocked(conn: Connection, e164: str, campaign_id: UUID | None) -> bool:
    """Whether this number may not be dialled for this campaign (or, with None, is forbidden for every one)."""
    raise NotImplementedError


async def page(
    conn: Connection,
    *,
    number: str = "",
    campaign_id: UUID | None = None,
    lifted: bool = False,
    limit: int = 50,
    offset: int = 0,
) -> list[Entry]:
    """Entries, newest first, by the start of the number and the campaign."""
    raise NotImplementedError
