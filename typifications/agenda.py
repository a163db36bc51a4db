"""The agenda: calls to be made at a chosen time, for one agent ("Para mí") or for whoever is free.

An event is pending, then managed or removed, once. A contact that waits for its event is `scheduled`; no act
here may leave one waiting without an event.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from asyncpg import Record

from lists import contacts
from lists.contacts import ScheduledRelease
from lists.model import Caps, ContactState, Retry, Schedule, Settlement
from storage.database import Connection, savepoint
from storage.ids import uuid7
from storage.queries import Queries
from typifications.errors import NotFound, Refused
from typifications.model import AgendaEvent, EventFields, EventState

QUERIES = Queries.load("typifications", "sql/agenda.sql")

# The list's own caps are held when the attempt begins; giving a contact back to its list must not end it.
NO_CAPS = Caps(per_contact=32_767, per_number=32_767, number_gap_s=0, customer_gap_s=0)


class Sort(StrEnum):
    DUE_AT = "due_at"
    CREATED_AT = "created_at"
    CUSTOMER_NAME = "customer_name"
    STATE = "state"


@dataclass(frozen=True, slots=True)
class Range:
    """Events due in [start, end): of these agents (None: all), with nobody's or without (None: with those of
    all agents only; `free_of`: in these campaigns alone), and of these campaigns (None: all)."""

    start: datetime
    end: datetime
    agent_ids: Collection[UUID] | None = None
    with_free: bool | None = None
    states: Collection[EventState] = tuple(EventState)
    campaign_ids: Collection[UUID] | None = None
    free_of: Collection[UUID] | None = None

    def values(self) -> tuple[Any, ...]:
        """As the queries take them."""
        agents = list(self.agent_ids) if self.agent_ids is not None else None
        campaigns = list(self.campaign_ids) if self.campaign_ids is not None else None
        free_of = list(self.free_of) if self.free_of is not None else None
        with_free = self.with_free if self.with_free is not None else agents is None
        return self.start, self.end, agents, with_free, list(self.states), campaigns, free_of


@dataclass(frozen=True, slots=True)
class Written:
    event: AgendaEvent
    phone_known: bool
    """False: nobody has this number, so the event cannot be dialled or managed until somebody has."""


async def create(
    conn: Connection,
    given: EventFields,
    *,
    interaction_id: UUID | None = None,
    created_by: UUID | None = None,
    may_be_past: bool = False,
    now: datetime,
) -> Written:
    """Raises `Refused` for a time that is over, unless it was typed before it was.

    Without a contact, the customer's waiting one in the campaign's lists waits for the event from now on: it
    is dialled when due and not before. Where there is none the event is called by hand.
    """
    if not may_be_past:
        _refuse_past(given.due_at, now)
    async with savepoint(conn):
        if given.contact_id is None:
            given = replace(given, contact_id=await _claim_contact(conn, given, now))
        return await _insert(conn, given, interaction_id, created_by, now)


async def get(conn: Connection, event_id: UUID) -> AgendaEvent:
    """Raises `NotFound`."""
    return _found(await conn.fetchrow(QUERIES["get"], event_id), event_id)


async def edit(
    conn: Connection,
    event_id: UUID,
    changes: Mapping[str, Any],
    *,
    by: UUID | None = None,
    now: datetime,
) -> Written:
    """Change name, agent, number, time, zone or note of a pending event; the customer stays as it is. `by`
    this agent (None: by a supervisor), who may not change what another agent holds.

    Raises `NotFound`, `Refused`.
    """
    async with savepoint(conn):
        event = await _pending(conn, event_id, by, now)
        wanted = replace(event, **{name: changes[name] for name in changes.keys() & _EDITABLE})
        if wanted.due_at != event.due_at:
            _refuse_past(wanted.due_at, now)
        if (wanted.due_at, wanted.agent_id) != (event.due_at, event.agent_id):
            await _hold_back(conn, [event_id], now)
        row = await conn.fetchrow(
            QUERIES["edit"],
            event_id,
            wanted.customer_name,
            wanted.agent_id,
            wanted.e164,
            wanted.due_at,
            wanted.zone,
            wanted.note,
        )
        return await _written(conn, of_row(row))


async def reassign(
    conn: Connection, event_ids: Sequence[UUID], agent_id: UUID | None, *, now: datetime
) -> int:
    """Give pending events, orphaned ones too, to another agent or to whoever is free. How many were."""
    async with savepoint(conn):
        await _hold_back(conn, event_ids, now)
        return len(await conn.fetch(QUERIES["reassign"], list(event_ids), agent_id))


async def orphan(conn: Connection, event_ids: Sequence[UUID], now: datetime) -> int:
    """These wait for a supervisor from now on: nobody is dialled for them. How many were new."""
    async with savepoint(conn):
        await _hold_back(conn, event_ids, now)
        return len(await conn.fetch(QUERIES["orphan"], list(event_ids), now))


async def orphaned(
    conn: Connection, campaign_ids: Sequence[UUID] | None = None, *, limit: int = 2000
) -> list[AgendaEvent]:
    """The supervisors' queue, longest due first; of these campaigns only where they are given."""
    ids = list(campaign_ids) if campaign_ids is not None else None
    return _events(await conn.fetch(QUERIES["orphaned"], ids, limit))


