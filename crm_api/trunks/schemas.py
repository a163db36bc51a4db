"""Trunks: the carriers' lines."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, StringConstraints

from crm_api.schemas import In, Name, Out

CallerId = Annotated[str, StringConstraints(pattern=r"^\+?[0-9]{3,20}$")]
_DIAL = r"[A-Za-z0-9_./@{}:+-]*"


class TrunkIn(In):
    """`dial` is a template with `{number}`, for example `PJSIP/{number}@carrier`."""

    name: Name
    dial: Annotated[
        str,
        StringConstraints(max_length=200, pattern=r"^[A-Za-z0-9_./@{}:+-]*\{number\}[A-Za-z0-9_./@{}:+-]*$"),
    ]
    server: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,40}$")] = "main"
    number_format: Literal["e164", "plus", "national"] = "e164"
    prefix: Annotated[str, StringConstraints(pattern=r"^[0-9*#]{0,20}$")] = ""
    region: Annotated[str, StringConstraints(pattern=r"^([A-Z]{2})?$")] = ""
    caller_ids: Annotated[tuple[CallerId, ...], Field(max_length=1000)] = ()
    calls_per_s: Annotated[float, Field(gt=0, le=1000)] = 5.0
    channels: Annotated[int, Field(ge=0, le=100_000)] = 30
    enabled: bool = True


class TrunkOut(Out):
    id: UUID
    name: str
    dial: str
    server: str
    number_format: str
    prefix: str
    region: str
    caller_ids: tuple[str, ...]
    calls_per_s: float
    channels: int
    enabled: bool
    suspended_until: datetime | None
