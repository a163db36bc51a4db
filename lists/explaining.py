"""Why a contact is not being dialled, as far as the lists know; hours, trunks and agents are the dialer's."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from lists.errors import NotFound
from lists.judging import Facts, waits
from lists.model import AttemptKind, Caps, ContactState, PhoneState
from lists.queries import Row
from lists.zones import effective_zones
from storage.database import Connection
from storage.queries import Queries

SQL = Queries.load("lists", "queries_explaining.sql")


@dataclass(frozen=True, slots=True)
class Reason:
    """A stable word, since when it holds where that is known, and when it ends by itself (None: it does not).

    ended, list_deleted, list_expired, list_loading, list_paused, campaign_closed, do_not_call, no_phone,
    bad_phone, live, customer_talking, live_elsewhere, awaiting_typification, scheduled, reserved, waits,
    agent_only; and of the caps attempts_used, number_attempts_used, number_gap, customer_gap, number_24h,
    customer_7d, quiet_after_conversation.
    """

    reason: str
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class WhyNot:
    """`reasons`: the weightiest first; none at all means that it is due. `e164`: the number that would be
    called next; one that may not be called stands here only where the customer has no other."""

    contact_id: UUID
    campaign_id: UUID
    customer_id: UUID
    state: ContactState
    reasons: tuple[Reason, ...]
    e164: str | None
    zones: tuple[str, ...]
    list_zone: str | None
    attempts: int
    number_attempts: int
    agent_id: UUID | None
    final_reason: str | None
    facts: Facts
    """What *begin attempt* would judge by."""


_ENDED_BY = {
    "contact_attempts": "attempts_used",
    "number_attempts": "number_attempts_used",
    "no_good_phone": "bad_phone",
    "no_phone": "no_phone",
    "list_deleted": "list_deleted",
    "list_expired": "list_expired",
}
"""What kept an open contact from being dialled, and ended it."""


async def why_not(conn: Connection, contact_id: UUID, now: datetime, caps: Caps = Caps()) -> WhyNot:
    """`caps`: the campaign's. Raises NotFound."""
    row = await conn.fetchrow(SQL.why_not, contact_id, caps.per_number)
    if row is None:
        raise NotFound(f"there is no contact {contact_id}")
    state = ContactState(row["state"])
    return WhyNot(
        contact_id=contact_id,
        campaign_id=row["campaign_id"],
        customer_id=row["customer_id"],
        state=state,
        reasons=tuple(_reasons(row, state, now)),
        e164=row["e164"],
        zones=effective_zones(row["customer_zone"], row["list_zone"], row["zones"] or ()),
        list_zone=None if row["customer_zone"] else row["list_zone"],
        attempts=row["attempts"],
        number_attempts=row["number_attempts"],
        agent_id=row["agent_id"],
        final_reason=row["final_reason"],
        facts=Facts(
            attempt_id=contact_id,
            attempts=row["attempts"],
            number_attempts=row["number_attempts"],
            number_last=row["number_last"],
            number_recent=row["number_recent"],
            customer_last=row["customer_last"],
            customer_recent=row["customer_recent"],
            conversation_at=row["conversation_at"],
        ),
    )


def capped(found: WhyNot, caps: Caps, now: datetime) -> Iterator[Reason]:
    """What the caps of the campaign say of it, by the very rules of *begin attempt*."""
    if found.attempts >= caps.per_contact:
        yield Reason("attempts_used")
    if found.number_attempts >= caps.per_number:
        yield Reason("number_attempts_used")
    kind = AttemptKind.AGENT_BOUND if found.agent_id else AttemptKind.DIALLED
    for until, reason in waits(kind, found.facts, caps, now):
        yield Reason(reason, until=until)


def _reasons(row: Row, state: ContactState, now: datetime) -> Iterator[Reason]:
    if not state.is_open:
        yield Reason("ended", since=row["finished_at"])
        if state is ContactState.DO_NOT_CALL and row["do_not_call_since"]:
            yield Reason("do_not_call", since=row["do_not_call_since"])
        elif row["final_reason"] in _ENDED_BY:
            yield Reason(_ENDED_BY[row["final_reason"]])
        return
    expired = row["list_expires"] is not None and row["list_expires"] <= now
    talking, elsewhere = row["talking_since"], row["elsewhere_since"]
    waiting = state is ContactState.PENDING and row["next_at"] > now
    checks = (
        (row["list_deleted"], Reason("list_deleted", since=row["list_deleted"])),
        (expired, Reason("list_expired", since=row["list_expires"])),
        (not row["list_ready"], Reason("list_loading")),
        (row["list_paused"], Reason("list_paused")),
        (row["fence_open"] is False, Reason("campaign_closed")),
        (row["do_not_call_since"], Reason("do_not_call", since=row["do_not_call_since"])),
        (row["e164"] is None, Reason("no_phone")),
        (row["phone_state"] not in (None, PhoneState.GOOD), Reason("bad_phone")),
        (row["live_since"] or state is ContactState.LIVE, Reason("live", since=row["live_since"])),
        (talking, Reason("customer_talking", since=talking)),
        (elsewhere and not talking, Reason("live_elsewhere", since=elsewhere)),
        (state is ContactState.AWAITING_TYPIFICATION, Reason("awaiting_typification")),
        (state is ContactState.SCHEDULED, Reason("scheduled")),
        (row["reserved"], Reason("reserved")),
        (waiting, Reason("waits", until=row["next_at"])),
        (row["agent_id"] is not None, Reason("agent_only")),
    )
    yield from (reason for holds, reason in checks if holds)
