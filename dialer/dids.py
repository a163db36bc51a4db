"""Our own numbers: which campaign answers which. Kept in E.164, or as the short extension a trunk sends."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from asyncpg import Record

from dialer.errors import BadValue, NameTaken, Unknown
from lists.numbers import fold_inbound
from storage.database import Connection, savepoint
from storage.errors import Conflict, MissingReference
from storage.ids import uuid7
from storage.queries import Queries

QUERIES = Queries.load("dialer", "sql/dids.sql")

_EXTENSION = re.compile(r"[0-9A-Za-z]{1,10}")


class NumberTaken(NameTaken):
    """Another campaign answers this number, or the same one already."""

    error_id = "number_taken"


@dataclass(frozen=True, slots=True)
class DidFields:
    number: str
    """As `folded` has it."""
    campaign_id: UUID
    shared: bool = False
    """A caller we dialled before goes to the campaign that dialled; only others to this one."""
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Did(DidFields):
    id: UUID
    created_at: datetime


def folded(typed: str, region: str) -> str:
    """The form a number is kept in; `region` (ISO 3166) reads national ones. Raises `BadValue`."""
    text = typed.strip()
    number = fold_inbound(text, region)
    if number is not None:
        return number
    if _EXTENSION.fullmatch(text):
        return text
    raise BadValue(f"{typed!r} is neither a phone number nor an extension", field="number")


def forms(dialled: str, regions: Iterable[str]) -> list[str]:
    """All that the number a trunk says was dialled may be kept as."""
    found = [fold_inbound(dialled, region) for region in ("", *regions)]
    return list(dict.fromkeys([dialled, *(number for number in found if number is not None)]))


async def create(conn: Connection, fields: DidFields, *, now: datetime) -> Did:
    """Raises `NumberTaken`, `Unknown` for the campaign."""
    return await _written(conn, fields, "create", uuid7(now), *_values(fields), now)


async def get(conn: Connection, did_id: UUID) -> Did:
    """Raises `Unknown`."""
    return _found(await conn.fetchrow(QUERIES["get"], did_id), did_id)


async def page(
    conn: Connection, *, campaign_ids: Sequence[UUID] | None = None, limit: int = 100, offset: int = 0
) -> list[Did]:
    ids = list(campaign_ids) if campaign_ids is not None else None
    return [_did(row) for row in await conn.fetch(QUERIES["page"], ids, limit, offset)]


async def edit(conn: Connection, did_id: UUID, fields: DidFields) -> Did:
    """Holds from the next call on. Raises `NumberTaken`, `Unknown`."""
    return await _written(conn, fields, "edit", did_id, *_values(fields))


async def remove(conn: Connection, did_id: UUID) -> None:
    """Raises `Unknown`."""
    _found(await conn.fetchrow(QUERIES["remove"], did_id), did_id)


async def dialled(conn: Connection, number: str, regions: Iterable[str]) -> Did | None:
    """Which of ours a caller dialled, as the trunk tells it."""
    row = await conn.fetchrow(QUERIES["dialled"], forms(number, regions)) if number else None
    return _did(row) if row else None


async def _written(conn: Connection, fields: DidFields, query: str, did_id: UUID, *values: object) -> Did:
    try:
        async with savepoint(conn):
            row = await conn.fetchrow(QUERIES[query], did_id, *values)
    except Conflict as error:
        raise NumberTaken(f"{fields.number} is answered already", number=fields.number) from error
    except MissingReference as error:
        raise Unknown("there is no such campaign", campaign_id=str(fields.campaign_id)) from error
    return _found(row, did_id)


def _values(fields: DidFields) -> tuple[str, UUID, bool, str]:
    return fields.number, fields.campaign_id, fields.shared, fields.note


def _found(row: Record | None, did_id: UUID) -> Did:
    if row is None:
        raise Unknown("there is no such number of ours", did_id=str(did_id))
    return _did(row)


def _did(row: Record) -> Did:
    return Did(
        id=row["id"],
        number=row["number"],
        campaign_id=row["campaign_id"],
        shared=row["shared"],
        note=row["note"],
        created_at=row["created_at"],
    )
