"""Recycling: which ended contacts of a list are called anew."""

from typing import Annotated
from uuid import UUID

from pydantic import Field

from crm_api.schemas import In, Out, When
from dialer.outcome import Outcome


class RecycleIn(In):
    """By last outcome, last typification, or both; ended from `since` to before `until`. `dry_run`: count."""

    outcomes: Annotated[frozenset[Outcome] | None, Field(max_length=30)] = None
    result_ids: Annotated[tuple[UUID, ...] | None, Field(max_length=500)] = None
    since: When | None = None
    until: When | None = None
    dry_run: bool = False


class RecycledOut(Out):
    contacts: int
