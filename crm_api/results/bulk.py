"""Many results at once: the file's plan is shown before anything is made."""

from collections.abc import AsyncIterator
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from crm_api.access import Call
from crm_api.csv_out import BOM, line
from crm_api.results import service
from crm_api.schemas import Out
from typifications import bulk
from typifications.bulk import EXAMPLE, Planned, Verdict


class BulkQuery(BaseModel):
    """`dry_run`: only show what would be made. `confirm`: go on though an action holds for some campaigns."""

    model_config = ConfigDict(extra="forbid")

    campaign_id: Annotated[list[UUID], Field(min_length=1, max_length=1000)]
    dry_run: bool = True
    confirm: bool = False


class PlannedOut(Out):
    """`line` null: only named by those below it. `error_id` of a refused line."""

    line: int | None
    path: tuple[str, ...]
    verdict: Verdict
    error_id: str
    message: str


class BulkOut(Out):
    """`made` stays 0 in a dry run."""

    made: int
    to_create: int
    existing: int
    refused: int
    lines: list[PlannedOut]


async def run(call: Call, asked: BulkQuery, data: bytes) -> BulkOut:
    campaigns = list(dict.fromkeys(asked.campaign_id))
    for campaign_id in campaigns:
        call.must_watch(campaign_id)
    planned = await bulk.planned(call.conn, data, campaigns)
    made = 0
    if not asked.dry_run:
        actions = {one.fields.action for one in planned if one.fields}
        await service.must_fit(call, campaigns, actions, confirmed=asked.confirm)
        made = await bulk.apply(call.conn, planned, campaigns, now=call.now)
    return BulkOut(
        made=made,
        to_create=_count(planned, Verdict.CREATE),
        existing=_count(planned, Verdict.EXISTS),
        refused=_count(planned, Verdict.REFUSED),
        lines=[PlannedOut.model_validate(one) for one in planned],
    )


async def example() -> AsyncIterator[str]:
    yield BOM
    for row in EXAMPLE:
        yield line(row)


def _count(planned: list[Planned], verdict: Verdict) -> int:
    return sum(one.verdict is verdict for one in planned)
