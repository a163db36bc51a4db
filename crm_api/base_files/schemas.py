"""Files of a base: a look at one, how they are read, bulk updates."""

from collections.abc import Mapping
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from crm_api.fields.schemas import FieldOut
from crm_api.schemas import In, Name, Out
from lists.bases.changes import Match

Mapped = Annotated[str, StringConstraints(max_length=2000)]
Encoding = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,40}$")]
Delimiter = Annotated[str, StringConstraints(min_length=1, max_length=1)]


class PreviewQuery(BaseModel):
    """Encoding and delimiter are found out unless given."""

    model_config = ConfigDict(extra="forbid")

    encoding: Encoding | None = None
    delimiter: Delimiter | None = None


class PreviewOut(Out):
    """`mapping` and `fields` are suggestions. `encoding` null: a workbook. `torn`: rows not readable."""

    encoding: str | None
    delimiter: str | None
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    torn: int
    mapping: str
    fields: tuple[FieldOut, ...]


class TemplateIn(In):
    """How the next file of the base is read: `mapping` as a load takes it."""

    mapping: Annotated[str, StringConstraints(min_length=1, max_length=2000)]
    encoding: Encoding | None = None
    delimiter: Delimiter | None = None


class TemplateOut(Out):
    mapping: str
    encoding: str | None
    delimiter: str | None


class UpdateQuery(BaseModel):
    """`column`: the columns to be updated, as the file names them. `mapping`: what columns mean, as in
    key=documento,name=nombre,phone=telefono; without it the base's template says it, else their names.
    `create`: unknown customers become new ones. `confirm`: the token of the dry run; without it nothing is
    stored."""

    model_config = ConfigDict(extra="forbid")

    column: Annotated[list[Name], Field(min_length=1, max_length=200)]
    mapping: Mapped = ""
    match: Match = Match.KEY
    create: bool = False
    confirm: Annotated[str, StringConstraints(max_length=64)] = ""
    file_name: Annotated[str, StringConstraints(max_length=200)] = "update.csv"
    encoding: Encoding | None = None
    delimiter: Delimiter | None = None


class ExampleOut(Out):
    line: int
    key: str
    before: Mapping[str, Any]
    after: Mapping[str, Any]


class RefusedRowOut(Out):
    line: int
    reason: str


class UpdateOut(Out):
    """`load_id` null: nothing was stored; send the same again with `confirm=token`. Else the refused rows are
    at `updates/{load_id}/rejects`. `unknown`: left out, as nobody asked to create them."""

    rows: int
    created: int
    unknown: int
    changed: int
    same: int
    refused: int
    refused_rows: tuple[RefusedRowOut, ...]
    examples: tuple[ExampleOut, ...]
    token: str
    load_id: UUID | None
