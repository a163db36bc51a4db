"""Dial lists: contacts queued for one campaign."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from crm_api.schemas import In, Int, KnownZone, Name, Out, When
from lists.model import ContactState, SameCustomer


class DialListIn(In):
    """An empty list: records are added to it one by one, or loaded."""

    campaign_id: UUID
    base_id: UUID
    name: Name
    zone: KnownZone | None = None
    priority: Int = 100
    expires_at: When | None = None


class DialListEdit(In):
    """What is not given stays. Lower priority is dialled first. `expires_at` null: never."""

    name: Name | None = None
    paused: bool | None = None
    priority: Int | None = None
    expires_at: When | None = None


class MoveIn(In):
    """`same_customer`: of those who wait in the other campaign already; `move`: their contact there comes to
    the list."""

    campaign_id: UUID
    same_customer: SameCustomer = SameCustomer.REFUSE


class MovedOut(Out):
    """`open`: contacts that wait on in the new campaign. `already_open`: ended, for their customer waits
    there already; `taken_in`: of these, whose contact there came to the list in their place."""

    open: int
    already_open: int
    taken_in: int


class DialListOut(Out):
    """`ready` false: it is being loaded, and becomes visible whole."""

    id: UUID
    campaign_id: UUID
    base_id: UUID
    name: str
    zone: str | None
    priority: int
    paused: bool
    ready: bool
    expires_at: datetime | None
    created_at: datetime


class ProgressOut(Out):
    """`by_reason` counts the ended ones."""

    total: int
    by_state: Mapping[ContactState, int]
    untouched: int
    in_retry: int
    by_reason: Mapping[str, int]


class DialListWithProgress(DialListOut):
    progress: ProgressOut


class DialListListed(DialListOut):
    progress: Annotated[ProgressOut | None, Field(description="null where it was not asked for")] = None


class DeletedOut(Out):
    contacts_ended: Annotated[int, Field(ge=0)]
