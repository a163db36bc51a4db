"""Profiles: extra fields about the customer that the agents of some campaigns fill in."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

import msgspec
from asyncpg import Record

from lists import fields
from lists.fields import BadValue, FieldDefinition
from storage.database import Connection, savepoint
from storage.ids import uuid7
from storage.queries import Queries
from typifications.errors import NotFound, Refused, StaleRevision

QUERIES = Queries.load("typifications", "sql/profiles.sql")
MAX_FIELDS = 50
MAX_TEXT = 4000


class FieldType(StrEnum):
    TEXT = "text"
    NUMBER = "number"
    DATE = "date"
    CHOICE = "choice"


@dataclass(frozen=True, slots=True)
class ProfileField:
    name: str
    """The key in `interaction.profile_data`."""
    label: str = ""
    type: FieldType = FieldType.TEXT
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Profile:
    id: UUID
    name: str
    fields: tuple[ProfileField, ...]
    campaigns: tuple[UUID, ...]
    revision: int
    """Grows with each edit."""


async def create(
    conn: Connection,
    name: str,
    fields: Sequence[ProfileField],
    campaigns: Sequence[UUID] = (),
    *,
    now: datetime,
) -> Profile:
    """Raises `Refused`."""
    return await _write(conn, "create", uuid7(now), name, fields, campaigns, now)


async def edit(
    conn: Connection,
    profile_id: UUID,
    name: str,
    fields: Sequence[ProfileField],
    campaigns: Sequence[UUID] = (),
    *,
    revision: int | None = None,
) -> Profile:
    """Replace it whole. Give `revision` to be refused when somebody was faster. Raises `NotFound`,
    `StaleRevision`, `Refused`."""
    async with savepoint(conn):
        current = await conn.fetchval(QUERIES["lock"], profile_id)
        if current is None:
            raise NotFound("there is no such profile")
        if revision not in (None, current):
            raise StaleRevision("the profile was changed meanwhile", revision=current)
        return await _write(conn, "edit", profile_id, name, fields, campaigns)


async def remove(conn: Connection, profile_id: UUID) -> None:
    """What was filled in stays with the interactions. Raises `NotFound`."""
    if await conn.fetchval(QUERIES["remove"], profile_id) is None:
        raise NotFound("there is no such profile")


async def get(conn: Connection, profile_id: UUID) -> Profile:
    """Raises `NotFound`."""
    row = await conn.fetchrow(QUERIES["select"], profile_id, None)
    if row is None:
        raise NotFound("there is no such profile")
    return _profile(row)


async def of_campaign(conn: Connection, campaign_id: UUID | None) -> list[Profile]:
    """By name; None: all."""
    return [_profile(row) for row in await conn.fetch(QUERIES["select"], None, campaign_id)]


def checked_data(profiles: Sequence[Profile], data: Mapping[str, Any]) -> dict[str, Any]:
    """What an agent filled in, as it is stored. Empty fields are left out. Raises `Refused`."""
    known = {field.name: field for profile in profiles for field in profile.fields}
    unknown = sorted(data.keys() - known.keys())
    if unknown:
        raise Refused("field_unknown", f"no profile of this campaign has {unknown[0]!r}", field=unknown[0])
    filled = {name: _checked_value(known[name], value) for name, value in data.items()}
    return {name: value for name, value in filled.items() if value is not None}


def _checked_value(field: ProfileField, value: Any) -> Any:
    """Read as a base's own fields are: days also as 2/3/2026, choices in any case."""
    definition = FieldDefinition(field.name, fields.FieldType(field.type), choices=field.choices)
    try:
        found = fields.read(definition, value)
    except BadValue as error:
        raise Refused("bad_field", str(error), field=field.name) from error
    if isinstance(found, str) and len(found) > MAX_TEXT:
        raise Refused("bad_field", f"at most {MAX_TEXT} characters", field=field.name)
    return found


async def _write(
    conn: Connection,
    query: str,
    profile_id: UUID,
    name: str,
    fields: Sequence[ProfileField],
    campaigns: Sequence[UUID],
    *more: Any,
) -> Profile:
    _checked(name, fields)
    async with savepoint(conn):
        raw = msgspec.to_builtins(list(fields))
        if await conn.fetchval(QUERIES[query], profile_id, name.strip(), raw, *more) is None:
            raise Refused("name_taken", f"there is a profile {name.strip()!r} already")
        await conn.execute(QUERIES["set_campaigns"], profile_id, list(campaigns))
        return await get(conn, profile_id)


def _checked(name: str, fields: Sequence[ProfileField]) -> None:
    if not name.strip():
        raise Refused("name_missing", "a profile has a name")
    if len(fields) > MAX_FIELDS:
        raise Refused("too_many_fields", f"a profile has at most {MAX_FIELDS} fields")
    names = [field.name.strip() for field in fields]
    if not all(names) or len(set(names)) < len(names):
        raise Refused("bad_field", "each field has a name of its own")
    if any(field.type is FieldType.CHOICE and not field.choices for field in fields):
        raise Refused("bad_field", "a choice needs something to choose from")


def _profile(row: Record) -> Profile:
    fields = msgspec.convert(row["fields"], tuple[ProfileField, ...])
    return Profile(row["id"], row["name"], fields, tuple(row["campaigns"]), row["revision"])
