"""A base as a table, row by row: a file that can be loaded again, or used for an update."""

from collections.abc import AsyncIterator, Sequence
from uuid import UUID

from lists import base_fields
from lists.tables import Table, csv_of
from storage.database import Connection
from storage.queries import Queries

SQL = Queries.load("lists.bases")
COLUMNS = ("key", "document", "name", "zone", "phone", "alternatives")
_PIECE = 500
_FIELDS_S = 120.0


async def table(conn: Connection, base_id: UUID, *, as_text: bool = False) -> Table:
    """The header, then the customers in pieces of some hundred. `as_text`: numbers as the base's text files
    write them. Needs a transaction. Raises NotFound."""
    base = await base_fields.of_base(conn, base_id)
    written = base.written if as_text else lambda _, value: value
    fields = [row["f"] for row in await conn.fetch(SQL.export_fields, base_id, timeout=_FIELDS_S)]
    yield [(*COLUMNS, *fields)]
    rows: list[Sequence[object]] = []
    async for row in conn.cursor(SQL.export, base_id, prefetch=_PIECE):
        phones = row["e164s"] or []
        rows.append(
            (
                *(row["key"], row["document"], row["name"], row["zone"]),
                phones[0] if phones else "",
                ":".join(phones[1:]),
                *(written(field, row["data"].get(field)) for field in fields),
            )
        )
        if len(rows) == _PIECE:
            yield rows
            rows = []
    yield rows


def csv(conn: Connection, base_id: UUID) -> AsyncIterator[bytes]:
    """The same as CSV."""
    return csv_of(table(conn, base_id, as_text=True))
