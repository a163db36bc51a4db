"""How many contacts a second pass through the database: reserved, begun, closed, settled.

    python -m benchmarks.contacts --contacts 20000 --batch 50

A list of fictional customers with one or two numbers and a do-not-call list are copied into an embedded
PostgreSQL with fsync on, and one worker takes the whole list through its first attempt, a batch at a time, as
the dialer does: four calls, three transactions. Prints one JSON object: contacts per second of the clock, and
per second of processor time (client and server together, so that a busy machine does not blur it), with the
share of each step.
"""

import argparse
import asyncio
import json
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from lists import attempts, contacts, dial_lists, reserving
from lists.loading.ids import IdSource
from lists.model import AttemptKind, Begin, Caps, Closing, Reserved, Retry, Settlement
from storage.database import Connection, Database
from storage.embedded import EmbeddedPostgres
from storage.ids import uuid7
from storage.migrate import migrate
from storage.partitions import ensure_partitions

HOUR = 3600.0
WORKER = "bench"
FORBIDDEN = 20_000
WARM_UP = 10  # batches: the statements are prepared and their plans settled


class Stopwatch:
    """Processor time of this process and of one server process, and the clock's, by step."""

    def __init__(self, server_pid: int) -> None:
        self._stat = Path(f"/proc/{server_pid}/stat")
        self.steps: dict[str, list[float]] = {}

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        before = self._now()
        yield
        taken = self.steps.setdefault(name, [0.0, 0.0, 0.0])
        for i, (end, start) in enumerate(zip(self._now(), before, strict=True)):
            taken[i] += end - start

    def _now(self) -> tuple[float, float, float]:
        fields = self._stat.read_text().rpartition(")")[2].split()
        ticks = int(fields[11]) + int(fields[12])
        return time.perf_counter(), time.process_time(), ticks / os.sysconf("SC_CLK_TCK")


async def fill(conn: Connection, campaign_id: UUID, count: int, now: datetime) -> None:
    base = await dial_lists.create_base(conn, "bench", region="FR", now=now)
    made = await dial_lists.create(conn, campaign_id, base.id, "bench", now=now)
    ids = IdSource(now)
    customers, phones, waiting = [], [], []
    for n, (customer_id, first, second, contact_id) in enumerate(
        zip(*(iter(ids.take(4 * count)),) * 4, strict=True)
    ):
        customers.append((customer_id, base.id, str(n), now, now))
        for position, phone_id in enumerate((first, second)[: 1 + n % 2]):
            e164 = f"+336{position}{n:07d}"
            phones.append((phone_id, customer_id, position, e164, e164, ["Europe/Paris"]))
        waiting.append((contact_id, made.id, campaign_id, customer_id, n, now, "Europe/Paris", now))
    forbidden = [(i, f"+339{n:08d}", "file", now) for n, i in enumerate(ids.take(FORBIDDEN))]
    for table, columns, rows in (
        ("customer", "id base_id key created_at updated_at", customers),
        ("phone", "id customer_id position e164 typed zones", phones),
        (
            "contact",
            "id dial_list_id campaign_id customer_id position next_at zone_key created_at",
            waiting,
        ),
        ("do_not_call", "id e164 source created_at", forbidden),
    ):
        await conn.copy_records_to_table(table, columns=columns.split(), records=rows, timeout=HOUR)
    await conn.execute("ANALYZE customer, phone, contact, do_not_call", timeout=HOUR)  # as a load does


def attempt(contact: Reserved, now: datetime) -> Begin:
    return Begin(
        uuid7(now), now, AttemptKind.DIALLED, contact.campaign_id, contact, contact.customer_id,
        contact.phone_id, contact.e164, "carrier", "main", "", 1, WORKER,
    )  # fmt: skip


async def pass_through(
    db: Database, campaign_id: UUID, batch: int, watch: Stopwatch, now: datetime
) -> tuple[int, int]:
    """One batch through all four steps; how many were reserved and how many begun."""
    caps = Caps()
    with watch.step("reserve"):
        async with db.transaction() as conn:
            lent = await reserving.reserve(conn, campaign_id, now=now, limit=batch, worker=WORKER, lease_s=60)
    begins = [attempt(contact, now) for contact in lent]
    with watch.step("begin"):
        async with db.transaction() as conn:
            refusals = await attempts.begin(conn, begins, {campaign_id: caps}, now)
    begun = [b for b, refusal in zip(begins, refusals, strict=True) if refusal is None]
    ended = now + timedelta(seconds=20)
    with watch.step("close and settle"):
        async with db.transaction() as conn:
            closings = [
                Closing(b.attempt_id, b.begun_at, ended, "no_answer", "customer", 19, ringing_at=ended)
                for b in begun
            ]
            await attempts.close(conn, closings, ended)
            retry = Retry(ended + timedelta(hours=1), phone="next", outcome="no_answer")
            settlements = [Settlement(b.contact.contact_id, retry, caps) for b in begun if b.contact]
            await contacts.settle_many(conn, settlements, ended)
    return len(lent), len(begun)


async def measured(server: EmbeddedPostgres, options: argparse.Namespace) -> dict[str, Any]:
    now = datetime.now(UTC)
    campaign_id = uuid4()
    async with await Database.open(server.dsn, max_size=1) as db:
        async with db.connection() as conn:
            await migrate(conn)
            await ensure_partitions(conn, "attempt", now, 1)
            await fill(conn, campaign_id, options.contacts + WARM_UP * options.batch, now)
            await attempts.fence(conn, campaign_id, 1, open=True)
            watch = Stopwatch(conn.get_server_pid())
        for _ in range(WARM_UP):
            await pass_through(db, campaign_id, options.batch, watch, now)
        watch.steps.clear()
        passed = 0
        while True:
            reserved, begun = await pass_through(db, campaign_id, options.batch, watch, now)
            if begun != reserved:
                raise SystemExit(f"{reserved - begun} of {reserved} attempts were refused")
            if not reserved:
                break
            passed += reserved
    clock, client, backend = (sum(step[i] for step in watch.steps.values()) for i in range(3))
    return {
        "contacts": passed,
        "batch": options.batch,
        "per_second": round(passed / clock),
        "per_processor_second": round(passed / (client + backend)),
        "microseconds_a_contact": {
            name: {
                "clock": round(1e6 * step[0] / passed),
                "client": round(1e6 * step[1] / passed),
                "server": round(1e6 * step[2] / passed),
            }
            for name, step in watch.steps.items()
        },
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--contacts", type=int, default=20_000)
    parser.add_argument("--batch", type=int, default=50)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o711)
        with EmbeddedPostgres(folder / "postgres") as server:
            print(json.dumps(asyncio.run(measured(server, options))))


if __name__ == "__main__":
    main()
