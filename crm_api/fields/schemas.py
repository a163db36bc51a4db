"""A base's own fields, typed."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from crm_api.schemas import In, Name, Out, Short
from lists.fields import MAX_FIELDS, MAX_NAME, FieldType

FieldKey = Annotated[str, StringConstraints(min_length=1, max_length=MAX_NAME)]


class FieldIn(In):
    """`name` is the column in the file. `decimal` and `day_first`: how typed values are read."""

    name: FieldKey
    type: FieldType = FieldType.TEXT
    label: Short = ""
    choices: Annotated[tuple[Name, ...], Field(max_length=500)] = ()
    required: bool = False
    decimal: Literal[".", ","] = "."
    day_first: bool = True


class FieldsIn(In):
    fields: Annotated[tuple[FieldIn, ...], Field(max_length=MAX_FIELDS)]


class FieldOut(Out):
    name: str
    type: FieldType
    label: str
    choices: tuple[str, ...]
    required: bool
    decimal: Literal[".", ","]
    day_first: bool


class FieldsOut(Out):
    fields: tuple[FieldOut, ...]
