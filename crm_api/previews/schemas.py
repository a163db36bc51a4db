"""Preview: the contact an agent is shown first, and what was skipped."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field, StringConstraints

from crm_api.schemas import In, Out


class AcceptIn(In):
    """`attempt_id` is the pop's: a click that comes too late does not call the next contact."""

    attempt_id: UUID


class SkipIn(AcceptIn):
    reason: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]


class PreviewOut(Out):
    """`stage`: `preview` (to be decided before `until`, then `at_end` happens) or `ringing` (the agent's
    phone rings for it). `attempt_id` is the one its call will have."""

    attempt_id: UUID
    stage: str
    direction: str
    campaign_id: UUID
    contact_id: UUID | None
    customer_id: UUID | None
    e164: str
    until: datetime | None
    at_end: str
    skips_left: Annotated[int | None, Field(description="0: another skip ends the contact")]


class SkipOut(Out):
    id: UUID
    at: datetime
    campaign_id: UUID
    contact_id: UUID
    customer_id: UUID
    agent_id: UUID
    e164: str
    reason: str
    by_timer: Annotated[bool, Field(description="the agent had not decided when the time ended")]
