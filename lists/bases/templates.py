"""How a base's files are read, kept with the base."""

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from lists.errors import NotFound
from lists.loading.mapping import ColumnMap
from lists.loading.model import LoadSpec
from storage.database import Connection
from storage.queries import Queries

SQL = Queries.load("lists.bases")


@dataclass(frozen=True, slots=True)
class Template:
    """`mapping` as it is typed: phone=telefono,key=documento. Encoding and delimiter None: found out."""

    mapping: str
    encoding: str | None = None
    delimiter: str | None = None


async def keep(conn: Connection, base_id: UUID, template: Template, now: datetime) -> None:
    """Raises LoadError for a mapping that makes no sense, NotFound."""
    ColumnMap.parse(template.mapping)
    kept = await conn.fetchval(
        SQL.keep_template, base_id, template.mapping, template.encoding, template.delimiter, now
    )
    if kept is None:
        raise NotFound(f"there is no base {base_id}")


async def of_base(conn: Connection, base_id: UUID) -> Template | None:
    row = await conn.fetchrow(SQL.template, base_id)
    return Template(**dict(row)) if row else None


async def forget(conn: Connection, base_id: UUID) -> None:
    await conn.execute(SQL.forget_template, base_id)


async def named(conn: Connection, base: str) -> Template | None:
    """That of the base of this name."""
    row = await conn.fetchrow(SQL.template_by_name, base)
    return Template(**dict(row)) if row else None


async def applied(conn: Connection, spec: LoadSpec) -> LoadSpec:
    """A table for one campaign that comes without a mapping is read as the base's files are; what is said of
    encoding and delimiter goes before what is kept. Without a template: the same as it was."""
    if spec.mapping is not None or spec.campaign_id is None or not spec.base:
        return spec
    kept = await named(conn, spec.base)
    if kept is None:
        return spec
    return replace(
        spec,
        mapping=ColumnMap.parse(kept.mapping),
        encoding=spec.encoding or kept.encoding,
        delimiter=spec.delimiter or kept.delimiter,
    )
