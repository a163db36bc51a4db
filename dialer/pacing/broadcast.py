"""The pacer of a broadcast: an audio needs nobody, but some of those who hear it ask for an agent."""

from dialer.pacing.simple import BookPacer
from dialer.pacing.types import Call, Snapshot

FIRST_PRESSES, FIRST_CALLS = 1.0, 10.0
"""Before anything is known one call in ten is taken to ask for an agent (a Beta prior of that weight)."""
REMEMBERED_CALLS = 500.0
"""What was learned in an earlier run weighs no more than so many calls."""


class Broadcast(BookPacer):
    """As many as may be placed; `within_agents`: as long as the presses expected of the calls under way are
    no more than the agents free for them. `answered` tells here of one who asked for an agent."""

    def __init__(self, within_agents: bool = False) -> None:
        super().__init__()
        self._within_agents = within_agents
        self._presses, self._calls = FIRST_PRESSES, FIRST_CALLS

    @property
    def press_rate(self) -> float:
        """The share of calls placed that ask for an agent."""
        return self._presses / self._calls

    def answered(self, call: Call, at: float) -> None:
        if call in self.books.dialing:
            self._presses += 1
            self._calls += 1
        super().answered(call, at)

    def failed(self, call: Call, at: float, kind: str) -> None:
        if call in self.books.dialing:
            self._calls += 1
        super().failed(call, at, kind)

    def _decide(self, max_calls: int) -> int:
        if not self._within_agents:
            return max_calls
        return int(self.books.free() / self.press_rate + 1e-9) - len(self.books.dialing)

    def explain(self, at: float) -> dict[str, float]:
        expected = len(self.books.dialing) * self.press_rate
        return super().explain(at) | {"press_rate": self.press_rate, "expected_presses": expected}

    def snapshot(self) -> Snapshot:
        return {"version": 1, "presses": self._presses, "calls": self._calls}

    def restore(self, snapshot: Snapshot) -> None:
        calls = float(snapshot.get("calls", FIRST_CALLS))
        presses = float(snapshot.get("presses", FIRST_PRESSES))
        if not 0 < presses <= calls:
            return
        weight = min(1.0, REMEMBERED_CALLS / calls)
        self._presses, self._calls = presses * weight, calls * weight
