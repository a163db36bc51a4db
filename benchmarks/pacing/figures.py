"""A cell's figure over its shifts, and whether they have decided it."""

from dataclasses import dataclass
from math import sqrt

from benchmarks.pacing.cells import Cell
from dialer.simulate.shift import Shift


@dataclass(frozen=True, slots=True)
class Figure:
    """Occupancy in %, half its 95 % interval, abandonment in %, number of shifts."""

    occupancy: float
    half: float
    abandonment: float
    shifts: int

    def __str__(self) -> str:
        return f"{self.occupancy:.1f} ± {self.half:.1f} ({self.abandonment:.1f} %)"


STUDENT = {2: 12.7, 3: 4.3, 4: 3.18, 5: 2.78, 6: 2.57, 7: 2.45, 8: 2.36, 9: 2.31, 10: 2.26}
OTHERWISE = 2.05


def figure(runs: list[Shift]) -> Figure | None:
    """Student's interval of the mean over shifts."""
    n = len(runs)
    if not n:
        return None
    occupancy = [100.0 * r.occupancy for r in runs]
    mean = sum(occupancy) / n
    spread = sqrt(sum((o - mean) ** 2 for o in occupancy) / (n - 1)) if n > 1 else 0.0
    half = STUDENT.get(n, OTHERWISE) * spread / sqrt(n)
    return Figure(mean, half, 100.0 * sum(r.abandonment for r in runs) / n, n)


LOOKS = {5: 4.60, 10: 3.25, 20: 2.86}
"""After so many shifts a cell is looked at, with Student's 99 % quantile: is it decided already?"""


def decided(cell: Cell, runs: list[Shift]) -> bool:
    """At the last look the 99 % interval of the mean lay on one side of the target: no more shifts are run.

    Looking three times makes about two wrong in a hundred of it at most.
    """
    looked = [n for n in LOOKS if n <= len(runs)]
    if not looked:
        return False
    seen = figure(runs[: looked[-1]])
    assert seen is not None
    half = seen.half * LOOKS[seen.shifts] / STUDENT.get(seen.shifts, OTHERWISE)
    return abs(seen.occupancy - cell.target) > half
