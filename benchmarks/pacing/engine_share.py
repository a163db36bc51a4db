"""python -m benchmarks.pacing.engine_share [--agents N] [--json]

What pacing costs a live campaign: decisions as the engine takes them (after events, at most twenty a second)
and everything the pacer is told, in processor time for each second of the shift.
"""

import argparse
import json
from collections.abc import Callable
from time import thread_time
from typing import Any

from dialer.engine.campaign import COALESCE_S
from dialer.pacing import Pacer, make
from dialer.simulate import Lognormal, Mix, always, run

WARM_S = 300.0


class Engine:
    """Between floor and pacer, as the engine is: it asks only so often, and holds a stopwatch."""

    def __init__(self, inner: Pacer) -> None:
        self._inner = inner
        self._asked = -COALESCE_S
        self.decisions = self.told = 0
        self.deciding = self.telling = 0.0
        self.in_flight: list[int] = []

    def decide(self, at: float, max_calls: int) -> int:
        if at < self._asked + COALESCE_S:
            return 0
        self._asked = at
        began = thread_time()
        calls = self._inner.decide(at, max_calls)
        spent = thread_time() - began
        if at >= WARM_S:
            self.deciding += spent
            self.decisions += 1
            if self.decisions % 50 == 0:
                self.in_flight.append(int(self._inner.explain(at)["in_flight"]))
        return calls

    def __getattr__(self, name: str) -> Callable[..., Any]:
        if name == "foresee":
            raise AttributeError(name)
        inner = getattr(self._inner, name)

        def tell(*args: Any) -> Any:
            began = thread_time()
            answer = inner(*args)
            if self._asked >= WARM_S:
                self.telling += thread_time() - began
                self.told += 1
            return answer

        return tell


def measure(agents: int) -> dict[str, float]:
    length = 900.0
    engine = Engine(make("predictive", target=0.03))
    mix = Mix(agents, always(0.12), Lognormal(75.0, 1.0), length=WARM_S + length)
    run(mix, engine, 1)
    return {
        "agents": agents,
        "in_flight": sum(engine.in_flight) / len(engine.in_flight),
        "decisions_per_s": engine.decisions / length,
        "ms_per_decision": 1000 * engine.deciding / engine.decisions,
        "told_per_s": engine.told / length,
        "share_of_a_core": (engine.deciding + engine.telling) / length,
    }


def main() -> None:
    parser = argparse.ArgumentParser(prog="benchmarks.pacing.engine_share", description=__doc__)
    parser.add_argument("--agents", type=int, default=300)
    parser.add_argument("--json", action="store_true")
    chosen = parser.parse_args()
    found = measure(chosen.agents)
    if chosen.json:
        print(json.dumps(found))
        return
    print(
        f"{found['agents']:.0f} agents, {found['in_flight']:.0f} calls in flight: "
        f"{found['decisions_per_s']:.1f} decisions a second at {found['ms_per_decision']:.3f} ms, "
        f"{found['told_per_s']:.0f} events a second; {found['share_of_a_core']:.2%} of a core."
    )


if __name__ == "__main__":
    main()
