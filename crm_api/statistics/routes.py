"""Statistics: supervisors see the campaigns they watch, agents their own. Nothing here is live: it is as
fresh as its `complete_to` or `counted_at` says."""

from collections.abc import AsyncIterator
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Query
from fastapi.responses import StreamingResponse

from crm_api import csv_out, workbook_out
from crm_api.access import Agent, Supervisor, SupervisorOnce
from crm_api.guarded import Guarded
from crm_api.schemas import Page, Paged
from crm_api.statistics import service
from crm_api.statistics.exporting import KEYS, table
from crm_api.statistics.schemas import (
    AbandonmentOut,
    CallsOut,
    CampaignCoverageOut,
    Days,
    FiguresQuery,
    HourOut,
    MineOut,
    RowOut,
    ScopeQuery,
    SharesOut,
)
from dialer.outcome import Outcome
from dialer.reports import figures as reports
from dialer.reports.drilling import Drill

router = APIRouter(prefix="/api/statistics", tags=["statistics"], route_class=Guarded)


@router.get("/figures")
async def figures(call: Supervisor, paging: Paged, asked: Annotated[FiguresQuery, Query()]) -> Page[RowOut]:
    """Attempts, contacts, outcomes, talk, wrap-up, occupancy, abandonment, conversion, split as asked for."""
    rows = await service.rows(call, asked, asked.by)
    default = KEYS[asked.by[0]] if asked.by else "attempts"
    return paging.cut(rows, service.SORTS, default)


@router.get("/figures/export", response_class=StreamingResponse)
async def export(
    call: Supervisor, asked: Annotated[FiguresQuery, Query()], format: Literal["csv", "xlsx"] = "csv"
) -> StreamingResponse:
    """The same, whole, as a file."""
    rows = table(await service.rows(call, asked, asked.by), asked.by)
    if format == "xlsx":
        return workbook_out.download("figures.xlsx", workbook_out.of_rows(rows))

    async def lines() -> AsyncIterator[str]:
        yield csv_out.BOM
        for row in rows:
            yield csv_out.line(row)

    return csv_out.download("figures.csv", lines())


@router.get("/typifications")
async def typifications(call: Supervisor, asked: Annotated[ScopeQuery, Query()]) -> SharesOut:
    """How often each result was chosen, at every level."""
    return await service.shares(call, await service.scope(call, asked))


@router.get("/coverage")
async def coverage(call: Supervisor, paging: Paged) -> Page[CampaignCoverageOut]:
    """Managed and unmanaged customers by campaign, as last counted."""
    return paging.cut(await service.coverages(call), ("campaign_id", "customers", "managed"), "campaign_id")


@router.post("/coverage/{campaign_id}")
async def recount(campaign_id: UUID, call: SupervisorOnce) -> CampaignCoverageOut:
    """Counted anew: the charts' refresh."""
    return await service.recount(call, campaign_id)


@router.get("/abandonment")
async def abandonment(call: Supervisor, paging: Paged) -> Page[AbandonmentOut]:
    """By campaign, in the law's windows of 24 hours and 30 days."""
    return paging.cut(await service.abandonment(call), ("month_ratio", "day_ratio"), "-month_ratio")


@router.get("/best-hours")
async def best_hours(call: Supervisor, paging: Paged, asked: Annotated[ScopeQuery, Query()]) -> Page[HourOut]:
    """Hours of the week, the best to call in first."""
    found = await reports.best_hours(call.conn, await service.scope(call, asked))
    shown = [HourOut.model_validate(one) for one in found]
    return paging.cut(shown, ("score", "rate", "attempts", "weekday", "hour"), "-score")


@router.get("/calls")
async def calls(
    call: Supervisor,
    asked: Annotated[ScopeQuery, Query()],
    outcome: Annotated[list[Outcome] | None, Query(max_length=30)] = None,
    result_id: UUID | None = None,
    weekday: Annotated[int | None, Query(ge=1, le=7)] = None,
    hour_of_day: Annotated[int | None, Query(ge=0, le=23)] = None,
    after: Annotated[str | None, Query(max_length=100)] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> CallsOut:
    """From a number of a report to the calls it counts."""
    drill = Drill(outcomes=outcome, result_id=result_id, weekday=weekday, hour_of_day=hour_of_day)
    return await service.calls(call, await service.scope(call, asked), drill, after, limit)


@router.get("/mine")
async def mine(call: Agent, asked: Annotated[Days, Query()]) -> MineOut:
    """An agent's own two charts, and the figures of the own time."""
    return await service.mine(call, asked)
