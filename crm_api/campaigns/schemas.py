"""Campaigns: settings, what is desired, what its worker says of it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field, WithJsonSchema

from crm_api.schemas import In, Name, Out, Revision
from dialer.campaigns import Desired, Doing, Kind

SettingsJson = Annotated[dict[str, Any], WithJsonSchema({"type": "object", "x-component": "Settings"})]
"""As `dialer.settings.Settings`; the OpenAPI file holds its fields."""


class CampaignIn(In):
    name: Name
    kind: Kind = Kind.DIALER
    settings: SettingsJson = Field(default_factory=dict)


class CampaignEdit(In):
    """What is not given stays, but `settings` are taken whole: a field left out goes back to its default.
    With `revision`, the edit is refused when somebody was faster."""

    name: Name | None = None
    settings: SettingsJson | None = None
    revision: Revision = None


class LiveChange(In):
    """What a supervisor changes while it dials."""

    channels: Annotated[int | None, Field(ge=0, le=100_000)] = None
    ratio: Annotated[float | None, Field(ge=1, le=10)] = None
    target: Annotated[float | None, Field(gt=0, le=0.5)] = None


class StatusOut(Out):
    """`why` is a stable word: no_agents, outside_hours, no_trunk, waiting_contacts, …"""

    doing: Doing
    why: str
    since: datetime | None
    until: datetime | None
    worker: str
    finals: Mapping[str, int]


class CampaignOut(Out):
    id: UUID
    name: str
    kind: Kind
    desired: Desired
    settings: SettingsJson
    revision: int
    status: StatusOut
    created_at: datetime


class FiguresOut(Out):
    """Counts since `since`. `abandonment`: abandoned ÷ (connected + abandoned), null where both are none."""

    campaign_id: UUID
    since: datetime
    attempts: int
    answered: int
    machines: int
    connected: int
    abandoned: int
    gone: int
    abandonment: float | None


class OutcomeOut(Out):
    """`outcome` is `live` for calls that still run."""

    outcome: str
    placed: int
    answered: int
    connected: int


class KeyOut(Out):
    """A key of a broadcast. `meaning`: `agent`, `opt_out`, what the campaign calls the answer, or nothing."""

    key: str
    meaning: str
    calls: int


class PresetOut(Out):
    """Legal hours by country, dated and with their sources. A help, and no legal advice."""

    name: str
    title: str
    as_of: str
    sources: tuple[str, ...]
    note: str
