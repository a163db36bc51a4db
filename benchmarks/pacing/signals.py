"""What each signal is worth: one floor and luck without it, with it, with the same thing known perfectly."""

from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import cache
from math import sqrt

from benchmarks.pacing.cells import moving, steady
from benchmarks.pacing.figures import OTHERWISE, STUDENT, figure
from benchmarks.pacing.kept import Job, Kept, fingerprint
from benchmarks.pacing.known import EverythingKnown, FullKnowledge, LevelKnown, WrapupEndsKnown
from dialer.pacing import Pacer, Snapshot, make
from dialer.simulate.mix import Absence, Mix, Signals
from dialer.simulate.shift import Shift, run

UNLIKE, PAST = 2.6, 2
"""Customers' answer probabilities are Beta with α + β = 2.6; who knows how two earlier calls to each ended
predicts answers with an AUC of 0.70 at p = 0.25 (the truth: 0.83)."""
NOTICE = 600.0
SIZES = (10, 50)
TARGET = 0.03
DAYS, SPENT, PER_AGENT = 20, 0.0285, 85
"""The window carried over: twenty shifts of 85 live answers an agent, 2.85 % of them abandoned."""


@dataclass(frozen=True, slots=True)
class Arm:
    """A floor and its pacer."""

    mix: Callable[[int], Mix]
    pacer: Callable[[Mix], Pacer]


def ours(_: Mix) -> Pacer:
    return make("predictive", target=TARGET)


def told(agents: int, signals: Signals) -> Mix:
    return replace(steady(agents, 0.25, 120).mix, signals=signals)


def unlike(agents: int, signals: Signals) -> Mix:
    return replace(told(agents, signals), unlike=UNLIKE)


def lunch(agents: int, notice: float) -> Mix:
    mix = moving(agents, "lunch").mix
    leave = mix.absences[0]
    return replace(mix, absences=(Absence(leave.share, leave.at, leave.back, notice),))


def window(agents: int) -> tuple[int, int]:
    """Live answers of the window carried over, and how many of them were abandoned."""
    answered = DAYS * PER_AGENT * agents
    return answered, round(SPENT * answered)


def carried(mix: Mix) -> Pacer:
    answered, abandoned = window(mix.agents)
    return make("predictive", target=TARGET, answered=answered, abandoned=abandoned)


@cache
def yesterday(agents: int, floor: Callable[[int], Mix]) -> Snapshot:
    mix = floor(agents)
    pacer = ours(mix)
    run(mix, pacer, 10_000)
    return pacer.snapshot()


def warm(mix: Mix) -> Pacer:
    """What was learned, without yesterday's counts: the budget is a signal of its own."""
    pacer = ours(mix)
    pacer.restore(yesterday(mix.agents, plain))
    pacer.budget(0, 0)
    return pacer


def telling(agents: int) -> Mix:
    """Forms opened, ringing heard, chances predicted."""
    return unlike(agents, Signals(finishing=True, ringing=True, chance=True, past=PAST))


def warm_and_carried(mix: Mix) -> Pacer:
    answered, abandoned = window(mix.agents)
    pacer = ours(mix)
    pacer.restore(yesterday(mix.agents, telling))
    pacer.budget(abandoned, answered)
    return pacer


def plain(agents: int) -> Mix:
    return told(agents, Signals())


