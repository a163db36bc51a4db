"""What a decision costs, and how fast the simulator is without decisions."""

from statistics import median
from time import process_time, thread_time

from dialer.pacing import Pacer, make
from dialer.pacing.predictive import Predictive
from dialer.simulate.mix import Lognormal, Mix, always
from dialer.simulate.shift import run


class Timed(Predictive):
    """Our policy with a stopwatch: only full decisions, on a full floor, are counted."""

    def __init__(self, in_flight: tuple[int, int]) -> None:
        super().__init__(0.03)
        self.wanted = in_flight
        self.costs: list[float] = []

    def decide(self, at: float, max_calls: int) -> int:
        low, high = self.wanted
        if not low <= len(self.books.dialing) <= high:
            return super().decide(at, max_calls)
        start = thread_time()
        calls = super().decide(at, max_calls)
        self.costs.append(1000.0 * (thread_time() - start))
        return calls


def decision(agents: int = 300) -> tuple[float, float, int]:
    """Median and 99th percentile in milliseconds of a decision with 550 to 650 calls in flight, and how
    many."""
    pacer = Timed((550, 650))
    run(Mix(agents, always(0.12), Lognormal(75.0, 1.0), length=1200.0), pacer, 1)
    costs = sorted(pacer.costs)
    return median(costs), costs[int(0.99 * len(costs))], len(costs)


class Blind:
    """A pacer that costs nothing: always as many lines as there are, told nothing."""

    def __init__(self, inner: Pacer) -> None:
        self.inner = inner

    def decide(self, _at: float, max_calls: int) -> int:
        return max(max_calls, 0)

    def __getattr__(self, _name: str) -> object:
        return self._nothing

    def _nothing(self, *_: object) -> None:
        return None


def simulator() -> float:
    """Calls simulated per second of one core, decisions apart."""
    mix = Mix(300, always(0.25), Lognormal(120.0, 1.0), length=3600.0, lines=500)
    start = process_time()
    # The blind pacer answers every call of the interface, by name.
    shift = run(mix, Blind(make("progressive", target=0.03)), 1)  # type: ignore[arg-type]
    return shift.dialed / (process_time() - start)
