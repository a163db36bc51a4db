"""A shift in simulated time: customers, agents and a pacer, one event after another."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from heapq import heappop, heappush
from typing import Any

from dialer.pacing.types import Pacer
from dialer.simulate.customers import Customers
from dialer.simulate.luck import BLOCK
from dialer.simulate.mix import Mix

TICK = 0.5
"""The pacer is asked at every event, and at least this often;"""
PAUSE = 0.05
"""but, as in the engine, at most 20 times a second: events that crowd are answered together."""
FIRST = 600.0


@dataclass(frozen=True, slots=True)
class Shift:
    """What came of it. Occupancy = (talk + wrap-up with people) / time logged in."""

    occupancy: float
    abandonment: float
    connected: int
    abandoned: int
    dialed: int
    first_abandoned: int
    first_answered: int
    most_lines: int
    hours: float


class Floor:
    """The state of a running shift."""

    def __init__(self, mix: Mix, pacer: Pacer, seed: int) -> None:
        self.mix = mix
        self.pacer = pacer
        self.customers = Customers(mix, seed)
        self.now = 0.0
        self.queue: list[tuple[float, int, Callable[[Any], None], Any]] = []
        self.count = 0
        self.idle: deque[int] = deque()
        self.waiting: dict[int, bool] = {}
        self.in_flight = 0
        self.lines = 0
        self.most_lines = 0
        self.leaving: set[int] = set()
        self.gone: set[int] = set()
        self.busy_time = 0.0
        self.away_time = 0.0
        self.connected = self.abandoned = self.dialed = 0
        self.first = (0, 0)
        # The benchmarks' perfect knowledge: a pacer with these methods is told when an agent will be free, as
        # the conversation begins or as the wrap-up does.
        self.foresee: Callable[[int, float], None] | None = getattr(pacer, "foresee", None)
        self.foresee_wrapup: Callable[[int, float], None] | None = getattr(pacer, "foresee_wrapup", None)

    # -- the clock

    def later(self, after: float, what: Callable[[Any], None], whom: Any) -> None:
        self.count += 1
        heappush(self.queue, (self.now + after, self.count, what, whom))

    def run(self) -> Shift:
        mix, queue, decide = self.mix, self.queue, self.pacer.decide
        for agent in range(mix.agents):
            self.idle.append(agent)
            self.pacer.ready(agent, 0.0)
        for absence in mix.absences:
            leavers = range(round(absence.share * mix.agents))
            for agent in leavers:
                if absence.notice:
                    self.later(absence.at - absence.notice, self._asks_to_leave, agent)
                self.later(absence.at, self._leaves, agent)
                self.later(absence.back, self._returns, agent)
        self.later(0.0, self._tick, None)
        self.later(FIRST, self._first_minutes, None)
        length, asked, next_ask = mix.length, -PAUSE, -PAUSE
        while queue:
            at, _, what, whom = heappop(queue)
            if at >= length:
                break
            self.now = at
            what(whom)
            if at < asked + PAUSE - 1e-9:
                if next_ask <= at:
                    next_ask = asked + PAUSE
                    self.later(next_ask - at, self._wake, None)
                continue
            asked = at
            calls = decide(at, mix.lines - self.lines)
            if calls > 0:
                self._dial(calls)
        return self._result()

    def _tick(self, _: None) -> None:
        self.later(TICK, self._tick, None)

    def _wake(self, _: None) -> None:
        """The pause is over: the loop asks."""

    def _first_minutes(self, _: None) -> None:
        self.first = (self.abandoned, self.connected + self.abandoned)

    # -- calls

    def _dial(self, calls: int) -> None:
        mix, now = self.mix, self.now
        p = average = mix.answer(now)
        taken = p + (1.0 - p) * mix.machines
        signals = mix.signals
        for call in range(self.dialed, self.dialed + calls):
            block = self.customers.at(call)
            k = call % BLOCK
            u = block.answer[k]
            if mix.unlike:
                p = min(average * block.chance[k], 1.0)
                taken = p + (1.0 - p) * mix.machines
            self.pacer.dialed(call, now, average * block.told[k] if signals.chance else None)
            silent = u >= taken and block.fails_early[k] < mix.early_failures
            if (signals.ringing or signals.rings_at_once) and not silent:
                self.later(0.0 if signals.rings_at_once else block.ring[k], self._rings, call)
            if u < p:
                self.later(block.answer_after[k], self._answers, call)
            elif u < taken:
                self.later(block.answer_after[k], self._answers, -call - 1)
            elif silent:
                self.later(block.early_after[k], self._fails, (call, "busy"))
            else:
                self.later(mix.ring_limit, self._fails, (call, "no_answer"))
        self.dialed += calls
        self.lines += calls
        self.most_lines = max(self.most_lines, self.lines)

    def _rings(self, call: int) -> None:
        self.pacer.progress(call, self.now, 180)

    def _fails(self, what: tuple[int, str]) -> None:
        self.lines -= 1
        self.pacer.failed(what[0], self.now, what[1])

    def _answers(self, call: int) -> None:
        name = call if call >= 0 else -call - 1
        self.pacer.answered(name, self.now)
        if self.idle:
            self._connects(call, self.idle.popleft())
        else:
            self.waiting[call] = True
            self.later(self.mix.patience, self._gives_up, call)

    def _gives_up(self, call: int) -> None:
        if self.waiting.pop(call, None):
            self.abandoned += 1
            self.lines -= 1
            self.pacer.abandoned(call if call >= 0 else -call - 1, self.now)

    def _connects(self, call: int, agent: int) -> None:
        self.connected += 1
        name = call if call >= 0 else -call - 1
        self.pacer.connected(name, agent, self.now)
        block = self.customers.at(name)
        k = name % BLOCK
        if call < 0:
            if self.foresee is not None:
                self.foresee(agent, self.now + block.hold[k])
            self.later(block.hold[k], self._machine_ends, agent)
            return
        talk = block.talk[k]
        self.busy_time += min(talk, self.mix.length - self.now)
        if self.foresee is not None:
            self.foresee(agent, self.now + talk + block.wrapup[k])
        self.later(talk, self._talk_ends, (agent, name))

    def _machine_ends(self, agent: int) -> None:
        self.lines -= 1
        self._free(agent)

    def _talk_ends(self, what: tuple[int, int]) -> None:
        agent, call = what
        block = self.customers.at(call)
        k = call % BLOCK
        wrapup = block.wrapup[k]
        if self.foresee_wrapup is not None:
            self.foresee_wrapup(agent, self.now + wrapup)
        self.lines -= 1
        self.busy_time += min(wrapup, self.mix.length - self.now)
        self.pacer.wrapup(agent, self.now)
        if self.mix.signals.finishing:
            u, part = block.finish[k], block.finish_at[k]
            if u < 0.8:
                self.later((0.6 + 0.35 * part) * wrapup, self._finishing, agent)
            elif u < 0.9:
                self.later(0.6 * part * wrapup, self._finishing, agent)
        self.later(wrapup, self._free, agent)

    # -- agents

    def _finishing(self, agent: int) -> None:
        self.pacer.finishing(agent, self.now)

    def _free(self, agent: int) -> None:
        if agent in self.leaving:
            self._goes(agent)
            return
        self.pacer.ready(agent, self.now)
        if self.waiting:
            call = next(iter(self.waiting))
            del self.waiting[call]
            self._connects(call, agent)
        else:
            self.idle.append(agent)

    def _asks_to_leave(self, agent: int) -> None:
        self.pacer.leaving(agent, self.now)

    def _leaves(self, agent: int) -> None:
        self.leaving.add(agent)
        if agent in self.idle:
            self.idle.remove(agent)
            self._goes(agent)

    def _goes(self, agent: int) -> None:
        self.gone.add(agent)
        self.pacer.left(agent, self.now)
        self.away_time -= self.now

    def _returns(self, agent: int) -> None:
        """Who talked through the whole absence never went."""
        self.leaving.discard(agent)
        if agent in self.gone:
            self.gone.discard(agent)
            self.away_time += self.now
            self._free(agent)

    def _result(self) -> Shift:
        live = self.connected + self.abandoned
        away = self.away_time + len(self.gone) * self.mix.length
        logged_in = self.mix.agents * self.mix.length - away
        return Shift(
            occupancy=self.busy_time / logged_in,
            abandonment=self.abandoned / live if live else 0.0,
            connected=self.connected,
            abandoned=self.abandoned,
            dialed=self.dialed,
            first_abandoned=self.first[0],
            first_answered=self.first[1],
            most_lines=self.most_lines,
            hours=logged_in / 3600.0,
        )


def run(mix: Mix, pacer: Pacer, seed: int) -> Shift:
    """One shift, from all agents idle at t = 0."""
    return Floor(mix, pacer, seed).run()
