"""Agents: people with a phone, and where each is now."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field, StringConstraints

from crm_api.schemas import In, Name, Out
from dialer.agents import Line


class AgentIn(In):
    """`dial` is how Asterisk reaches the phone: `PJSIP/agent-1001`."""

    code: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,40}$")]
    name: Name
    dial: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9]+/[A-Za-z0-9_./@:+-]{1,180}$")]
    line: Line = Line.HELD
    auto_answer: bool = True
    server: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,40}$")] = "main"
    enabled: bool = True


class NewAgent(AgentIn):
    campaign_ids: Annotated[tuple[UUID, ...], Field(max_length=1000)] = ()


class CampaignsIn(In):
    campaign_ids: Annotated[tuple[UUID, ...], Field(max_length=1000)]


class PauseIn(In):
    reason: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=80)]


class ExtendIn(In):
    seconds: Annotated[int, Field(ge=1, le=3600)]


class FinishingIn(In):
    """`attempt_id`: the call whose form was opened, so that a hint that comes late is not taken for the
    next one's."""

    attempt_id: UUID | None = None


class PresenceOut(Out):
    """`pending`: a pause or log-out to take effect after the call."""

    state: str
    since: datetime
    reason: str
    logged_in_at: datetime | None
    attempt_id: UUID | None
    pending: str
    wrapup_until: datetime | None


class AgentOut(Out):
    id: UUID
    code: str
    name: str
    dial: str
    line: Line
    auto_answer: bool
    server: str
    enabled: bool
    campaign_ids: frozenset[UUID]
    presence: PresenceOut | None = None
