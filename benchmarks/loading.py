"""How long a client file takes to load, against PostgreSQL's own COPY of the same rows.

    python -m benchmarks.loading --rows 1000000 --forbidden 500000
    python -m benchmarks.loading --rows 1000000 --forbidden 500000 --already 1000000

A made CSV with 12 columns, 1.3 numbers a row, 3 % bad rows, 1 % repeated keys and a do-not-call list is
loaded into an embedded PostgreSQL with fsync on, into an empty base or into one that has `--already` rows.
Then the rows it became are copied, ready made in PostgreSQL's binary form, into the same tables with the same
indexes of a second database (what loading cannot beat), and into tables without any. Prints one JSON object:
seconds, both ratios, rows per second, the ratio of processor time (client and server together, so that a busy
machine does not blur it), and the most memory this process used. It fails unless the load's counts are
those of the file, and the reject file has a line for every row that was not loaded.
"""

import argparse
import asyncio
import csv
import json
import os
import random
import resource
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from lists.loading.load import load_file
from lists.loading.mapping import ColumnMap
from lists.loading.model import LoadResult, LoadSpec
from storage.database import Connection, Database, connect
from storage.embedded import EmbeddedPostgres
from storage.ids import uuid7
from storage.migrate import migrate

TABLES = ("customer", "phone", "contact")
HEADER = ("doc", "phone", "others", "name", "city", "age", "job", "balance", "loan", "since", "score", "note")
MAPPING = "phone=phone,alternatives=others,key=doc,name=name"
HOUR = 3600.0
FIRST_DOCUMENT = 10_000_000
FORBIDDEN_FROM = 600_000_000  # every seventh number from there on
BAD = ("555", "no tiene", "", "3,36E+10")


def made_rows(rows: int, seed: int, start: int = 0) -> Iterator[tuple[str, ...]]:
    """Fictional French numbers by their shape; every seventeenth name has an accent."""
    dice = random.Random(seed)
    for n in range(start, start + rows):
        document = n if dice.random() > 0.01 else dice.randrange(start, n + 1)
        phone = dice.choice(BAD) if dice.random() < 0.03 else f"06{n % 10**8:08d}"
        others = f"01{dice.randrange(10**8):08d}" if dice.random() < 0.3 else ""
        name = f"{'José' if n % 17 == 0 else 'Ana'} {n % 5000}"
        yield (
            str(FIRST_DOCUMENT + document), phone, others, name, "Lyon", str(18 + n % 70), "clerk",
            str(n % 9973), "no", "2019-01-01", str(n % 101), "called before",
        )  # fmt: skip


@dataclass
class Expected:
    """What a file must become, counted while it is written, by rules of its own."""

    rows: int = 0
    rejected: int = 0
    duplicates: int = 0
    do_not_call: int = 0

    @property
    def loaded(self) -> int:
        return self.rows - self.rejected - self.duplicates - self.do_not_call


def write_file(path: Path, rows: int, seed: int, start: int = 0, *, forbidden: int) -> Expected:
    expected = Expected()
    seen = bytearray(start + rows)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, delimiter=";")
        writer.writerow(HEADER)
        for row in made_rows(rows, seed, start):
            writer.writerow(row)
            _count(expected, row, seen, forbidden)
    return expected


def _count(expected: Expected, row: tuple[str, ...], seen: bytearray, forbidden: int) -> None:
    document, number = int(row[0]) - FIRST_DOCUMENT, row[1]
    expected.rows += 1
    if number in BAD:
        expected.rejected += 1
    elif seen[document]:
        expected.duplicates += 1
    else:
        seen[document] = True
        only, nth = not row[2], int(number)
        expected.do_not_call += (
            only and nth % 7 == FORBIDDEN_FROM % 7 and (nth - FORBIDDEN_FROM) // 7 < forbidden
        )


def check(result: LoadResult, expected: Expected) -> None:
    """Right to the line. Raises AssertionError."""
    for name in ("rows", "loaded", "rejected", "duplicates", "do_not_call"):
        told, counted = getattr(result, name), getattr(expected, name)
        assert told == counted, f"{told} {name} where the file has {counted}"


async def forbid(conn: Connection, numbers: int) -> None:
    """A do-not-call list, some of whose numbers are in the file."""
    now = datetime.now(UTC)
    records = ((uuid7(now), f"+33{FORBIDDEN_FROM + n * 7}", "file", now) for n in range(numbers))
    await conn.copy_records_to_table(
        "do_not_call", columns=["id", "e164", "source", "created_at"], records=records, timeout=HOUR
    )
    await conn.execute("ANALYZE do_not_call")


# What one load stored: customers whose numbers are all forbidden are among them, without a contact.
_NEW = "FROM customer k JOIN dial_list l ON l.base_id = k.base_id AND l.created_at = k.created_at"
STORED = {
    "customer": f"SELECT k.* {_NEW} WHERE l.id = $1",
    "phone": f"SELECT p.* {_NEW} JOIN phone p ON p.customer_id = k.id WHERE l.id = $1",
    "contact": "SELECT * FROM contact WHERE dial_list_id = $1",
}


async def copy_out(conn: Connection, folder: Path, dial_list_id: UUID) -> None:
    for table in TABLES:
        await conn.copy_from_query(
            STORED[table] + " ORDER BY 1",
            dial_list_id,
            output=folder / table,
            format="binary",
            timeout=HOUR,
        )


