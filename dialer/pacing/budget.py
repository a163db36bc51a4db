"""The abandonment budget, and the price of risk that follows from it.

Two loops steer the price θ. A slow one learns which θ yields the target at this campaign: the loss of a call
foreseen when it is placed leaves out the calls placed after it, by an extent that depends on the mix. A fast
one follows the budget left, so that a shift ends just inside the law. The constants come from a search over
random walks of budgets (400 to 10,000 live answers, the price that yields the target from 0.6 to 1 times it,
losses as θ^0.75), not from the published cells: the highest mean of ln(losses), which occupancy follows, with
one walk in sixty ending above the target.
"""

from dataclasses import dataclass, field
from math import exp, log, sqrt

START = 0.75
"""θ to begin with, as a multiple of the target."""
LEVEL_LEAST, LEVEL_MOST = 0.15, 3.0
"""Bounds of the learned level, as multiples of the target."""
ELASTICITY = 0.75
"""Losses grow about as θ to this power: the step of the slow loop is Newton's, 1 / (elasticity · target ·
n)."""
HEAD_START = 100.0
"""Answers added to n, so that the first losses do not swing the level."""
SLOWEST, FASTEST = 0.015, 0.5
"""Bounds of that step: even after days the level follows a campaign that changes."""
CHEAPEST, DEAREST = 0.2, 1.15
"""Bounds of the fast loop: a spent budget lowers the price to a fifth, never back to 1:1."""
BRINK = 0.85
"""Factor while one more loss would overdraw the budget."""
RESERVE, RESERVE_SPREAD = -0.1, 1.2
"""Budget at which the fast loop leaves the price alone, in calls and in spreads of the walk."""
WIDTH, WIDTH_SPREAD = 1.9, 0.6
"""Budget that changes the price by a factor e, likewise."""
MEMORY = 1500.0
"""Live answers over which the spread of the walk is taken;"""
CLUMPS = 2.0
"""wider by so many times the coefficient of variation of the answer rate."""


@dataclass(slots=True)
class Budget:
    """Counts of the legal window. `left` = target · live answers − abandonments: calls that may still be
    lost."""

    target: float
    live_answers: int = 0
    abandonments: int = 0
    level: float = field(default=log(START))
    seen: int = 0

    @property
    def left(self) -> float:
        return self.target * self.live_answers - self.abandonments

    @property
    def open(self) -> bool:
        return self.left >= 0.0

    def win(self, priced: bool = True) -> None:
        """A live answer that found its agent."""
        self._answer(0, priced)

    def lose(self, priced: bool = True) -> None:
        """A live answer abandoned."""
        self._answer(1, priced)

    def _answer(self, lost: int, priced: bool) -> None:
        """`priced`: the price decided that it was called; otherwise it teaches nothing of the price."""
        self.live_answers += 1
        self.abandonments += lost
        if not priced:
            return
        self.seen += 1
        step = 1.0 / (ELASTICITY * self.target * (self.seen + HEAD_START))
        level = self.level + min(max(step, SLOWEST), FASTEST) * (self.target - lost)
        self.level = min(max(level, log(LEVEL_LEAST)), log(LEVEL_MOST))

    def price(self, wander: float = 0.0) -> float:
        """θ: the highest probability of being lost at which one more call is still placed.

        `wander`: the coefficient of variation of the answer rate; where it wanders calls are lost in clumps,
        the budget left walks further, and more of it is kept in hand.
        """
        spread = sqrt(self.target * min(self.live_answers, MEMORY)) * (1.0 + CLUMPS * wander)
        pressure = (self.left - RESERVE - RESERVE_SPREAD * spread) / (WIDTH + WIDTH_SPREAD * spread)
        fast = min(max(exp(min(pressure, 1.0)), CHEAPEST), DEAREST)
        if self.left < 1.0:
            fast *= BRINK
        return self.target * exp(self.level) * fast
