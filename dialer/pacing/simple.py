"""Pacers that look no further than the agents free now: progressive and power."""

from collections.abc import Callable

from dialer.pacing.books import AgentEntry, Books, Doing
from dialer.pacing.errors import BadOption
from dialer.pacing.types import Agent, Call, Snapshot


class BookPacer:
    """Keeps the books; a subclass decides from them."""

    def __init__(self) -> None:
        self.books = Books()

    def dialed(self, call: Call, at: float, p: float | None = None) -> None:
        self.books.dialing.setdefault(call, self.books.clock(at))

    def progress(self, call: Call, at: float, code: int) -> None:
        self.books.clock(at)

    def answered(self, call: Call, at: float) -> None:
        now = self.books.clock(at)
        if self.books.dialing.pop(call, None) is not None:
            self.books.waiting[call] = now

    def failed(self, call: Call, at: float, kind: str) -> None:
        self.books.clock(at)
        self._gone(call)

    def abandoned(self, call: Call, at: float) -> None:
        self.books.clock(at)
        self._gone(call)
        self.books.abandonments += 1
        self.books.live_answers += 1

    def connected(self, call: Call, agent: Agent, at: float) -> None:
        now = self.books.clock(at)
        self._gone(call)
        self.books.live_answers += 1
        self._moved(agent, self.books.begin(agent, Doing.TALKING, now), Doing.TALKING)

    def wrapup(self, agent: Agent, at: float) -> None:
        self._move(agent, at, Doing.WRAPUP)

    def finishing(self, agent: Agent, at: float) -> None:
        self._move(agent, at, Doing.FINISHING)

    def ready(self, agent: Agent, at: float) -> None:
        now = self.books.clock(at)
        entry = self.books.agents.get(agent)
        if entry is None or entry.doing is not Doing.READY:
            self._moved(agent, self.books.begin(agent, Doing.READY, now), Doing.READY)

    def left(self, agent: Agent, at: float) -> None:
        self.books.clock(at)
        self._moved(agent, self.books.remove(agent), None)

    def leaving(self, agent: Agent, at: float) -> None:
        self.books.clock(at)
        entry = self.books.agents.get(agent)
        if entry is not None and entry.doing is not Doing.READY:
            entry.leaving = True

    def decide(self, at: float, max_calls: int) -> int:
        self.books.clock(at)
        if max_calls <= 0:
            return 0
        return min(max(self._decide(max_calls), 0), max_calls)

    def retarget(self, target: float) -> None:
        """Nothing here aims at an abandonment."""

    def budget(self, abandoned: int, answered: int) -> None:
        self.books.abandonments, self.books.live_answers = max(abandoned, 0), max(answered, 0)

    def explain(self, at: float) -> dict[str, float]:
        return {
            "agents": len(self.books.agents),
            "idle": self.books.idle,
            "in_flight": len(self.books.dialing),
            "waiting": len(self.books.waiting),
        }

    def snapshot(self) -> Snapshot:
        return {"version": 1}

    def restore(self, snapshot: Snapshot) -> None:
        """Nothing is learned, nothing is remembered."""

    def _gone(self, call: Call) -> None:
        self.books.dialing.pop(call, None)
        self.books.waiting.pop(call, None)

    def _move(self, agent: Agent, at: float, to: Doing) -> None:
        """Wrap-up of an agent not known, or not busy, is a late or repeated event: it changes nothing."""
        now = self.books.clock(at)
        entry = self.books.agents.get(agent)
        if entry is not None and entry.doing not in (Doing.READY, to):
            self._moved(agent, self.books.begin(agent, to, now), to)

    def _moved(self, agent: Agent, before: AgentEntry | None, to: Doing | None) -> None:
        """A hook for those who learn from the agents."""

    def _decide(self, max_calls: int) -> int:
        raise NotImplementedError


class Progressive(BookPacer):
    """One call for each free agent: idle − waiting − in flight."""

    def _decide(self, max_calls: int) -> int:
        return self.books.free() - len(self.books.dialing)


class Power(BookPacer):
    """A fixed number of lines for each free agent: ⌊ratio · free⌋ − in flight. The ratio changes live."""

    def __init__(self, ratio: float = 1.5) -> None:
        super().__init__()
        self.set_ratio(ratio)

    def set_ratio(self, ratio: float) -> None:
        if not 0.0 < ratio <= 100.0:
            raise BadOption(f"ratio must lie between 0 and 100, not {ratio}")
        self.ratio = ratio

    def _decide(self, max_calls: int) -> int:
        return int(self.ratio * self.books.free()) - len(self.books.dialing)


Factory = Callable[..., BookPacer]
