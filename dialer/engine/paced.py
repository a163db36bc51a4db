"""The campaign's pacer, kept from harming its calls: an error in it costs dialling speed, nothing else."""

import logging
from collections.abc import Callable
from typing import TypeVar

from dialer import pacing
from dialer.pacing import Agent, Call, Pacer, Snapshot
from dialer.pacing.simple import Power
from dialer.settings import Mode, Settings

log = logging.getLogger(__name__)

T = TypeVar("T")
PACED = (Mode.PROGRESSIVE, Mode.POWER, Mode.PREDICTIVE, Mode.BROADCAST)


def make_pacer(settings: Settings) -> Pacer:
    match settings.mode:
        case Mode.POWER:
            return pacing.make("power", target=settings.target, ratio=settings.ratio)
        case Mode.PREDICTIVE:
            return pacing.make(
                "predictive",
                target=settings.target,
                patience=settings.patience_ms / 1000,
                ring_limit=float(settings.ring_timeout_s),
            )
        case Mode.BROADCAST:
            within_agents = settings.broadcast.waits_for_agents
            return pacing.make("broadcast", target=settings.target, within_agents=within_agents)
    return pacing.make("progressive", target=settings.target)


def same_pacing(one: Settings, other: Settings) -> bool:
    """Whether the pacer of the one serves the other."""
    return (one.mode, one.broadcast.waits_for_agents) == (other.mode, other.broadcast.waits_for_agents)


class GuardedPacer:
    """A `Pacer` that falls back to progressive when the one it guards fails. `failed` is called then, to
    teach the new one what is under way."""

    def __init__(self, settings: Settings, failed: Callable[[], None]) -> None:
        self._inner = make_pacer(settings)
        self.mode = settings.mode if settings.mode in PACED else Mode.PROGRESSIVE
        """Whose rule decides: progressive after a failure."""
        self._target = settings.target
        self._failed = failed

    def set_ratio(self, ratio: float) -> None:
        if isinstance(self._inner, Power):
            self._inner.set_ratio(ratio)

    def dialed(self, call: Call, at: float, p: float | None = None) -> None:
        self._do(lambda pacer: pacer.dialed(call, at, p), None)

    def progress(self, call: Call, at: float, code: int) -> None:
        self._do(lambda pacer: pacer.progress(call, at, code), None)

    def answered(self, call: Call, at: float) -> None:
        self._do(lambda pacer: pacer.answered(call, at), None)

    def failed(self, call: Call, at: float, kind: str) -> None:
        self._do(lambda pacer: pacer.failed(call, at, kind), None)

    def abandoned(self, call: Call, at: float) -> None:
        self._do(lambda pacer: pacer.abandoned(call, at), None)

    def connected(self, call: Call, agent: Agent, at: float) -> None:
        self._do(lambda pacer: pacer.connected(call, agent, at), None)

    def wrapup(self, agent: Agent, at: float) -> None:
        self._do(lambda pacer: pacer.wrapup(agent, at), None)

    def finishing(self, agent: Agent, at: float) -> None:
        self._do(lambda pacer: pacer.finishing(agent, at), None)

    def ready(self, agent: Agent, at: float) -> None:
        self._do(lambda pacer: pacer.ready(agent, at), None)

    def left(self, agent: Agent, at: float) -> None:
        self._do(lambda pacer: pacer.left(agent, at), None)

    def leaving(self, agent: Agent, at: float) -> None:
        self._do(lambda pacer: pacer.leaving(agent, at), None)

    def decide(self, at: float, max_calls: int) -> int:
        return self._do(lambda pacer: pacer.decide(at, max_calls), 0)

    def retarget(self, target: float) -> None:
        self._target = target
        self._do(lambda pacer: pacer.retarget(target), None)

    def budget(self, abandoned: int, answered: int) -> None:
        self._do(lambda pacer: pacer.budget(abandoned, answered), None)

    def explain(self, at: float) -> dict[str, float]:
        try:
            return dict(self._inner.explain(at))
        except Exception:  # it only tells: no reason to dial otherwise
            log.exception("the pacer cannot explain itself")
            return {}

    def snapshot(self) -> Snapshot:
        return self._do(lambda pacer: pacer.snapshot(), {})

    def restore(self, snapshot: Snapshot) -> None:
        self._do(lambda pacer: pacer.restore(snapshot), None)

    def _do(self, act: Callable[[Pacer], T], otherwise: T) -> T:
        try:
            return act(self._inner)
        except Exception:
            log.exception("the pacer failed: progressive from now on")
            self._inner = pacing.make("progressive", target=self._target)
            self.mode = Mode.PROGRESSIVE
            self._failed()
            return otherwise
