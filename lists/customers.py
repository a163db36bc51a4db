"""Customers: found by phone, searched, created, edited."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from lists import base_fields
from lists.errors import NotFound, Refused
from lists.folding import fold
from lists.model import PhoneState
from lists.numbers import BadNumber, Number, parse
from lists.queries import CUSTOMERS, Row
from lists.searching import TAIL_DIGITS, Query, find, range_of
from storage.database import Connection
from storage.ids import uuid7


@dataclass(frozen=True, slots=True)
class Phone:
    id: UUID
    position: int
    e164: str
    typed: str
    kind: str
    zones: tuple[str, ...]
    state: PhoneState


@dataclass(frozen=True, slots=True)
class Customer:
    id: UUID
    base_id: UUID
    region: str
    key: str
    document: str
    name: str
    zone: str | None
    owner_id: UUID | None
    data: Mapping[str, Any]
    phones: tuple[Phone, ...]
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class NewPhone:
    """A number as typed; `region` of the base reads national ones."""

    typed: str
    kind: str = ""


@dataclass(frozen=True, slots=True)
class CustomerEdit:
    """What changes; None leaves a field as it is. `data` is merged; a None value removes its field."""

    document: str | None = None
    name: str | None = None
    zone: str | None = None
    data: Mapping[str, Any] = field(default_factory=dict)


async def by_phone(conn: Connection, e164: str, *, limit: int = 20) -> list[Customer]:
    """Everyone with this number; if nobody has it, everyone whose number ends in the same last 8 digits.

    Those changed last come first.
    """
    rows = await conn.fetch(CUSTOMERS.by_e164, e164, limit)
    if not rows and len(e164.lstrip("+")) >= TAIL_DIGITS:
        rows = await conn.fetch(CUSTOMERS.by_tail, *range_of(e164[::-1][:TAIL_DIGITS]), limit)
    return await cards(conn, [row["id"] for row in rows])


async def cards(conn: Connection, customer_ids: Sequence[UUID]) -> list[Customer]:
    """These customers with their phones, in the order asked; unknown and deleted ones are left out."""
    if not customer_ids:
        return []
    return [_customer(row) for row in await conn.fetch(CUSTOMERS.cards, list(customer_ids))]


async def card(conn: Connection, customer_id: UUID) -> Customer:
    """One customer with phones in order. Raises NotFound."""
    found = await cards(conn, [customer_id])
    if not found:
        raise NotFound(f"there is no customer {customer_id}")
    return found[0]


get = card


async def create(
    conn: Connection,
    base_id: UUID,
    *,
    key: str = "",
    document: str = "",
    name: str = "",
    phones: Sequence[NewPhone] = (),
    owner_id: UUID | None = None,
    zone: str | None = None,
    data: Mapping[str, Any] | None = None,
    now: datetime,
) -> Customer:
    """A new customer; without a key its document or else its main number is it.

    Raises Refused (bad_number, no_key, customer_exists), BadValue or NotFound (the base).
    """
    base = await base_fields.of_base(conn, base_id)
    numbers = [(phone, _read(phone.typed, base.region)) for phone in phones]
    kept = base.whole(data or {})
    key = key.strip() or document.strip() or (numbers[0][1].e164 if numbers else "")
    if not key:
        raise Refused("no_key", "A customer needs a document or a phone number to be known by.")
    customer_id: UUID | None = await conn.fetchval(
        CUSTOMERS.create,
        uuid7(now),
        base_id,
        key,
        document.strip(),
        name.strip(),
        fold(name),
        zone,
        owner_id,
        kept,
        now,
    )
    if customer_id is None:
        raise Refused("customer_exists", f"The base already has a customer known as {key}.")
    await base_fields.note(conn, base_id, kept)
    for phone, number in numbers:
        await _attach(conn, customer_id, phone, number, now)
    return await card(conn, customer_id)


async def edit(conn: Connection, customer_id: UUID, change: CustomerEdit, now: datetime) -> Customer:
    """Change what is given, under a lock, so that two editors of different fields lose nothing. Raises
    NotFound, BadValue."""
    await conn.fetchval(CUSTOMERS.lock, customer_id)
    old = await card(conn, customer_id)
    document = old.document if change.document is None else change.document.strip()
    name = old.name if change.name is None else change.name.strip()
    changed = (await base_fields.of_base(conn, old.base_id)).changed(change.data) if change.data else {}
    data = {k: v for k, v in {**old.data, **changed}.items() if v is not None}
    zone = old.zone if change.zone is None else change.zone or None
    await conn.execute(CUSTOMERS.edit, customer_id, document, name, fold(name), zone, data, now)
    await base_fields.note(conn, old.base_id, (name for name in changed if name in data))
    return await card(conn, customer_id)


async def add_phone(conn: Connection, customer_id: UUID, phone: NewPhone, now: datetime) -> Phone:
    """Attach a number as the last alternative; answers the one already there if it is. Raises Refused,
    NotFound."""
    await conn.fetchval(CUSTOMERS.lock, customer_id)
    customer = await card(conn, customer_id)
    number = _read(phone.typed, customer.region)
    await _attach(conn, customer_id, phone, number, now)
    await conn.execute(CUSTOMERS.touch, customer_id, now)
    phones = (await card(conn, customer_id)).phones
    return next(p for p in phones if p.e164 == number.e164)


async def retire_phone(conn: Connection, phone_id: UUID, state: PhoneState, now: datetime) -> None:
    """Mark a number bad or wrong, so that it is not dialled again for this customer; or good again. Raises
    NotFound."""
    customer_id: UUID | None = await conn.fetchval(CUSTOMERS.retire_phone, phone_id, state)
    if customer_id is None:
        raise NotFound(f"there is no phone {phone_id}")
    await conn.execute(CUSTOMERS.touch, customer_id, now)


async def assign(conn: Connection, customer_ids: Sequence[UUID], owner_id: UUID | None, now: datetime) -> int:
    """Give customers to an agent, or to nobody. How many there were."""
    return len(await conn.fetch(CUSTOMERS.assign, list(customer_ids), owner_id, now))


async def upsert_by_number(
    conn: Connection,
    base_id: UUID,
    main: str,
    alternatives: Sequence[str] = (),
    *,
    region: str,
    name: str = "",
    data: Mapping[str, Any] | None = None,
    now: datetime,
) -> Customer:
    """The base's customer whose key is this main number, made if need be; unknown numbers become
    alternatives.

    Alternatives that cannot be read are left out. Raises Refused (bad_number), BadValue.
    """
    number = _read(main, region)
    said = (await base_fields.of_base(conn, base_id)).changed(data or {})
    kept = {column: value for column, value in said.items() if value is not None}
    customer_id: UUID | None = await conn.fetchval(
        CUSTOMERS.create,
        uuid7(now),
        base_id,
        number.e164,
        "",
        name.strip(),
        fold(name),
        None,
        None,
        kept,
        now,
    )
    if customer_id is None:
        customer_id = await conn.fetchval(CUSTOMERS.by_key, base_id, number.e164) or await conn.fetchval(
            CUSTOMERS.revive, base_id, number.e164, now
        )
        await edit(conn, customer_id, CustomerEdit(name=name or None, data=data or {}), now)
    await base_fields.note(conn, base_id, kept)
    await _attach(conn, customer_id, NewPhone(main), number, now)
    for typed in alternatives:
        alternative = parse(typed, region)
        if isinstance(alternative, Number):
            await _attach(conn, customer_id, NewPhone(typed), alternative, now)
    return await card(conn, customer_id)


async def search(
    conn: Connection,
    *,
    document: str = "",
    name: str = "",
    phone: str = "",
    owner_id: UUID | None = None,
    base_id: UUID | None = None,
    limit: int = 50,
    offset: int = 0,
) -> list[Customer]:
    """A page of the customers matching all that is given, by name (see lists.searching)."""
    query = Query(document, name, phone, owner_id, base_id)
    return await cards(conn, await find(conn, query, limit=limit, offset=offset))


def _read(typed: str, region: str) -> Number:
    number = parse(typed, region)
    if isinstance(number, BadNumber):
        raise Refused("bad_number", f"{typed!r} is not a phone number: {number.reason.replace('_', ' ')}.")
    return number


async def _attach(
    conn: Connection, customer_id: UUID, phone: NewPhone, number: Number, now: datetime
) -> None:
    await conn.execute(
        CUSTOMERS.add_phone,
        uuid7(now),
        customer_id,
        number.e164,
        phone.typed.strip(),
        phone.kind,
        list(number.zones),
    )


def _customer(row: Row) -> Customer:
    columns = (row[c] or () for c in ("ids", "positions", "e164s", "typed", "kinds", "zones", "states"))
    return Customer(
        id=row["id"],
        base_id=row["base_id"],
        region=row["region"],
        key=row["key"],
        document=row["document"],
        name=row["name"],
        zone=row["zone"],
        owner_id=row["owner_id"],
        data=row["data"],
        phones=tuple(
            Phone(
                id_, position, e164, typed, kind, tuple(zones.split("|")) if zones else (), PhoneState(state)
            )
            for id_, position, e164, typed, kind, zones, state in zip(*columns, strict=True)
        ),
        created_at=row["created_at"],
        updated_at=row["updated_at"],
    )
