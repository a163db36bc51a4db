"""The predictive pacer: place calls while P(this call, if answered, finds no agent in time) ≤ θ.

In an exact dynamic programme of a Markov version of the problem this rule is within a tenth of a point of the
best there is; so the work goes into the estimates (`answers`, `durations`, `curves`) and into θ (`budget`). A
patience of 2 s is a loss system whose agents become free 2 s earlier: the agents' curve is read 2 s later.
"""

from math import hypot
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dialer.pacing.answers import RING_LIMIT, SLOT
from dialer.pacing.books import AgentEntry, Doing
from dialer.pacing.budget import Budget
from dialer.pacing.curves import free_within, fresh
from dialer.pacing.durations import BINS, EDGES, Durations
from dialer.pacing.errors import BadOption
from dialer.pacing.inflight import InFlight, Placed
from dialer.pacing.loss import gauge_for, most_within
from dialer.pacing.rates import Rate
from dialer.pacing.simple import BookPacer
from dialer.pacing.start import COLD_DIALS, Start
from dialer.pacing.types import Agent, Call, Snapshot

CAUTION = 2.5
"""Standard errors of the answer rate count for more: its errors hit all calls in flight at once."""
TALK_GUESS, WRAPUP_GUESS, FINISHING_GUESS = 120.0, 30.0, 6.0
AGE_STEP = 0.5
AGE_LIMIT = 7200.0
RATE_SLOTS = 4
"""The answer rate is estimated anew once a second,"""
TABLE_ERROR = 0.02
"""the table of answers when it has moved by this much,"""
TABLE_AGE = 45.0
"""and the table of agents after some ends, at the latest after these seconds (the running ones age)."""
QUIET_LONGEST = 3.0
"""While nothing happens the loss falls by less than half in a second: measured at (1 + s) times the price, it
is measured again after s seconds, at the latest after these (of the calls such a pause held back in trials,
one in 300 was held back for half a second)."""


