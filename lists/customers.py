"""Customers: found by phone, searched, created, edited."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from lists.model import PhoneState
from storage.database import Connection


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
    """Everyone with this number; if nobody has it, everyone whose number ends in the same last 8 digits."""
    raise NotImplementedError


async def card(conn: Connection, customer_id: UUID) -> Customer:
    """One customer with phones in order. Raises NotFound."""
    raise NotImplementedError


async def create(
    conn: Connection,
    base_id: UUID,
    *,
    key: str = "",
    document: str = "",
    name: str = "",
    phones: Sequence[NewPhone] = (),
    owner_id: UUID | None = None,
    data: Mapping[str, Any] | None = None,
    now: datetime,
) -> Customer:
    """A new customer; without a key its document or else its main number is it. Raises Refused."""
    raise NotImplementedError


async def edit(conn: Connection, customer_id: UUID, change: CustomerEdit, now: datetime) -> Customer:
    raise NotImplementedError


async def add_phone(conn: Connection, customer_id: UUID, phone: NewPhone, now: datetime) -> Phone:
    """Attach a number as the last alternative. Answers the one already there if it is."""
    raise NotImplementedError


async def retire_phone(conn: Connection, phone_id: UUID, state: PhoneState, now: datetime) -> None:
    """Mark a number bad or wrong, so that it is not dialled again for this customer."""
    raise NotImplementedError


async def assign(conn: Connection, customer_ids: Sequence[UUID], owner_id: UUID | None, now: datetime) -> int:
    raise NotImplementedError


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
    """Customers matching all that is given: document by its start, name anywhere (accents and case aside), phone digits."""
    raise NotImplementedError
