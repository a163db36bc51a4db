"""Saved filters: everybody's, or one user's own."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from asyncpg import Record

from lists.errors import NotFound, Refused, StaleRevision
from lists.filtering.compiling import compile_filter
from lists.filtering.matching import FILTERING, catalogue
from lists.filtering.model import Filter, from_json, to_json
from storage.database import Connection, savepoint
from storage.errors import Conflict
from storage.ids import uuid7

MAX_NAME = 100


@dataclass(frozen=True, slots=True)
class SavedFilter:
    id: UUID
    name: str
    user_id: UUID | None
    """None: everybody's."""
    filter: Filter
    created_at: datetime
    updated_at: datetime
    revision: int
    """Grows with each edit."""


async def create(
    conn: Connection, name: str, filter_: Filter, *, user_id: UUID | None = None, now: datetime
) -> SavedFilter:
    """Raises BadFilter, Refused (filter_name_taken, bad_name), NotFound (the base)."""
    name = _name(name)
    await _check(conn, filter_, now)
    row = await conn.fetchrow(FILTERING.save, uuid7(now), name, user_id, to_json(filter_), now)
    if row is None:
        raise _taken(name)
    return _saved(row)


async def edit(
    conn: Connection,
    filter_id: UUID,
    name: str,
    filter_: Filter,
    *,
    user_id: UUID | None,
    revision: int | None = None,
    now: datetime,
) -> SavedFilter:
    """Everybody's, or the user's own. Give `revision` to be refused when somebody was faster.

    Raises NotFound, BadFilter, StaleRevision, Refused.
    """
    name = _name(name)
    await _check(conn, filter_, now)
    given = (filter_id, user_id, name, to_json(filter_), now, revision)
    try:
        async with savepoint(conn):
            row = await conn.fetchrow(FILTERING.edit_saved, *given)
    except Conflict as error:
        raise _taken(name) from error
    if row is None and revision is not None:
        current = await get(conn, filter_id, user_id=user_id)
        raise StaleRevision("the filter was changed meanwhile", current.revision)
    return _found(row, filter_id)


async def get(conn: Connection, filter_id: UUID, *, user_id: UUID | None) -> SavedFilter:
    """Raises NotFound, also for another user's own."""
    return _found(await conn.fetchrow(FILTERING.saved, filter_id, user_id), filter_id)


async def page(
    conn: Connection, *, user_id: UUID | None, limit: int = 50, offset: int = 0
) -> list[SavedFilter]:
    """By name."""
    return [_saved(row) for row in await conn.fetch(FILTERING.saved_page, user_id, limit, offset)]


async def remove(conn: Connection, filter_id: UUID, *, user_id: UUID | None) -> None:
    """Raises NotFound."""
    if await conn.fetchval(FILTERING.remove_saved, filter_id, user_id) is None:
        raise NotFound(f"there is no saved filter {filter_id}")


async def _check(conn: Connection, filter_: Filter, now: datetime) -> None:
    compile_filter(filter_, await catalogue(conn, filter_.base_id), now=now)


def _name(name: str) -> str:
    name = name.strip()
    if not 1 <= len(name) <= MAX_NAME:
        raise Refused("bad_name", f"A name has 1 to {MAX_NAME} characters.")
    return name


def _taken(name: str) -> Refused:
    return Refused("filter_name_taken", f"There is already a filter named {name}.")


def _found(row: Record | None, filter_id: UUID) -> SavedFilter:
    if row is None:
        raise NotFound(f"there is no saved filter {filter_id}")
    return _saved(row)


def _saved(row: Record) -> SavedFilter:
    return SavedFilter(**{**dict(row), "filter": from_json(row["filter"])})
