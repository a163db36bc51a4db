"""Several campaigns on one floor, in simulated time: their pacers, and agents who work for some or all.

The agents' homes follow the engine's rule (`dialer.homes`): every agent is counted on by one pacer, a waiting
customer may be joined to any agent of the campaign. Machines, absences and signals are `shift`'s alone.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from heapq import heappop, heappush
from typing import Any

from dialer.homes import balanced
from dialer.pacing.types import Pacer
from dialer.simulate.customers import Customers
from dialer.simulate.luck import BLOCK
from dialer.simulate.mix import Mix
from dialer.simulate.shift import TICK

BALANCE = 2.0
"""Homes are balanced so often, as the engine's sweep does."""


@dataclass(frozen=True, slots=True)
class Part:
    """What came of one campaign. `starved`: the longest time it went without a conversation beginning.
    `talk_share`: of all the floor's talk and wrap-up."""

    abandonment: float
    connected: int
    abandoned: int
    dialed: int
    talk_share: float
    starved: float


@dataclass(frozen=True, slots=True)
class SharedShift:
    occupancy: float
    parts: tuple[Part, ...]


class Campaign:
    """One campaign's side of a running floor."""

    def __init__(self, mix: Mix, pacer: Pacer, seed: int) -> None:
        self.mix = mix
        self.pacer = pacer
        self.customers = Customers(mix, seed)
        self.lines = self.dialed = self.connected = self.abandoned = 0
        self.busy_time = self.starved = self.served_at = 0.0


Call = tuple[int, int]
"""Campaign and customer, by number."""


