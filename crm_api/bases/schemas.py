"""Bases: where customers come from."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, Field, StringConstraints

from crm_api.schemas import Columns, In, KnownZone, Name, Out, distinct

Region = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")]


class BaseIn(In):
    """`region` (ISO 3166) reads national numbers; `key_columns` make a customer's key at every load;
    without any: the installation's (`/api/preferences`)."""

    name: Name
    region: Region
    key_columns: Columns = ()
    zone: KnownZone | None = None


class KeyIn(In):
    """What customers are to be known by: columns of the base's files. `confirm`: the token of the answer
    before; without it nothing is done."""

    key_columns: Annotated[tuple[Name, ...], Field(min_length=1, max_length=10), AfterValidator(distinct)]
    confirm: Annotated[str, StringConstraints(max_length=64)] = ""


class KeyOut(Out):
    """`missing`: customers without a value in one of the columns; `shared`: customers who would have one key
    with another: while there are any, it is refused. `examples`: keys before and after."""

    customers: int
    changed: int
    missing: int
    shared: int
    examples: tuple[tuple[str, str], ...]
    shared_keys: tuple[str, ...]
    token: str
    done: bool


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
