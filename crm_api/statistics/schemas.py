"""Statistics: figures by any dimension, shares of typifications, customers managed, hours, calls."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from crm_api.schemas import Out, Page, Zone
from dialer.outcome import Outcome
from dialer.reports.drilling import Drill, Lack, Said
from dialer.reports.scope import By
from lists.model import AttemptKind

Ids = Annotated[list[UUID] | None, Field(max_length=500)]


class Days(BaseModel):
    """From the first moment of `first` to the end of `last`; without either: today. Days are `zone`'s, by
    default that of the campaigns asked about, where all of them lie in one, else UTC."""

    model_config = ConfigDict(extra="ignore")

    first: date | None = None
    last: date | None = None
    zone: Zone | None = None


class ScopeQuery(Days):
    """Whose figures; nothing given: all one may see."""

    campaign_id: Ids = None
    dial_list_id: Ids = None
    agent_id: Ids = None
    kind: Annotated[list[AttemptKind] | None, Field(max_length=10)] = None


class FiguresQuery(ScopeQuery):
    """`by`: one row for each combination that has anything in it."""

    by: Annotated[list[By], Field(max_length=4)] = []


class FiguresOut(Out):
    """Sums and what follows from them; each formula stands in docs/metrics.md. A share of nothing is null."""

    attempts: int
    answered: int
    contacts: int
    outcomes: Mapping[str, int]
    right_party: int
    successes: int
    interactions: int
    untypified: int
    measure: Decimal
    paced_connected: int
    paced_abandoned: int
    abandonment: float
    answer_rate: float | None
    contact_rate: float | None
    machine_rate: float | None
    right_party_rate: float | None
    conversion: float | None
    closing_rate: float | None
    typified_rate: float | None
    occupancy: float | None
    ready_ms: int
    talking_ms: int
    hold_ms: int
    wrapup_ms: int
    paused_ms: int
    worked_ms: int
    contacts_per_hour: float | None
    successes_per_hour: float | None
    measure_per_hour: float | None
    mean_talk_s: float | None
    mean_hold_s: float | None
    hold_share: float | None
    mean_wrapup_s: float | None
    mean_wait_s: float | None


class RowOut(FiguresOut):
    """A row is known by the dimensions asked for; one that is asked for and null stands for "without". Names
    are those of now, also of what was deleted."""

    campaign_id: UUID | None
    campaign: str | None
    dial_list_id: UUID | None
    dial_list: str | None
    agent_id: UUID | None
    agent: str | None
    hour: datetime | None
    day: date | None
    weekday: int | None
    hour_of_day: int | None


class FiguresPage(Page[RowOut]):
    """`complete_to`: everything before it is in the sums."""

    complete_to: datetime | None


class ShareOut(Out):
    """One result with what stands below it; `share` is of all typified interactions."""

    path: tuple[UUID, ...]
    names: tuple[str, ...]
    interactions: int
    share: float


class SharesOut(Out):
    """`complete_to`: everything before it is in the sums."""

    typified: int
    untypified: int
    results: tuple[ShareOut, ...]
    complete_to: datetime | None


class CoverageOut(Out):
    """Customers managed: with a typified interaction."""

    customers: int
    managed: int
    unmanaged: int
    managed_share: float | None
    counted_at: datetime


class CampaignCoverageOut(CoverageOut):
    campaign_id: UUID


class AbandonmentOut(Out):
    """The ratios are of live answers. `day_machines`, `month_machines`: of the connected ones typified as
    machines, which are none where the campaign's preset says so and no machine detection runs; else 0."""

    campaign_id: UUID
    day_connected: int
    day_abandoned: int
    day_machines: int
    day_ratio: float
    month_connected: int
    month_abandoned: int
    month_machines: int
    month_ratio: float


class HourOut(Out):
    """`score`: the rate one can count on; 0 where too few calls were made to say."""

    weekday: int
    hour: int
    attempts: int
    hits: int
    rate: float
    score: float


class HoursPage(Page[HourOut]):
    """`complete_to`: everything before it is in the sums."""

    complete_to: datetime | None


class CallOut(Out):
    id: UUID
    begun_at: datetime
    kind: str
    campaign_id: UUID | None
    campaign: str | None
    dial_list_id: UUID | None
    dial_list: str | None
    contact_id: UUID | None
    customer_id: UUID | None
    agent_id: UUID | None
    agent: str | None
    e164: str
    trunk: str
    outcome: str
    fault: str | None
    reason: str
    answered_at: datetime | None
    connected_at: datetime | None
    ended_at: datetime
    hung_up_by: str
    result_names: tuple[str, ...]
    interaction_id: UUID | None


class SpokenQuery(ScopeQuery):
    """Those of the scope that a figure of what was said counts."""

    result_id: UUID | None = None
    said: Said | None = None
    typified: bool | None = None
    weekday: Annotated[int | None, Field(ge=1, le=7)] = None
    hour_of_day: Annotated[int | None, Field(ge=0, le=23)] = None
    without: Annotated[
        list[Lack], Field(max_length=2, description="what has none: a row whose id is null")
    ] = []

    @property
    def drill(self) -> Drill:
        return Drill(
            result_id=self.result_id,
            said=self.said,
            typified=self.typified,
            weekday=self.weekday,
            hour_of_day=self.hour_of_day,
            without=self.without,
        )


class DrillQuery(SpokenQuery):
    """Those of the scope that a figure counts. `said` and `typified` are of the call's interaction."""

    outcome: Annotated[list[Outcome] | None, Field(max_length=30)] = None

    @property
    def drill(self) -> Drill:
        return replace(super().drill, outcomes=self.outcome)


class CallsOut(Out):
    """Newest first. `next`: send it as `after` for the page behind this one."""

    items: list[CallOut]
    next: str | None


class SpokenOut(Out):
    """`at`: where the figures book it, which is when its call began; `attempt_id` null: without a call."""

    id: UUID
    at: datetime
    campaign_id: UUID | None
    campaign: str | None
    dial_list_id: UUID | None
    dial_list: str | None
    contact_id: UUID | None
    customer_id: UUID | None
    agent_id: UUID | None
    agent: str | None
    e164: str
    attempt_id: UUID | None
    result_names: tuple[str, ...]
    created_at: datetime


class AllSpokenOut(Out):
    """Newest first. `next`: send it as `after` for the page behind this one."""

    items: list[SpokenOut]
    next: str | None


class MineOut(Out):
    """An agent's own: what was said, which of the own customers were managed, the time."""

    shares: SharesOut
    coverage: CoverageOut
    figures: FiguresOut
