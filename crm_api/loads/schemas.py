"""Loads: an upload, its progress, its counts and rejects."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from crm_api.schemas import Int, KnownZone, Out
from lists.model import SameCustomer

Text = Annotated[str, StringConstraints(max_length=200)]


class LoadQuery(BaseModel):
    """How the file is to be read. With `mapping` it is a table with a header for one campaign, and with a
    campaign and a `base` that keeps a template, by that; without, it is the dialer's own list format, whose
    first column names campaigns."""

    model_config = ConfigDict(extra="forbid")

    file_name: Annotated[Text, Field(description="as the user knows it")] = "upload.csv"
    campaign_id: UUID | None = None
    mapping: Annotated[
        str,
        Field(
            max_length=2000,
            description="roles to columns: phone=telefono,alternatives=alt1+alt2,key=documento,name=nombre",
        ),
    ] = ""
    base: Annotated[Text, Field(description="a base's name: an existing one is added to")] = ""
    list_name: Text = ""
    dial_list_id: Annotated[
        UUID | None,
        Field(
            description="a list that is there: rows go to its end; campaign, base, name and zone are its own"
        ),
    ] = None
    region: Annotated[
        str, StringConstraints(pattern=r"^([A-Z]{2})?$"), Field(description="default: the campaign's")
    ] = ""
    encoding: Annotated[str | None, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,40}$")] = None
    delimiter: Annotated[str | None, StringConstraints(min_length=1, max_length=1)] = None
    zone: KnownZone | None = None
    priority: Int = 100
    same_customer: Annotated[
        SameCustomer,
        Field(description="of those who wait in another list of the campaign; nobody is in one list twice"),
    ] = SameCustomer.REFUSE
    reject_invalid: Annotated[bool, Field(description="numbers in no range in use are rejected")] = False


class LoadStage(StrEnum):
    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


class LoadOut(Out):
    """`waiting`: other uploads are read first. When it failed, `error` says what to mend, in English;
    `error_reason` is the word of it (of the kind `unreadable_file`, else `error`), `error_params` what it is
    about."""

    id: UUID
    campaign_id: UUID | None
    base_id: UUID | None
    dial_list_id: UUID | None
    file_name: str
    state: LoadStage
    rows: int
    loaded: int
    moved: Annotated[int, Field(description="waited in other lists of the campaign, and came to this one")]
    rejected: int
    duplicates: int
    do_not_call: int
    bad_alternatives: Annotated[
        int, Field(description="alternative numbers left out of rows that were loaded: they are none")
    ]
    numbers_not_in_use: Annotated[
        int, Field(description="loaded, though in no range known to be in use; `reject_invalid` refuses them")
    ]
    error: str | None
    error_reason: str | None
    error_params: Mapping[str, Any]
    started_at: datetime | None
    finished_at: datetime | None


class StartedOut(LoadOut):
    """`already`: the same file was loaded before in the same way; nothing was done, these are its counts."""

    already: bool
