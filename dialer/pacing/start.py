"""The start of a shift: what may be dialled, and what teaches something, before the floor is known."""

from dataclasses import dataclass

COLD_DIALS = 20
"""A start is cold until max(this, agents) dials are settled."""
COLD_LINES = 1.5
"""Lines per idle agent at a start; once it is no longer cold, as many again as dials are settled, and once
more for each of their answers. Fast answers are seen first, so early estimates run high: counting young dials
by the share that should have answered by now won half a minute, and lost 760 calls on 300 agents where people
take 18 s to answer instead of 9. Four seconds earlier, with all calls ended and their times not learned yet,
300 agents lost 77."""
FILLING = 0.7
"""Factor of the price until it is what decides (`priced`)."""


@dataclass(slots=True)
class Start:
    """`warm`: what an earlier shift learned is known, so the lines need not grow from nothing."""

    ring_limit: float
    warm: bool = False
    filled_at: float | None = None

    def connected(self, now: float, idle: int) -> None:
        """`idle`: agents left without a customer."""
        if idle == 0 and self.filled_at is None:
            self.filled_at = now

    def priced(self, now: float) -> bool:
        """Whether the price decided that a call was answered just now: not until the floor has been full and
        the calls placed before have ended. While it fills nobody is lost at whatever price (300 agents
        learned within 15 s to pay five times as much), and what is lost at the brim is the unknown answer
        rate's fault (five calls of one start cut the price to a twenty-fifth, for seven minutes and more)."""
        return self.filled_at is not None and now > self.filled_at + self.ring_limit

    def price(self, now: float, price: float) -> float:
        return price if self.warm or self.priced(now) else FILLING * price

    def cold(self, settled: float, agents: int) -> bool:
        """Too few dials are settled to trust the answer rate."""
        return not self.warm and settled < max(COLD_DIALS, agents)

    def lines(self, agents: int, free: int, settled: float, answers: float) -> float:
        """The most lines for `free` idle agents of `agents`, with so many dials settled and answers of
        them."""
        if self.warm:
            return float("inf")
        return COLD_LINES * free + (0.0 if self.cold(settled, agents) else settled * (1.0 + answers))
