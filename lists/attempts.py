"""The attempt: stored before the act, checked once more against every rule, closed once."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from lists.contacts import settle_many
from lists.gate import GATE, close_gate
from lists.judging import LIVE_ELSEWHERE_S, Facts, judge
from lists.model import (
    RECENT_ATTEMPTS,
    AttemptKind,
    Begin,
    BeginInbound,
    Called,
    Caps,
    Closing,
    ContactState,
    LiveAttempt,
    LiveState,
    Progress,
    Refusal,
    RefusalReason,
    Retry,
    Settlement,
)
from lists.queries import ATTEMPTS, Row
from lists.reserving import postpone, release
from storage.database import Connection, savepoint
from storage.errors import Conflict, RetryTransaction

_TRIES = 3
_GIVEN_BACK = frozenset({RefusalReason.FENCED, RefusalReason.LIST_CLOSED})
_NEXT_PHONE = frozenset(
    {
        RefusalReason.DO_NOT_CALL,
        RefusalReason.PHONE_UNUSABLE,
        RefusalReason.CONTACT_CAP,
        RefusalReason.NUMBER_CAP,
    }
)


async def begin(
    conn: Connection, begins: Sequence[Begin], caps: Mapping[UUID, Caps], now: datetime
) -> list[Refusal | None]:
    """Store the attempts that may be made, in one transaction; None in the answer means: begun, originate it.

    Refused ones are settled at once (next phone, postponed, ended or given back). Manual and agent-bound
    calls are held to everything but the minimum gaps, for a person chose their moment; manual ones pass a
    closed fence and a paused list.
    """
    if not begins:
        return []
    for tries_left in reversed(range(_TRIES)):
        try:
            async with savepoint(conn):
                refusals = await _begin(conn, begins, caps, now)
        except RetryTransaction:  # two workers waited for each other's claims; PostgreSQL undid this one
            if not tries_left:
                raise
        else:
            break
    return [refusals.get(b.attempt_id) for b in begins]


async def _begin(
    conn: Connection, begins: Sequence[Begin], caps: Mapping[UUID, Caps], now: datetime
) -> dict[UUID, Refusal]:
    claimed = await _claim(conn, begins, now)
    facts = await _probe(conn, [b for b in begins if b.attempt_id in claimed], now)
    refusals: dict[UUID, Refusal] = {}
    begun: list[Begin] = []
    for b in begins:
        if b.attempt_id not in claimed:
            continue
        refusal = judge(b, facts[b.attempt_id], caps.get(b.campaign_id, Caps()), now)
        if refusal is None:
            begun.append(b)
        else:
            refusals[b.attempt_id] = refusal
    if refusals:
        await conn.execute(ATTEMPTS.unclaim, list(refusals))
    if len(claimed) < len(begins):
        lost = [b for b in begins if b.attempt_id not in claimed]
        refusals |= await _who_is_live(conn, lost, now)
    if begun:
        await _store(conn, begun)
    if refusals:
        await _settle_refused(conn, begins, refusals, caps, now)
    return refusals


async def _claim(conn: Connection, begins: Sequence[Begin], now: datetime) -> set[UUID]:
    rows = await conn.fetch(
        ATTEMPTS.claim,
        [b.attempt_id for b in begins],
        [b.begun_at for b in begins],
        [b.campaign_id for b in begins],
        [b.contact.contact_id if b.contact else None for b in begins],
        [b.customer_id for b in begins],
        [b.e164 for b in begins],
        [b.worker for b in begins],
        [b.server for b in begins],
        [b.trunk for b in begins],
        [b.agent_id for b in begins],
        list(range(len(begins))),
        now,
        GATE,
    )
    return {row["attempt_id"] for row in rows}


async def _probe(conn: Connection, begins: Sequence[Begin], now: datetime) -> dict[UUID, Facts]:
    if not begins:
        return {}
    rows = await conn.fetch(
        ATTEMPTS.probe,
        [b.attempt_id for b in begins],
        [b.campaign_id for b in begins],
        [b.contact.contact_id if b.contact else None for b in begins],
        [b.customer_id for b in begins],
        [b.phone_id for b in begins],
        [b.e164 for b in begins],
        now,
        len(begins),
    )
    return {row["attempt_id"]: _facts(row) for row in rows}


def _facts(row: Row) -> Facts:
    values = dict(row)
    state = values.pop("contact_state")
    return Facts(contact_state=ContactState(state) if state else None, **values)


async def _who_is_live(conn: Connection, lost: Sequence[Begin], now: datetime) -> dict[UUID, Refusal]:
    rows = await conn.fetch(
        ATTEMPTS.holders,
        [b.attempt_id for b in lost],
        [b.contact.contact_id if b.contact else None for b in lost],
        [b.e164 for b in lost],
    )
    until = now + timedelta(seconds=LIVE_ELSEWHERE_S)
    refusals = {}
    for row in rows:
        reason = (
            RefusalReason.LIVE_CONTACT
            if row["contact"]
            else RefusalReason.LIVE_NUMBER
            if row["number"]
            else RefusalReason.LIVE_CUSTOMER
        )
        refusals[row["attempt_id"]] = Refusal(row["attempt_id"], reason, until)
    return refusals


async def _store(conn: Connection, begun: Sequence[Begin]) -> None:
    await conn.execute(
        ATTEMPTS.begin,
        [b.attempt_id for b in begun],
        [b.begun_at for b in begun],
        [b.kind for b in begun],
        [b.campaign_id for b in begun],
        [b.contact.dial_list_id if b.contact else None for b in begun],
        [b.contact.contact_id if b.contact else None for b in begun],
        [b.customer_id for b in begun],
        [b.phone_id for b in begun],
        [b.e164 for b in begun],
        [b.trunk for b in begun],
        [b.server for b in begun],
        [b.caller_id for b in begun],
        [b.epoch for b in begun],
        [b.agent_id for b in begun],
        RECENT_ATTEMPTS,
        len(begun),
    )


async def _settle_refused(
    conn: Connection,
    begins: Sequence[Begin],
    refusals: Mapping[UUID, Refusal],
    caps: Mapping[UUID, Caps],
    now: datetime,
) -> None:
    """Leave every refused contact in a state from which it goes on by itself; called by hand: as it was."""
    given_back: dict[str, list[UUID]] = {}
    moved: list[Settlement] = []
    postponed: dict[datetime, list[UUID]] = {}
    for b in begins:
        refusal = refusals.get(b.attempt_id)
        if refusal is None or b.contact is None or refusal.reason is RefusalReason.LOST_RESERVATION:
            continue
        if refusal.reason in _GIVEN_BACK or b.kind is AttemptKind.MANUAL:
            given_back.setdefault(b.worker, []).append(b.contact.contact_id)
        elif refusal.reason in _NEXT_PHONE:
            retry = Retry(not_before=now, phone="next")
            moved.append(Settlement(b.contact.contact_id, retry, caps.get(b.campaign_id, Caps())))
        elif refusal.until is not None:
            postponed.setdefault(refusal.until, []).append(b.contact.contact_id)
    for worker, contact_ids in given_back.items():
        await release(conn, contact_ids, worker)
    for until, contact_ids in postponed.items():
        await postpone(conn, contact_ids, until)
    if moved:
        await settle_many(conn, moved, now)


async def begin_inbound(conn: Connection, call: BeginInbound) -> Refusal | None:
    """Store a call that came in. Refused only when the same number or customer is already in a live call."""
    async with savepoint(conn):
        claimed = await conn.fetch(
            ATTEMPTS.claim,
            [call.attempt_id],
            [call.begun_at],
            [call.campaign_id],
            [None],
            [call.customer_id],
            [call.e164],
            [call.worker],
            [call.server],
            [call.trunk],
            [None],
            [0],
            call.begun_at,
            GATE,
        )
        if not claimed:
            rows = await conn.fetch(ATTEMPTS.holders, [call.attempt_id], [None], [call.e164])
            same_number = bool(rows and rows[0]["number"])
            reason = RefusalReason.LIVE_NUMBER if same_number else RefusalReason.LIVE_CUSTOMER
            return Refusal(call.attempt_id, reason)
        await conn.execute(
            ATTEMPTS.begin_inbound,
            call.attempt_id,
            call.begun_at,
            call.campaign_id,
            call.customer_id,
            call.e164,
            call.trunk,
            call.server,
            call.channel,
        )
    return None


async def identify(
    conn: Connection, attempt_id: UUID, begun_at: datetime, customer_id: UUID
) -> RefusalReason | None:
    """A live call that no contact was called for is this customer's. Needs a transaction.

    LIVE_CUSTOMER: the customer is in another live call. LOST_RESERVATION: the call is over, or a contact's.
    """
    try:
        async with savepoint(conn):
            found = await conn.fetchval(ATTEMPTS.identify, attempt_id, customer_id)
    except Conflict:
        return RefusalReason.LIVE_CUSTOMER
    if found is None:
        return RefusalReason.LOST_RESERVATION
    await conn.execute(ATTEMPTS.identify_attempt, attempt_id, begun_at, customer_id, RECENT_ATTEMPTS)
    return None


async def identify_ended(conn: Connection, attempt_id: UUID, begun_at: datetime, customer_id: UUID) -> None:
    """A call that is over, and was nobody's whom we knew, was this customer's: it is in their history and
    counts for their caps. Without effect where it is somebody's already."""
    await conn.execute(ATTEMPTS.identify_ended, attempt_id, begun_at, customer_id, RECENT_ATTEMPTS)