async def unattended(
    conn: Connection,
    campaign_ids: Sequence[UUID],
    *,
    present: Sequence[UUID],
    due_before: datetime,
    limit: int = 500,
) -> list[AgendaEvent]:
    """Due events of agents who are not at work, with a contact to be called. Not those orphaned already."""
    rows = await conn.fetch(QUERIES["unattended"], list(campaign_ids), list(present), due_before, limit)
    return _events(rows)


async def remove(conn: Connection, event_id: UUID, *, by: UUID | None = None, now: datetime) -> AgendaEvent:
    """A contact that waited for it goes back to its list. Refused to an agent while another holds it. Raises
    `NotFound`, `Refused`."""
    return await _close(conn, event_id, EventState.REMOVED, None, now, by=by)


async def manage(
    conn: Connection,
    event_id: UUID,
    *,
    by: UUID | None = None,
    interaction_id: UUID | None = None,
    now: datetime,
) -> AgendaEvent:
    """Done by this agent (None: by a supervisor): from now on nobody else can. Refused: a second manage
    (`event_closed`), one of an event another agent holds (`event_taken`), and one of a customer on a number
    that nobody has (`phone_unknown`): it was mistyped, or is new."""
    await _must_know_phone(conn, event_id)
    return await _close(conn, event_id, EventState.MANAGED, interaction_id, now, by=by)


async def due(
    conn: Connection, now: datetime, agent_ids: Sequence[UUID] | None = None, *, limit: int = 500
) -> list[AgendaEvent]:
    """Pending events whose time has come: nobody's, and those of these agents (None: everybody's)."""
    agents = list(agent_ids) if agent_ids is not None else None
    return _events(await conn.fetch(QUERIES["due"], now, agents, limit))


async def next_due(conn: Connection, now: datetime) -> datetime | None:
    """When the next pending event comes due after `now`."""
    at: datetime | None = await conn.fetchval(QUERIES["next_due"], now)
    return at


async def release_due(
    conn: Connection, now: datetime, *, by_agents: Collection[UUID] = (), limit: int = 100
) -> list[AgendaEvent]:
    """Make the contacts of due events dialable, bound to the event's agent or free. The events released.

    The event stays pending until its call is typified, or has had its tries (`tried`, `give_up`).
    `by_agents`: campaigns in which an event for anyone is not for the campaign's own dialling (`release_to`).
    """
    async with savepoint(conn):
        events = _events(await conn.fetch(QUERIES["due_contacts"], now, limit, list(by_agents)))
        releases = [
            ScheduledRelease(event.contact_id, event.e164, event.agent_id)
            for event in events
            if event.contact_id is not None
        ]
        done = set(await contacts.release_scheduled(conn, releases, now)) if releases else set()
    return [event for event in events if event.contact_id in done]


async def release_to(
    conn: Connection, campaign_id: UUID, agent_ids: Sequence[UUID], now: datetime
) -> list[AgendaEvent]:
    """Due events of the campaign for anyone, one for each of these agents, who is to be called for it alone.
    An agent who did not come to it after all loses it to the next one here."""
    async with savepoint(conn):
        rows = await conn.fetch(QUERIES["due_for_anyone"], campaign_id, now, len(agent_ids))
        events = _events(rows)
        releases = [
            ScheduledRelease(event.contact_id, event.e164, agent_id)
            for event, agent_id in zip(events, agent_ids, strict=False)
            if event.contact_id is not None
        ]
        done = set(await contacts.release_scheduled(conn, releases, now, anew=True)) if releases else set()
    return [event for event in events if event.contact_id in done]


