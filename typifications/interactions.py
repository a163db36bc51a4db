"""Interactions: what was said of a conversation, stored once, its effects applied once.

Order of effects, in one transaction: interaction, flags, action, new event. While the conversation still runs
only the interaction is stored; `at_hang_up` applies the rest.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from asyncpg import Record

from lists import contacts, customers, do_not_call
from lists.customers import Customer
from lists.model import (
    Caps,
    ContactState,
    Decision,
    Finish,
    PhoneState,
    Retry,
    Schedule,
    Settled,
    Settlement,
)
from storage.database import Connection, savepoint
from storage.ids import uuid7
from storage.queries import Queries
from typifications import agenda, results
from typifications.deciding import DEFAULT_RECALL_WAIT_S, Context, Effects, decide
from typifications.errors import NotFound, Refused
from typifications.model import (
    Action,
    CampaignKind,
    DoNotCallScope,
    EventFields,
    Interaction,
    InteractionState,
    Result,
    ScheduleRequest,
    Typification,
)

QUERIES = Queries.load("typifications", "sql/interactions.sql")


@dataclass(frozen=True, slots=True)
class Rules:
    """What the campaign has to say: its settings come in as values."""

    kind: CampaignKind = CampaignKind.DIALER
    recall_wait_s: int = DEFAULT_RECALL_WAIT_S
    caps: Caps = field(default_factory=Caps)
    legal: Callable[[datetime], str | None] = lambda at: None
    """Why the number to be scheduled may not be called then (`dialer.hours.legal_hour`), or None."""


@dataclass(frozen=True, slots=True)
class Applied:
    interaction_id: UUID
    action: Action | None
    applied: bool
    """False: the conversation still runs; `at_hang_up` will."""
    replayed: bool = False
    """The same was sent before: nothing was done now."""
    settled: Settled | None = None
    event_id: UUID | None = None
    """The call-back that was scheduled."""
    hang_up: tuple[UUID, ...] = ()
    """Attempts that ring to numbers just put on do-not-call: hang them up."""


async def typify(conn: Connection, said: Typification, rules: Rules, *, now: datetime) -> Applied:
    """Store what the agent says; apply it at once unless the attempt is still live.

    The same `idempotency_key` again changes nothing and answers as before. What was said before the hang-up
    may be said anew until then; an untypified interaction is completed; a typified one is refused.
    Raises `Refused`.
    """
    async with savepoint(conn):
        if (before := await _replay(conn, said)) is not None:
            return before
        path = await _path(conn, said)
        customer = await _customer(conn, said.customer_id)
        effects = decide(path, said.schedule, _context(rules, said.agent_id, customer, now, now))
        talking = await _still_talking(conn, said.attempt_id)
        interaction = await _store(conn, said, path, effects.action, now)
        if interaction is None:  # stored by another request with the same key, meanwhile
            again = await _replay(conn, said)
            if again is None:
                raise Refused("already_typified", "this conversation has been typified already")
            return again
        if talking:
            return Applied(interaction.id, effects.action, applied=False)
        return await _apply(conn, interaction, effects, customer, rules, now)


async def at_hang_up(conn: Connection, attempt_id: UUID, rules: Rules, *, now: datetime) -> Applied | None:
    """Apply what was typified during the conversation: to be called where the attempt is closed, in the same
    transaction, and again when told of a typification after that.

    None: nobody has typified it, so the contact is to await its typification. Any answer, also one that says
    `replayed`: the contact is settled, leave it alone.
    """
    async with savepoint(conn):
        row = await conn.fetchrow(QUERIES["by_attempt"], attempt_id)
        if row is None or row["state"] != InteractionState.TYPIFIED:
            return None
        interaction = _interaction(row)
        if interaction.applied_at is not None:
            return Applied(interaction.id, interaction.action, applied=True, replayed=True)
        path = [await results.get(conn, result_id) for result_id in interaction.result_ids]
        customer = await _customer(conn, interaction.customer_id)
        # It was checked when it was typed; a long talk does not undo the customer's wish.
        lenient = replace(rules, legal=lambda at: None)
        context = _context(lenient, interaction.agent_id, None, now, interaction.created_at)
        effects = decide(path, interaction.schedule, context)
        return await _apply(conn, interaction, effects, customer, rules, now)


async def identify(conn: Connection, attempt_id: UUID, customer_id: UUID) -> None:
    """The live conversation is this customer's, and what was said of it so far."""
    await conn.execute(QUERIES["identify"], attempt_id, customer_id)