async def progress(conn: Connection, steps: Sequence[Progress]) -> None:
    """Write where live calls are now; of several steps of one call the last counts. Closed calls are
    ignored."""
    last = {step.attempt_id: step for step in steps}.values()
    if last:
        await conn.execute(
            ATTEMPTS.progress,
            [step.attempt_id for step in last],
            [step.state for step in last],
            [step.at for step in last],
            [step.agent_id for step in last],
            len(last),
        )


async def close(conn: Connection, closings: Sequence[Closing], now: datetime) -> list[UUID]:
    """End attempts: once each, however often told. The ids really closed by this call.

    Call it with settle_many in one transaction: a contact closed but not settled is `stranded`.
    """
    if not closings:
        return []
    rows = await conn.fetch(
        ATTEMPTS.close,
        [c.attempt_id for c in closings],
        [c.begun_at for c in closings],
        [c.ended_at for c in closings],
        [c.outcome for c in closings],
        [c.fault for c in closings],
        [c.cause for c in closings],
        [c.reason for c in closings],
        [c.amd for c in closings],
        [c.hung_up_by for c in closings],
        [c.ringing_at for c in closings],
        [c.answered_at for c in closings],
        [c.connected_at for c in closings],
        [c.agent_id for c in closings],
        [c.costs_attempt for c in closings],
        [c.phone_state for c in closings],
        len(closings),
        [c.early_media_at for c in closings],
    )
    return [row["id"] for row in rows]


