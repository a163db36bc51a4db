"""How long a client file takes to load, against PostgreSQL's own COPY of the same rows.

    python -m benchmarks.loading --rows 1000000

A made CSV with 12 columns, 1.3 numbers a row, 3 % bad rows, 1 % repeated keys and a do-not-call list is
loaded into an embedded PostgreSQL with fsync on. Then the rows it became are copied, ready made, into the
same tables with the same indexes of a second database (what loading cannot beat), and into tables without
any. Prints one JSON object: seconds, both ratios, rows per second, and the most memory this process used.
"""

import argparse
import asyncio
import csv
import json
import random
import resource
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

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
BAD = ("555", "no tiene", "", "3,36E+10")


def made_rows(rows: int, seed: int) -> Iterator[tuple[str, ...]]:
    """Fictional French numbers by their shape; every seventeenth name has an accent."""
    dice = random.Random(seed)
    for n in range(rows):
        document = n if dice.random() > 0.01 else dice.randrange(n + 1)
        phone = dice.choice(BAD) if dice.random() < 0.03 else f"06{n % 10**8:08d}"
        others = f"01{dice.randrange(10**8):08d}" if dice.random() < 0.3 else ""
        name = f"{'José' if n % 17 == 0 else 'Ana'} {n % 5000}"
        yield (
            str(10_000_000 + document), phone, others, name, "Lyon", str(18 + n % 70), "clerk",
            str(n % 9973), "no", "2019-01-01", str(n % 101), "called before",
        )  # fmt: skip


def write_file(path: Path, rows: int, seed: int) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, delimiter=";")
        writer.writerow(HEADER)
        writer.writerows(made_rows(rows, seed))


async def forbid(conn: Connection, numbers: int) -> None:
    """A do-not-call list, some of whose numbers are in the file."""
    now = datetime.now(UTC)
    records = ((uuid7(now), f"+336{n * 7 % 10**8:08d}", "file", now) for n in range(numbers))
    await conn.copy_records_to_table(
        "do_not_call", columns=["id", "e164", "source", "created_at"], records=records, timeout=HOUR
    )
    await conn.execute("ANALYZE do_not_call")


async def copy_out(conn: Connection, folder: Path) -> None:
    for table in TABLES:
        await conn.copy_from_table(table, output=folder / table, format="binary", timeout=HOUR)


async def copy_in(conn: Connection, folder: Path, suffix: str = "") -> float:
    """Seconds to copy all tables in one transaction."""
    started = time.perf_counter()
    async with conn.transaction():
        for table in TABLES:
            await conn.copy_to_table(table + suffix, source=folder / table, format="binary", timeout=HOUR)
    return time.perf_counter() - started


async def parents(source: Connection, target: Connection) -> None:
    """What the copied rows refer to."""
    for table in ("base", "dial_list"):
        for row in await source.fetch(f"SELECT * FROM {table}"):
            places = ", ".join(f"${i}" for i in range(1, len(row) + 1))
            await target.execute(f"INSERT INTO {table} VALUES ({places})", *row.values())


async def measured(server: EmbeddedPostgres, options: argparse.Namespace, folder: Path) -> dict[str, Any]:
    path = folder / "clients.csv"
    write_file(path, options.rows, options.seed)
    async with connect(server.dsn_of("postgres")) as admin:
        for name in ("loaded", "copied"):
            await admin.execute(f"CREATE DATABASE {name}")
            async with connect(server.dsn_of(name)) as conn:
                await migrate(conn)
    async with await Database.open(server.dsn_of("loaded"), max_size=3) as db:
        async with db.connection() as conn:
            await forbid(conn, options.forbidden)
        started = time.perf_counter()
        result = await load(db, path)
        load_s = time.perf_counter() - started
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    async with (
        connect(server.dsn_of("loaded")) as source,
        connect(server.dsn_of("copied")) as target,
    ):
        await copy_out(source, folder)
        await parents(source, target)
        for table in TABLES:
            await target.execute(f"CREATE TABLE {table}_bare (LIKE {table})")
        copy_s = await copy_in(target, folder)
        bare_s = await copy_in(target, folder, "_bare")
    return {
        "rows": result.rows,
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
        "memory_mb": round(memory),
    }


async def load(db: Database, path: Path) -> LoadResult:
    spec = LoadSpec(path, "FR", campaign_id=uuid4(), mapping=ColumnMap.parse(MAPPING))
    return await load_file(db, spec, now=datetime.now(UTC))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--forbidden", type=int, default=50_000, help="numbers on the do-not-call list")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o711)
        with EmbeddedPostgres(folder / "postgres") as server:
            print(json.dumps(asyncio.run(measured(server, options, folder))))


if __name__ == "__main__":
    main()
