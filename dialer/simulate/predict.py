"""What a campaign will be like: occupancy, abandonment, contacts an hour, lines, each with its interval."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from math import sqrt
from typing import Any

from dialer.pacing import make
from dialer.simulate.mix import Lognormal, Mix, Seen, Uniform, always
from dialer.simulate.shift import Shift, run

Progress = Callable[[int, int], None]
"""Told (shifts done, shifts in all) after each shift."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean over simulated shifts, and its 95 % interval."""

    mean: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Forecast:
    """Shares are 0 to 1. `lines` is the most lines in use at once, in the worst of the shifts."""

    occupancy: Estimate
    abandonment: Estimate
    contacts_per_hour: Estimate
    calls_per_hour: Estimate
    lines: int
    shifts: int


@dataclass(frozen=True, slots=True)
class PastCall:
    """One call of the past: its seconds of ringing, talk and wrap-up; talk None when nobody answered."""

    ringing: float
    talk: float | None = None
    wrapup: float = 0.0


def simple_mix(agents: int, p: float, talk: float, wrapup: float, hours: float) -> Mix:
    """The mix most operators can name: means, with the spread talk and wrap-up usually have."""
    return Mix(
        agents,
        always(p),
        Lognormal(talk, 1.0),
        wrapup=Lognormal(wrapup, 0.7) if wrapup > 0 else Uniform(0.0, 0.0),
        length=hours * 3600.0,
    )


def mix_of_past(agents: int, calls: Sequence[PastCall], hours: float) -> Mix:
    """As the past was: answer rate, ringing, talk and wrap-up drawn from these calls.

    Raises ValueError where none was answered, or none failed.
    """
    answered = [call for call in calls if call.talk is not None]
    failed = sorted(call.ringing for call in calls if call.talk is None)
    if not answered or not failed:
        raise ValueError("past calls must hold some that were answered and some that were not")
    rang_out = failed[-1]
    early = [ringing for ringing in failed if ringing < 0.5 * rang_out] or [min(3.0, rang_out)]
    return Mix(
        agents,
        always(len(answered) / len(calls)),
        Seen([call.talk for call in answered if call.talk is not None]),
        wrapup=Seen([call.wrapup for call in answered]),
        answer_after=Seen([call.ringing for call in answered]),
        early_failures=sum(ringing < 0.5 * rang_out for ringing in failed) / len(failed),
        early_after=Seen(early),
        ring_limit=rang_out,
        length=hours * 3600.0,
    )


def forecast(
    mix: Mix,
    *,
    target: float = 0.03,
    mode: str = "predictive",
    shifts: int = 8,
    seed: int = 0,
    progress: Progress | None = None,
    **options: Any,
) -> Forecast:
    """Simulate `shifts` shifts with the engine's own pacing (`mode` and `options` as in
    `dialer.pacing.make`)."""
    done: list[Shift] = []
    for n in range(shifts):
        done.append(run(mix, make(mode, target=target, **options), seed + n))
        if progress is not None:
            progress(n + 1, shifts)
    hours = mix.length / 3600.0
    return Forecast(
        occupancy=estimate([shift.occupancy for shift in done], most=1.0),
        abandonment=estimate([shift.abandonment for shift in done], most=1.0),
        contacts_per_hour=estimate([shift.connected / hours for shift in done]),
        calls_per_hour=estimate([shift.dialed / hours for shift in done]),
        lines=max(shift.most_lines for shift in done),
        shifts=shifts,
    )


def what_if(mix: Mix, agents: Sequence[int], **settings: Any) -> dict[int, Forecast]:
    """The same campaign with other numbers of agents, and the same luck."""
    return {n: forecast(replace(mix, agents=n), **settings) for n in agents}


STUDENT = (0.0, 12.71, 4.30, 3.18, 2.78, 2.57, 2.45, 2.36, 2.31, 2.26)


def estimate(values: Sequence[float], most: float = float("inf")) -> Estimate:
    """Student's 95 % interval of the mean; of a single value, the value alone."""
    n = len(values)
    mean = sum(values) / n
    if n == 1:
        return Estimate(mean, mean, mean)
    spread = sqrt(sum((v - mean) ** 2 for v in values) / (n - 1))
    half = (STUDENT[n - 1] if n <= len(STUDENT) else 2.0) * spread / sqrt(n)
    return Estimate(mean, max(mean - half, 0.0), min(mean + half, most))
