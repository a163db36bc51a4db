"""Run the matrix, shift by shift; what is done is kept, so a run can be broken off and taken up again."""

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial

from benchmarks.pacing.cells import Cell, held_out_cells, matrix, shifts
from benchmarks.pacing.figures import LOOKS, decided
from benchmarks.pacing.kept import ROOT, Job, Kept, fingerprint
from benchmarks.pacing.known import FreeTimesKnown, FullKnowledge
from benchmarks.pacing.opponents import Issabel, Vicidial
from dialer.pacing import Pacer, make
from dialer.simulate.mix import Mix
from dialer.simulate.shift import Shift, run

RESULTS = ROOT / "benchmarks" / "results"
STEPS = (
    1.25,
    1.5,
    1.75,
    2.0,
    2.25,
    2.5,
    2.75,
    3.0,
    3.5,
    4.0,
    4.5,
    5.0,
    5.5,
    6.0,
    7.0,
    8.0,
    10.0,
    13.0,
    17.0,
    22.0,
)
RATIOS = tuple(f"ratio {step}" for step in STEPS)
LEVELS = tuple(f"vicidial {step}" for step in STEPS)
FAMILIES = (RATIOS, LEVELS)
"""Bolder and bolder. The busiest that keeps the limit, in hindsight, is found by halving: beyond it, bolder
ones lose more or are held back by their own rule."""
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
    made |= {name: partial(_ratio, float(name.split()[1])) for name in RATIOS}
    made |= {name: partial(_level, float(name.split()[1])) for name in LEVELS}
    return made


def _ratio(ratio: float, _: Mix) -> Pacer:
    return make("power", target=TARGET, ratio=ratio)


def _level(level: float, mix: Mix) -> Pacer:
    return Vicidial(level, hours=mix.length / 3600.0, method="average", only_ready=True)


def fingerprints() -> dict[str, str]:
    return {name: fingerprint(name in (OURS, *KNOWING)) for name in policies()}


def needed(policy: str, agents: int, quick: bool, others: int | None = None) -> int:
    """Shifts of a policy on a floor of this size; `others`: those asked for of all but ours."""
    most = shifts(agents, quick)
    if policy == OURS:
        return most
    return min(most, others or (8 if agents <= 20 else 4 if agents <= 50 else 1))


Task = tuple[Job, ...]
"""Jobs run one after another in one process: a single one, or a family's on one floor, to halve between."""


def tasks(
    cells: Iterable[Cell], names: Iterable[str], quick: bool, others: int | None = None, first: int = 0
) -> list[Task]:
    """Our own first, then the others; one shift of each cell before the next, so that a part is a balanced
    part."""
    cells, names = list(cells), list(names)
    most = max((shifts(cell.agents, quick) for cell in cells), default=0)
    single = [name for name in names if not any(name in family for family in FAMILIES)]
    found: list[Task] = [
        (Job(cell.name, name, first + seed),)
        for name in single
        for seed in range(most)
        for cell in cells
        if seed < needed(name, cell.agents, quick, others)
    ]
    for family in FAMILIES:
        members = [name for name in family if name in names]
        found += [
            tuple(Job(cell.name, name, first + seed) for name in members for seed in range(count))
            for cell in cells
            if members and (count := needed(members[0], cell.agents, quick, others))
        ]
    return found


def held_out_tasks(quick: bool) -> list[Task]:
    """Ten shifts on the small floor, three on the larger; in the quick run one, on the small."""
    return [
        (Job(cell.name, policy, seed),)
        for seed in range(1 if quick else 10)
        for cell in held_out_cells()
        for policy in (OURS, "1:1")
        if cell.agents <= 10 or (not quick and seed < 3)
    ]


def work(task: Task, known: dict[Job, Shift]) -> list[tuple[Job, Shift]]:
    """What was run anew. Of a family only the members that halving comes to."""
    cell = next(cell for cell in (*matrix(), *held_out_cells()) if cell.name == task[0].cell)
    members = list(dict.fromkeys(job.policy for job in task))
    done: list[tuple[Job, Shift]] = []

    def worth(member: str) -> float:
        """Its occupancy, or below nothing by what it loses more than it may."""
        jobs = [job for job in task if job.policy == member]
        for job in jobs:
            if job not in known:
                known[job] = run(cell.mix, policies()[member](cell.mix), job.seed)
                done.append((job, known[job]))
        lost = sum(known[job].abandonment for job in jobs) / len(jobs)
        return TARGET - lost if lost > TARGET else sum(known[job].occupancy for job in jobs) / len(jobs)

    worth(summit(members, worth))
    return done


def summit(members: Sequence[str], worth: Callable[[str], float]) -> str:
    """The worthiest of members whose worth rises up to it and falls after it; few are asked for theirs."""
    low, high = 0, len(members) - 1
    while low < high:
        middle = (low + high) // 2
        if worth(members[middle + 1]) > worth(members[middle]):
            low = middle + 1
        else:
            high = middle
    return members[low]


def run_ours(
    cells: list[Cell],
    kept: Kept,
    quick: bool,
    processes: int,
    tell: Callable[[int, int, Job], None],
    first: int = 0,
) -> None:
    """Our policy, look by look: a cell that is decided is not run further, so what is in doubt gets the
    time."""
    for look in (*LOOKS, max((shifts(cell.agents, quick) for cell in cells), default=0)):
        todo: list[Task] = [
            (Job(cell.name, OURS, first + seed),)
            for cell in cells
            if not decided(cell, kept.today(cell.name, OURS))
            for seed in range(min(look, shifts(cell.agents, quick)))
        ]
        run_all(todo, kept, processes, tell)


def run_all(todo: list[Task], kept: Kept, processes: int, tell: Callable[[int, int, Job], None]) -> None:
    left = [task for task in todo if len(task) > 1 or task[0] not in kept.shifts]
    known = [{job: kept.shifts[job] for job in task if job in kept.shifts} for task in left]
    with ProcessPoolExecutor(max(processes, 1)) as pool:
        for n, done in enumerate(pool.map(work, left, known)):
            for job, shift in done:
                kept.add(job, shift)
            tell(n + 1, len(left), left[n][0])
