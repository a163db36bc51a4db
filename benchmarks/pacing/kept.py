"""Shifts already run, kept one a line, each with the fingerprint of the code that ran it."""

import ast
import hashlib
import json
from dataclasses import astuple, dataclass
from functools import cache
from pathlib import Path

from dialer.simulate.shift import Shift

ROOT = Path(__file__).parents[2]
SIMULATOR = "dialer.simulate.shift"
OURS = "dialer.pacing.predictive"
OPPONENTS = "benchmarks.pacing.opponents"


@dataclass(frozen=True, slots=True)
class Job:
    cell: str
    policy: str
    seed: int


@cache
def fingerprint(of_ours: bool) -> str:
    """Eight digits of the code that decides a result: simulator and policy, their words apart.

    Comments, docstrings and layout do not count; any change of the code does, even one that changes nothing.
    """
    digest = hashlib.sha256()
    for module in sorted(_imported({SIMULATOR, OURS if of_ours else OPPONENTS})):
        tree = ast.parse(_path(module).read_text())
        for node in ast.walk(tree):
            if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef):
                node.body = [part for part in node.body if not _words(part)]
        digest.update(ast.dump(tree).encode())
    return digest.hexdigest()[:8]


def _path(module: str) -> Path:
    return ROOT.joinpath(*module.split(".")).with_suffix(".py")


def _imported(modules: set[str]) -> set[str]:
    """These and all of the project they import, packages' own files apart."""
    found: set[str] = set()
    left = set(modules)
    while left:
        module = left.pop()
        found.add(module)
        for node in ast.walk(ast.parse(_path(module).read_text())):
            if isinstance(node, ast.ImportFrom) and node.module and _path(node.module).exists():
                left |= {node.module} - found
    return found


def _words(part: ast.stmt) -> bool:
    return (
        isinstance(part, ast.Expr)
        and isinstance(part.value, ast.Constant)
        and isinstance(part.value.value, str)
    )


class Kept:
    """Shifts by job. Rows of older code stay: they are shown, marked, where there are none of today's."""

    def __init__(self, path: Path, fresh: dict[str, str]) -> None:
        """`fresh`: the fingerprint of today's code for each policy; a policy not in it is forgotten."""
        self.path = path
        self.fresh = fresh
        self.shifts: dict[Job, Shift] = {}
        self.older: dict[Job, Shift] = {}
        if path.exists():
            for line in path.read_text().splitlines():
                row = json.loads(line)
                job = Job(row["cell"], row["policy"], row["seed"])
                current = fresh.get(job.policy) == row["code"]
                (self.shifts if current else self.older)[job] = Shift(*row["shift"])

    def add(self, job: Job, shift: Shift) -> None:
        self.shifts[job] = shift
        self.path.parent.mkdir(parents=True, exist_ok=True)
        numbers = [round(value, 6) for value in astuple(shift)]
        row = {"cell": job.cell, "policy": job.policy, "seed": job.seed, "code": self.fresh[job.policy]}
        with self.path.open("a") as out:
            out.write(json.dumps({**row, "shift": numbers}) + "\n")

    def of(self, cell: str, policy: str) -> list[Shift]:
        """By seed; today's code's, or, where there is none, those of the code before."""
        return self._of(self.shifts, cell, policy) or self._of(self.older, cell, policy)

    def today(self, cell: str, policy: str) -> list[Shift]:
        """By seed, of today's code alone."""
        return self._of(self.shifts, cell, policy)

    def stale(self, cell: str, policy: str) -> bool:
        """Whether `of` shows shifts of older code."""
        return not self._of(self.shifts, cell, policy) and bool(self._of(self.older, cell, policy))

    @staticmethod
    def _of(shifts: dict[Job, Shift], cell: str, policy: str) -> list[Shift]:
        found = [(job.seed, s) for job, s in shifts.items() if (job.cell, job.policy) == (cell, policy)]
        return [shift for _, shift in sorted(found, key=lambda pair: pair[0])]
