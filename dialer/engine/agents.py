"""The agents at work now, and their lines; their machine's commands carried out, their presence written."""

import logging
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

from ami.actions import Action, Hangup, Originate
from dialer import agent as machine
from dialer.agents import Agent, Line, Presence, Stay
from dialer.engine.sending import Sender
from dialer.engine.writes import Writer
from dialer.live import FLOOR, agent_is, agent_topic
from storage.clock import Clock, TimerHandle
from storage.ids import uuid7
from typifications.model import Typification

log = logging.getLogger(__name__)

PHONE_RING_MS = 20_000
HOLD_BACK_S = 25.0
BENCH_S = 1.0


@dataclass(slots=True, eq=False)
class LiveAgent:
    row: Agent
    state: machine.State
    logged_in_at: datetime | None = None
    line: str = ""
    """Unique id of the held line's channel."""
    held: bool = False
    """The line is in the agents' waiting room: a customer can be joined to it."""
    entries: int = 0
    """How often it has come there."""
    bridge: str = ""
    """The conversation the line is in."""
    about: Typification | None = None
    """The call it is in, or has yet to typify."""
    came: str = ""
    """How that call came to it (`dialer.agents.Presence`)."""
    generation: int = 0
    benched: bool = False
    """A join failed just now: others first, for a moment."""
    told: UUID | None = None
    """The campaign whose pacer counts on this agent."""
    timers: dict[str, TimerHandle] = field(default_factory=dict)

    @property
    def id(self) -> UUID:
        return self.row.id

    @property
    def free(self) -> bool:
        """May be given a customer now."""
        if not isinstance(self.state, machine.Ready) or self.benched:
            return False
        return self.held or (self.row.line is Line.RINGING and self.row.auto_answer)

    @property
    def campaign_ids(self) -> frozenset[UUID]:
        return self.row.campaign_ids

    @property
    def idle_since(self) -> datetime:
        return self.state.since

    @property
    def rings_first(self) -> bool:
        """Its phone rings and is picked up by hand: no customer may wait for that, so the agent's leg comes
        first."""
        return self.row.line is Line.RINGING and not self.row.auto_answer

    @property
    def idle(self) -> bool:
        """May be proposed a call of its own now: on its held line, or with its phone rung for it."""
        if not isinstance(self.state, machine.Ready) or self.state.pending or self.benched:
            return False
        return self.held or (self.row.line is Line.RINGING and not self.line)

    @property
    def answers_callers(self) -> bool:
        """May be given a customer who called us: now, or when its phone has been picked up."""
        return self.free or (self.rings_first and self.idle)

    @property
    def at_work(self) -> bool:
        return not isinstance(self.state, machine.LoggedOut | machine.Connecting)


class Floor(Protocol):
    """Who wants to know what becomes of agents."""

    def agent_changed(self, agent: LiveAgent, before: machine.State, now: datetime) -> None: ...

    def left_untypified(self, agent: LiveAgent, attempt_id: UUID, now: datetime) -> None: ...

    def line_is_free(self, agent: LiveAgent) -> None: ...

    def phone_hung_up(self, agent: LiveAgent) -> None: ...


