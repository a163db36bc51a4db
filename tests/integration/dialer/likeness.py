"""The simulator's floor, brought to the engine: the same customers, talks and wrap-ups, one after another."""

import csv
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import msgspec

from ami.simulator import Behaviour, Fate, Population
from dialer import agent as desk
from dialer import call as machine
from dialer import live
from dialer.agents import Agent
from dialer.campaigns import Desired
from dialer.outcome import Outcome
from dialer.settings import Mode, RetryRule, Settings
from dialer.simulate import Mix
from dialer.simulate.customers import Customers
from dialer.simulate.luck import BLOCK
from lists.loading.load import load_file
from lists.loading.mapping import ColumnMap
from lists.loading.model import LoadSpec
from tests.integration.dialer.house import SETTINGS, House
from typifications.model import Action

BUSY_STATES = ("talking", "wrapup")


def number(index: int) -> str:
    """The index-th customer's, fictional and French."""
    return f"+33199{index:06d}"


def index_of(e164: str) -> int:
    return int(e164[-6:])


@dataclass(frozen=True, slots=True)
class Found:
    """What came of a shift, as `dialer.simulate.Shift` counts it."""

    occupancy: float
    abandonment: float
    connected: int
    abandoned: int
    dialed: int


def behaviour(mix: Mix, people: Customers, index: int) -> Behaviour:
    """What the simulator's index-th customer does, for the simulated PBX."""
    block, k = people.at(index), index % BLOCK
    if block.answer[k] < mix.answer(0.0):
        after = block.answer_after[k]
        setup = min(block.ring[k], 0.5 * after)
        return Behaviour(fate=Fate.ANSWER, setup_s=setup, ring_s=after - setup, talk_s=block.talk[k])
    if block.fails_early[k] < mix.early_failures:
        return Behaviour(fate=Fate.BUSY, setup_s=block.early_after[k])
    return Behaviour(fate=Fate.NO_ANSWER, setup_s=block.ring[k])


def population(mix: Mix, seed: int, count: int) -> Population:
    people = Customers(mix, seed)
    numbers = {number(n).removeprefix("+"): behaviour(mix, people, n) for n in range(count)}
    return Population(numbers=numbers)


def settings(mix: Mix, target: float) -> Settings:
    """Nobody is called twice, and nothing but the pacer holds it back."""
    return msgspec.structs.replace(
        SETTINGS,
        mode=Mode.PREDICTIVE,
        target=target,
        channels=min(mix.lines, 10_000),
        ring_timeout_s=round(mix.ring_limit),
        patience_ms=round(mix.patience * 1000),
        abandon_window="shift",
        wrapup_s=3600,
        retry={outcome: RetryRule(wait_s=0, max=0) for outcome in Outcome},
    )


class Shift:
    """One shift of the engine, on a campaign and agents of its own."""

    def __init__(self, house: House, mix: Mix, seed: int, *, target: float = 0.03) -> None:
        self.house = house
        self.mix = mix
        self.target = target
        self.people = Customers(mix, seed)
        self.agents: list[Agent] = []
        self.began: datetime

    async def prepare(self, path: Path, count: int) -> None:
        house = self.house
        await house.trunk(calls_per_s=1000, channels=10_000)
        self.campaign = await house.campaign(settings=settings(self.mix, self.target), running=False)
        self.done = await house.result(self.campaign.id, Action.NO_ACTION)
        with path.open("w", newline="") as file:
            rows = csv.writer(file)
            rows.writerow(["telefono"])
            rows.writerows([number(n)] for n in range(count))
        loaded = await load_file(
            house.db,
            LoadSpec(path, "FR", self.campaign.id, mapping=ColumnMap.parse("phone=telefono"), base="todos"),
            now=house.clock.now(),
        )
        assert loaded.loaded == count
        self.agents = await house.many_agents(self.mix.agents, self.campaign.id)
        for agent in self.agents:
            house.spawn(self._typify_on(agent))

    async def run(self) -> Found:
        house = self.house
        await house.want(self.campaign.id, Desired.RUNNING)
        await house.until(lambda: house.engine.hub.runs[self.campaign.id].hungry)
        self.began = house.clock.now()
        await house.clock.sleep(self.mix.length)
        return await self.found()

    async def found(self) -> Found:
        end = self.began + timedelta(seconds=self.mix.length)
        calls = self.house.engine.hub.runs[self.campaign.id].live.values()
        closed = sum(isinstance(call.state, machine.Closed) for call in calls)
        outcomes = await self.house.outcomes()
        connected, abandoned = self.house.joined, outcomes["abandoned"] + closed
        return Found(
            occupancy=await self._busy(end) / (len(self.agents) * self.mix.length),
            abandonment=abandoned / (connected + abandoned),
            connected=connected,
            abandoned=abandoned,
            dialed=len(self.house.pbx.calls),
        )

    async def _busy(self, end: datetime) -> float:
        await self.house.until(lambda: self.house.engine.tools.writer.idle)
        row = await self.house.row(
            "SELECT coalesce(sum(extract(epoch FROM least(to_at, $2) - from_at)), 0)::float AS busy "
            "FROM agent_log WHERE state = ANY ($3) AND from_at >= $1 AND from_at < $2",
            self.began,
            end,
            BUSY_STATES,
        )
        now_busy = sum(
            (end - state.since).total_seconds()
            for state in (self.house.live_agent(agent.id).state for agent in self.agents)
            if isinstance(state, desk.Talking | desk.WrapUp) and state.since < end
        )
        return float(row["busy"]) + now_busy

    async def _typify_on(self, agent: Agent) -> None:
        """This agent's desktop: each conversation is typified after the customer's own time."""
        async with self.house.bus.subscribe(live.agent_topic(agent.id)) as subscription:
            async for message in subscription:
                told = live.decode(message.payload).body  # type: ignore[union-attr]
                if isinstance(told, live.AgentIs) and told.state == "wrapup":
                    await self._typify(agent, told.since)

    async def _typify(self, agent: Agent, since: datetime) -> None:
        index = index_of(self.house.live_agent(agent.id).about.e164)
        takes = self.people.at(index).wrapup[index % BLOCK]
        gone = (self.house.clock.now() - since).total_seconds()
        await self.house.clock.sleep(takes - gone)
        await self.house.typify(agent.id, self.done)
