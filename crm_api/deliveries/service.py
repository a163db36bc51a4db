"""Deliveries: a supervisor's own, or for whoever sees all campaigns everybody's."""

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from asyncpg import Record

from crm_api.access import Call, Role
from crm_api.deliveries import store
from crm_api.deliveries.model import Delivery, Times
from crm_api.deliveries.schemas import DeliveryIn, DeliveryOut, QuestionOut, RunOut, TimesOut, WaysOut
from crm_api.deliveries.store import QUERIES
from crm_api.errors import conflict, forbidden, invalid, not_found
from crm_api.statistics import service as statistics
from crm_api.statistics.schemas import FiguresQuery
from storage.ids import uuid7

MOST = 100
SORTS = ("name", "report", "next_at", "last_due_at", "last_state", "created_at", "updated_at")


def ways(call: Call) -> WaysOut:
    return WaysOut(mail=call.hub.settings.mail is not None, folder=call.hub.settings.report_dir is not None)


async def every(call: Call) -> list[DeliveryOut]:
    return [_shown(row) for row in await call.conn.fetch(QUERIES.every, _whose(call), None)]


async def get(call: Call, delivery_id: UUID) -> DeliveryOut:
    return _shown(await _row(call, delivery_id))


async def create(call: Call, body: DeliveryIn) -> DeliveryOut:
    if call.who.user_id is None:
        raise forbidden("needs_a_user", "a delivery shows what its user may see: a token is no user")
    if await call.conn.fetchval(QUERIES.how_many, call.who.user_id) >= MOST:
        raise conflict("too_many_deliveries", f"nobody has more than {MOST} deliveries", limit=MOST)
    made = await _checked(call, body, uuid7(call.now), call.who.user_id, call.now)
    await store.add(call.conn, made)
    return await get(call, made.id)


async def edit(call: Call, delivery_id: UUID, body: DeliveryIn) -> DeliveryOut:
    """It stays its user's, whoever edits it."""
    old = store.read(await _row(call, delivery_id))
    await store.edit(call.conn, await _checked(call, body, old.id, old.user_id, old.created_at))
    return await get(call, delivery_id)


async def remove(call: Call, delivery_id: UUID) -> None:
    await _row(call, delivery_id)
    await call.conn.execute(QUERIES.remove, delivery_id)


async def run_now(call: Call, delivery_id: UUID) -> RunOut:
    await _row(call, delivery_id)
    return RunOut.model_validate(dict(await store.run_now(call.conn, delivery_id, call.now)))


async def runs(call: Call, delivery_id: UUID, newest_first: bool, limit: int, offset: int) -> list[RunOut]:
    await _row(call, delivery_id)
    rows = await call.conn.fetch(QUERIES.runs, delivery_id, limit, offset, newest_first)
    return [RunOut.model_validate(dict(row)) for row in rows]


async def _row(call: Call, delivery_id: UUID) -> Record:
    """Somebody else's is not there."""
    row = await call.conn.fetchrow(QUERIES.every, _whose(call), delivery_id)
    if row is None:
        raise not_found("delivery", delivery_id)
    return row


def _whose(call: Call) -> UUID | None:
    return None if call.who.role.covers(Role.OPERATOR) else call.who.id


async def _checked(
    call: Call, body: DeliveryIn, delivery_id: UUID, user_id: UUID, created_at: datetime
) -> Delivery:
    _check_way(call, body)
    times = Times(
        body.times.at.replace(second=0, microsecond=0, tzinfo=None),
        body.times.zone,
        body.times.weekdays,
        body.times.month_day,
    )
    question = body.question.model_dump(mode="json")
    await statistics.scope(call, FiguresQuery.model_validate({**question, "zone": times.zone}))
    made = Delivery(
        id=delivery_id,
        user_id=user_id,
        name=body.name,
        report=body.report,
        question=question,
        period=body.period,
        format=body.format,
        times=times,
        recipients=tuple(dict.fromkeys(body.recipients)),
        folder=body.folder,
        next_at=None,
        created_at=created_at,
        updated_at=call.now,
    )
    return replace(made, next_at=times.after(call.now)) if body.enabled else made


def _check_way(call: Call, body: DeliveryIn) -> None:
    if bool(body.recipients) == (body.folder is not None):
        raise invalid("one_way", "a report goes to recipients or into a folder: one of the two")
    if body.recipients and call.hub.settings.mail is None:
        raise conflict("no_mail_server", "no mail server is configured here: see MARCADOR_SMTP")
    if body.folder is not None and call.hub.settings.report_dir is None:
        raise conflict(
            "no_report_folder", "no folder for reports is configured here: see MARCADOR_REPORT_DIR"
        )


def _shown(row: Record) -> DeliveryOut:
    found = store.read(row)
    return DeliveryOut(
        id=found.id,
        user_id=found.user_id,
        name=found.name,
        report=found.report,
        question=QuestionOut.model_validate(dict(found.question)),
        period=found.period,
        format=found.format,
        times=TimesOut.model_validate(found.times),
        recipients=found.recipients,
        folder=found.folder,
        enabled=found.next_at is not None,
        next_at=found.next_at,
        last_state=row["last_state"],
        last_due_at=row["last_due_at"],
        created_at=found.created_at,
        updated_at=found.updated_at,
    )
