"""What each signal is worth: the same floor and luck without it and with it."""

from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace

from benchmarks.pacing.cells import steady
from benchmarks.pacing.report import Figure, figure
from dialer.pacing import Pacer, make
from dialer.simulate.mix import Mix, Signals
from dialer.simulate.shift import Shift, run

UNLIKE = 2.6
"""α + β of the customers' answer probabilities at which knowing them has an AUC of about 0.7 at p = 0.25."""


def base(agents: int) -> Mix:
    return steady(agents, 0.25, 120).mix


def unlike(agents: int) -> Mix:
    return replace(base(agents), unlike=UNLIKE)


CASES: dict[str, tuple[str, Callable[[int], Mix], Signals]] = {
    "wrap-up, no signal": ("finishing", base, Signals()),
    "form opened": ("finishing", base, Signals(finishing=True)),
    "ringing, no signal": ("ringing", base, Signals()),
    "180 heard": ("ringing", base, Signals(ringing=True)),
    "unlike customers, no signal": ("chance", unlike, Signals()),
    "own chance told": ("chance", unlike, Signals(chance=True)),
}
SIZES = (10, 50)


def one(job: tuple[str, int, int]) -> tuple[str, int, Shift]:
    case, agents, seed = job
    _, mix, signals = CASES[case]
    pacer: Pacer = make("predictive", target=0.03)
    return case, agents, run(replace(mix(agents), signals=signals), pacer, seed)


def signal_table(seeds: int, processes: int) -> str:
    todo = [
        (case, n, seed)
        for case in CASES
        for n in SIZES
        for seed in range(seeds if n < 50 else max(seeds // 4, 2))
    ]
    with ProcessPoolExecutor(max(processes, 1)) as pool:
        done = list(pool.map(one, todo))
    figures: dict[tuple[str, int], Figure | None] = {
        (case, n): figure([s for c, a, s in done if (c, a) == (case, n)]) for case in CASES for n in SIZES
    }
    lines = [f"| signal | {' | '.join(f'{n} agents' for n in SIZES)} |", "|---|" + "---|" * len(SIZES)]
    lines += [f"| {case} | {' | '.join(str(figures[case, n]) for n in SIZES)} |" for case in CASES]
    return "\n".join(lines)
