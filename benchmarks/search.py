"""How long a page of customers takes to be found, by each way of looking.

    python -m benchmarks.search --customers 10000000 --keep /var/tmp/marcador-crowd

Fictional customers with three names (few common, many rare, as among people) and a phone or two are made in
an embedded PostgreSQL, fsync off; then it is started again with its everyday settings and asked. Each kind of
question is asked `--rounds` times; the first time of each stands apart, as little of it was in the server's
memory. Prints one JSON object: for every kind the median, the 95th percentile and the longest time in
milliseconds for the first page of 50, cards included, and the median time of processors, which a busy machine
does not blur. With `--keep` the filled server stays in that folder
and is asked again by the next run.
"""

import argparse
import asyncio
import json
import os
import random
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any

from benchmarks import _people as people
from lists import customers
from lists.folding import fold
from storage.database import connect
from storage.embedded import EmbeddedPostgres
from storage.migrate import migrate

TARGET_MS = 50.0
PAGE = 50
SAMPLE = 2_000


def questions(name: str, count: int, few: Any, dice: random.Random) -> Iterator[dict[str, Any]]:
    """One of each kind, as an agent types them. `name` is a customer's."""
    words, n = fold(name).split(), dice.randrange(count)
    inside = max(words, key=len)
    start = dice.randrange(max(1, len(inside) - 3))
    phone = people.phone(n)
    yield {"kind": "document", "document": people.document(n)}
    yield {"kind": "document, its first 6", "document": people.document(n)[:6]}
    yield {"kind": "document of nobody", "document": f"7{people.document(n)}x"}
    yield {"kind": "name, first word", "name": words[0]}
    yield {"kind": "name, a family name", "name": words[-1]}
    yield {"kind": "name, first and last word", "name": f"{words[0]} {words[-1]}"}
    yield {"kind": "name, last and first word", "name": f"{words[-1]} {words[0]}"}
    yield {"kind": "name, whole, accents and case", "name": name.upper()}
    yield {"kind": "name, beginnings of two words", "name": f"{words[-1][:3]} {words[0][:3]}"}
    yield {"kind": "name, 4 letters within", "name": inside[start : start + 4]}
    yield {"kind": "name, 3 letters within", "name": inside[start : start + 3]}
    yield {"kind": "name, 2 letters", "name": inside[:2]}
    yield {"kind": "name, two times 2 letters", "name": f"{words[-1][:2]} {words[0][:2]}"}
    yield {"kind": "name, one letter", "name": words[0][:1]}
    yield {"kind": "name of nobody", "name": inside[::-1] + "qx"}
    yield {"kind": "name of nobody, of common parts", "name": "mariagarcia"}
    yield {"kind": "name of nobody, of common words", "name": f"garcia maria {words[-1][:3]}zz"}
    yield {"kind": "maria garcia", "name": "maria garcia"}
    yield {"kind": "garcía maría", "name": "García María"}
    yield {"kind": "garcía maría, its tenth page", "name": "García María", "offset": 9 * PAGE}
    yield {"kind": "common name and a rare one", "name": f"{words[-1]} maria"}
    yield {"kind": "arci", "name": "arci"}
    yield {"kind": "phone, national", "phone": "0" + phone[3:]}
    yield {"kind": "phone, +33 spaced", "phone": f"+33 {phone[3]} {phone[4:8]} {phone[8:]}"}
    yield {"kind": "phone, last 5", "phone": phone[-5:]}
    yield {"kind": "phone, last 3", "phone": phone[-3:]}
    yield {"kind": "phone of nobody", "phone": "+34 699 999 999"}
    yield {"kind": "phone and name", "phone": phone[-4:], "name": "maria"}
    yield {"kind": "own, by name", "name": words[-1], "owner_id": people.owner(n)}
    yield {"kind": "own, by 2 letters", "name": words[-1][:2], "owner_id": people.owner(n)}
    yield {"kind": "own, name of nobody", "name": inside[::-1] + "qx", "owner_id": people.owner(n)}
    yield {"kind": "own, first page", "owner_id": people.owner(n)}
    yield {"kind": "small base, maria", "name": "maria", "base_id": few}
    yield {"kind": "small base, garcía maría", "name": "garcía maría", "base_id": few}
    yield {"kind": "small base, first page", "base_id": few}
    yield {"kind": "first page of all"}


