"""Where calls, agents and campaigns meet: what a call's machine commands is carried out here, at once.

Everything on this page is synchronous. From an answer to the `Bridge` there is no waiting for anything: the
database and the desktop hear of it in the same moment, through the writer.
"""

import logging
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

from ami.actions import Action, Bridge, DBDel, Hangup, Redirect, Setvar
from ami.errors import ActionRefused, AmiError
from ami.kept import OPT_OUTS
from dialer import agent as desk
from dialer import call as machine
from dialer import floor
from dialer.agents import RESCUED, TRANSFERRED, Line
from dialer.engine.agents import LiveAgent
from dialer.engine.calls import LiveCall
from dialer.engine.campaign import CampaignRun
from dialer.engine.closing import Closings, about
from dialer.engine.homing import Homing
from dialer.engine.opt_outs import forbid, kept_as
from dialer.engine.tools import Tools
from dialer.live import FLOOR, CallIs, Offered, agent_topic
from dialer.outcome import Outcome
from lists import attempts
from lists.model import AttemptKind, Called, LiveState, Progress
from storage.database import Connection

log = logging.getLogger(__name__)

RING_MS = 15_000
HAND_S = 3.0
"""A phone rings at least so long, or it is not worth ringing."""
RESCUE_S = 12.0
"""So long a customer waits for the own agent's line to come back; then anybody takes over."""
JOIN_TRIES = 3
DEFAULT_WRAPUP_S = 60
DIRECTION = {AttemptKind.INBOUND: "in", AttemptKind.MANUAL: "manual"}


class AgentsSide(Protocol):
    """Whoever sees to calls that begin with the agent's leg."""

    def line_is_there(self, agent: LiveAgent) -> None: ...

    def line_gone(self, agent: LiveAgent) -> None: ...

    def agent_left(self, agent: LiveAgent, attempt_id: UUID) -> None: ...

    def call_over(self, call: LiveCall) -> None: ...


