"""The file of a delivery: a report of the days it is about, as its owner may see it."""

import asyncio
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from crm_api import csv_out, workbook_out
from crm_api.access import Call, Principal, Role
from crm_api.deliveries.errors import NotDelivered
from crm_api.deliveries.model import Delivery, Format, Report, days_of
from crm_api.hub import Hub
from crm_api.statistics import exporting, service
from crm_api.statistics.schemas import FiguresQuery
from crm_api.users import service as users
from crm_api.words.schemas import Language
from dialer.reports import figures, rolling
from storage.database import Connection

Rows = Sequence[Sequence[object]]
_SUFFIX_LETTERS = 6  # of the delivery's id: two of one name in one folder stay two files


@dataclass(frozen=True, slots=True)
class Made:
    name: str
    content: bytes
    rows: int
    """Without the header."""
    first: date
    last: date
    owner: Principal


async def make(hub: Hub, delivery: Delivery, due_at: datetime) -> Made:
    """Raises NotDelivered, and whatever the report itself is refused with."""
    zone = delivery.times.zone
    due = due_at.astimezone(ZoneInfo(zone))
    first, last = days_of(delivery.period, due.date())
    asked = FiguresQuery.model_validate({**delivery.question, "first": first, "last": last, "zone": zone})
    await rolling.catch_up(hub.db, hub.clock.now())  # the day's last calls are in it, too
    async with hub.db.connection() as conn:
        owner = await _owner(conn, delivery)
        rows = await _rows(Call(hub=hub, who=owner, now=due_at, conn=conn), delivery.report, asked)
    rows = list(exporting.in_words(rows, Language(owner.language)))
    content = await _written(rows, delivery.format)
    name = (
        f"{_plain(delivery.name)}_{first}_{last}_{due:%Y%m%dT%H%M}_{str(delivery.id)[-_SUFFIX_LETTERS:]}"
        f".{delivery.format}"
    )
    return Made(name, content, len(rows) - 1, first, last, owner)


async def _owner(conn: Connection, delivery: Delivery) -> Principal:
    """With the rights of now, not of the day the delivery was made."""
    user = await users.get(conn, delivery.user_id)
    if not user.enabled or not user.role.covers(Role.SUPERVISOR):
        raise NotDelivered("owner_without_right", f"{user.login} may not see reports any more")
    watched = frozenset(user.campaign_ids) if user.role is Role.SUPERVISOR else None
    return Principal(user.id, user.login, user.role, language=user.language, campaigns=watched)


async def _rows(call: Call, report: Report, asked: FiguresQuery) -> Rows:
    match report:
        case Report.FIGURES:
            rows = await service.named(call.conn, await service.rows(call, asked, asked.by))
            return list(exporting.table(rows, asked.by))
        case Report.TYPIFICATIONS:
            return list(exporting.shares(await service.shares(call, await service.scope(call, asked))))
        case Report.BEST_HOURS:
            return list(
                exporting.hours(await figures.best_hours(call.conn, await service.scope(call, asked)))
            )


async def _written(rows: Rows, format: Format) -> bytes:
    if format is Format.XLSX:
        return b"".join([piece async for piece in workbook_out.of_rows(rows)])
    return await asyncio.to_thread(_csv, rows)


def _csv(rows: Iterable[Sequence[object]]) -> bytes:
    return (csv_out.BOM + "".join(csv_out.line(row) for row in rows)).encode()


def _plain(name: str) -> str:
    """A name of letters that every system and mail program takes."""
    letters = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    return re.sub(r"[^A-Za-z0-9]+", "-", letters).strip("-")[:60] or "report"