async def filled(folder: Path, options: argparse.Namespace) -> float | None:
    """Seconds it took; None where it had been before."""
    done = folder / f"filled-{options.customers}-{options.seed}"
    if done.exists():
        return None
    with EmbeddedPostgres(folder / "postgres", throw_away=True) as server:
        async with connect(server.dsn) as conn:
            await migrate(conn)
            started = time.perf_counter()
            await people.fill(conn, options.customers, options.seed)
            await conn.execute("CHECKPOINT", timeout=people.HOUR)
    done.touch()
    return round(time.perf_counter() - started, 1)


async def measured(folder: Path, options: argparse.Namespace) -> dict[str, Any]:
    filled_s = await filled(folder, options)
    dice = random.Random(options.seed + 1)
    times: dict[str, list[tuple[float, float]]] = {}
    found: dict[str, int] = {}
    with EmbeddedPostgres(folder / "postgres") as server:
        async with connect(server.dsn) as conn:
            await people.check(conn, options.customers, SAMPLE, dice)
            few = await conn.fetchval("SELECT id FROM base WHERE name = 'few'")
            size = await conn.fetchval(
                "SELECT pg_size_pretty(pg_total_relation_size('customer') + pg_total_relation_size('phone'))"
            )
            watch = Stopwatch(await conn.fetchval("SELECT pg_backend_pid()"))
            for _ in range(options.rounds):
                name = await conn.fetchval(
                    "SELECT name FROM customer WHERE document = $1",
                    people.document(dice.randrange(options.customers)),
                )
                for question in questions(name, options.customers, few, dice):
                    kind = question.pop("kind")
                    if options.only and options.only not in kind:
                        continue
                    watch.start()
                    page = await customers.search(conn, **question, limit=PAGE)
                    times.setdefault(kind, []).append(watch.read())
                    found[kind] = max(found.get(kind, 0), len(page))
    everything = [one for each in times.values() for one, _ in each[1:]]
    kinds = {kind: summary(each) | {"found": found[kind]} for kind, each in times.items()}
    return {
        "customers": options.customers,
        "filled_s": filled_s,
        "size": size,
        "median_ms": round(statistics.median(everything), 2),
        "load": round(os.getloadavg()[0], 1),
        "cores": os.cpu_count(),
        "target_ms": TARGET_MS,
        "above": [kind for kind, each in kinds.items() if each["median_ms"] >= TARGET_MS],
        "above_by_processor": [
            kind for kind, each in kinds.items() if each["processor_median_ms"] >= TARGET_MS
        ],
        "kinds": kinds,
    }


class Stopwatch:
    """Milliseconds of the clock, and of processors in this process and in its server's: what a busy machine
    does not blur."""

    def __init__(self, backend: int) -> None:
        self._backend = Path(f"/proc/{backend}/schedstat")

    def start(self) -> None:
        self._began, self._before = time.perf_counter(), self._processors()

    def read(self) -> tuple[float, float]:
        return 1000 * (time.perf_counter() - self._began), self._processors() - self._before

    def _processors(self) -> float:
        return int(self._backend.read_text().split()[0]) / 1e6 + 1000 * time.process_time()


def summary(times: list[tuple[float, float]]) -> dict[str, float]:
    ordered = sorted(one for one, _ in times[1:])
    return {
        "first_ms": round(times[0][0], 2),
        "median_ms": round(statistics.median(ordered), 2),
        "p95_ms": round(next(islice(ordered, int(0.95 * len(ordered)), None)), 2),
        "max_ms": round(ordered[-1], 2),
        "processor_median_ms": round(statistics.median(used for _, used in times[1:]), 2),
    }


@contextmanager
def workplace(keep: Path | None) -> Iterator[Path]:
    if keep is None:
        with tempfile.TemporaryDirectory() as name:
            Path(name).chmod(0o711)
            yield Path(name)
        return
    keep.mkdir(parents=True, exist_ok=True)
    keep.chmod(0o711)
    yield keep


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--customers", type=int, default=200_000)
    parser.add_argument("--rounds", type=int, default=31)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", type=Path, help="a folder where the filled server stays")
    parser.add_argument("--only", default="", help="only kinds of question with these letters")
    options = parser.parse_args()
    with workplace(options.keep) as folder:
        print(json.dumps(asyncio.run(measured(folder, options)), indent=1, ensure_ascii=False))


if __name__ == "__main__":
    main()
