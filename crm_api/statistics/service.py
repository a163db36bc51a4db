"""Statistics: what is asked, narrowed to what the caller may see."""

from collections.abc import Collection, Sequence
from dataclasses import asdict, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from crm_api.access import Call
from crm_api.errors import forbidden, invalid
from crm_api.statistics.exporting import KEYS
from crm_api.statistics.naming import Names
from crm_api.statistics.schemas import (
    AbandonmentOut,
    AllSpokenOut,
    CallOut,
    CallsOut,
    CampaignCoverageOut,
    CoverageOut,
    Days,
    FiguresOut,
    MineOut,
    RowOut,
    ScopeQuery,
    ShareOut,
    SharesOut,
    SpokenOut,
)
from dialer import agents, campaigns
from dialer.reports import coverage, drilling, figures, rolling
from dialer.reports.coverage import Coverage
from dialer.reports.drilling import Drill
from dialer.reports.figures import Abandonment, Row
from dialer.reports.scope import By, Scope
from storage.database import Connection

LONGEST = timedelta(days=5 * 366)
MOST = 10_000
SORTS = (
    *("campaign_id", "dial_list_id", "agent_id", "hour", "day", "weekday", "hour_of_day", "attempts"),
    *("contacts", "answer_rate", "conversion", "occupancy", "abandonment", "measure", "successes"),
)


async def scope(call: Call, asked: ScopeQuery) -> Scope:
    """Raises 403 for a campaign that is not among those watched."""
    wanted = list(dict.fromkeys(asked.campaign_id)) if asked.campaign_id else None
    for campaign_id in wanted or ():
        call.must_watch(campaign_id)
    if wanted is None and call.who.campaigns is not None:
        wanted = sorted(call.who.campaigns)
    found = await _days(call, asked, wanted)
    return replace(
        found,
        campaign_ids=wanted,
        dial_list_ids=asked.dial_list_id,
        agent_ids=asked.agent_id,
        kinds=asked.kind,
    )


async def _days(call: Call, asked: Days, campaign_ids: Collection[UUID] | None) -> Scope:
    zone = asked.zone
    if zone is None:
        zones = await campaigns.zones(call.conn, campaign_ids)
        zone = next(iter(zones)) if len(zones) == 1 else "UTC"
    Scope.days(call.now.date(), call.now.date(), zone)  # raises BadValue for no zone
    today = call.now.astimezone(ZoneInfo(zone)).date()
    last = asked.last or asked.first or today
    first = asked.first or last
    if not 2000 <= min(first, last).year <= max(first, last).year <= 2200 or last - first > LONGEST:
        raise invalid("bad_days", "a report covers at most five years", most_days=LONGEST.days)
    return Scope.days(first, last, zone)


async def rows(call: Call, asked: ScopeQuery, by: Collection[By]) -> list[Row]:
    return await figures.figures(call.conn, await scope(call, asked), by)


def column(row: Row, name: str) -> Any:
    """Of a row, what a list of them may be sorted by."""
    return getattr(row.key if name in KEYS.values() else row.figures, name)


async def named(conn: Connection, rows: Sequence[Row]) -> list[RowOut]:
    """As they are shown: rows are many, and only those of a page are worth it."""
    names = await Names.of(conn, [row.key for row in rows])
    return [
        RowOut(
            **FiguresOut.model_validate(row.figures).model_dump(), **asdict(row.key), **names.beside(row.key)
        )
        for row in rows
    ]


async def shares(call: Call, found: Scope) -> SharesOut:
    made = await figures.typification_shares(call.conn, found)
    return SharesOut(
        typified=made.typified,
        untypified=made.untypified,
        results=tuple(ShareOut.model_validate(one) for one in made.results),
        complete_to=await rolling.rolled_at(call.conn),
    )


async def coverages(call: Call) -> list[CampaignCoverageOut]:
    found = await coverage.of_campaigns(call.conn, call.who.campaigns)
    return [_of_campaign(campaign_id, one) for campaign_id, one in found.items()]


async def recount(call: Call, campaign_id: UUID) -> CampaignCoverageOut:
    call.must_watch(campaign_id)
    await campaigns.get(call.conn, campaign_id)
    return _of_campaign(campaign_id, await coverage.count(call.conn, campaign_id, call.now))


def _of_campaign(campaign_id: UUID, found: Coverage) -> CampaignCoverageOut:
    return CampaignCoverageOut(campaign_id=campaign_id, **CoverageOut.model_validate(found).model_dump())


async def abandonment(call: Call) -> list[AbandonmentOut]:
    ids = call.who.campaigns
    known = await campaigns.page(call.conn, ids=list(ids) if ids is not None else None, limit=MOST)
    leave = [one.id for one in known if one.settings.machines_leave_ratio]
    found = await figures.abandonment(call.conn, ids, call.now, machines_leave=leave)
    return [_abandoned(campaign_id, one) for campaign_id, one in found.items()]


def _abandoned(campaign_id: UUID, found: Abandonment) -> AbandonmentOut:
    return AbandonmentOut(
        campaign_id=campaign_id,
        day_connected=found.day.connected,
        day_abandoned=found.day.abandoned,
        day_machines=found.day_machines,
        day_ratio=found.day_ratio,
        month_connected=found.month.connected,
        month_abandoned=found.month.abandoned,
        month_machines=found.month_machines,
        month_ratio=found.month_ratio,
    )


async def calls(call: Call, found: Scope, drill: Drill, after: str | None, limit: int) -> CallsOut:
    """The calls behind a number."""
    page = await drilling.calls(call.conn, found, drill, after=_place(after), limit=limit + 1)
    shown = await called(call.conn, page[:limit])
    last = shown[-1] if len(page) > limit else None
    return CallsOut(items=shown, next=f"{last.begun_at.isoformat()}_{last.id}" if last else None)


async def spoken(call: Call, found: Scope, drill: Drill, after: str | None, limit: int) -> AllSpokenOut:
    """The interactions behind a number."""
    page = await drilling.interactions(call.conn, found, drill, after=_place(after), limit=limit + 1)
    names = await Names.of(call.conn, page[:limit])
    shown = [SpokenOut(**asdict(one), **names.beside(one)) for one in page[:limit]]
    last = shown[-1] if len(page) > limit else None
    return AllSpokenOut(items=shown, next=f"{last.at.isoformat()}_{last.id}" if last else None)


async def called(conn: Connection, found: Sequence[drilling.Call]) -> list[CallOut]:
    names = await Names.of(conn, found)
    return [CallOut(**asdict(one), **names.beside(one)) for one in found]


def _place(after: str | None) -> tuple[datetime, UUID] | None:
    if after is None:
        return None
    at, _, id_ = after.partition("_")
    try:
        begun_at = datetime.fromisoformat(at)
        if begun_at.tzinfo is None:
            raise ValueError(at)
        return begun_at, UUID(id_)
    except ValueError:
        raise invalid("bad_place", "`after` is the `next` of the page before") from None


async def mine(call: Call, asked: Days) -> MineOut:
    """What an agent may see: the own."""
    agent_id = call.who.agent_id
    if agent_id is None:
        raise forbidden("not_an_agent", "this user has no agent of its own")
    works_in = (await agents.get(call.conn, agent_id)).campaign_ids
    own = (await _days(call, asked, works_in)).own(agent_id)
    return MineOut(
        shares=await shares(call, own),
        coverage=CoverageOut.model_validate(await coverage.of_agent(call.conn, agent_id, call.now)),
        figures=FiguresOut.model_validate(await figures.total(call.conn, own)),
    )
