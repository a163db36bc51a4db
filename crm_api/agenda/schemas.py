"""Agenda events: calls to be made at a chosen time."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field, NaiveDatetime

from crm_api.schemas import In, Note, Out, Short, Typed, When, Zone
from typifications.model import EventState


class EventIn(In):
    """`local` is the customer's own time in `zone`. `agent_id` null: whoever is free."""

    campaign_id: UUID
    phone: Typed
    local: NaiveDatetime
    zone: Zone
    customer_id: UUID | None = None
    customer_name: Short = ""
    agent_id: UUID | None = None
    note: Note = ""


class EventEdit(In):
    """What is not given stays; `local` and `zone` go together. The customer is not changed by it."""

    phone: Typed | None = None
    local: NaiveDatetime | None = None
    zone: Zone | None = None
    customer_name: Short | None = None
    agent_id: UUID | None = None
    note: Note | None = None


class ReassignIn(In):
    """These events, or all pending ones of `from_agent_id`, an agent who is away, due in [start, end).

    Without a bound: however early or late. `agent_id` null: to whoever is free.
    """

    event_ids: Annotated[tuple[UUID, ...], Field(max_length=1000)] = ()
    from_agent_id: UUID | None = None
    start: When | None = None
    end: When | None = None
    agent_id: UUID | None = None


class ReassignedOut(Out):
    reassigned: int


class EventOut(Out):
    id: UUID
    state: EventState
    customer_id: UUID | None
    customer_name: str
    campaign_id: UUID | None
    contact_id: UUID | None
    agent_id: UUID | None
    e164: str
    due_at: datetime
    zone: str
    note: str
    tries: int
    interaction_id: UUID | None
    managed_by: UUID | None
    created_by: UUID | None
    created_at: datetime
    closed_at: datetime | None
    taken_by: Annotated[UUID | None, Field(description="the agent who holds it, until `taken_until`")]
    taken_until: datetime | None
    orphaned_at: Annotated[
        datetime | None, Field(description="its agent stayed away: since then it waits for a supervisor")
    ]


class WrittenOut(Out):
    """`phone_known` false: nobody has this number, so the event cannot be dialled until somebody has."""

    event: EventOut
    phone_known: bool
