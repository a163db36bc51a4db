"""The baselines, written from their published descriptions (`docs/pacing.md` names them)."""

from collections import deque
from math import exp

from dialer.pacing.books import Doing
from dialer.pacing.simple import BookPacer
from dialer.pacing.types import Agent, Call


class Vicidial(BookPacer):
    """Every 15 s level × (1 + (mean ready − mean waiting) / mean agents), clipped; lines = level × agents −
    live.

    After 50 calls, while today's drops exceed the limit: `hard` sets the level to 1, `average` halves it,
    `tapered` multiplies it by hours left / 10. Halved as well when the last minute's drops pass 50 %.
    Agents: those ready or talking; with `only_ready` (its "available only tally") those ready.
    """

    def __init__(
        self,
        most: float = 3.0,
        limit: float = 0.03,
        method: str = "average",
        hours: float = 4.0,
        *,
        only_ready: bool = False,
    ) -> None:
        super().__init__()
        self.level, self.most, self.limit, self.method, self.hours = 1.0, most, limit, method, hours
        self.only_ready = only_ready
        self.next = 15.0
        self.samples: list[tuple[int, int, int]] = []
        self.minute: deque[tuple[float, int]] = deque()

    def abandoned(self, call: Call, at: float) -> None:
        super().abandoned(call, at)
        self.minute.append((at, 1))

    def connected(self, call: Call, agent: Agent, at: float) -> None:
        super().connected(call, agent, at)
        self.minute.append((at, 0))

    def _talking(self) -> int:
        return sum(entry.doing is Doing.TALKING for entry in self.books.agents.values())

    def _adapt(self) -> None:
        ready, waiting, agents = (sum(s[k] for s in self.samples) / len(self.samples) for k in range(3))
        self.samples.clear()
        if agents:
            self.level *= 1.0 + (ready - waiting) / agents
        books = self.books
        if books.live_answers >= 50 and books.abandonments > self.limit * books.live_answers:
            left = max(self.hours - books.now / 3600.0, 0.0)
            self.level = {"hard": 1.0, "average": self.level / 2, "tapered": self.level * left / 10}[
                self.method
            ]
        while self.minute and self.minute[0][0] < books.now - 60.0:
            self.minute.popleft()
        if self.minute and sum(lost for _, lost in self.minute) > 0.5 * len(self.minute):
            self.level /= 2.0
        self.level = min(max(self.level, 1.0), self.most)

    def _decide(self, max_calls: int) -> int:
        books = self.books
        talking = self._talking()
        active = books.idle + talking
        self.samples.append((books.idle, len(books.waiting), active))
        if books.now >= self.next:
            self._adapt()
            self.next = books.now + 15.0
        taken = len(books.dialing) + len(books.waiting)
        if self.only_ready:
            return int(self.level * books.idle) - taken
        return int(self.level * active) - taken - talking


class Issabel(BookPacer):
    """Every 3 s, (free + talking agents 97 % likely to be done − waiting − in flight) / max(answer ratio,
    0.2).

    An agent is likely done when 1 − exp(−(age + mean answer delay) / mean duration) ≥ 0.97; the ratio is of
    30 min.
    """

    def __init__(self) -> None:
        super().__init__()
        self.next = 0.0
        self.delays = self.delay_sum = 0.0
        self.talks, self.talk_sum = 0.0, 0.0
        self.ends: deque[tuple[float, int]] = deque()
        self.started: dict[Agent, float] = {}

    def answered(self, call: Call, at: float) -> None:
        dialed = self.books.dialing.get(call)
        if dialed is not None:
            self.delays += 1
            self.delay_sum += at - dialed
        self.ends.append((at, 1))
        super().answered(call, at)

    def failed(self, call: Call, at: float, kind: str) -> None:
        self.ends.append((at, 0))
        super().failed(call, at, kind)

    def connected(self, call: Call, agent: Agent, at: float) -> None:
        super().connected(call, agent, at)
        self.started[agent] = at

    def wrapup(self, agent: Agent, at: float) -> None:
        super().wrapup(agent, at)
        self.talks += 1
        self.talk_sum += at - self.started.get(agent, at)

    def _decide(self, max_calls: int) -> int:
        books = self.books
        if books.now < self.next:
            return 0
        self.next = books.now + 3.0
        while self.ends and self.ends[0][0] < books.now - 1800.0:
            self.ends.popleft()
        ratio = sum(yes for _, yes in self.ends) / len(self.ends) if self.ends else 1.0
        delay = self.delay_sum / self.delays if self.delays else 0.0
        mean = self.talk_sum / self.talks if self.talks else 1e9
        soon = sum(
            1.0 - exp(-(books.now - entry.since + delay) / mean) >= 0.97
            for entry in books.agents.values()
            if entry.doing is Doing.TALKING
        )
        wanted = books.idle + soon - len(books.waiting) - len(books.dialing)
        return int(wanted / max(ratio, 0.2)) if wanted > 0 else 0
