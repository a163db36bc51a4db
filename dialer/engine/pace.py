"""A campaign's decisions: the last one, what bounded it, and what all of them have cost."""

from dataclasses import dataclass
from time import thread_time

from dialer.engine.paced import GuardedPacer
from dialer.live import Bound


@dataclass(slots=True)
class Pace:
    wanted: int = 0
    bound: Bound = Bound.PACER
    decisions: int = 0
    cost_s: float = 0.0
    """Processor time of all decisions."""

    def decide(self, pacer: GuardedPacer, at: float, *, channels: int, trunks: int) -> int:
        """How many calls to place now: what the pacer wants, within the limits it is told of. It is asked
        under the limits, so a call they do not allow is never on its books."""
        room = max(min(channels, trunks), 0)
        began = thread_time()
        self.wanted = pacer.decide(at, room)
        self.cost_s += thread_time() - began
        self.decisions += 1
        if self.wanted < room:
            self.bound = Bound.PACER
        else:
            self.bound = Bound.CHANNELS if channels <= trunks else Bound.TRUNKS
        return self.wanted