async def tried(conn: Connection, contact_id: UUID, now: datetime) -> int | None:
    """Count a call made for the contact's due event. How many it has had; None: it was not for any."""
    tries: int | None = await conn.fetchval(QUERIES["tried"], contact_id, now)
    return tries


async def give_up(conn: Connection, contact_id: UUID, now: datetime) -> bool:
    """The event has had its tries: it is removed, and the contact belongs to its list again (settle it)."""
    return bool(await conn.fetch(QUERIES["end_of_contact"], contact_id, now))


async def between(conn: Connection, wanted: Range, *, limit: int = 2000) -> list[AgendaEvent]:
    """The calendar, the first due first."""
    return await page(conn, wanted, limit=limit)


async def page(
    conn: Connection,
    wanted: Range,
    *,
    sort: Sort = Sort.DUE_AT,
    descending: bool = False,
    limit: int,
    offset: int = 0,
) -> list[AgendaEvent]:
    """The same in any order; those alike by when they are due."""
    order = f"{sort}{' DESC' if descending else ''}, due_at, id"
    query = QUERIES["between"].format(order=order)
    return _events(await conn.fetch(query, *wanted.values(), limit, offset))


async def count(conn: Connection, wanted: Range) -> int:
    found: int = await conn.fetchval(QUERIES["count_between"], *wanted.values())
    return found


async def for_customer(conn: Connection, customer_id: UUID, *, closed: bool = False) -> list[AgendaEvent]:
    return _events(await conn.fetch(QUERIES["of_customer"], customer_id, closed))


async def end_of_customer(
    conn: Connection,
    *,
    customer_id: UUID | None,
    numbers: Sequence[str] = (),
    campaign_id: UUID | None = None,
    now: datetime,
) -> int:
    """Remove the pending events of a customer, and those to these numbers; campaign None means of all.

    Whoever puts numbers on a do-not-call list calls this too. How many were removed.
    """
    rows = await conn.fetch(QUERIES["end_of_customer"], customer_id, list(numbers), campaign_id, now)
    await _give_back(conn, (row["contact_id"] for row in rows), now)
    return len(rows)


async def move_with_list(conn: Connection, dial_list_id: UUID, campaign_id: UUID, now: datetime) -> int:
    """The pending events of a list's contacts belong to its new campaign; where a contact ended because its
    customer waits there already, that one waits for the event. How many."""
    moved = await conn.fetch(QUERIES["move_with_list"], dial_list_id, campaign_id)
    for row in moved:
        if row["ended"]:
            await _wait_instead(conn, of_row(row), now)
    return len(moved)


async def awaits_anybody(conn: Connection, campaign_id: UUID, e164: str) -> bool:
    """Whether a pending event of the campaign to this number is nobody's."""
    return bool(await conn.fetchval(QUERIES["awaits_anybody"], campaign_id, e164))


async def end_of_list(conn: Connection, dial_list_id: UUID, now: datetime) -> int:
    """The list was deleted: nobody is called for those of its contacts that ended with it. How many pending
    events were removed."""
    return len(await conn.fetch(QUERIES["end_of_list"], dial_list_id, now))


async def end_of_base(conn: Connection, base_id: UUID, now: datetime) -> int:
    """The base was deleted, and with it who was to be called. How many pending events were removed."""
    return len(await conn.fetch(QUERIES["end_of_base"], base_id, now))


async def leave_expired(conn: Connection) -> int:
    """Contacts that ended with the time of their list were promised a call all the same: agents are to make
    it. How many events."""
    return len(await conn.fetch(QUERIES["leave_expired"]))


async def end_of_contact(conn: Connection, contact_id: UUID, now: datetime) -> int:
    """The contact has ended: nothing is left to call it for. How many pending events were removed."""
    return len(await conn.fetch(QUERIES["end_all_of_contact"], contact_id, now))


async def managed_by_call(
    conn: Connection, contact_id: UUID, interaction_id: UUID, now: datetime
) -> list[AgendaEvent]:
    """The contact's due events are managed, or the first one where none is due yet: their call has been
    talked through."""
    return _events(await conn.fetch(QUERIES["manage_of_contact"], contact_id, interaction_id, now))


async def agreed(conn: Connection, contact_id: UUID, now: datetime) -> bool:
    """Whether the contact is to be called at a time that is still to come."""
    return bool(await conn.fetchval(QUERIES["agreed"], contact_id, now))


_EDITABLE = {"customer_name", "agent_id", "e164", "due_at", "zone", "note"}