class Predictive(BookPacer):
    """Target abandonment in, calls out."""

    def __init__(
        self,
        target: float,
        *,
        patience: float = 2.0,
        ring_limit: float = RING_LIMIT,
        abandoned: int = 0,
        answered: int = 0,
    ) -> None:
        super().__init__()
        self.patience = patience
        self.money = Budget(target, answered, abandoned)
        self.in_flight = InFlight(ring_limit)
        self.placed: dict[Call, Placed] = {}
        self.durations = {
            Doing.TALKING: Durations(3, TALK_GUESS),
            Doing.WRAPUP: Durations(2, WRAPUP_GUESS),
            Doing.FINISHING: Durations(1, FINISHING_GUESS),
        }
        self.slots: dict[Agent, int] = {}
        self.vacant: list[int] = []
        self.doing = np.zeros(16, dtype=np.int64)
        self.since = np.zeros(16)
        steps = np.arange(int(AGE_LIMIT / AGE_STEP)) * AGE_STEP
        self.age_bin = np.searchsorted(EDGES, steps, side="right") - 1
        self.rate = Rate(0.3, 1.0)
        self.rate_slot = -1
        self.quiet_until = -1e9
        self.expected = 0
        self.start = Start(ring_limit)
        self.tables_at = -1e9
        self.tables_changes = -1
        self.times_changes = -1
        self.gauge = gauge_for(0)
        self.gauge_agents = 0
        self._rebuild()

    # -- what happens

    def dialed(self, call: Call, at: float, p: float | None = None) -> None:
        super().dialed(call, at, p)
        self.expected -= 1
        if self.expected < 0:
            self._wake()
        self.in_flight.advance(self.books.now)
        if call not in self.placed:
            self.placed[call] = self.in_flight.dialed(self.books.now, p)

    def progress(self, call: Call, at: float, code: int) -> None:
        super().progress(call, at, code)
        placed = self.placed.get(call)
        if placed is not None:
            # Does not wake: tones that did cost ten agents 0.4 ± 0.2 points, others 0.1 ± 0.2.
            self.in_flight.advance(self.books.now)
            self.in_flight.progress(placed, self.books.now, code)

    def answered(self, call: Call, at: float) -> None:
        # An answer, and the agent it takes, make no call safer: these two do not wake.
        super().answered(call, at)
        self._end(call, True)

    def failed(self, call: Call, at: float, kind: str) -> None:
        super().failed(call, at, kind)
        self._wake()
        self._end(call, False)

    def abandoned(self, call: Call, at: float) -> None:
        super().abandoned(call, at)
        self._wake()
        self._end(call, True)
        self.money.lose(self.start.priced(self.books.now))

    def connected(self, call: Call, agent: Agent, at: float) -> None:
        super().connected(call, agent, at)
        self._end(call, True)
        self.money.win(self.start.priced(self.books.now))
        self.start.connected(self.books.now, self.books.idle)

    def _wake(self) -> None:
        """Something happened that may make the next call safer: the next decision measures."""
        self.quiet_until = -1e9

    def _end(self, call: Call, answered: bool) -> None:
        placed = self.placed.pop(call, None)
        if placed is not None:
            self.in_flight.advance(self.books.now)
            self.in_flight.ended(placed, self.books.now, answered)

    def _moved(self, agent: Agent, before: AgentEntry | None, to: Doing | None) -> None:
        if to is not Doing.TALKING:
            self._wake()
        now = self.books.now
        if before is not None and before.doing is not Doing.READY:
            way_out = WAYS_OUT.get((before.doing, to)) if to is not None else None
            if before.doing is not to:
                self.durations[before.doing].add(now - before.since, way_out)
        if to is None:
            slot = self.slots.pop(agent, None)
            if slot is not None:
                self.doing[slot] = 0
                self.vacant.append(slot)
            return
        slot = self.slots.get(agent, -1)
        if slot < 0:
            slot = self._seat(agent)
        entry = self.books.agents[agent]
        self.doing[slot] = 0 if entry.leaving else int(to)
        self.since[slot] = now

    def _seat(self, agent: Agent) -> int:
        if self.vacant:
            slot = self.vacant.pop()
        else:
            slot = len(self.slots)
            if slot >= len(self.doing):
                self.doing = np.concatenate([self.doing, np.zeros_like(self.doing)])
                self.since = np.concatenate([self.since, np.zeros_like(self.since)])
        self.slots[agent] = slot
        return slot

    def leaving(self, agent: Agent, at: float) -> None:
        super().leaving(agent, at)
        self._wake()
        slot = self.slots.get(agent)
        if slot is not None:
            self.doing[slot] = 0

    # -- tables

    def _rebuild(self) -> None:
        self.in_flight.refresh()
        self.after = self.in_flight.quantiles(self.gauge.points)
        self.times_changes = self.in_flight.times.changes
        self._rebuild_agents()
        self._rebuild_calls()

    def _rebuild_agents(self) -> None:
        """P(free by each answer time, patience added | state, age), one row for each state and age bin."""
        ages = self.books.now - self.since
        talk, wrapup, finishing = (
            self.durations[doing].hazards(ages[self.doing == doing])
            for doing in (Doing.TALKING, Doing.WRAPUP, Doing.FINISHING)
        )
        horizon = int(np.ceil(self.in_flight.ring_limit + self.patience)) + 1
        at = np.minimum(self.after + self.patience, horizon)
        low = np.minimum(at.astype(int), horizon - 1)
        part = at - low
        table = np.zeros((1 + 3 * BINS, len(at)))
        curves = free_within(talk, wrapup, finishing, horizon)
        self.free_again = fresh(curves[0])
        for n, curve in enumerate(curves):
            table[1 + n * BINS : 1 + (n + 1) * BINS] = curve[:, low] * (1.0 - part) + curve[:, low + 1] * part
        self.free_table = table
        self.gauge.know_agents(table)
        self.tables_at = self.books.now
        self.tables_changes = sum(d.changes for d in self.durations.values())

    def _rebuild_calls(self) -> None:
        """P(holds an agent at each answer time looked at | in flight): answered by then, and not over
        again."""
        u = (np.arange(self.in_flight.slots) + 0.5) * SLOT
        left = self.after[None, :] + self.patience - u[:, None]
        over = np.interp(left, np.arange(len(self.free_again)), self.free_again)
        holds = np.clip((self.after[None, :] - u[:, None]) / SLOT + 0.5, 0.0, 1.0) * (1.0 - over)
        self.table_p = self.rate.p
        self.table_groups = len(self.in_flight.groups)
        self.answer_table = self.in_flight.answer_table(self.rate.p, holds)
        self.gauge.know_calls(self.answer_table)

    def _refresh(self) -> None:
        """Renew what has changed enough to matter."""
        agents = len(self.books.agents)
        if agents > self.gauge_agents or agents < self.gauge_agents // 2:
            self.gauge, self.gauge_agents = gauge_for(agents), agents
            self._rebuild()
        elif len(self.in_flight.groups) > self.table_groups:
            self._rebuild_calls()
        if self.in_flight.slot < self.rate_slot + RATE_SLOTS:
            return
        self.rate_slot = self.in_flight.slot
        self.rate = self._estimate()
        times = self.in_flight.times.changes
        changes = sum(d.changes for d in self.durations.values())
        age = self.books.now - self.tables_at
        if times - self.times_changes > max(10, 0.05 * times):
            self._rebuild()
            return
        if abs(self.rate.p - self.table_p) > TABLE_ERROR * self.table_p:
            self._rebuild_calls()
        if age > TABLE_AGE or (changes - self.tables_changes > max(4, 0.05 * changes) and age > 1.0):
            self._rebuild_agents()

    def _estimate(self) -> Rate:
        return self.in_flight.estimate()

    # -- the decision

    def _agent_rows(self) -> NDArray[np.int64]:
        """The row of each agent in the table; row 0, never free, for those ready (counted apart) or
        leaving."""
        used = len(self.slots) + len(self.vacant)
        doing = self.doing[:used]
        steps = ((self.books.now - self.since[:used]) / AGE_STEP).astype(np.int64)
        bins = self.age_bin[np.minimum(steps, len(self.age_bin) - 1)]
        return (bins + (BINS * (doing - 1) + 1)) * (doing > 0)

    def _decide(self, max_calls: int) -> int:
        books = self.books
        if not books.agents:
            return 0
        free, dialing = books.free(), len(books.dialing)
        least = min(max(free - dialing, 0), max_calls)
        if books.now < self.quiet_until and self.expected <= 0:
            return least
        self.in_flight.advance(books.now)
        self._refresh()
        most = int(min(max_calls, self._lines(free) - dialing))
        if most <= least:
            return least
        idle = books.idle - len(books.waiting)
        wander = self.in_flight.rate.wander(self.rate.p)
        error = hypot(CAUTION * self.rate.error, wander)
        loss = self.gauge.measure(idle, self._agent_rows(), self.in_flight.by_age(), error)
        price = self._price()
        calls, next_loss = most_within(price, most, loss)
        if calls < most:
            self.quiet_until = books.now + min(next_loss / price - 1.0, QUIET_LONGEST)
        self.expected = max(calls, least)
        return self.expected

    def _lines(self, free: int) -> float:
        rate, agents = self.in_flight.rate, len(self.books.agents)
        return self.start.lines(agents, free, rate.settled, rate.settled_answers)

    def _price(self) -> float:
        return self.start.price(self.books.now, self.money.price(self.in_flight.rate.dispersion.spread()))

    def cold(self) -> bool:
        """Too few dials are settled to trust the answer rate."""
        return self.start.cold(self.in_flight.rate.settled, len(self.books.agents))

    # -- settings and memory

    def retarget(self, target: float) -> None:
        self.money.target = check_target(target)
        self._wake()

    def budget(self, abandoned: int, answered: int) -> None:
        self.money.abandonments = max(abandoned, 0)
        self.money.live_answers = max(answered, 0)
        self._wake()

    def explain(self, at: float) -> dict[str, float]:
        self.books.clock(at)
        self.in_flight.advance(self.books.now)
        middle = len(self.after) // 2
        free = self.free_table[self._agent_rows()].sum(axis=0)
        if len(self.in_flight.groups) > self.table_groups:  # a kind of call met since the last decision
            self._rebuild_calls()
        answers = self.in_flight.by_age() @ self.answer_table
        return {
            **super().explain(at),
            "expected_free": self.books.idle + float(free[middle]),
            "expected_answers": float(answers[middle]),
            "within": float(self.after[middle]),
            "price": self._price(),
            "cold": float(self.cold()),
            "answer_rate": self.rate.p,
            "target": self.money.target,
            "budget_left": self.money.left,
        }

    def snapshot(self) -> Snapshot:
        return {
            "version": 1,
            "times": self.in_flight.times.snapshot(),
            "rate": {"p": self.rate.p, "settled": self.in_flight.rate.settled},
            "durations": {d.name.lower(): v.snapshot() for d, v in self.durations.items()},
            "budget": {
                "abandoned": self.money.abandonments,
                "answered": self.money.live_answers,
                "level": self.money.level,
                "seen": self.money.seen,
            },
        }

    def restore(self, snapshot: Snapshot) -> None:
        if snapshot.get("version") != 1:
            return
        self.in_flight.times.restore(snapshot["times"], WARM_KEEP)
        rate: dict[str, Any] = snapshot["rate"]
        settled = float(rate["settled"])
        if settled >= COLD_DIALS:
            self.in_flight.rate.prior_p = float(rate["p"])
            self.in_flight.rate.prior_weight = min(settled, WARM_ANSWERS / max(float(rate["p"]), 0.01))
            self.rate = Rate(float(rate["p"]), WARM_ERROR)
            self.start.warm = True
        for doing, durations in self.durations.items():
            durations.restore(snapshot["durations"][doing.name.lower()], WARM_KEEP)
        budget: dict[str, Any] = snapshot["budget"]
        self.budget(int(budget["abandoned"]), int(budget["answered"]))
        self.money.level = float(budget["level"])
        self.money.seen = min(int(budget["seen"]), WARM_SEEN)
        self._rebuild()


WAYS_OUT = {
    (Doing.TALKING, Doing.READY): 0,
    (Doing.TALKING, Doing.WRAPUP): 1,
    (Doing.TALKING, Doing.FINISHING): 2,
    (Doing.WRAPUP, Doing.READY): 0,
    (Doing.WRAPUP, Doing.FINISHING): 1,
    (Doing.FINISHING, Doing.READY): 0,
}
WARM_KEEP = 0.5
"""Yesterday's observations count half."""
WARM_SEEN = 500
"""Live answers of yesterday that the learned price counts as seen: it stays ready to move."""
WARM_ANSWERS = 10.0
"""Answers that yesterday's answer rate counts for,"""
WARM_ERROR = 0.3
"""and the relative error it starts with."""


def check_target(target: float) -> float:
    if not 0.0 < target < 1.0:
        raise BadOption(f"target must lie between 0 and 1, not {target}")
    return target