class Hub:
    def __init__(self, tools: Tools) -> None:
        self._tools = tools
        self.runs: dict[UUID, CampaignRun] = {}
        self.unidentified: set[UUID] = set()
        """Inbound calls whose caller is being looked up: not offered yet."""
        self.call_over: Callable[[LiveCall], None] = lambda call: None
        """Who else is to hear of a call's end."""
        self.closings = Closings(tools, self.runs, self.cancel)
        self.homing = Homing(tools, self.runs)
        self._join_tries: dict[UUID, int] = {}
        self.agents_side: AgentsSide
        tools.calls.actor = self
        tools.agents.floor = self

    def run_of(self, call: LiveCall) -> CampaignRun | None:
        return self.runs.get(call.campaign_id) if call.campaign_id else None

    def began(self, call: LiveCall) -> None:
        """A call outside the campaigns' own dialling is under way."""
        run = self.run_of(call)
        if run is not None and not call.over:
            run.live[call.id] = call

    # --- calls: what their machine commands -----------------------------------------------------------

    def carry_out(self, call: LiveCall, command: machine.Command, now: datetime) -> None:
        match command:
            case machine.NoteProgress(state):
                self._note(call, state, now)
            case machine.NoteEarlyMedia():
                run = self.run_of(call)
                if run is not None and call.kind is AttemptKind.DIALLED:
                    run.pacer.progress(call.id, run.at(now), 183)
            case machine.FindAgent():
                self._find_agent(call, now)
            case machine.JoinAgent(agent_id):
                self._join(call, agent_id, now)
            case machine.BeginTalk(agent_id):
                self._begin_talk(call, agent_id, now)
            case machine.ReleaseAgent(agent_id, talked, rescue):
                self._release(call, agent_id, talked, rescue)
            case machine.HangUp():
                self._hang_up(call)
            case machine.BlockNumber():
                self._block(call)
            case machine.NoteKeys(keys):
                self._tools.writer.job(
                    lambda conn, _now: attempts.note_keys(conn, call.id, call.begun_at, keys)
                )
            case machine.NoteAbandoned():
                run = self.run_of(call)
                if run is not None and call.paced:
                    run.pacer.abandoned(call.id, run.at(now))
            case machine.Settle():
                self._settle(call, now)

    def _note(self, call: LiveCall, state: str, now: datetime) -> None:
        talking = call.state.agent_id if isinstance(call.state, machine.Talking) else None
        self._tools.writer.progress(Progress(call.id, LiveState(state), now, talking))
        run = self.run_of(call)
        if state == "ringing" and run is not None and call.paced:
            run.pacer.progress(call.id, run.at(now), 180)

    def _find_agent(self, call: LiveCall, now: datetime) -> None:
        run = self.run_of(call)
        waiting = call.state
        if not isinstance(waiting, machine.Waiting):
            return  # the agent released by the same event has taken it already
        if run is not None and call.paced and waiting.facts.connected_at is None:
            run.pacer.answered(call.id, run.at(now))
        bound = self._tools.agents.get(call.bound_agent) if call.bound_agent else None
        if bound is not None and isinstance(bound.state, desk.Reserved) and bound.state.attempt_id == call.id:
            self._tools.calls.happen(call, machine.AgentChosen(bound.id))
        else:
            self.assign()

    def assign(self) -> None:
        """Join waiting customers to free agents, as far as there are both."""
        calls = [call for call in self._tools.calls.waiting.values() if self._may_be_joined(call)]
        if not calls:
            return
        now = self._tools.clock.now()
        free = self._tools.agents.free(for_callers=any(_is_patient(call, now) for call in calls))
        for server in {call.server for call in calls}:
            pairs = floor.assign(
                [_waiting(call, now) for call in calls if call.server == server],
                [agent for agent in free if agent.row.server == server],
            )
            for waiting, taker in pairs:
                call = self._tools.calls.get(waiting.attempt_id)
                if call is not None:
                    self._tools.calls.happen(call, machine.AgentChosen(taker.id))

    def _may_be_joined(self, call: LiveCall) -> bool:
        if call.id in self.unidentified or call.closing:
            return False
        return self._join_tries.get(call.id, 0) < JOIN_TRIES

    def _join(self, call: LiveCall, agent_id: UUID, now: datetime) -> None:
        agent = self._tools.agents.get(agent_id)
        if agent is None:
            self._tools.calls.happen(call, machine.JoinFailed(agent_id))
            return
        # First the action, then everything that tells of it.
        actions: Sequence[Action]
        if agent.row.line is Line.HELD:
            actions = (Bridge(agent=agent.line, customer=call.channel),)
        else:
            call.ringing_agent = agent.id
            actions = _ring(agent, call)
        entries = agent.entries
        self._tools.sender.post(
            call.server, actions, lambda error: self._join_failed(call, agent, entries, error)
        )
        rescued = isinstance(call.state, machine.Joining) and call.state.rescued
        self._take_on(agent, call, RESCUED if rescued else "")
        self._tools.agents.happen(agent, desk.CallOffered(call.id))
        self._tools.writer.tell((agent_topic(agent.id),), _offer(call, agent))

    def offer(self, call: LiveCall, agent: LiveAgent) -> None:
        """The pop of a call the agent has already: placed by hand, taken over, or somebody else's than it was
        taken for."""
        self._take_on(agent, call, agent.came)
        self._tools.writer.tell((agent_topic(agent.id),), _offer(call, agent))

    def _join_failed(self, call: LiveCall, agent: LiveAgent, entries: int, error: AmiError) -> None:
        """`entries`: how often the line had come into its waiting room before."""
        log.info("call %s could not be joined to agent %s: %s", call.id, agent.row.code, error)
        if _has_moved_the_line(error) and agent.entries == entries:
            agent.held = False  # an answer overtakes events: it is on its way back, and cannot be moved there
        if isinstance(call.state, machine.Joining) and call.state.agent_id == agent.id:
            self._join_tries[call.id] = self._join_tries.get(call.id, 0) + 1
            if _is_the_agents(error):
                self._tools.agents.bench(agent)
            if call.handed:
                call.bound_agent = None  # transferred to one who cannot take it: to whoever is free
            self._tools.calls.happen(call, machine.JoinFailed(agent.id))

    def _take_on(self, agent: LiveAgent, call: LiveCall, came: str) -> None:
        """What the agent will be asked to typify, and how it came to be theirs."""
        agent.came = TRANSFERRED if call.handed else came
        campaign_id = call.campaign_id or next(iter(agent.row.campaign_ids), None)
        if campaign_id is not None:
            agent.about = about(call, campaign_id, agent.id)

    def _begin_talk(self, call: LiveCall, agent_id: UUID, now: datetime) -> None:
        self._join_tries.pop(call.id, None)
        call.ringing_agent = None
        agent = self._tools.agents.get(agent_id)
        run = self.run_of(call)
        if agent is not None:
            self._take_on(agent, call, agent.came)
            if run is not None and call.paced:
                self.homing.count_on(agent, run.id, now)
                run.pacer.connected(call.id, agent.id, run.at(now))
            else:
                self.homing.count_on(agent, None, now)
            self._tools.agents.happen(agent, desk.CallTaken(call.id))
            if call.typified_by == agent_id:  # said before the line broke
                self._tools.agents.happen(agent, desk.Typified(call.id))
            self._tell(call, "connected", now, agent_id)

    def _release(self, call: LiveCall, agent_id: UUID, talked: bool, rescue: bool) -> None:
        agent = self._tools.agents.get(agent_id)
        unanswered = call.ringing_agent == agent_id and not self._cut_short(call)
        call.ringing_agent = None
        if agent is None:
            return
        if rescue:
            call.bound_agent = agent_id
            waiting = call.state
            self._tools.clock.call_later(RESCUE_S, lambda: self._rescue_by_anybody(call, agent, waiting))
        elif talked or _was_its_talk(call, agent_id):
            self._tools.agents.happen(agent, desk.CallEnded(call.id, self._wrapup_s(call)))
        else:
            if unanswered and call.kind is AttemptKind.INBOUND:
                call.bound_agent = None  # the agent of the last conversation does not come: anybody
            self._tools.agents.happen(agent, desk.CallWithdrawn(call.id, unanswered))

    def _cut_short(self, call: LiveCall) -> bool:
        """Who hung up, or a caller whose patience ended, while a phone rang: nothing against its agent."""
        inbound = call.kind is AttemptKind.INBOUND
        return call.over or (inbound and not _is_patient(call, self._tools.clock.now()))

    def _rescue_by_anybody(self, call: LiveCall, first: LiveAgent, began: machine.State) -> None:
        """The line is not back: the first agent may typify, the customer goes to whoever is free. `began`:
        the wait this is about; a line that breaks again has its whole time again."""
        if not isinstance(call.state, machine.Waiting) or not isinstance(began, machine.Waiting):
            return
        if call.state.since != began.since or call.bound_agent != first.id:
            return
        call.bound_agent = None
        self._tools.agents.happen(first, desk.CallEnded(call.id, self._wrapup_s(call)))
        self.assign()

    def _wrapup_s(self, call: LiveCall) -> float:
        run = self.run_of(call)
        return run.settings.wrapup_s if run is not None else DEFAULT_WRAPUP_S

    def _hang_up(self, call: LiveCall) -> None:
        agent = self._tools.agents.get(call.bound_agent) if call.bound_agent else None
        if call.by_line and not call.has_channel and agent is not None and agent.line:
            once = agent.row.line is Line.RINGING
            back = Hangup(agent.line) if once else Redirect(agent.line, "marcador-agent", "line")
            self._tools.sender.post(call.server, back)
        else:
            self._tools.sender.post(call.server, Hangup(call.channel))

    def _block(self, call: LiveCall) -> None:
        """The opt-out is stored before anything else of this call, and only then forgotten by Asterisk."""
        whom = Called(call.e164, call.customer_id, call.campaign_id)
        if not whom.known:
            return  # a caller served while PostgreSQL was away: Asterisk keeps the number, and is asked later

        async def store(conn: Connection, now: datetime) -> None:
            self.cancel(await forbid(conn, whom, call.id, now))

        kept = DBDel(OPT_OUTS, kept_as(call))
        self._tools.writer.first_job(store, written=lambda: self._tools.sender.post(call.server, kept))

    def cancel(self, attempt_ids: Sequence[UUID]) -> None:
        """Hang up those of these calls that nobody talks on yet."""
        for attempt_id in attempt_ids:
            call = self._tools.calls.get(attempt_id)
            if call is not None and not isinstance(call.state, machine.IN_TALK):
                self._tools.calls.happen(call, machine.EndAsked(machine.DIALER))

    def _settle(self, call: LiveCall, now: datetime) -> None:
        self.call_over(call)
        run = self.run_of(call)
        ending, verdict = self.closings.close(call, now)
        if call.takes is not None:
            self._tools.trunks.took(call.takes, verdict, now)
        self._join_tries.pop(call.id, None)
        self.unidentified.discard(call.id)
        if call.by_line:
            self.agents_side.call_over(call)
        if call.bound_agent is not None or call.adopted:
            self._free_agents_of(call, talked=verdict.outcome is Outcome.CONNECTED)
        if verdict.outcome is Outcome.CONNECTED:
            self.closings.leave_to_be_completed(call)
        if run is not None:
            run.live.pop(call.id, None)
            run.found += ending.counts
            if call.paced:
                run.ended(call, verdict, now)
            if ending.settlement is not None and ending.if_typified is None:
                run.more_contacts(getattr(ending.settlement.decision, "not_before", None))
            run.wake()
        self._tell(call, "ended", now, call.state.facts.agent_id or call.bound_agent, verdict.outcome)

    def _free_agents_of(self, call: LiveCall, *, talked: bool) -> None:
        """Whoever is still kept for it: an agent reserved for it, or adopted with it after a restart."""
        for agent in self._tools.agents:
            if desk.attempt_of(agent.state) == call.id:
                # One it was being transferred to has talked with nobody yet.
                awaited = call.handed and isinstance(agent.state, desk.Reserved)
                ended = desk.CallEnded(call.id, self._wrapup_s(call))
                withdrawn = awaited or not talked
                self._tools.agents.happen(agent, desk.CallWithdrawn(call.id) if withdrawn else ended)

    def _tell(
        self, call: LiveCall, state: str, now: datetime, agent_id: UUID | None, outcome: str = ""
    ) -> None:
        topics = (FLOOR,) if agent_id is None else (agent_topic(agent_id), FLOOR)
        self._tools.writer.tell(topics, CallIs(call.id, state, now, agent_id, call.campaign_id, outcome))

    # --- agents ---------------------------------------------------------------------------------------

    def agent_changed(self, agent: LiveAgent, before: desk.State, now: datetime) -> None:
        self._free_its_call(agent, before)
        run = self.runs.get(agent.told) if agent.told else None
        match agent.state:
            case desk.Ready():
                self.homing.settle(agent, now)
            case desk.WrapUp() if run is not None:
                run.pacer.wrapup(agent.id, run.at(now))
            case desk.Offered() | desk.Talking():
                pass  # the pacer hears of it when the two are joined
            case _:
                self.homing.count_on(agent, None, now)
        if run is not None and agent.state.pending and not before.pending:
            run.pacer.leaving(agent.id, run.at(now))
        if agent.answers_callers:
            self.assign()
        for campaign_id in agent.row.campaign_ids:
            if campaign_id in self.runs:
                self.runs[campaign_id].wake()

    def line_is_free(self, agent: LiveAgent) -> None:
        """Its line is in the waiting room: from now on it can be joined."""
        self.agents_side.line_is_there(agent)
        if agent.free:
            self.assign()
            for campaign_id in agent.row.campaign_ids:
                if campaign_id in self.runs:
                    self.runs[campaign_id].wake()

    def phone_hung_up(self, agent: LiveAgent) -> None:
        self.agents_side.line_gone(agent)

    def left_untypified(self, agent: LiveAgent, attempt_id: UUID, now: datetime) -> None:
        self.closings.left_untypified(agent, attempt_id)

    def _free_its_call(self, agent: LiveAgent, before: desk.State) -> None:
        """The agent is gone from a call that was to be joined, or was placed for nobody else."""
        kept = desk.Previewing | desk.Reserved | desk.Offered
        if isinstance(agent.state, desk.OnCall) or not isinstance(before, kept):
            return
        call = self._tools.calls.get(before.attempt_id)
        if call is None:
            self.agents_side.agent_left(agent, before.attempt_id)
            return
        if call.handed:  # transferred to this agent: to whoever is free instead
            call.bound_agent = None
            self._tools.calls.happen(call, machine.JoinFailed(agent.id))
            self.assign()
        elif isinstance(before, desk.Reserved) and not isinstance(call.state, machine.Talking):
            self._tools.calls.happen(call, machine.EndAsked(machine.DIALER))
        else:
            self._tools.calls.happen(call, machine.JoinFailed(agent.id))

    def answers_expected(self, agent: LiveAgent) -> bool:
        """Would calls already under way probably find nobody, were this agent to leave now?"""
        run = self.runs.get(agent.told) if agent.told else None
        if run is None:
            return False
        told = run.pacer.explain(run.at(self._tools.clock.now()))
        others = sum(a.free and a.told == run.id for a in self._tools.agents if a is not agent)
        return told.get("in_flight", 0) * told.get("answer_rate", 0.3) > others