async def called(conn: Connection, attempt_id: UUID) -> Called | None:
    """Whom an attempt was for, live or long over."""
    row = await conn.fetchrow(ATTEMPTS.called, attempt_id)
    return Called(**dict(row)) if row is not None else None


async def note_keys(conn: Connection, attempt_id: UUID, begun_at: datetime, keys: str) -> None:
    """The keys pressed so far in a broadcast, in order."""
    await conn.execute(ATTEMPTS.note_keys, attempt_id, begun_at, keys)


async def live(
    conn: Connection, *, worker: str | None = None, campaign_id: UUID | None = None
) -> list[LiveAttempt]:
    """The calls that live now, oldest first."""
    return [_live(row) for row in await conn.fetch(ATTEMPTS.live, worker, campaign_id)]


async def live_one(conn: Connection, attempt_id: UUID) -> LiveAttempt | None:
    row = await conn.fetchrow(ATTEMPTS.live_one, attempt_id)
    return _live(row) if row is not None else None


async def adopt(conn: Connection, attempt_ids: Sequence[UUID], worker: str) -> int:
    """Make live attempts this worker's, after it took over a campaign."""
    return len(await conn.fetch(ATTEMPTS.adopt, list(attempt_ids), worker))


async def fence(conn: Connection, campaign_id: UUID, epoch: int, open: bool) -> bool:
    """Set who may begin attempts. False: a newer epoch stands.

    Once the transaction has committed, no attempt of an older epoch can begin, and those begun can be seen
    live.
    """
    await close_gate(conn)
    return bool(await conn.fetchval(ATTEMPTS.fence, campaign_id, epoch, open))


def _live(row: Row) -> LiveAttempt:
    return LiveAttempt(**{**row, "kind": AttemptKind(row["kind"]), "state": LiveState(row["state"])})
