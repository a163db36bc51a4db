"""Merging customers: possible duplicates, what a merge would do, what one did."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field, StringConstraints

from crm_api.customers.schemas import CustomerOut
from crm_api.schemas import In, Out


class DuplicatesOut(Out):
    """Customers with this document or number in common, the oldest first; of many the first twenty."""

    value: str
    customers: int
    first: list[CustomerOut]


class MergeIn(In):
    """`other_id` goes into the customer addressed. `confirm`: the token of the plan; without it nothing is
    done."""

    other_id: UUID
    confirm: Annotated[str, StringConstraints(max_length=64)] = ""


class MergePlanOut(Out):
    """What comes to the customer who stays. `ended`: contacts that end because both waited in one campaign.
    `gains`: fields only the other has; `loses`: those of the other that both have, and say otherwise.
    `merge_id` null: nothing was done; send the same with `confirm=token`."""

    phones_added: tuple[str, ...]
    phones_shared: tuple[str, ...]
    contacts: int
    ended: int
    attempts: int
    interactions: int
    events: int
    gains: Mapping[str, Any]
    loses: Mapping[str, Any]
    token: str
    merge_id: UUID | None = None


class MergeDoneOut(Out):
    """`undo`: both customers as they were, and the ids of everything that moved."""

    id: UUID
    kept_id: UUID
    merged_id: UUID
    at: datetime
    by: Annotated[UUID | None, Field(description="the user")]
    undo: Mapping[str, Any]
    undone_at: datetime | None


class UndoneOut(Out):
    """What went back to the customer who had gone. `reopened`: contacts the merge had ended, which wait
    again.
    `fields`: what the one who stayed had from the other, and has no more."""

    kept_id: UUID
    merged_id: UUID
    phones: int
    contacts: int
    reopened: int
    attempts: int
    interactions: int
    events: int
    fields: tuple[str, ...]