def _is_the_agents(error: AmiError) -> bool:
    """Whether it was the agent's line that failed. Asterisk names the one at fault, and Channel1 is the line;
    a customer who has just gone says nothing against the agent, who is free for the next one at once."""
    return not isinstance(error, ActionRefused) or "Channel1" in str(error)


def _has_moved_the_line(error: AmiError) -> bool:
    """The agent's line is put into the conversation first, the customer then."""
    return isinstance(error, ActionRefused) and "add Channel2" in str(error)


def _waiting(call: LiveCall, now: datetime) -> floor.WaitingCall:
    state = call.state
    assert isinstance(state, machine.Waiting)
    return floor.WaitingCall(
        attempt_id=call.id,
        campaign_id=call.for_campaign or call.campaign_id,
        since=state.since,
        agent_id=call.bound_agent,
        first=state.rescued or call.kind is AttemptKind.INBOUND,
        patient=_is_patient(call, now),
    )


def _is_patient(call: LiveCall, now: datetime) -> bool:
    """Called us, and will still be there when a hand has reached a phone."""
    return call.kind is AttemptKind.INBOUND and (now - call.begun_at).total_seconds() < (
        call.patience_s - HAND_S
    )


def _was_its_talk(call: LiveCall, agent_id: UUID) -> bool:
    """The customer whose agent's line broke was on the way back to that agent, and does not come any more."""
    comes = isinstance(call.state, machine.Waiting)
    facts = call.state.facts
    return facts.connected_at is not None and facts.agent_id == agent_id and not call.handed and not comes


def _ring(agent: LiveAgent, call: LiveCall) -> Sequence[Action]:
    endpoint = agent.row.dial.rpartition("/")[2]
    return (
        Setvar("MARCADOR_RING_MS", str(RING_MS), call.channel),
        Setvar("MARCADOR_AUTO_ANSWER", "1" if agent.row.auto_answer else "0", call.channel),
        Redirect(call.channel, "marcador-ring", endpoint),
    )


def _offer(call: LiveCall, agent: LiveAgent) -> Offered:
    return Offered(
        agent_id=agent.id,
        attempt_id=call.id,
        attempt_at=call.begun_at,
        direction=DIRECTION.get(call.kind, "out"),
        e164=call.e164,
        campaign_id=call.campaign_id,
        customer_id=call.customer_id,
        contact_id=call.contact_id,
        rescued=agent.came == RESCUED,
        transferred=agent.came == TRANSFERRED,
    )
