"""Interactions: a conversation as it was typified."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field, NaiveDatetime

from crm_api.schemas import Data, In, Note, Out, Typed, Zone
from typifications.model import Action, InteractionState


class ScheduleIn(In):
    """A call-back as the agent types it: the customer's local time. Without a zone: the customer's own."""

    local: NaiveDatetime
    zone: Zone | None = None
    phone: Typed
    mine: Annotated[bool, Field(description='"Para mí": for this agent alone')] = False
    note: Note = ""


class TypifyIn(In):
    """`path`: the chosen results, first level first.

    With an attempt, campaign, contact and number are its own; `customer_id` says who it was where the call
    did not know.
    """

    attempt_id: UUID | None = None
    campaign_id: UUID | None = None
    customer_id: UUID | None = None
    path: Annotated[tuple[UUID, ...], Field(min_length=1, max_length=3)]
    schedule: ScheduleIn | None = None
    note: Note = ""
    profile_data: Data = Field(default_factory=dict)


class TypifiedOut(Out):
    """`applied` false: the conversation still runs, and the effects follow at the hang-up."""

    interaction_id: UUID
    action: Action | None
    applied: bool
    replayed: bool
    event_id: UUID | None


class ScheduleOut(Out):
    local: datetime
    zone: str
    e164: str
    mine: bool
    note: str


class InteractionOut(Out):
    id: UUID
    channel: str
    customer_id: UUID | None
    campaign_id: UUID | None
    campaign: Annotated[str | None, Field(description="its name")] = None
    contact_id: UUID | None
    attempt_id: UUID | None
    agent_id: UUID | None
    agent: Annotated[str | None, Field(description="the agent's name")] = None
    e164: str
    state: InteractionState
    result_ids: tuple[UUID, ...]
    result_names: tuple[str, ...]
    action: Action | None
    schedule: ScheduleOut | None
    note: str
    profile_data: Mapping[str, Any]
    applied_at: datetime | None
    created_at: datetime
