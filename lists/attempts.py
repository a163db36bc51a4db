"""The attempt: stored before the act, checked once more against every rule, closed once."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from lists.model import Begin, BeginInbound, Caps, Closing, LiveAttempt, Progress, Refusal
from storage.database import Connection


async def begin(
    conn: Connection, begins: Sequence[Begin], caps: Mapping[UUID, Caps], now: datetime
) -> list[Refusal | None]:
    """Store the attempts that may be made, in one transaction; None in the answer means: begun, originate it.

    Refused ones are settled at once (next phone, postponed, ended or given back). Manual and agent-bound calls are
    held to everything but the minimum gaps, for a person chose their moment; manual ones also pass a closed fence.
    """
    raise NotImplementedError


async def begin_inbound(conn: Connection, call: BeginInbound) -> Refusal | None:
    """Store a call that came in. Refused only when the same number or customer is already in a live call."""
    raise NotImplementedError


async def progress(conn: Connection, steps: Sequence[Progress]) -> None:
    """Write where live calls are now. Steps of attempts already closed are ignored."""
    raise NotImplementedError


async def close(conn: Connection, closings: Sequence[Closing], now: datetime) -> list[UUID]:
    """End attempts: once each, however often told. The ids really closed by this call."""
    raise NotImplementedError


async def live(
    conn: Connection, *, worker: str | None = None, campaign_id: UUID | None = None
) -> list[LiveAttempt]:
    """The calls that live now, oldest first."""
    raise NotImplementedError


async def adopt(conn: Connection, attempt_ids: Sequence[UUID], worker: str) -> int:
    """Make live attempts this worker's, after it took over a campaign."""
    raise NotImplementedError


async def fence(conn: Connection, campaign_id: UUID, epoch: int, open: bool) -> bool:
    """Set who may begin attempts. False: a newer epoch stands. After commit no older attempt can begin any more."""
    raise NotImplementedError
