"""python -m benchmarks.pacing.shared [--seeds N] [--processes N] [--json] [--write]

Campaigns that share their agents, against each on a floor of its own: three of ten agents, or thirty for all.
"""

import argparse
import json
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path

from dialer.pacing import make
from dialer.simulate import Estimate, Lognormal, Mix, always
from dialer.simulate.predict import estimate
from dialer.simulate.shared import run_shared

DOCS = Path(__file__).parents[2] / "docs" / "pacing.md"
BEGIN = "<!-- shared floors: python -m benchmarks.pacing.shared --write -->"
END = "<!-- end of shared floors -->"
TARGET = 0.03
AGENTS, HOURS = 10, 2


def campaign(p: float, talk: float) -> Mix:
    return Mix(AGENTS, always(p), Lognormal(talk, 1.0), length=HOURS * 3600.0)


ALIKE = (campaign(0.25, 120), campaign(0.25, 120), campaign(0.25, 120))
UNLIKE = (campaign(0.1, 120), campaign(0.25, 45), campaign(0.5, 300))
ALL = [(0, 1, 2)] * (3 * AGENTS)
SOME = [(0,)] * 5 + [(1,)] * 5 + [(2,)] * 5 + [(0, 1, 2)] * 15


@dataclass(frozen=True, slots=True)
class Case:
    name: str
    mixes: tuple[Mix, ...]
    works_for: Sequence[Sequence[int]] | None
    """None: each campaign on a floor of its own."""


CASES = (
    Case("alike, three floors of 10", ALIKE, None),
    Case("alike, 30 agents shared", ALIKE, ALL),
    Case("alike, half of the 30 shared", ALIKE, SOME),
    Case("unlike, three floors of 10", UNLIKE, None),
    Case("unlike, 30 agents shared", UNLIKE, ALL),
    Case("unlike, half of the 30 shared", UNLIKE, SOME),
)


@dataclass(frozen=True, slots=True)
class Outcome:
    """One shift: of the floor, and of each campaign."""

    occupancy: float
    abandonment: tuple[float, ...]
    talk_share: tuple[float, ...]
    starved: tuple[float, ...]
    """Seconds."""


def one(job: tuple[int, int]) -> tuple[int, Outcome]:
    n, seed = job
    case = CASES[n]
    pacers = [make("predictive", target=TARGET) for _ in case.mixes]
    if case.works_for is not None:
        shift = run_shared(case.mixes, pacers, case.works_for, seed)
        parts = shift.parts
        return n, Outcome(
            shift.occupancy,
            tuple(part.abandonment for part in parts),
            tuple(part.talk_share for part in parts),
            tuple(part.starved for part in parts),
        )
    alone = [
        run_shared((mix,), (pacer,), [(0,)] * AGENTS, seed * len(case.mixes) + k)
        for k, (mix, pacer) in enumerate(zip(case.mixes, pacers, strict=True))
    ]
    busy = sum(shift.occupancy for shift in alone)
    return n, Outcome(
        busy / len(alone),
        tuple(shift.parts[0].abandonment for shift in alone),
        tuple(shift.occupancy / busy for shift in alone),
        tuple(shift.parts[0].starved for shift in alone),
    )


def measure(seeds: int, processes: int) -> dict[str, list[Outcome]]:
    jobs = [(n, seed) for n in range(len(CASES)) for seed in range(seeds)]
    found: dict[str, list[Outcome]] = {case.name: [] for case in CASES}
    with ProcessPoolExecutor(max(processes, 1)) as pool:
        for n, outcome in pool.map(one, jobs):
            found[CASES[n].name].append(outcome)
    return found


def table(found: dict[str, list[Outcome]]) -> str:
    lines = [
        "| campaigns | occupancy | abandonment of each | share of talk of each | longest without a talk |",
        "|---|---|---|---|---|",
    ]
    for name, shifts in found.items():
        occupancy = estimate([shift.occupancy for shift in shifts])
        lines.append(
            f"| {name} | {_percent(occupancy)} "
            f"| {_each([shift.abandonment for shift in shifts], '{:.1%}')} "
            f"| {_each([shift.talk_share for shift in shifts], '{:.0%}')} "
            f"| {max(max(shift.starved) for shift in shifts):.0f} s |"
        )
    return "\n".join(lines)


def _percent(found: Estimate) -> str:
    return f"{100 * found.mean:.1f} ± {50 * (found.high - found.low):.1f}"


def _each(shifts: Sequence[Sequence[float]], form: str) -> str:
    means = [sum(values) / len(values) for values in zip(*shifts, strict=True)]
    return " / ".join(form.format(mean).replace("%", " %") for mean in means)


def write(text: str) -> None:
    page = DOCS.read_text()
    head, rest = page.split(BEGIN, 1)
    DOCS.write_text(f"{head}{BEGIN}\n\n{text}\n\n{END}{rest.split(END, 1)[1]}")


def main() -> None:
    parser = argparse.ArgumentParser(prog="benchmarks.pacing.shared", description=__doc__)
    parser.add_argument("--seeds", type=int, default=6, help="shifts of each case")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--write", action="store_true", help="put the table into docs/pacing.md")
    chosen = parser.parse_args()
    found = measure(chosen.seeds, chosen.processes)
    if chosen.json:
        print(json.dumps({name: [asdict(shift) for shift in shifts] for name, shifts in found.items()}))
        return
    print(table(found))
    if chosen.write:
        write(f"Means of {chosen.seeds} shifts of {HOURS} h, target {TARGET:.0%}.\n\n{table(found)}")


if __name__ == "__main__":
    main()
