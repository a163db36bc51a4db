"""A base as a table, row by row: a file that can be loaded again, or used for an update."""

from collections.abc import AsyncIterator, Sequence
from uuid import UUID

from lists import dial_lists
from lists.tables import BOM, write_rows
from storage.database import Connection
from storage.queries import Queries

SQL = Queries.load("lists.bases")
COLUMNS = ("key", "document", "name", "zone", "phone", "alternatives")
_PIECE = 500
_FIELDS_S = 120.0


async def table(conn: Connection, base_id: UUID) -> AsyncIterator[Sequence[Sequence[object]]]:
    """The header, then the customers in pieces of some hundred. Needs a transaction. Raises NotFound."""
    await dial_lists.get_base(conn, base_id)
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
                *(row["data"].get(field) for field in fields),
            )
        )
        if len(rows) == _PIECE:
            yield rows
            rows = []
    yield rows


async def csv(conn: Connection, base_id: UUID) -> AsyncIterator[bytes]:
    """UTF-8 with its mark, ';' between columns, safe to open in a spreadsheet."""
    mark = BOM
    async for piece in table(conn, base_id):
        yield (mark + write_rows(piece)).encode()
        mark = ""