class Agents:
    def __init__(self, clock: Clock, sender: Sender, writer: Writer) -> None:
        self._clock = clock
        self._sender = sender
        self._writer = writer
        self._by_id: dict[UUID, LiveAgent] = {}
        self._by_line: dict[str, LiveAgent] = {}
        self.floor: Floor
        self.unexpected = 0

    def __iter__(self) -> Iterator[LiveAgent]:
        return iter(tuple(self._by_id.values()))

    def refresh(self, rows: Iterable[Agent]) -> None:
        """Phone and line hold from the next log-in on, campaigns at once."""
        known_rows = {row.id: row for row in rows}
        for row in known_rows.values():
            known = self._by_id.get(row.id)
            if known is None:
                self._by_id[row.id] = LiveAgent(row, machine.LoggedOut(self._clock.now()))
            elif known.row != row:
                known.row = row
                self.floor.agent_changed(known, known.state, self._clock.now())
        for agent in self:
            if (agent.id not in known_rows or not agent.row.enabled) and agent.at_work:
                self.happen(agent, machine.LogoutAsked())

    def get(self, agent_id: UUID) -> LiveAgent | None:
        return self._by_id.get(agent_id)

    def on(self, line: str) -> LiveAgent | None:
        return self._by_line.get(line)

    def by_code(self, code: str) -> LiveAgent | None:
        return next((agent for agent in self._by_id.values() if agent.row.code == code), None)

    def stop(self) -> None:
        """What was to happen to them later is the next owner's business."""
        for agent in self:
            for timer in agent.timers.values():
                timer.cancel()
            agent.timers.clear()

    def bench(self, agent: LiveAgent) -> None:
        """After a join that failed: without this, one broken line would be offered every customer."""
        agent.benched = True
        self._later(agent, "bench", BENCH_S, lambda: self._unbench(agent))

    def _unbench(self, agent: LiveAgent) -> None:
        agent.benched = False
        self.floor.agent_changed(agent, agent.state, self._clock.now())

    def free(self, *, for_callers: bool = False) -> list[LiveAgent]:
        """Who may be given a customer now; `for_callers`: also those who pick up their phone by hand."""
        servers = {name for name in self._sender.links if self._sender.ready(name)}
        return [
            agent
            for agent in self._by_id.values()
            if (agent.answers_callers if for_callers else agent.free) and agent.row.server in servers
        ]

    def adopt(self, agent: LiveAgent, line: str) -> None:
        """This channel is the agent's line from now on."""
        self._by_line.pop(agent.line, None)
        agent.line = line
        agent.held, agent.bridge = False, ""
        agent.generation = self._sender.generation(agent.row.server)
        if line:
            self._by_line[line] = agent

    def ring(self, agent: LiveAgent, line: str) -> None:
        """Their phone is rung for one call. Written, so that the next owner knows it and hangs it up."""
        self.adopt(agent, line)
        self._writer.presence(self.presence(agent), None)

    def happen(self, agent: LiveAgent, event: machine.Event) -> str:
        """One event and what follows from it; the error id where the agent's state does not allow it."""
        now = self._clock.now()
        before = agent.state
        agent.state, commands = machine.step(before, event, now)
        error_id = ""
        for command in commands:
            match command:
                case machine.Refuse(error_id):
                    pass
                case machine.Unexpected(state, name):
                    self.unexpected += 1
                    log.info("agent %s: %s while %s", agent.row.code, name, state)
                case _:
                    self._carry_out(agent, command)
        if agent.state != before:
            self.changed(agent, before, now)
        return error_id

    def changed(self, agent: LiveAgent, before: machine.State, now: datetime) -> None:
        """Written, told, and looked at for what it means to waiting customers."""
        if isinstance(agent.state, machine.LoggedOut):
            agent.logged_in_at = None
        elif agent.logged_in_at is None and agent.at_work:
            agent.logged_in_at = now
        stay = None
        if (
            before.since < now
            and not isinstance(before, machine.LoggedOut)
            and agent.state.since > before.since
        ):
            campaign_id = agent.about.campaign_id if agent.about else _only(agent.row.campaign_ids)
            reason = before.reason if isinstance(before, machine.Paused) else ""
            stay = Stay(agent.id, machine.name(before), reason, campaign_id, before.since, now)
        if machine.attempt_of(agent.state) is None:
            agent.about, agent.came = None, ""
        presence = self.presence(agent)
        self._writer.presence(presence, stay)
        self._writer.tell((agent_topic(agent.id), FLOOR), agent_is(presence))
        self.floor.agent_changed(agent, before, now)

    def presence(self, agent: LiveAgent) -> Presence:
        state = agent.state
        wrapup = state.was if isinstance(state, machine.LineLost) else state
        # The next owner knows only the pending pause of an agent whose line was lost in a pause.
        lost_in_pause = isinstance(wrapup, machine.Paused) and wrapup is not state
        return Presence(
            agent_id=agent.id,
            state=machine.name(state),
            since=state.since,
            reason=state.reason,
            logged_in_at=agent.logged_in_at,
            channel=agent.line,
            attempt_id=machine.attempt_of(state),
            attempt_at=agent.about.attempt_at if agent.about else None,
            pending=machine.Pending.PAUSE if lost_in_pause else state.pending,
            wrapup_until=wrapup.until if isinstance(wrapup, machine.WrapUp) else None,
            came=agent.came,
        )

    # --- commands -------------------------------------------------------------------------------------

    def _carry_out(self, agent: LiveAgent, command: machine.Command) -> None:
        match command:
            case machine.OpenLine():
                self._open_line(agent)
            case machine.DropLine():
                self._drop_line(agent)
            case machine.CallBack(after_s):
                self._later(agent, "line", after_s, lambda: self.happen(agent, machine.CallBackFell()))
            case machine.HoldBack():
                self.hold_back(agent)
            case machine.TimeWrapUp(until):
                self.time_wrapup(agent, until)
            case machine.LeaveUntypified(attempt_id):
                self.floor.left_untypified(agent, attempt_id, self._clock.now())

    def hold_back(self, agent: LiveAgent) -> None:
        self._later(agent, "hold", HOLD_BACK_S, lambda: self.happen(agent, machine.HoldBackEnded()))

    def time_wrapup(self, agent: LiveAgent, until: datetime) -> None:
        left = (until - self._clock.now()) / timedelta(seconds=1)
        self._later(agent, "wrapup", left, lambda: self.happen(agent, machine.WrapUpEnded(until)))

    def _later(self, agent: LiveAgent, name: str, seconds: float, act: Callable[[], object]) -> None:
        earlier = agent.timers.pop(name, None)
        if earlier is not None:
            earlier.cancel()
        agent.timers[name] = self._clock.call_later(seconds, act)

    def _open_line(self, agent: LiveAgent) -> None:
        if agent.row.line is Line.RINGING:
            self.happen(agent, machine.LineOpened())
            return
        line = str(uuid7(self._clock.now()))
        self.adopt(agent, line)
        call = Originate(
            channel=agent.row.dial,
            channel_id=line,
            context="marcador-agent",
            exten="line",
            timeout_ms=PHONE_RING_MS,
            variables={"MARCADOR_AGENT": agent.row.code},
        )
        self._post(agent, call, failed=lambda: self.line_failed(line))
        # The answer may be missed with the link: a phone that rings for ever would be a phantom.
        self._later(agent, "line", PHONE_RING_MS / 1000 + 10, lambda: self.line_failed(line))

    def line_failed(self, line: str) -> None:
        """The phone did not answer, or nothing more was heard of it; a line that did open is left alone."""
        agent = self._by_line.get(line)
        if agent is not None and (agent.row.line is Line.RINGING or _is_opening(agent)):
            self.line_ended(agent)

    def line_ended(self, agent: LiveAgent) -> None:
        """Its channel is gone. A held line is called back; a phone that was rung for one call is the call's
        business."""
        opening = _is_opening(agent)
        if agent.row.line is Line.RINGING and not opening:
            self.floor.phone_hung_up(agent)
            return
        self.adopt(agent, "")
        self.happen(agent, machine.LineFailed() if opening else machine.LineDropped())

    def _drop_line(self, agent: LiveAgent) -> None:
        line = agent.line
        for timer in agent.timers.values():
            timer.cancel()
        agent.timers.clear()
        agent.benched = False
        self.adopt(agent, "")
        if line:
            self._post(agent, Hangup(line), failed=lambda: None)

    def _post(self, agent: LiveAgent, action: Action, failed: Callable[[], None]) -> None:
        if agent.row.server in self._sender.links:
            self._sender.post(agent.row.server, action, lambda _error: failed())
        else:
            log.error("agent %s: there is no server %r", agent.row.code, agent.row.server)
            self._clock.call_later(0, failed)


def _is_opening(agent: LiveAgent) -> bool:
    return isinstance(agent.state, machine.Connecting | machine.LineLost)


def _only(campaign_ids: frozenset[UUID]) -> UUID | None:
    """Whose the time without a call is: of whoever works in one campaign, that one's."""
    return next(iter(campaign_ids)) if len(campaign_ids) == 1 else None
