"""Customers and their phones."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field, StringConstraints

from crm_api.schemas import Data, In, KnownZone, Out, Short, Typed
from lists.model import PhoneState

Kind = Annotated[str, StringConstraints(pattern=r"^(mobile|work|home)?$")]


class PhoneIn(In):
    """A number as typed; the base's region reads national ones."""

    number: Typed
    kind: Kind = ""


class PhoneStateIn(In):
    state: PhoneState


class CustomerIn(In):
    """Without a key, the document is it, or else the main number."""

    base_id: UUID
    key: Short = ""
    document: Short = ""
    name: Short = ""
    phones: Annotated[tuple[PhoneIn, ...], Field(max_length=20)] = ()
    data: Data = Field(default_factory=dict)


class CustomerEditIn(In):
    """What is not given stays. `data` is merged: a null removes its field."""

    document: Short | None = None
    name: Short | None = None
    zone: KnownZone | None = None
    data: Data = Field(default_factory=dict)


class AssignIn(In):
    customer_ids: Annotated[tuple[UUID, ...], Field(min_length=1, max_length=10_000)]
    agent_id: Annotated[UUID | None, Field(description="null takes the customers back")] = None


class AssignedOut(Out):
    assigned: int


class PhoneOut(Out):
    id: UUID
    position: int
    e164: str
    typed: str
    kind: str
    zones: tuple[str, ...]
    state: PhoneState


class CustomerOut(Out):
    id: UUID
    base_id: UUID
    key: str
    document: str
    name: str
    zone: str | None
    owner_id: UUID | None
    data: Mapping[str, Any]
    phones: tuple[PhoneOut, ...]
    created_at: datetime
    updated_at: datetime


class MatchesOut(Out):
    """`e164` is the number as read; several customers are a choice, none an empty form."""

    e164: str
    customers: list[CustomerOut]
