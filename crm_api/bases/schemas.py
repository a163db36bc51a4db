"""Bases: where customers come from."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field, StringConstraints

from crm_api.schemas import In, Name, Out, Zone

Region = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")]


class BaseIn(In):
    """`region` (ISO 3166) reads national numbers; `key_columns` make a customer's key at every load;
    without any: the installation's (`/api/preferences`)."""

    name: Name
    region: Region
    key_columns: Annotated[tuple[Name, ...], Field(max_length=10)] = ()
    zone: Zone | None = None


class BaseOut(Out):
    id: UUID
    name: str
    key_columns: tuple[str, ...]
    region: str
    zone: str | None
    customers: int
    created_at: datetime


class DeletionOut(Out):
    """What would go. Send `token` back to do it; it holds for the base as it is now."""

    base_id: UUID
    customers: int
    goes: tuple[str, ...]
    stays: tuple[str, ...]
    token: str


class DeletedOut(Out):
    contacts_ended: int
