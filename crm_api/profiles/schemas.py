"""Profiles: extra fields about the customer, for some campaigns."""

from typing import Annotated
from uuid import UUID

from pydantic import Field

from crm_api.schemas import In, Name, Out, Revision, Short
from typifications.profiles import MAX_FIELDS, FieldType


class FieldIn(In):
    name: Name
    label: Short = ""
    type: FieldType = FieldType.TEXT
    choices: Annotated[tuple[Name, ...], Field(max_length=200)] = ()


class ProfileIn(In):
    name: Name
    fields: Annotated[tuple[FieldIn, ...], Field(max_length=MAX_FIELDS)] = ()
    campaign_ids: Annotated[tuple[UUID, ...], Field(max_length=1000)] = ()


class ProfileEdit(ProfileIn):
    """With `revision`, the edit is refused when somebody was faster."""

    revision: Revision = None


class FieldOut(Out):
    name: str
    label: str
    type: FieldType
    choices: tuple[str, ...]


class ProfileOut(Out):
    id: UUID
    name: str
    fields: tuple[FieldOut, ...]
    campaigns: tuple[UUID, ...]
    revision: int
