"""How many calls to place now: `make` a pacer, tell it what happens, ask it.

pacer = make("predictive", target=0.03)
pacer.ready("ana", 0.0)
calls = pacer.decide(0.0, max_calls=10)
"""

from typing import Any

from dialer.pacing.broadcast import Broadcast
from dialer.pacing.errors import BadOption, PacingError, UnknownPacer
from dialer.pacing.predictive import Predictive, check_target
from dialer.pacing.simple import Power, Progressive
from dialer.pacing.types import Agent, Call, Failure, Pacer, Snapshot

__all__ = [
    "Agent",
    "BadOption",
    "Call",
    "Failure",
    "Pacer",
    "PacingError",
    "Snapshot",
    "UnknownPacer",
    "make",
]


def make(name: str, *, target: float, seed: int = 0, **options: Any) -> Pacer:
    """A pacer by name: `progressive`, `power` (`ratio`), `predictive` (`patience`, `ring_limit`, `abandoned`,
    `answered`: the counts of the legal window so far), `broadcast` (`within_agents`).

    `target` is the abandonment aimed at (0.03 is 3 %). No pacer here draws lots, so `seed` changes nothing.
    Raises `UnknownPacer` and `BadOption`.
    """
    check_target(target)
    try:
        match name:
            case "progressive":
                return Progressive(**options)
            case "power":
                return Power(**options)
            case "predictive":
                return Predictive(target, **options)
            case "broadcast":
                return Broadcast(**options)
    except TypeError as error:
        raise BadOption(str(error)) from error
    raise UnknownPacer(f"no pacer is called {name!r}: progressive, power, predictive, broadcast")
