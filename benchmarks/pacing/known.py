"""What perfect knowledge would be worth: our rule with the truth in place of its estimates."""

import numpy as np
from numpy.typing import NDArray

from dialer.pacing.books import Doing
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
        self.warm = True
        flight = self.in_flight
        even = (np.arange(SAMPLES) + 0.5) / SAMPLES
        for age in mix.answer_after.quantile(even):
            flight.times.add(float(age), True)
        early = round(mix.early_failures * SAMPLES)
        for age in mix.early_after.quantile(even[:early] / even[early - 1]):
            flight.times.add(float(age), False)
        for _ in range(SAMPLES - early):
            flight.times.add(mix.ring_limit, False)
        for talk in mix.talk.quantile(even):
            self.durations[Doing.TALKING].add(float(talk), 1)
        share = mix.answer(0.0)
        holds = int(SAMPLES * mix.machines * (1.0 - share) / share)
        for hold in mix.machine_hold.quantile((np.arange(holds) + 0.5) / max(holds, 1)):
            self.durations[Doing.TALKING].add(float(hold), 0)
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


class FreeTimesKnown(FullKnowledge):
    """Also told, when a conversation begins, the second its agent will be free."""

    def __init__(self, target: float, mix: Mix) -> None:
        self.free_at: dict[Agent, float] = {}
        super().__init__(target, mix)

    def foresee(self, agent: Agent, at: float) -> None:
        self.free_at[agent] = at

    def _rebuild_agents(self) -> None:
        super()._rebuild_agents()
        left = np.arange(0, int(60.0 / TIME_STEP)) * TIME_STEP
        self.free_table = (left[:, None] <= self.after[None, :] + self.patience).astype(float)
        self.gauge.know_agents(self.free_table)

    def _agent_rows(self) -> NDArray[np.int64]:
        now, last = self.books.now, len(self.free_table) - 1
        rows = [
            last
            if entry.doing is Doing.READY
            else min(int((self.free_at.get(agent, now) - now) / TIME_STEP), last)
            for agent, entry in self.books.agents.items()
        ]
        return np.maximum(np.array(rows, dtype=np.int64), 0)
