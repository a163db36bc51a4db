"""How long a page of customers takes to be found, by each way of looking.

    python -m benchmarks.search --customers 500000

Fictional customers with two or three names (few names common, many rare, as among people) and a phone or two
are copied into an embedded PostgreSQL. Prints one JSON object: for every kind of question the median, the
95th percentile and the longest time in milliseconds for the first page of 50, cards included.
"""

import argparse
import asyncio
import json
import random
import statistics
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any
from uuid import UUID

from lists import customers, dial_lists
from lists.folding import fold, grams
from lists.loading.ids import IdSource
from storage.database import Connection, connect
from storage.embedded import EmbeddedPostgres
from storage.migrate import migrate

HOUR = 3600.0
PIECE = 20_000
OWNERS = 500
SYLLABLES = [
    "ma",
    "ri",
    "jo",
    "sé",
    "ana",
    "lu",
    "cía",
    "gar",
    "ro",
    "drí",
    "guez",
    "ló",
    "pez",
    "mar",
    "tín",
    "fer",
    "nán",
    "dez",
    "san",
    "chez",
    "gó",
    "mez",
    "ruiz",
    "díaz",
    "mo",
    "re",
    "no",
    "al",
    "va",
    "rez",
    "be",
    "ni",
    "to",
    "ca",
    "sti",
    "llo",
    "va",
    "le",
    "ra",
    "il",
    "da",
    "cu",
    "ña",
    "ple",
]


def invented(count: int, dice: random.Random) -> list[str]:
    """Names that sound so: two to four syllables."""
    return ["".join(dice.choices(SYLLABLES, k=dice.choice((2, 2, 3, 3, 4)))).title() for _ in range(count)]


class People:
    """Customers by number; the same again for the same seed."""

    def __init__(self, seed: int) -> None:
        dice = random.Random(seed)
        self._dice = dice
        self._first, self._last = invented(3_000, dice), invented(40_000, dice)
        self.owners = [UUID(int=dice.getrandbits(128)) for _ in range(OWNERS)]

    def name(self) -> str:
        """The n-th most common name is n times rarer than the first, nearly."""
        dice = self._dice
        first, last = (
            [names[int(len(names) ** dice.random()) - 1] for _ in range(many)]
            for names, many in ((self._first, 1), (self._last, 2))
        )
        return " ".join(first + last)

    def phone(self, n: int) -> str:
        return f"+336{n * 7_919 % 10**8:08d}"

    def document(self, n: int) -> str:
        return str(10_000_000 + n * 31)

    def owner(self, n: int) -> UUID:
        return self.owners[n % OWNERS]


async def fill(conn: Connection, people: People, count: int) -> list[str]:
    """Copy `count` customers; a sample of their names."""
    now = datetime.now(UTC)
    base = await dial_lists.create_base(conn, "people", region="FR", now=now)
    ids = IdSource(now)
    sample: list[str] = []

    def made(start: int) -> Iterator[tuple[tuple[Any, ...], tuple[Any, ...]]]:
        for n in range(start, min(start + PIECE, count)):
            customer_id, phone_id = ids.take(2)
            name = people.name()
            if n % (count // 500 or 1) == 0:
                sample.append(name)
            folded, document = fold(name), people.document(n)
            owner_id = people.owner(n)
            yield (
                (customer_id, base.id, document, document, name, folded, grams(folded), owner_id, now, now),
                (phone_id, customer_id, 0, people.phone(n), people.phone(n), ["Europe/Paris"]),
            )  # fmt: skip

    for start in range(0, count, PIECE):
        rows = list(made(start))
        for table, columns, records in (
            ("customer", "id base_id key document name folded grams owner_id created_at updated_at", 0),
            ("phone", "id customer_id position e164 typed zones", 1),
        ):
            await conn.copy_records_to_table(
                table, columns=columns.split(), records=[row[records] for row in rows], timeout=HOUR
            )
    await conn.execute("SELECT gin_clean_pending_list('customer_grams')", timeout=HOUR)
    await conn.execute("VACUUM ANALYZE customer, phone", timeout=HOUR)
    return sample


def questions(people: People, sample: list[str], count: int, dice: random.Random) -> Iterator[dict[str, Any]]:
    """One of each kind, as an agent types them."""
    name = fold(dice.choice(sample))
    words, n = name.split(), dice.randrange(count)
    inside = dice.choice(words)
    start = dice.randrange(max(1, len(inside) - 3))
    yield {"kind": "document", "document": people.document(n)}
    yield {"kind": "document, its first 6", "document": people.document(n)[:6]}
    yield {"kind": "name, first word", "name": words[0]}
    yield {"kind": "name, a family name", "name": words[-1]}
    yield {"kind": "name, two words", "name": f"{words[0]} {words[-1]}"}
    yield {"kind": "name, whole, accents and case", "name": name.upper()}
    yield {"kind": "name, 4 letters within", "name": inside[start : start + 4]}
    yield {"kind": "name, 3 letters within", "name": inside[start : start + 3]}
    yield {"kind": "name, 2 letters", "name": inside[:2]}
    yield {"kind": "name of nobody", "name": inside[::-1] + "qx"}
    yield {"kind": "phone, national", "phone": "0" + people.phone(n)[3:]}
    yield {"kind": "phone, +33 spaced", "phone": "+33 " + people.phone(n)[3:]}
    yield {"kind": "phone, last 5", "phone": people.phone(n)[-5:]}
    yield {"kind": "own, by name", "name": words[-1], "owner_id": people.owner(n)}
    yield {"kind": "own, first page", "owner_id": people.owner(n)}
    yield {"kind": "first page of all"}


async def measured(server: EmbeddedPostgres, options: argparse.Namespace) -> dict[str, Any]:
    people, dice = People(options.seed), random.Random(options.seed + 1)
    times: dict[str, list[float]] = {}
    found: dict[str, list[int]] = {}
    async with connect(server.dsn) as conn:
        await migrate(conn)
        started = time.perf_counter()
        sample = await fill(conn, people, options.customers)
        filled_s = time.perf_counter() - started
        size = await conn.fetchval("SELECT pg_size_pretty(pg_relation_size('customer_grams'))")
        for _ in range(options.rounds):
            for question in questions(people, sample, options.customers, dice):
                kind = question.pop("kind")
                started = time.perf_counter()
                page = await customers.search(conn, **question, limit=50)
                times.setdefault(kind, []).append(1000 * (time.perf_counter() - started))
                found.setdefault(kind, []).append(len(page))
    everything = [one for each in times.values() for one in each]
    return {
        "customers": options.customers,
        "filled_s": round(filled_s, 1),
        "index_of_names": size,
        "median_ms": round(statistics.median(everything), 2),
        "kinds": {kind: summary(each) | {"found": max(found[kind])} for kind, each in times.items()},
    }


def summary(times: list[float]) -> dict[str, float]:
    ordered = sorted(times)
    return {
        "median_ms": round(statistics.median(ordered), 2),
        "p95_ms": round(next(islice(ordered, int(0.95 * len(ordered)), None)), 2),
        "max_ms": round(ordered[-1], 2),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--customers", type=int, default=200_000)
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o711)
        with EmbeddedPostgres(folder / "postgres") as server:
            print(json.dumps(asyncio.run(measured(server, options)), indent=1))


if __name__ == "__main__":
    main()
