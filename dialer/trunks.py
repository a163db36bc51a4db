"""Trunks: the carriers' lines a campaign dials through, each with its own form of number and its limits."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from asyncpg import Record

from dialer.errors import NameTaken, Unknown
from storage.database import Connection, savepoint
from storage.errors import Conflict
from storage.ids import uuid7
from storage.queries import Queries

QUERIES = Queries.load("dialer", "sql/trunks.sql")


@dataclass(frozen=True, slots=True)
class TrunkFields:
    """What an operator sets. `dialer.dialing` turns it and a number into a dial string."""

    name: str
    dial: str
    """A template: PJSIP/{number}@carrier."""
    server: str = "main"
    """The Asterisk it is reached by."""
    number_format: str = "e164"
    """e164 (598...), plus (+598...) or national."""
    prefix: str = ""
    region: str = ""
    caller_ids: tuple[str, ...] = ()
    calls_per_s: float = 5.0
    channels: int = 30
    enabled: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Trunk(TrunkFields):
    id: UUID
    suspended_until: datetime | None = None
    """Several faults in a row took it out of use until then."""

    def usable(self, now: datetime) -> bool:
        return self.enabled and (self.suspended_until is None or self.suspended_until <= now)


async def create(conn: Connection, fields: TrunkFields, *, now: datetime) -> Trunk:
    """Raises `NameTaken`."""
    try:
        async with savepoint(conn):
            return _trunk(await conn.fetchrow(QUERIES["create"], uuid7(now), *_values(fields), now))
    except Conflict as error:
        raise NameTaken(f"there is a trunk named {fields.name!r} already", name=fields.name) from error


async def get(conn: Connection, trunk_id: UUID) -> Trunk:
    """Raises `Unknown`."""
    return _found(await conn.fetchrow(QUERIES["get"], trunk_id), trunk_id)


async def page(
    conn: Connection, *, ids: Sequence[UUID] | None = None, limit: int = 100, offset: int = 0
) -> list[Trunk]:
    rows = await conn.fetch(QUERIES["page"], list(ids) if ids is not None else None, limit, offset)
    return [_trunk(row) for row in rows]


async def edit(conn: Connection, trunk_id: UUID, fields: TrunkFields) -> Trunk:
    """Holds from the next call on. Raises `Unknown`, `NameTaken`."""
    try:
        async with savepoint(conn):
            row = await conn.fetchrow(QUERIES["edit"], trunk_id, *_values(fields))
    except Conflict as error:
        raise NameTaken(f"there is a trunk named {fields.name!r} already", name=fields.name) from error
    return _found(row, trunk_id)


async def suspend(conn: Connection, trunk_id: UUID, until: datetime | None) -> None:
    """Out of use until then; None: in use again at once."""
    await conn.execute(QUERIES["suspend"], trunk_id, until)


async def remove(conn: Connection, trunk_id: UUID) -> None:
    _found(await conn.fetchrow(QUERIES["remove"], trunk_id), trunk_id)


def _values(fields: TrunkFields) -> tuple[Any, ...]:
    return (
        fields.name,
        fields.server,
        fields.dial,
        fields.number_format,
        fields.prefix,
        fields.region,
        list(fields.caller_ids),
        fields.calls_per_s,
        fields.channels,
        fields.enabled,
    )


def _found(row: Record | None, trunk_id: UUID) -> Trunk:
    if row is None:
        raise Unknown("there is no such trunk", trunk_id=str(trunk_id))
    return _trunk(row)


def _trunk(row: Record | None) -> Trunk:
    assert row is not None
    return Trunk(
        id=row["id"],
        name=row["name"],
        server=row["server"],
        dial=row["dial"],
        number_format=row["number_format"],
        prefix=row["prefix"],
        region=row["region"],
        caller_ids=tuple(row["caller_ids"]),
        calls_per_s=float(row["calls_per_s"]),
        channels=row["channels"],
        enabled=row["enabled"],
        suspended_until=row["suspended_until"],
    )
