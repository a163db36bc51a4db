"""Monthly partitions of append-only tables, made ahead of time."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime

from storage.database import Connection, translated
from storage.queries import Queries

_SQL = Queries.load("storage", "partitions.sql")
_TABLE = re.compile(r"[a-z][a-z0-9_]{0,50}")
_FILL = 70
"""Percent of a page that new rows take. The rest is for the update by which each row is completed: on its own
page it needs no new entry in any index."""


def months_from(now: datetime, months_ahead: int) -> Iterator[tuple[datetime, datetime]]:
    """The month of `now` and the `months_ahead` after it: (its first moment, the next one's), in UTC."""
    year, month = now.astimezone(UTC).year, now.astimezone(UTC).month
    for index in range(month - 1, month + months_ahead):
        yield (
            datetime(year + index // 12, index % 12 + 1, 1, tzinfo=UTC),
            datetime(year + (index + 1) // 12, (index + 1) % 12 + 1, 1, tzinfo=UTC),
        )


async def ensure_partitions(conn: Connection, table: str, now: datetime, months_ahead: int) -> list[str]:
    """Make the missing partitions of `table` (PARTITION BY RANGE of a timestamptz); returns their names.

    A partition that exists is not touched, so that the daily call takes no lock on a table in use.
    """
    if not _TABLE.fullmatch(table):
        raise ValueError(f"{table!r} is not a table's name")
    made: list[str] = []
    with translated():
        for first, end in months_from(now, months_ahead):
            name = f"{table}_{first:%Y_%m}"
            if await conn.fetchval(_SQL.exists, name):
                continue
            async with conn.transaction():
                await conn.execute(_SQL.lock, table)
                # Data definition takes no parameters: every part is checked or made here.
                await conn.execute(
                    f"CREATE TABLE IF NOT EXISTS {name} PARTITION OF {table}"
                    f" FOR VALUES FROM ('{first.isoformat()}') TO ('{end.isoformat()}')"
                    f" WITH (fillfactor = {_FILL})"
                )
            made.append(name)
    return made