class SharedFloor:
    """The state of a running shift. Agents and campaigns are numbers."""

    def __init__(
        self,
        mixes: Sequence[Mix],
        pacers: Sequence[Pacer],
        works_for: Sequence[Collection[int]],
        seed: int,
    ) -> None:
        self.campaigns = [
            Campaign(mix, pacer, seed * len(mixes) + n)
            for n, (mix, pacer) in enumerate(zip(mixes, pacers, strict=True))
        ]
        self.works_for = dict(enumerate(works_for))
        self.length = max(mix.length for mix in mixes)
        self.now = 0.0
        self.queue: list[tuple[float, int, Callable[[Any], None], Any]] = []
        self.count = 0
        self.idle: dict[int, None] = {}
        """Longest idle first."""
        self.waiting: dict[Call, None] = {}
        """First come first."""
        self.homes: dict[int, int | None] = dict.fromkeys(self.works_for)
        self.touched: set[int] = set()
        """Campaigns to be asked after this event."""

    # -- the clock

    def later(self, after: float, what: Callable[[Any], None], whom: Any) -> None:
        self.count += 1
        heappush(self.queue, (self.now + after, self.count, what, whom))

    def run(self) -> SharedShift:
        self.idle = dict.fromkeys(self.works_for)
        self._balance(None)
        self._tick(None)
        while self.queue:
            at, _, what, whom = heappop(self.queue)
            if at >= self.length:
                break
            self.now = at
            what(whom)
            self._ask()
        return self._result()

    def _ask(self) -> None:
        for number in sorted(self.touched):
            campaign = self.campaigns[number]
            calls = campaign.pacer.decide(self.now, campaign.mix.lines - campaign.lines)
            if calls > 0:
                self._dial(number, calls)
        self.touched.clear()

    def _tick(self, _: None) -> None:
        self.touched.update(range(len(self.campaigns)))
        self.later(TICK, self._tick, None)

    # -- homes

    def _balance(self, _: None) -> None:
        everyone = range(len(self.campaigns))
        found = balanced(self.homes, self.works_for, everyone, self.idle)
        for agent, home in found.items():
            if home != self.homes[agent]:
                self._count_on(agent, home)
                if home is not None and agent in self.idle:
                    self.campaigns[home].pacer.ready(agent, self.now)
                    self.touched.add(home)
        self.later(BALANCE, self._balance, None)

    def _count_on(self, agent: int, campaign: int | None) -> None:
        old = self.homes[agent]
        if old == campaign:
            return
        if old is not None:
            self.campaigns[old].pacer.left(agent, self.now)
            self.touched.add(old)
        self.homes[agent] = campaign

    # -- calls

    def _dial(self, number: int, calls: int) -> None:
        campaign, now = self.campaigns[number], self.now
        mix, p = campaign.mix, campaign.mix.answer(now)
        for customer in range(campaign.dialed, campaign.dialed + calls):
            block, k = campaign.customers.at(customer), customer % BLOCK
            call = (number, customer)
            campaign.pacer.dialed(call, now)
            if block.answer[k] < p:
                self.later(block.answer_after[k], self._answers, call)
            elif block.fails_early[k] < mix.early_failures:
                self.later(block.early_after[k], self._fails, (call, "busy"))
            else:
                self.later(mix.ring_limit, self._fails, (call, "no_answer"))
        campaign.dialed += calls
        campaign.lines += calls

    def _fails(self, what: tuple[Call, str]) -> None:
        call, kind = what
        campaign = self.campaigns[call[0]]
        campaign.lines -= 1
        campaign.pacer.failed(call, self.now, kind)
        self.touched.add(call[0])

    def _answers(self, call: Call) -> None:
        campaign = self.campaigns[call[0]]
        campaign.pacer.answered(call, self.now)
        self.touched.add(call[0])
        for agent in self.idle:
            if call[0] in self.works_for[agent]:
                self._connects(call, agent)
                return
        self.waiting[call] = None
        self.later(campaign.mix.patience, self._gives_up, call)

    def _gives_up(self, call: Call) -> None:
        if call in self.waiting:
            del self.waiting[call]
            campaign = self.campaigns[call[0]]
            campaign.abandoned += 1
            campaign.lines -= 1
            campaign.pacer.abandoned(call, self.now)
            self.touched.add(call[0])

    def _connects(self, call: Call, agent: int) -> None:
        self.idle.pop(agent, None)
        campaign = self.campaigns[call[0]]
        campaign.connected += 1
        campaign.starved = max(campaign.starved, self.now - campaign.served_at)
        campaign.served_at = self.now
        self._count_on(agent, call[0])
        campaign.pacer.connected(call, agent, self.now)
        block, k = campaign.customers.at(call[1]), call[1] % BLOCK
        campaign.busy_time += min(block.talk[k], self.length - self.now)
        self.later(block.talk[k], self._talk_ends, (agent, call))

    def _talk_ends(self, what: tuple[int, Call]) -> None:
        agent, call = what
        campaign = self.campaigns[call[0]]
        wrapup = campaign.customers.at(call[1]).wrapup[call[1] % BLOCK]
        campaign.lines -= 1
        campaign.busy_time += min(wrapup, self.length - self.now)
        campaign.pacer.wrapup(agent, self.now)
        self.touched.add(call[0])
        self.later(wrapup, self._free, agent)

    def _free(self, agent: int) -> None:
        """It stays at home: the pacer that waited for it has dialled for it."""
        home = self.homes[agent]
        assert home is not None
        self.campaigns[home].pacer.ready(agent, self.now)
        self.touched.add(home)
        for call in self.waiting:
            if call[0] in self.works_for[agent]:
                del self.waiting[call]
                self._connects(call, agent)
                return
        self.idle[agent] = None

    def _result(self) -> SharedShift:
        busy = sum(campaign.busy_time for campaign in self.campaigns)
        return SharedShift(
            occupancy=busy / (len(self.works_for) * self.length),
            parts=tuple(self._part(campaign, busy) for campaign in self.campaigns),
        )

    def _part(self, campaign: Campaign, busy: float) -> Part:
        live = campaign.connected + campaign.abandoned
        return Part(
            abandonment=campaign.abandoned / live if live else 0.0,
            connected=campaign.connected,
            abandoned=campaign.abandoned,
            dialed=campaign.dialed,
            talk_share=campaign.busy_time / busy if busy else 0.0,
            starved=max(campaign.starved, self.length - campaign.served_at),
        )


def run_shared(
    mixes: Sequence[Mix], pacers: Sequence[Pacer], works_for: Sequence[Collection[int]], seed: int
) -> SharedShift:
    """One shift of as many agents as `works_for` has entries: the numbers of the campaigns each works for.
    `Mix.agents` is not read."""
    return SharedFloor(mixes, pacers, works_for, seed).run()
