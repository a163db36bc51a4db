"""Run the matrix, shift by shift; what is done is kept, so a run can be broken off and taken up again."""

import json
import subprocess
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

from benchmarks.pacing.cells import Cell, matrix, shifts
from benchmarks.pacing.known import FreeTimesKnown, FullKnowledge
from benchmarks.pacing.opponents import Issabel, Vicidial
from dialer.pacing import Pacer, make
from dialer.simulate.mix import Mix
from dialer.simulate.shift import Shift, run

RESULTS = Path(__file__).parents[1] / "results"
RATIOS = (1.25, 1.5, 1.75, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0)
LEVELS = (1.2, 1.5, 2.0, 2.5, 3.0)
TARGET = 0.03
OURS = "ours"
KNOWING = ("full knowledge", "free times known")
"""As dear as our own policy, and only a yardstick: fewer shifts."""


def policies() -> dict[str, Callable[[Mix], Pacer]]:
    """By name; those of one family (`ratio …`, `vicidial …`) are compared by their best in hindsight."""
    made: dict[str, Callable[[Mix], Pacer]] = {
        OURS: lambda _: make("predictive", target=TARGET),
        "1:1": lambda _: make("progressive", target=TARGET),
        "issabel": lambda _: Issabel(),
        "wombat boost 2": lambda _: make("power", target=TARGET, ratio=2.0),
        "vicidial stock": lambda mix: Vicidial(3.0, hours=mix.length / 3600.0, method="hard"),
        "full knowledge": lambda mix: FullKnowledge(TARGET, mix),
        "free times known": lambda mix: FreeTimesKnown(TARGET, mix),
    }
    made |= {f"ratio {r}": partial(_ratio, r) for r in RATIOS}
    made |= {f"vicidial {level}": partial(_level, level) for level in LEVELS}
    return made


def _ratio(ratio: float, _: Mix) -> Pacer:
    return make("power", target=TARGET, ratio=ratio)


def _level(level: float, mix: Mix) -> Pacer:
    return Vicidial(level, hours=mix.length / 3600.0, method="average")


@dataclass(frozen=True, slots=True)
class Job:
    cell: str
    policy: str
    seed: int


def work(job: Job) -> tuple[Job, Shift]:
    cell = next(cell for cell in matrix() if cell.name == job.cell)
    return job, run(cell.mix, policies()[job.policy](cell.mix), job.seed)


def commit() -> str:
    try:
        told = subprocess.run(
            ["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=True
        )
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return told.stdout.strip()


class Kept:
    """Shifts already run, one JSON object a line; those of our own policy belong to one commit."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.shifts: dict[Job, Shift] = {}
        if path.exists():
            for line in path.read_text().splitlines():
                row = json.loads(line)
                self.shifts[Job(row["cell"], row["policy"], row["seed"])] = Shift(**row["shift"])

    def add(self, job: Job, shift: Shift) -> None:
        self.shifts[job] = shift
        self.path.parent.mkdir(parents=True, exist_ok=True)
        row = {**asdict(job), "commit": commit(), "shift": asdict(shift)}
        with self.path.open("a") as out:
            out.write(json.dumps(row) + "\n")

    def of(self, cell: str, policy: str) -> list[Shift]:
        found = [(job.seed, s) for job, s in self.shifts.items() if (job.cell, job.policy) == (cell, policy)]
        return [shift for _, shift in sorted(found, key=lambda pair: pair[0])]


def needed(policy: str, agents: int, quick: bool) -> int:
    """Shifts of a policy on a floor of this size."""
    most = shifts(agents, quick)
    return min(most, 8 if agents <= 20 else 4 if agents <= 50 else 1) if policy in KNOWING else most


def jobs(cells: Iterable[Cell], names: Iterable[str], quick: bool) -> list[Job]:
    """Our own first, then the others; one shift of each cell before the next, so that a part is a balanced
    part."""
    cells = list(cells)
    most = max((shifts(cell.agents, quick) for cell in cells), default=0)
    return [
        Job(cell.name, name, seed)
        for name in names
        for seed in range(most)
        for cell in cells
        if seed < needed(name, cell.agents, quick)
    ]


def run_all(todo: list[Job], kept: Kept, processes: int, tell: Callable[[int, int, Job], None]) -> None:
    left = [job for job in todo if job not in kept.shifts]
    if processes <= 1:
        for n, job in enumerate(left):
            kept.add(*work(job))
            tell(n + 1, len(left), job)
        return
    with ProcessPoolExecutor(processes) as pool:
        for n, (job, shift) in enumerate(pool.map(work, left)):
            kept.add(job, shift)
            tell(n + 1, len(left), job)
