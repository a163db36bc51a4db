"""Attempts: what was dialled, or came in, and what became of it."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from crm_api.schemas import In, Out, Typed
from lists.model import AttemptKind, LiveState


class ClickIn(In):
    """Call this number for this campaign: the agent's line first, then the customer."""

    campaign_id: UUID
    phone: Typed
    customer_id: UUID | None = None
    contact_id: UUID | None = None
    agent_id: Annotated[UUID | None, Field(description="null: the agent who asks")] = None
    override: Annotated[
        str | None,
        Field(
            min_length=1,
            max_length=200,
            description="a supervisor's reason (audited) to call outside the campaign's own hours; never "
            "outside legal hours, and never a blocked number",
        ),
    ] = None


class AttemptOut(Out):
    id: UUID
    begun_at: datetime
    kind: AttemptKind
    campaign_id: UUID | None
    campaign: Annotated[str | None, Field(description="its name")] = None
    dial_list_id: UUID | None
    dial_list: Annotated[str | None, Field(description="its name")] = None
    contact_id: UUID | None
    customer_id: UUID | None
    e164: str
    trunk: str
    caller_id: str
    agent_id: UUID | None
    agent: Annotated[str | None, Field(description="the agent's name")] = None
    ringing_at: datetime | None
    early_media_at: datetime | None
    answered_at: datetime | None
    connected_at: datetime | None
    ended_at: datetime | None
    outcome: str | None
    fault: str | None
    cause: int | None
    reason: str
    amd: str
    hung_up_by: str
    typified_at: Annotated[
        datetime | None, Field(description="null: not typified, or the conversation still runs")
    ] = None
    pressed: Annotated[str, Field(description="the keys a broadcast's customer pressed, in order")]


class LiveAttemptOut(Out):
    attempt_id: UUID
    begun_at: datetime
    kind: AttemptKind
    campaign_id: UUID | None
    contact_id: UUID | None
    customer_id: UUID | None
    e164: str | None
    trunk: str
    agent_id: UUID | None
    state: LiveState
    updated_at: datetime
