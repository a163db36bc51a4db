"""The abandonment budget, and the price of risk that follows from it."""

from dataclasses import dataclass
from math import exp, sqrt

THETA = 2.0
"""θ as a multiple of the target when the budget neither grows nor shrinks: most calls are placed far below θ."""
CHEAPEST, DEAREST = 0.2, 2.5
"""The price moves between these multiples of its middle: a spent budget never means a return to 1:1."""
MEMORY = 400.0
"""Live answers after which the past weighs 1/e in the scale the budget is compared with."""


@dataclass(slots=True)
class Budget:
    """Counts of the legal window. `left` = target · live answers − abandonments: calls that may still be lost."""

    target: float
    live_answers: int = 0
    abandonments: int = 0

    def win(self) -> None:
        self.live_answers += 1

    def lose(self) -> None:
        self.live_answers += 1
        self.abandonments += 1

    @property
    def left(self) -> float:
        return self.target * self.live_answers - self.abandonments

    @property
    def open(self) -> bool:
        return self.left >= 0.0

    def price(self) -> float:
        """θ: the highest probability of being lost at which one more call is still placed.

        The budget is a random walk, +target with each live answer and −1 with each loss; the price is what steers
        it. Its natural unit is the walk's own spread over the answers remembered: √(1 + target · min(n, MEMORY)).
        """
        spread = sqrt(1.0 + self.target * min(self.live_answers, MEMORY))
        pressure = (self.left - 1.0) / spread
        return self.target * THETA * min(max(exp(pressure), CHEAPEST), DEAREST)