async def typified(conn: Connection, attempt_ids: Sequence[UUID]) -> frozenset[UUID]:
    """Those of these attempts that `at_hang_up` has something to say of. Ask after they were closed, in the
    same transaction: from then on nobody can typify them before it ends."""
    rows = await conn.fetch(QUERIES["typified"], list(attempt_ids)) if attempt_ids else []
    return frozenset(row["attempt_id"] for row in rows)


async def agent_of(conn: Connection, attempt_id: UUID) -> UUID | None:
    """Who typified the call, or left it without a word."""
    agent_id: UUID | None = await conn.fetchval(QUERIES["agent_of"], attempt_id)
    return agent_id


async def applied_at(conn: Connection, attempt_ids: Sequence[UUID]) -> dict[UUID, datetime]:
    """Since when what was said of these calls holds; those of which nothing does are left out."""
    rows = await conn.fetch(QUERIES["applied_at"], list(attempt_ids)) if attempt_ids else []
    return {row["attempt_id"]: row["applied_at"] for row in rows}


async def untypified(conn: Connection, about: Typification, *, now: datetime) -> UUID | None:
    """The wrap-up ended without a word (`path` is empty): kept, to be completed. None: it was typified."""
    row = await conn.fetchrow(
        QUERIES["store"], *_values(about, (), None, InteractionState.UNTYPIFIED, uuid7(now), now)
    )
    return row["id"] if row else None


async def untypified_of(
    conn: Connection, campaign_id: UUID, before: datetime, *, limit: int = 500
) -> list[Interaction]:
    """Those nobody has completed: at the shift's end each gets the campaign's default (`typify`)."""
    rows = await conn.fetch(QUERIES["untypified_of"], campaign_id, before, limit)
    return [_interaction(row) for row in rows]


async def finish_exhausted(
    conn: Connection, contact_ids: Sequence[UUID], result_id: UUID, *, now: datetime
) -> list[UUID]:
    """Give contacts whose attempts ran out the campaign's final result (`Settings.final_result_id`).

    It stands in history and statistics, once a contact; it has no other effect. The contacts that got it.
    Raises `NotFound` for the result.
    """
    path = await results.path_to(conn, result_id)
    rows = await conn.fetch(
        QUERIES["finish_exhausted"],
        [uuid7(now) for _ in contact_ids],
        list(contact_ids),
        [result.id for result in path],
        [result.name for result in path],
        now,
    )
    return [row["contact_id"] for row in rows]


async def get(conn: Connection, interaction_id: UUID) -> Interaction:
    """Raises `NotFound`."""
    row = await conn.fetchrow(QUERIES["get"], interaction_id)
    if row is None:
        raise NotFound("there is no such interaction", interaction_id=str(interaction_id))
    return _interaction(row)


async def history(
    conn: Connection, customer_id: UUID, *, newest_first: bool = True, limit: int = 50, offset: int = 0
) -> list[Interaction]:
    """A customer's, by time."""
    rows = await conn.fetch(QUERIES["history"], customer_id, limit, offset, newest_first)
    return [_interaction(row) for row in rows]


# --- before the effects ---------------------------------------------------------------------------


async def _replay(conn: Connection, said: Typification) -> Applied | None:
    if said.idempotency_key is None:
        return None
    row = await conn.fetchrow(QUERIES["by_key"], said.idempotency_key)
    if row is None:
        return None
    if row["attempt_id"] != said.attempt_id or tuple(row["result_ids"]) != said.path:
        raise Refused("idempotency_key_reused", "this key was sent before, with something else")
    action = row["action"] and Action(row["action"])
    return Applied(row["id"], action, applied=row["applied_at"] is not None, replayed=True)


async def _path(conn: Connection, said: Typification) -> tuple[Result, ...]:
    path = (await results.tree(conn, said.campaign_id)).path(said.path)
    if path is None:
        raise Refused("result_unknown", "the chosen results are none of this campaign's")
    return path


async def _customer(conn: Connection, customer_id: UUID | None) -> Customer | None:
    return await customers.card(conn, customer_id) if customer_id is not None else None


