"""A contact's life between attempts: settled, released, added."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from lists import customers, dial_lists
from lists.errors import NotFound, Refused
from lists.model import Caps, ContactState, Decision, PhoneState, SameCustomer, Settled, Settlement
from lists.numbers import Number, parse
from lists.queries import CONTACTS, Row
from lists.settling import ContactFacts, PhoneFacts, Place, last_position, place
from lists.zones import effective_zones, zone_key
from storage.database import Connection
from storage.ids import uuid7


@dataclass(frozen=True, slots=True)
class Record:
    """One record for a running campaign, as the API takes it. Numbers as typed; `region` reads national ones.

    Without a `dial_list_id` it goes to the campaign's own list for such records.
    """

    campaign_id: UUID
    destination: str
    region: str
    alternatives: Sequence[str] = ()
    calldate: datetime | None = None
    agent_id: UUID | None = None
    priority: int = 100
    name: str = ""
    data: Mapping[str, Any] = field(default_factory=dict)
    dial_list_id: UUID | None = None
    same_customer: SameCustomer = SameCustomer.REFUSE


@dataclass(frozen=True, slots=True)
class ScheduledRelease:
    """A scheduled contact whose event is due: to this number, for this agent or for anyone."""

    contact_id: UUID
    e164: str
    agent_id: UUID | None = None


async def settle(
    conn: Connection, contact_id: UUID, decision: Decision, caps: Caps, now: datetime
) -> Settled:
    """Apply one decision (see settle_many). Raises NotFound."""
    settled = await settle_many(conn, [Settlement(contact_id, decision, caps)], now)
    if not settled:
        raise NotFound(f"there is no contact {contact_id}")
    return settled[0]


async def settle_many(conn: Connection, settlements: Sequence[Settlement], now: datetime) -> list[Settled]:
    """Apply decisions, one a contact, with one read and one write; answers in the order asked, unknown ids
    left out.

    A contact that has ended stays as it is. One of a deleted or expired list ends instead of waiting again.
    """
    if not settlements:
        return []
    asked = list({s.contact_id for s in settlements})
    rows = await conn.fetch(CONTACTS.settle_facts, asked, now, len(asked))
    contacts = {row["id"]: _facts(row) for row in rows}
    places: dict[UUID, Place] = {}
    answers: list[Settled] = []
    for s in settlements:
        contact = contacts.get(s.contact_id)
        if contact is None:
            continue
        new = place(contact, s.decision, s.caps, now)
        if new is not None:
            places[s.contact_id] = new
        answers.append(
            Settled(
                contact_id=s.contact_id,
                state=new.state if new else contact.state,
                reason=new.reason if new else "",
                next_at=new.next_at if new else contact.next_at,
                cursor=new.cursor if new else contact.cursor,
                changed=new is not None,
            )
        )
    if places:
        await _store(conn, places, now)
    return answers


async def _store(conn: Connection, places: Mapping[UUID, Place], now: datetime) -> None:
    new = places.values()
    await conn.execute(
        CONTACTS.settle,
        list(places),
        [p.state for p in new],
        [p.cursor for p in new],
        [p.position for p in new],
        [p.next_at for p in new],
        [p.retries for p in new],
        [p.agent_id for p in new],
        [p.zone_key for p in new],
        [p.reason for p in new],
        now,
        len(places),
    )


def _facts(row: Row) -> ContactFacts:
    customer_zone, list_zone = row["customer_zone"], row["list_zone"]
    phones = zip(
        row["positions"] or (),
        row["states"] or (),
        row["phone_attempts"] or (),
        row["zones"] or (),
        row["do_not_call"] or (),
        strict=True,
    )
    return ContactFacts(
        contact_id=row["id"],
        state=ContactState(row["state"]),
        cursor=row["cursor"],
        position=row["position"],
        next_at=row["next_at"],
        attempts=row["attempts"],
        retries=row["retries"],
        agent_id=row["agent_id"],
        zone_key=row["zone_key"],
        list_deleted=row["list_deleted"],
        list_expired=row["list_expired"],
        phones=[
            PhoneFacts(
                position=position,
                state=PhoneState(state),
                attempts=attempts,
                do_not_call=do_not_call,
                zones=effective_zones(customer_zone, list_zone, zones.split("|") if zones else ()),
            )
            for position, state, attempts, zones, do_not_call in phones
        ],
    )


async def release_scheduled(
    conn: Connection, releases: Sequence[ScheduledRelease], now: datetime, *, anew: bool = False
) -> list[UUID]:
    """Make scheduled contacts dialable now, bound to their agent if there is one. The ids really released.

    A number that is none of the customer's phones leaves the contact where it is. `anew`: also those that
    wait for another agent already, and are not lent.
    """
    rows = await conn.fetch(
        CONTACTS.release_scheduled,
        [r.contact_id for r in releases],
        [r.e164 for r in releases],
        [r.agent_id for r in releases],
        now,
        anew,
    )
    return [row["id"] for row in rows]


async def stranded(conn: Connection, campaign_id: UUID) -> list[UUID]:
    """Contacts marked live without a live attempt: their worker died between closing and settling."""
    return [row["id"] for row in await conn.fetch(CONTACTS.stranded, campaign_id)]


async def add_one(conn: Connection, record: Record, now: datetime) -> UUID:
    """Add one record to a campaign's list. The contact's id. Raises Refused (bad number, already waiting)
    or NotFound.

    The customer is known by the main number within the list's base; numbers not yet theirs become
    alternatives.
    """
    if record.dial_list_id is not None:
        target = await dial_lists.get(conn, record.dial_list_id)
        if target.campaign_id != record.campaign_id:
            raise Refused("list_of_another_campaign", "The list belongs to another campaign.")
    else:
        target = await dial_lists.for_records(conn, record.campaign_id, region=record.region, now=now)
    customer = await customers.upsert_by_number(
        conn,
        target.base_id,
        record.destination,
        record.alternatives,
        region=record.region,
        name=record.name,
        data=record.data,
        now=now,
    )
    main = parse(record.destination, record.region)
    phone = next(p for p in customer.phones if isinstance(main, Number) and p.e164 == main.e164)
    zones = effective_zones(customer.zone, target.effective_zone, phone.zones)
    contact_id: UUID | None = None
    if record.same_customer is SameCustomer.MOVE:
        contact_id = await conn.fetchval(
            CONTACTS.move_contact,
            customer.id,
            record.campaign_id,
            target.id,
            record.priority,
            last_position(now),
            max(record.calldate or now, now),
            record.agent_id,
            dict(record.data),
        )
    contact_id = contact_id or await conn.fetchval(
        CONTACTS.add_contact,
        uuid7(now),
        target.id,
        record.campaign_id,
        customer.id,
        record.priority,
        last_position(now),
        max(record.calldate or now, now),
        zone_key(zones),
        record.agent_id,
        dict(record.data),
        now,
        record.same_customer is SameCustomer.ALLOW,
    )
    if contact_id is None:
        raise Refused("already_in_campaign", "This customer already waits to be called in this campaign.")
    return contact_id
