"""Numbers nobody may dial."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from crm_api.schemas import In, Out, Short, Typed
from lists.do_not_call import Source

Why = Annotated[str, StringConstraints(strip_whitespace=True, min_length=3, max_length=400)]


class BlockIn(In):
    """Numbers as typed (`region` reads national ones), or all of a customer's. No campaign: all of them."""

    numbers: Annotated[tuple[Typed, ...], Field(max_length=1000)] = ()
    region: Annotated[str, StringConstraints(pattern=r"^([A-Z]{2})?$")] = ""
    customer_id: UUID | None = None
    campaign_id: UUID | None = None
    reason: Short = ""


class FileQuery(BaseModel):
    """Lines of `phone;campaign;`, or `phone;;` for every campaign."""

    model_config = ConfigDict(extra="forbid")

    file_name: Annotated[str, StringConstraints(max_length=200)] = "do-not-call.csv"
    region: Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")]
    encoding: Annotated[str | None, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,40}$")] = None


class FileOut(Out):
    """`already`: forbidden before. The rejected lines are under `/api/loads/{load_id}/rejects`."""

    load_id: UUID
    rows: int
    forbidden: int
    already: int
    rejected: int
    hung_up: int


class LiftIn(In):
    reason: Why


class BlockedOut(Out):
    """`hung_up`: how many calls were still ringing to these numbers."""

    numbers: tuple[str, ...]
    hung_up: int


class LiftedOut(Out):
    """`lifted` false: it was lifted before."""

    lifted: bool


class CheckOut(Out):
    e164: str
    blocked: bool


class EntryOut(Out):
    id: UUID
    e164: str
    campaign_id: UUID | None
    source: Source
    reason: str
    created_at: datetime
    created_by: UUID | None
    lifted_at: datetime | None
    lifted_by: UUID | None
    lifted_reason: str | None