def _context(
    rules: Rules, agent_id: UUID | None, customer: Customer | None, now: datetime, typed_at: datetime
) -> Context:
    return Context(
        now=now,
        typed_at=typed_at,
        kind=rules.kind,
        agent_id=agent_id,
        recall_wait_s=rules.recall_wait_s,
        numbers=frozenset(phone.e164 for phone in customer.phones) if customer else None,
        legal=rules.legal,
    )


async def _still_talking(conn: Connection, attempt_id: UUID | None) -> bool:
    if attempt_id is None:
        return False
    return await conn.fetchval(QUERIES["still_talking"], attempt_id) is not None


async def _store(
    conn: Connection, said: Typification, path: tuple[Result, ...], action: Action | None, now: datetime
) -> Interaction | None:
    """None: somebody stored the same key a moment ago."""
    values = _values(said, path, action, InteractionState.TYPIFIED, uuid7(now), now)
    row = await conn.fetchrow(QUERIES["store"], *values)
    if row is None and said.attempt_id is not None:
        row = await _retype(conn, said, path, action)
    return _interaction(row) if row else None


async def _retype(
    conn: Connection, said: Typification, path: tuple[Result, ...], action: Action | None
) -> Record | None:
    old = await conn.fetchrow(QUERIES["by_attempt"], said.attempt_id)
    if old is None or (said.idempotency_key is not None and old["idempotency_key"] == said.idempotency_key):
        return None
    if old["applied_at"] is not None:
        raise Refused("already_typified", "this conversation has been typified already")
    return await conn.fetchrow(
        QUERIES["retype"],
        old["id"],
        said.agent_id,
        [result.id for result in path],
        [result.name for result in path],
        action,
        _schedule_out(said.schedule),
        said.note,
        dict(said.profile_data),
        said.idempotency_key,
        said.customer_id,
        said.contact_id,
        said.campaign_id,
    )


# --- the effects, in their order ------------------------------------------------------------------


async def _apply(
    conn: Connection,
    interaction: Interaction,
    effects: Effects,
    customer: Customer | None,
    rules: Rules,
    now: datetime,
) -> Applied:
    await conn.execute(QUERIES["applied"], interaction.id, now, effects.action)
    of_event = await _manage_event(conn, interaction, now)
    await _flags(conn, interaction, effects, customer, now)
    hang_up = await _do_not_call(conn, interaction, effects.do_not_call, customer, now)
    settled = None
    if interaction.contact_id is not None and effects.decision is not None:
        decision = _freed(effects.decision) if of_event else effects.decision
        settled = await contacts.settle(conn, interaction.contact_id, decision, rules.caps, now)
        if isinstance(decision, Finish):
            await agenda.end_of_contact(conn, interaction.contact_id, now)
    elif customer is not None and effects.decision is not None:
        settled = await _settle_open(conn, interaction, effects.decision, customer, rules, now)
    event_id = await _new_event(conn, interaction, effects, customer, now)
    return Applied(
        interaction.id, effects.action, applied=True, settled=settled, event_id=event_id, hang_up=hang_up
    )


async def _manage_event(conn: Connection, interaction: Interaction, now: datetime) -> bool:
    """Was this the call of an event?"""
    if interaction.contact_id is None:
        return False
    return bool(await agenda.managed_by_call(conn, interaction.contact_id, interaction.id, now))


async def _settle_open(
    conn: Connection,
    interaction: Interaction,
    decision: Decision,
    customer: Customer,
    rules: Rules,
    now: datetime,
) -> Settled | None:
    """An inbound or manual conversation has no contact of its own: its action is for the one that is open in
    the campaign's lists. A live one has its own call; a call-back that was agreed on stands, unless the
    customer is done with; and scheduling finds the contact by itself."""
    if isinstance(decision, Schedule):
        return None
    settled = None
    for row in await conn.fetch(QUERIES["open_contacts"], customer.id, interaction.campaign_id):
        waits_for_event = row["state"] == ContactState.SCHEDULED
        if waits_for_event and not isinstance(decision, Finish):
            continue
        settled = await contacts.settle(conn, row["id"], decision, rules.caps, now)
        if waits_for_event:
            await agenda.end_of_contact(conn, row["id"], now)
    return settled


