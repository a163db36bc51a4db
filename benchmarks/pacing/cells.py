"""The cells of the matrix, and what each is to reach."""

from dataclasses import dataclass, replace

from dialer.simulate.mix import (
    Absence,
    Either,
    Lognormal,
    Mix,
    Uniform,
    Weibull,
    always,
    decaying,
    jumping,
    stepping,
    waving,
)

SIZES = (5, 10, 20, 50, 100, 300)
RATES = (0.1, 0.25, 0.5)
TARGETS: dict[tuple[int, int], tuple[float, float, float]] = {
    (5, 120): (73.5, 80, 87), (5, 45): (65.5, 70, 78), (5, 300): (82, 88, 93),
    (10, 120): (82.5, 84.8, 88.5), (10, 45): (76.5, 78.5, 82.5), (10, 300): (87, 90, 93.5),
    (20, 120): (87.8, 89, 91), (20, 45): (85, 86, 87.8), (20, 300): (91, 92.2, 94.5),
    (50, 120): (93.3, 93.8, 94.6), (50, 45): (92, 92.6, 93.3), (50, 300): (94.8, 95.3, 96),
    (100, 120): (95.7, 96, 96.5), (100, 45): (95.6, 95.9, 96.4), (100, 300): (96.7, 96.8, 97.2),
    (300, 120): (98.3, 98.5, 98.7), (300, 45): (98.6, 98.8, 99), (300, 300): (98.2, 98.4, 98.7),
}  # fmt: skip
MOVING = {10: 84.0, 50: 93.8, 300: 98.4}
WITHOUT_AMD = {10: 81.5, 50: 91.0, 300: 95.5}
CASES = ("jump", "lunch", "decay", "bimodal", "no AMD")
SHIFT = 4 * 3600.0


@dataclass(frozen=True, slots=True)
class Cell:
    """One mix, and the occupancy (%) it is to reach with at most 3 % abandoned."""

    name: str
    agents: int
    mix: Mix
    target: float


def steady(agents: int, p: float, talk: int) -> Cell:
    mix = Mix(agents, always(p), Lognormal(float(talk), 1.0))
    return Cell(f"{agents}, p {p}, talk {talk}", agents, mix, TARGETS[agents, talk][RATES.index(p)])


def moving(agents: int, case: str) -> Cell:
    talk = Lognormal(120.0, 1.0)
    leave = Absence(0.3, 0.4 * SHIFT, 0.4 * SHIFT + 2400.0)
    mix = {
        "jump": Mix(agents, jumping(0.15, 0.45, SHIFT / 2), talk),
        "lunch": Mix(agents, always(0.25), talk, absences=(leave,)),
        "decay": Mix(agents, decaying(0.4, 0.1, SHIFT), talk),
        "bimodal": Mix(agents, always(0.25), Either(0.6, Lognormal(24.0, 0.5), Lognormal(264.0, 0.5))),
        "no AMD": Mix(agents, always(0.25), talk, machines=0.2),
    }[case]
    return Cell(f"{agents}, {case}", agents, mix, (WITHOUT_AMD if case == "no AMD" else MOVING)[agents])


def matrix() -> list[Cell]:
    """Small floors first: they need the most shifts and cost the least."""
    cells = [steady(n, p, talk) for n in SIZES for talk in (120, 45, 300) for p in RATES]
    cells += [moving(n, case) for n in MOVING for case in CASES]
    return sorted(cells, key=lambda cell: cell.agents)


CRUMBS = (0.3, 0.22, 0.5, 0.08, 0.25, 0.4, 0.05, 0.3, 0.18, 0.35, 0.12, 0.27)
"""Answer rates of one minute after another, where answers come in crowds."""


def held_out(agents: int, length: float = SHIFT) -> dict[str, Mix]:
    """Mixes no constant was chosen by: other distributions, answers that come together, agents that come and
    go."""
    talk = Lognormal(120.0, 1.0)
    plain = Mix(agents, always(0.25), talk, length=length)
    waves = tuple(
        Absence(0.3, at, at + 300.0) for at in (k * 1200.0 + 600.0 for k in range(int(length / 1200.0)))
    )
    return {
        "talk exponential": replace(plain, talk=Weibull(120.0, 1.0)),
        "talk all alike": replace(plain, talk=Uniform(80.0, 100.0), wrapup=Uniform(10.0, 12.0)),
        "talk long-tailed": replace(plain, talk=Weibull(120.0, 0.6)),
        "quick answers": replace(plain, answer_after=Lognormal(2.5, 0.4, 0.5, 15.0), ring_limit=45.0),
        "answer rate in waves": replace(plain, answer=waving(0.25, 0.6, 600.0)),
        "answers in crowds": replace(plain, answer=stepping(CRUMBS, 60.0)),
        "another rate every 20 min": replace(
            plain, answer=stepping((0.3, 0.1, 0.5, 0.15, 0.4, 0.08), 1200.0)
        ),
        "callers take agents": replace(plain, absences=waves),
        "two shifts": replace(
            plain, absences=(Absence(0.5, 0.0, 0.25 * length), Absence(0.3, 0.6 * length, length))
        ),
        "twenty minutes": replace(plain, length=min(1200.0, length)),
        "few lines": replace(plain, lines=max(2 * agents, 4)),
        "unlike customers": replace(plain, unlike=2.0),
    }


def held_out_cells() -> list[Cell]:
    return [Cell(f"{n}, {name}", n, mix, 0.0) for n in (10, 50) for name, mix in held_out(n).items()]


def shifts(agents: int, quick: bool) -> int:
    if quick:
        return 3 if agents <= 20 else 1
    return 40 if agents <= 20 else 10 if agents <= 50 else 3