async def copy_in(conn: Connection, folder: Path, suffix: str = "") -> None:
    """All tables in one transaction."""
    async with conn.transaction():
        for table in TABLES:
            await conn.copy_to_table(table + suffix, source=folder / table, format="binary", timeout=HOUR)


async def parents(source: Connection, target: Connection, dial_list_id: UUID) -> None:
    """What the copied rows refer to."""
    for sql in (
        "SELECT b.* FROM base b JOIN dial_list l ON l.base_id = b.id WHERE l.id = $1",
        "SELECT * FROM dial_list WHERE id = $1",
    ):
        for row in await source.fetch(sql, dial_list_id):
            places = ", ".join(f"${i}" for i in range(1, len(row) + 1))
            table = "dial_list" if "FROM dial_list" in sql else "base"
            await target.execute(
                f"INSERT INTO {table} VALUES ({places}) ON CONFLICT DO NOTHING", *row.values()
            )


class Stopwatch:
    """Seconds of the clock, and of processors in this process and in all of the server's."""

    def __init__(self, server: EmbeddedPostgres) -> None:
        assert server.pid is not None
        self._postmaster = server.pid
        self._started = time.perf_counter()
        self._before = self._processors()

    def read(self) -> tuple[float, float]:
        return time.perf_counter() - self._started, self._processors() - self._before

    def _processors(self) -> float:
        ticks = 0
        for folder in Path("/proc").iterdir():
            try:
                fields = (folder / "stat").read_text().rpartition(")")[2].split()
            except OSError:  # no process, or none any more
                continue
            if int(fields[1]) == self._postmaster:
                ticks += int(fields[11]) + int(fields[12])
            elif folder.name == str(self._postmaster):
                ticks += sum(map(int, fields[11:15]))  # with the children that have ended
        return time.process_time() + ticks / os.sysconf("SC_CLK_TCK")


async def measured(server: EmbeddedPostgres, options: argparse.Namespace, folder: Path) -> dict[str, Any]:
    async with connect(server.dsn_of("postgres")) as admin:
        for name in ("loaded", "copied"):
            await admin.execute(f"CREATE DATABASE {name}")
            async with connect(server.dsn_of(name)) as conn:
                await migrate(conn)
    campaign_id = uuid4()
    before: LoadResult | None = None
    async with await Database.open(server.dsn_of("loaded"), max_size=3) as db:
        async with db.connection() as conn:
            await forbid(conn, options.forbidden)
        if options.already:
            first = folder / "before.csv"
            told = write_file(
                first, options.already, options.seed + 1, options.rows, forbidden=options.forbidden
            )
            before = await load(db, first, campaign_id)
            check(before, told)
        path = folder / "clients.csv"
        expected = write_file(path, options.rows, options.seed, forbidden=options.forbidden)
        watch = Stopwatch(server)
        result = await load(db, path, campaign_id)
        load_s, load_processors = watch.read()
        check(result, expected)
        async with db.connection() as conn:
            kept = await conn.fetchval("SELECT count(*) FROM load_reject WHERE load_id = $1", result.load_id)
            assert kept == result.rows - result.loaded, f"{kept} rows in the reject file"
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    async with (
        connect(server.dsn_of("loaded")) as source,
        connect(server.dsn_of("copied")) as target,
    ):
        for table in TABLES:
            await target.execute(f"CREATE TABLE {table}_bare (LIKE {table})")
        for one in (before, result):
            if one is None:
                continue
            await copy_out(source, folder, one.dial_lists[0])
            await parents(source, target, one.dial_lists[0])
            watch = Stopwatch(server)
            await copy_in(target, folder)
            copy_s, copy_processors = watch.read()
        watch = Stopwatch(server)
        await copy_in(target, folder, "_bare")
        bare_s, _ = watch.read()
    return {
        "rows": result.rows,
        "already": before.loaded if before else 0,
        "loaded": result.loaded,
        "rejected": result.rejected,
        "duplicates": result.duplicates,
        "do_not_call": result.do_not_call,
        "load_s": round(load_s, 2),
        "rows_per_s": round(result.rows / load_s),
        "copy_with_indexes_s": round(copy_s, 2),
        "copy_bare_s": round(bare_s, 2),
        "ratio_to_copy": round(load_s / copy_s, 2),
        "ratio_to_bare_copy": round(load_s / bare_s, 2),
        "load_processor_s": round(load_processors, 2),
        "copy_processor_s": round(copy_processors, 2),
        "processor_ratio_to_copy": round(load_processors / copy_processors, 2),
        "memory_mb": round(memory),
    }


async def load(db: Database, path: Path, campaign_id: UUID) -> LoadResult:
    spec = LoadSpec(path, "FR", campaign_id=campaign_id, mapping=ColumnMap.parse(MAPPING), base="people")
    return await load_file(db, spec, now=datetime.now(UTC))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--forbidden", type=int, default=50_000, help="numbers on the do-not-call list")
    parser.add_argument("--already", type=int, default=0, help="rows the base has before")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o711)
        with EmbeddedPostgres(folder / "postgres") as server:
            print(json.dumps(asyncio.run(measured(server, options, folder))))


if __name__ == "__main__":
    main()