def _freed(decision: Decision) -> Decision:
    """The call that was agreed on has been made: a recall after it is anybody's."""
    return replace(decision, unbind=True) if isinstance(decision, Retry) else decision


async def _flags(
    conn: Connection, interaction: Interaction, effects: Effects, customer: Customer | None, now: datetime
) -> None:
    if customer is None:
        return
    if effects.deletes_events:
        await agenda.end_of_customer(conn, customer_id=customer.id, now=now)
    if effects.removes_from_lists:
        # All but the contact talked about: the action, which comes after the flags, has the word on that one.
        rows = await conn.fetch(QUERIES["waiting_contacts"], customer.id, interaction.contact_id)
        gone = Finish(ContactState.REMOVED, "removed_by_result")
        await contacts.settle_many(conn, [Settlement(row["id"], gone) for row in rows], now)
    if effects.wrong_number:
        for phone in customer.phones:
            if phone.e164 == interaction.e164:
                await customers.retire_phone(conn, phone.id, PhoneState.WRONG_NUMBER, now)


async def _do_not_call(
    conn: Connection,
    interaction: Interaction,
    scope: DoNotCallScope | None,
    customer: Customer | None,
    now: datetime,
) -> tuple[UUID, ...]:
    if scope is None:
        return ()
    campaign_id = None if scope is DoNotCallScope.ALL_CAMPAIGNS else interaction.campaign_id
    whole_customer = customer.id if customer and scope is not DoNotCallScope.NUMBER_ONLY else None
    numbers = [interaction.e164] if interaction.e164 else []
    if customer and whole_customer:
        numbers += [phone.e164 for phone in customer.phones if phone.e164 != interaction.e164]
    ringing = await do_not_call.add(
        conn,
        numbers=numbers,
        customer_id=whole_customer,
        campaign_id=campaign_id,
        source=do_not_call.Source.AGENT,
        reason=" / ".join(interaction.result_names),
        attempt_id=interaction.attempt_id,
        user_id=interaction.agent_id,
        now=now,
    )
    await agenda.end_of_customer(
        conn, customer_id=whole_customer, numbers=numbers, campaign_id=campaign_id, now=now
    )
    return tuple(attempt_id for attempt_id in ringing if attempt_id != interaction.attempt_id)


async def _new_event(
    conn: Connection, interaction: Interaction, effects: Effects, customer: Customer | None, now: datetime
) -> UUID | None:
    event = effects.new_event
    if event is None:
        return None
    written = await agenda.create(
        conn,
        EventFields(
            customer_id=interaction.customer_id,
            customer_name=customer.name if customer else "",
            campaign_id=interaction.campaign_id,
            contact_id=interaction.contact_id if effects.decision is not None else None,
            agent_id=event.agent_id,
            e164=event.e164,
            due_at=event.due_at,
            zone=event.zone,
            note=event.note,
        ),
        interaction_id=interaction.id,
        created_by=interaction.agent_id,
        may_be_past=True,
        now=now,
    )
    return written.event.id


# --- rows -----------------------------------------------------------------------------------------


def _values(
    said: Typification,
    path: tuple[Result, ...],
    action: Action | None,
    state: InteractionState,
    interaction_id: UUID,
    now: datetime,
) -> tuple[Any, ...]:
    return (
        interaction_id,
        said.customer_id,
        said.campaign_id,
        said.contact_id,
        said.attempt_id,
        said.attempt_at,
        said.agent_id,
        said.e164,
        state,
        [result.id for result in path],
        [result.name for result in path],
        action,
        _schedule_out(said.schedule),
        said.note,
        dict(said.profile_data),
        said.idempotency_key,
        now,
    )


def _schedule_out(schedule: ScheduleRequest | None) -> Any:
    return msgspec.to_builtins(schedule) if schedule else None


_CONVERTED = {"state", "result_ids", "result_names", "action", "schedule"}
_PLAIN = [field.name for field in fields(Interaction) if field.name not in _CONVERTED]


def _interaction(row: Record) -> Interaction:
    return Interaction(
        state=InteractionState(row["state"]),
        result_ids=tuple(row["result_ids"]),
        result_names=tuple(row["result_names"]),
        action=Action(row["action"]) if row["action"] else None,
        schedule=msgspec.convert(row["schedule"], ScheduleRequest) if row["schedule"] else None,
        **{name: row[name] for name in _PLAIN},
    )
