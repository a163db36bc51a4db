"""Statistics: supervisors see the campaigns they watch, agents their own. Nothing here is live: it is as
fresh as its `complete_to` or `counted_at` says."""

from collections.abc import AsyncIterator, Iterable, Sequence
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Query
from fastapi.responses import StreamingResponse

from crm_api import csv_out, workbook_out
from crm_api.access import Agent, Call, Supervisor, SupervisorOnce, SupervisorStream
from crm_api.guarded import Guarded
from crm_api.schemas import Page, Paged
from crm_api.statistics import calling, exporting, service
from crm_api.statistics.exporting import KEYS
from crm_api.statistics.schemas import (
    AbandonmentOut,
    AllSpokenOut,
    CallsOut,
    CampaignCoverageOut,
    Days,
    DrillQuery,
    FiguresPage,
    FiguresQuery,
    HourOut,
    HoursPage,
    MineOut,
    ScopeQuery,
    SharesOut,
    SpokenQuery,
)
from crm_api.words.schemas import Language
from dialer.reports import drilling
from dialer.reports import figures as reports
from dialer.reports.rolling import rolled_at

Format = Literal["csv", "xlsx"]
InWords = Annotated[
    Language | None, Query(description="of the columns' titles; without it they are the stable names")
]

router = APIRouter(prefix="/api/statistics", tags=["statistics"], route_class=Guarded)


@router.get("/figures")
async def figures(call: Supervisor, paging: Paged, asked: Annotated[FiguresQuery, Query()]) -> FiguresPage:
    """Attempts, contacts, outcomes, talk, wrap-up, occupancy, abandonment, conversion, split as asked for."""
    rows = await service.rows(call, asked, asked.by)
    default = KEYS[asked.by[0]] if asked.by else "attempts"
    page = paging.cut(rows, service.SORTS, default, key=service.column)
    shown = {"items": await service.named(call.conn, page.items), "complete_to": await rolled_at(call.conn)}
    return FiguresPage(**dict(page) | shown)


@router.get("/figures/export", response_class=StreamingResponse)
async def export(
    call: Supervisor,
    asked: Annotated[FiguresQuery, Query()],
    format: Format = "csv",
    language: InWords = None,
) -> StreamingResponse:
    """The same, whole, as a file."""
    rows = await service.named(call.conn, await service.rows(call, asked, asked.by))
    return _file("figures", exporting.table(rows, asked.by), format, language)


def _file(
    name: str, rows: Iterable[Sequence[object]], format: Format, language: Language | None
) -> StreamingResponse:
    rows = exporting.in_words(rows, language)
    if format == "xlsx":
        return workbook_out.download(f"{name}.xlsx", workbook_out.of_rows(rows))

    async def lines() -> AsyncIterator[str]:
        yield csv_out.BOM
        for row in rows:
            yield csv_out.line(row)

    return csv_out.download(f"{name}.csv", lines())


@router.get("/typifications")
async def typifications(call: Supervisor, asked: Annotated[ScopeQuery, Query()]) -> SharesOut:
    """How often each result was chosen, at every level."""
    return await service.shares(call, await service.scope(call, asked))


@router.get("/typifications/export", response_class=StreamingResponse)
async def export_typifications(
    call: Supervisor, asked: Annotated[ScopeQuery, Query()], format: Format = "csv", language: InWords = None
) -> StreamingResponse:
    """The same as a file."""
    found = await service.shares(call, await service.scope(call, asked))
    return _file("typifications", exporting.shares(found), format, language)


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
async def best_hours(call: Supervisor, paging: Paged, asked: Annotated[ScopeQuery, Query()]) -> HoursPage:
    """Hours of the week, the best to call in first."""
    found = await reports.best_hours(call.conn, await service.scope(call, asked))
    shown = [HourOut.model_validate(one) for one in found]
    page = paging.cut(shown, ("score", "rate", "attempts", "weekday", "hour"), "-score")
    return HoursPage(**dict(page), complete_to=await rolled_at(call.conn))


@router.get("/best-hours/export", response_class=StreamingResponse)
async def export_best_hours(
    call: Supervisor, asked: Annotated[ScopeQuery, Query()], format: Format = "csv", language: InWords = None
) -> StreamingResponse:
    """The same, whole, as a file."""
    found = await reports.best_hours(call.conn, await service.scope(call, asked))
    return _file("best-hours", exporting.hours(found), format, language)


@router.get("/calls")
async def calls(
    call: Supervisor,
    asked: Annotated[DrillQuery, Query()],
    after: Annotated[str | None, Query(max_length=100)] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> CallsOut:
    """From a number of a report to the calls it counts."""
    return await service.calls(call, await service.scope(call, asked), asked.drill, after, limit)


@router.get("/calls/export", response_class=StreamingResponse)
async def export_calls(
    visit: SupervisorStream,
    asked: Annotated[DrillQuery, Query()],
    format: Format = "csv",
    language: InWords = None,
) -> StreamingResponse:
    """The same, whole, as a file that is sent as it is read."""
    async with visit.hub.db.connection() as conn:
        scope = await service.scope(Call(hub=visit.hub, who=visit.who, now=visit.now, conn=conn), asked)
    drilling.must_be_bounded(scope)
    if format == "xlsx":
        return workbook_out.download("calls.xlsx", calling.workbook(visit.hub, scope, asked.drill, language))
    return csv_out.download("calls.csv", calling.csv(visit.hub, scope, asked.drill, language))


@router.get("/interactions")
async def interactions(
    call: Supervisor,
    asked: Annotated[SpokenQuery, Query()],
    after: Annotated[str | None, Query(max_length=100)] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> AllSpokenOut:
    """From a number of what was said to the interactions it counts, those without a call, too."""
    return await service.spoken(call, await service.scope(call, asked), asked.drill, after, limit)


@router.get("/mine")
async def mine(call: Agent, asked: Annotated[Days, Query()]) -> MineOut:
    """An agent's own two charts, and the figures of the own time."""
    return await service.mine(call, asked)
