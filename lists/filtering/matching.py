"""Filters at work: the fields there are, how many customers match, which ones."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from lists import base_fields, customers, fields
from lists.base_fields import FIELDS
from lists.customers import Customer
from lists.errors import Refused
from lists.fields import FieldDefinition
from lists.filtering.columns import Catalogue
from lists.filtering.compiling import compile_filter
from lists.filtering.model import Filter
from storage.database import Connection
from storage.queries import Queries

FILTERING = Queries.load("lists", "queries_filtering.sql")

BULK_S = 120.0
"""A look at every customer of a base of millions may take longer than a screen's query."""
_MARK = "{filter}"


class Sort(StrEnum):
    NAME = "name"
    DOCUMENT = "document"
    KEY = "key"
    CREATED = "created_at"
    UPDATED = "updated_at"


_ORDER = {
    Sort.NAME: 'folded COLLATE "C"',
    Sort.DOCUMENT: "document",
    Sort.KEY: "key",
    Sort.CREATED: "created_at",
    Sort.UPDATED: "updated_at",
}


async def catalogue(conn: Connection, base_id: UUID | None) -> Catalogue:
    """The fields a filter over this base, or over all, may name. A base's columns nobody has defined are
    texts; of all bases only those fields that mean the same everywhere. Raises NotFound."""
    if base_id is None:
        every = await conn.fetch(FIELDS.all_definitions)
        return Catalogue.of(_common([fields.from_json(row["fields"]) for row in every]))
    base = await base_fields.of_base(conn, base_id)
    others = (FieldDefinition(name) for name in base.columns if base.defined(name) is None)
    return Catalogue.of((*base.definitions, *others))


def _common(of_bases: Sequence[Sequence[FieldDefinition]]) -> list[FieldDefinition]:
    found: dict[str, FieldDefinition] = {}
    torn: set[str] = set()
    for definition in (one for base in of_bases for one in base):
        other = found.setdefault(definition.name, definition)
        if other.type is not definition.type:
            torn.add(definition.name)
    return [definition for name, definition in found.items() if name not in torn]


async def query(
    conn: Connection, name: str, filter_: Filter, *args: object, now: datetime
) -> tuple[str, tuple[object, ...]]:
    """The named query with this filter in it, and all its parameters. Raises BadFilter, NotFound."""
    return await fill(conn, FILTERING[name], filter_, *args, now=now)


async def fill(
    conn: Connection, sql: str, filter_: Filter, *args: object, now: datetime
) -> tuple[str, tuple[object, ...]]:
    known = await catalogue(conn, filter_.base_id)
    compiled = compile_filter(filter_, known, now=now, first=len(args) + 1)
    return sql.replace(_MARK, compiled.where), (*args, *compiled.args)


async def count(conn: Connection, filter_: Filter, *, now: datetime) -> int:
    """How many customers an act on this filter would touch: its maximum holds. Raises BadFilter, NotFound."""
    sql, args = await query(conn, "count", filter_, filter_.maximum, now=now)
    found: int = await conn.fetchval(sql, *args, timeout=BULK_S)
    return found


async def page(
    conn: Connection,
    filter_: Filter,
    *,
    sort: Sort = Sort.NAME,
    descending: bool = False,
    limit: int = 50,
    offset: int = 0,
    now: datetime,
) -> list[Customer]:
    """Those who match, with their phones. Raises BadFilter, NotFound."""
    sql, args = await query(conn, "page", filter_, filter_.maximum, limit, offset, now=now)
    direction = " DESC" if descending else ""
    sql = sql.replace("{order}", f"{_ORDER[sort]}{direction}, id{direction}")
    rows = await conn.fetch(sql, *args, timeout=BULK_S)
    return await customers.cards(conn, [row["id"] for row in rows])


async def one_base(conn: Connection, filter_: Filter, *, now: datetime) -> UUID | None:
    """The base of all who match; None: nobody matches. Raises Refused (several_bases)."""
    if filter_.base_id is not None:
        await base_fields.of_base(conn, filter_.base_id)
        return filter_.base_id
    sql, args = await query(conn, "bases", filter_, filter_.maximum, now=now)
    rows = await conn.fetch(sql, *args, timeout=BULK_S)
    if len(rows) > 1:
        raise Refused("several_bases", "A dial list holds customers of one base: choose the base.")
    return rows[0]["base_id"] if rows else None