async def _claim_contact(conn: Connection, given: EventFields, now: datetime) -> UUID | None:
    contact_id: UUID | None = await conn.fetchval(
        QUERIES["waiting_contact"], given.campaign_id, given.customer_id, given.e164
    )
    if contact_id is not None:
        await contacts.settle(conn, contact_id, Schedule(), NO_CAPS, now)
    return contact_id


async def _wait_instead(conn: Connection, event: AgendaEvent, now: datetime) -> None:
    """The customer's other contact in the event's campaign, where it can be called for it; else nobody's: an
    agent is to call."""
    other = await conn.fetchrow(QUERIES["other_contact"], event.campaign_id, event.customer_id, event.e164)
    if other is not None and other["state"] == ContactState.PENDING:
        await contacts.settle(conn, other["id"], Schedule(), NO_CAPS, now)
    await conn.execute(QUERIES["wait_instead"], event.id, other["id"] if other is not None else None)


async def _hold_back(conn: Connection, event_ids: Sequence[UUID], now: datetime) -> None:
    """Contacts made dialable for the agent their event had: they are `scheduled` again, until it is due for
    whoever has it now."""
    rows = await conn.fetch(QUERIES["released_contacts"], list(event_ids))
    if rows:
        await contacts.settle_many(conn, [Settlement(row["id"], Schedule(), NO_CAPS) for row in rows], now)


async def _insert(
    conn: Connection,
    given: EventFields,
    interaction_id: UUID | None,
    created_by: UUID | None,
    now: datetime,
) -> Written:
    row = await conn.fetchrow(
        QUERIES["create"],
        uuid7(now),
        given.customer_id,
        given.customer_name,
        given.campaign_id,
        given.contact_id,
        given.agent_id,
        given.e164,
        given.due_at,
        given.zone,
        given.note,
        interaction_id,
        created_by,
        now,
    )
    return await _written(conn, of_row(row))


async def _close(
    conn: Connection,
    event_id: UUID,
    state: EventState,
    managed_by: UUID | None,
    now: datetime,
    *,
    by: UUID | None = None,
) -> AgendaEvent:
    async with savepoint(conn):
        await _pending(conn, event_id, by, now)
        row = await conn.fetchrow(QUERIES["close"], event_id, state, managed_by, now)
        event = of_row(row)
        await _give_back(conn, [event.contact_id], now)
        return event


async def _give_back(conn: Connection, contact_ids: Iterable[UUID | None], now: datetime) -> None:
    """Contacts left without any event are dialled by their list again."""
    ids = sorted({contact_id for contact_id in contact_ids if contact_id is not None})
    if not ids:
        return
    waiting = await conn.fetch(QUERIES["left_waiting"], ids)
    back = [Settlement(row["id"], Retry(now), NO_CAPS) for row in waiting]
    if back:
        await contacts.settle_many(conn, back, now)


async def _must_know_phone(conn: Connection, event_id: UUID) -> None:
    """Who is no customer yet has no number to be known by."""
    event = await get(conn, event_id)
    if event.state is not EventState.PENDING or event.customer_id is None:
        return
    if not await conn.fetchval(QUERIES["knows_phone"], event.e164, None):
        raise Refused("phone_unknown", "nobody has this number: add it to the customer first")


async def _pending(conn: Connection, event_id: UUID, by: UUID | None, now: datetime) -> AgendaEvent:
    event = _found(await conn.fetchrow(QUERIES["lock"], event_id), event_id)
    if event.state is not EventState.PENDING:
        raise Refused("event_closed", f"this event is {event.state} already", state=event.state)
    if event.held_from(by, now):
        raise Refused("event_taken", "another agent has taken this event", taken_by=str(event.taken_by))
    return event


async def _written(conn: Connection, event: AgendaEvent) -> Written:
    known = await conn.fetchval(QUERIES["knows_phone"], event.e164, event.customer_id)
    return Written(event, bool(known))


def _refuse_past(due_at: datetime, now: datetime) -> None:
    if due_at <= now:
        raise Refused("in_the_past", "that time is over already")


def _found(row: Record | None, event_id: UUID) -> AgendaEvent:
    if row is None:
        raise NotFound("there is no such event", event_id=str(event_id))
    return of_row(row)


def _events(rows: Sequence[Record]) -> list[AgendaEvent]:
    return [of_row(row) for row in rows]


_COLUMNS = [field.name for field in fields(AgendaEvent) if field.name != "state"]


def of_row(row: Record | None) -> AgendaEvent:
    assert row is not None
    return AgendaEvent(state=EventState(row["state"]), **{name: row[name] for name in _COLUMNS})