ARMS: dict[str, Arm] = {
    "plain": Arm(plain, ours),
    "form opened": Arm(lambda n: told(n, Signals(finishing=True)), ours),
    "wrap-up ends known": Arm(plain, lambda _: WrapupEndsKnown(TARGET)),
    "180 heard": Arm(lambda n: told(n, Signals(ringing=True)), ours),
    "ringing known at the dial": Arm(lambda n: told(n, Signals(rings_at_once=True)), ours),
    "unlike customers": Arm(lambda n: unlike(n, Signals()), ours),
    "chance predicted": Arm(lambda n: unlike(n, Signals(chance=True, past=PAST)), ours),
    "chance known": Arm(lambda n: unlike(n, Signals(chance=True)), ours),
    "warm start": Arm(plain, warm),
    "all distributions known": Arm(plain, lambda mix: FullKnowledge(TARGET, mix)),
    "budget carried over": Arm(plain, carried),
    "budget without end": Arm(plain, lambda _: LevelKnown(TARGET)),
    "all together": Arm(telling, warm_and_carried),
    "all of it known": Arm(
        lambda n: unlike(n, Signals(rings_at_once=True, chance=True)),
        lambda mix: EverythingKnown(TARGET, mix),
    ),
    "pause unannounced": Arm(lambda n: lunch(n, 0.0), ours),
    "pause announced": Arm(lambda n: lunch(n, NOTICE), ours),
}
CASES: tuple[tuple[str, str, str | None], ...] = (
    ("plain", "form opened", "wrap-up ends known"),
    ("plain", "180 heard", "ringing known at the dial"),
    ("unlike customers", "chance predicted", "chance known"),
    ("plain", "warm start", "all distributions known"),
    ("plain", "budget carried over", "budget without end"),
    ("unlike customers", "all together", "all of it known"),
    ("pause unannounced", "pause announced", None),
)
"""Without the signal, with it, and with perfect knowledge of the same thing."""


def fingerprints() -> dict[str, str]:
    return dict.fromkeys(ARMS, fingerprint(True))


def work(job: Job) -> tuple[Job, Shift]:
    arm = ARMS[job.policy]
    mix = arm.mix(int(job.cell))
    return job, run(mix, arm.pacer(mix), job.seed)


def jobs(quick: bool) -> list[Job]:
    """One seed of everything before the next: 40 on the small floor, 10 on the large; quick: two, on the
    small."""
    wanted = {10: 2, 50: 0} if quick else {10: 40, 50: 10}
    return [
        Job(str(n), arm, seed)
        for seed in range(wanted[10])
        for arm in ARMS
        for n in SIZES
        if seed < wanted[n]
    ]


def run_signals(quick: bool, kept: Kept, processes: int, tell: Callable[[int, int, Job], None]) -> None:
    left = [job for job in jobs(quick) if job not in kept.shifts]
    with ProcessPoolExecutor(max(processes, 1)) as pool:
        for n, (job, shift) in enumerate(pool.map(work, left)):
            kept.add(job, shift)
            tell(n + 1, len(left), job)


def gain(without: Iterable[Shift], told: Iterable[Shift]) -> tuple[float, float]:
    """Points of occupancy won in pairs, and half the 95 % interval of their mean."""
    won = [100.0 * (b.occupancy - a.occupancy) for a, b in zip(without, told, strict=False)]
    n, mean = len(won), sum(won) / len(won)
    if n < 2:
        return mean, float("inf")
    return mean, STUDENT.get(n, OTHERWISE) * sqrt(sum((w - mean) ** 2 for w in won) / (n - 1) / n)


def closed(won: tuple[float, float], possible: tuple[float, float]) -> str:
    """The share of the gap, give or take the error of what was won; not told of a gap within its own."""
    if possible[0] <= possible[1]:
        return "gap not measured yet"
    return f"{100.0 * won[0] / possible[0]:.0f} % ± {100.0 * won[1] / possible[0]:.0f}"


COLUMNS = ("signal", "shifts", "without", "with", "perfect knowledge", "won", "to be won", "closed")


def signal_table(kept: Kept) -> str:
    lines = [f"| {' | '.join(COLUMNS)} |", "|---" * len(COLUMNS) + "|"]
    for without, signal, perfect in CASES:
        for n in SIZES:
            before, told = kept.of(str(n), without), kept.of(str(n), signal)
            known = kept.of(str(n), perfect) if perfect else []
            if not (before and told):
                continue
            won = gain(before, told)
            count = min(len(found) for found in (before, told, known) if found)
            stale = any(kept.stale(str(n), arm) for arm in (without, signal, perfect) if arm)
            cells = [
                f"{n} agents, {signal}",
                f"{count}{' (older code)' if stale else ''}",
                *(str(figure(r) or "–") for r in (before, told, known)),
            ]
            cells.append(f"{won[0]:+.2f} ± {won[1]:.2f}")
            if known:
                possible = gain(before, known)
                cells += [f"{possible[0]:+.2f} ± {possible[1]:.2f}", closed(won, possible)]
            else:
                cells += ["–", "–"]
            lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)
