"""What perfect knowledge would be worth: our rule with the truth in place of all, or of one, of its
estimates."""

from math import exp

import numpy as np
from numpy.typing import NDArray

from dialer.pacing.books import Doing
from dialer.pacing.budget import Budget
from dialer.pacing.predictive import Predictive
from dialer.pacing.rates import Rate
from dialer.pacing.types import Agent
from dialer.simulate.mix import Mix

SAMPLES = 10_000


class FullKnowledge(Predictive):
    """Knows the answer rate of every moment and all distributions; not what this call or this agent will
    do."""

    def __init__(self, target: float, mix: Mix) -> None:
        super().__init__(target)
        self.mix = mix
        self.start.warm = True
        flight = self.in_flight
        # In no order: what is remembered fades, and sorted the short talks would fade first.
        even = np.random.default_rng(0).permutation((np.arange(SAMPLES) + 0.5) / SAMPLES)
        for age in mix.answer_after.quantile(even):
            flight.times.add(float(age), True)
        early = round(mix.early_failures * SAMPLES)
        for age in mix.early_after.quantile(even[:early]):
            flight.times.add(float(age), False)
        for _ in range(SAMPLES - early):
            flight.times.add(mix.ring_limit, False)
        share = mix.answer(0.0)
        person = share / (share + mix.machines * (1.0 - share))
        by_machine = mix.machine_hold.quantile(even[::-1])
        for u, talk, hold in zip(even[1:], mix.talk.quantile(even), by_machine, strict=False):
            people = u < person
            self.durations[Doing.TALKING].add(float(talk if people else hold), 1 if people else 0)
        for wrapup in mix.wrapup.quantile(even):
            self.durations[Doing.WRAPUP].add(float(wrapup), 0)
        self.rate = self._truth()
        self._rebuild()

    def _truth(self) -> Rate:
        p = self.mix.answer(self.books.now)
        return Rate(p + (1.0 - p) * self.mix.machines, 0.0)

    def _refresh(self) -> None:
        self.in_flight.rate.dispersion.excess = 0.0
        self.rate = self._truth()
        super()._refresh()

    def _estimate(self) -> Rate:
        return self._truth()


TIME_STEP = 0.25
LONGEST = 60.0
NEVER = 1e9


class _TimesTold(Predictive):
    """Our policy, told when agents will be free; a subclass decides for which agents that is known."""

    def __init__(self, target: float) -> None:
        self.free_at: dict[Agent, float] = {}
        super().__init__(target)

    def _rebuild_agents(self) -> None:
        super()._rebuild_agents()
        left = np.arange(0, int(LONGEST / TIME_STEP)) * TIME_STEP
        told = (left[:, None] <= self.after[None, :] + self.patience).astype(float)
        self.first_told = len(self.free_table)
        self.free_table = np.concatenate([self.free_table, told])
        self.gauge.know_agents(self.free_table)

    def _agent_rows(self) -> NDArray[np.int64]:
        rows = super()._agent_rows()
        now, last = self.books.now, int(LONGEST / TIME_STEP) - 1
        for agent, slot in self.slots.items():
            at = self.free_at.get(agent, 0.0)
            if at > now and rows[slot] and self._known(self.books.agents[agent].doing):
                rows[slot] = self.first_told + min(int((at - now) / TIME_STEP), last)
        return rows

    def _known(self, doing: Doing) -> bool:
        raise NotImplementedError


class WrapupEndsKnown(_TimesTold):
    """Told, when a wrap-up begins, the second it will be over: what the opened form tells, perfectly."""

    def foresee_wrapup(self, agent: Agent, at: float) -> None:
        self.free_at[agent] = at

    def _known(self, doing: Doing) -> bool:
        return doing is not Doing.TALKING


class FreeTimesKnown(FullKnowledge, _TimesTold):
    """Knows all distributions and is told, when a conversation begins, the second its agent will be free."""

    def foresee(self, agent: Agent, at: float) -> None:
        self.free_at[agent] = at

    def _known(self, doing: Doing) -> bool:
        return True


class LevelKnown(Predictive):
    """Whose window is so long that nothing of the budget has to be kept in hand: the price is what yields the
    target."""

    def __init__(self, target: float) -> None:
        super().__init__(target)
        self.money = Unhurried(target)


class EverythingKnown(FullKnowledge, WrapupEndsKnown):
    """All that the signals tell a part of: distributions, the end of each wrap-up, a budget without end."""

    def __init__(self, target: float, mix: Mix) -> None:
        super().__init__(target, mix)
        self.money = Unhurried(target)


class Unhurried(Budget):
    def price(self, wander: float = 0.0) -> float:
        return self.target * exp(self.level)
