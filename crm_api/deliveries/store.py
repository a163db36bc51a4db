"""Deliveries and their runs, as they are kept."""

from datetime import datetime
from typing import Any
from uuid import UUID

from asyncpg import Record

from crm_api.deliveries.model import Delivery, Format, Period, Report, Times
from storage.database import Connection
from storage.ids import uuid7
from storage.queries import Queries

QUERIES = Queries.load("crm_api", "deliveries/queries.sql")


def read(row: Record) -> Delivery:
    return Delivery(
        id=row["id"],
        user_id=row["user_id"],
        name=row["name"],
        report=Report(row["report"]),
        question=row["question"],
        period=Period(row["period"]),
        format=Format(row["format"]),
        times=Times.from_json(row["times"]),
        recipients=tuple(row["recipients"]),
        folder=row["folder"],
        next_at=row["next_at"],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
    )


async def add(conn: Connection, delivery: Delivery) -> None:
    await conn.execute(
        QUERIES.add, delivery.id, delivery.user_id, *_asked(delivery), delivery.next_at, delivery.created_at
    )


async def edit(conn: Connection, delivery: Delivery) -> None:
    await conn.execute(QUERIES.edit, delivery.id, *_asked(delivery), delivery.next_at, delivery.updated_at)


def _asked(delivery: Delivery) -> tuple[Any, ...]:
    return (
        delivery.name,
        delivery.report,
        delivery.question,
        delivery.period,
        delivery.format,
        delivery.times.to_json(),
        list(delivery.recipients),
        delivery.folder,
    )


async def run_now(conn: Connection, delivery_id: UUID, now: datetime) -> Record:
    """One more time, beside the scheduled ones; asked twice at one moment it is one."""
    await conn.execute(QUERIES.plan, uuid7(now), delivery_id, now, now)
    found = await conn.fetchrow(QUERIES.run, delivery_id, now)
    assert found is not None
    return found


async def plan_due(conn: Connection, now: datetime, limit: int) -> int:
    """A run for each delivery that is due, and its next time. Needs a transaction. Several processes may do
    so at once. Times that passed while nobody ran are not made up for: there is one run for all of them."""
    rows = await conn.fetch(QUERIES.due, now, limit)
    for row in rows:
        await conn.execute(QUERIES.plan, uuid7(now), row["id"], row["next_at"], now)
        await conn.execute(QUERIES.due_again, row["id"], Times.from_json(row["times"]).after(now))
    return len(rows)
