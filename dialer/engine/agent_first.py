"""Calls whose agent's leg comes first: the agent is on the line, then the customer is dialled on it.

A held line is there already; a ringing agent's phone is rung for this one call, and shows the customer's
number. Nothing is begun before the agent is there: an offer nobody picks up costs the customer nothing, and
gives the contact back. From *begin attempt* on it is a call like any other.
"""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from typing import Any
from uuid import UUID

from ami.actions import Hangup, Originate
from dialer import agent as desk
from dialer import call as machine
from dialer import proposals
from dialer.agents import Line
from dialer.dialing import dial_string
from dialer.engine.agents import PHONE_RING_MS, LiveAgent
from dialer.engine.calls import LiveCall
from dialer.engine.campaign import CampaignRun
from dialer.engine.hub import DIRECTION, Hub
from dialer.engine.placing import Placer
from dialer.engine.proposed import Proposed, begin_of, dialling, why_not
from dialer.engine.tools import Tools
from dialer.engine.trunks import TrunkRun
from dialer.errors import BadValue, DialerError
from dialer.live import FLOOR, CallIs, Offered, agent_topic
from dialer.proposals import Proposal, Stage
from lists import reserving
from lists.model import AttemptKind, Begin, Reserved
from storage.errors import StorageError
from storage.ids import uuid7

log = logging.getLogger(__name__)

LEASE_S = PHONE_RING_MS / 1000 + 40
"""A contact is kept for the agent's phone to be answered, and for what follows."""
TRUNK_PATIENCE_S, TRUNK_LOOK_S = 5.0, 0.1
"""So long the agent waits for a trunk whose calls per second are used up just now."""
HEARD_S = 10.0
"""Past its ring time by this, a phone nothing was heard of is given up."""
_AUTO_ANSWER = {
    "PJSIP_HEADER(add,Call-Info)": "<sip:auto>;answer-after=0",
    "PJSIP_HEADER(add,Alert-Info)": "<http://auto>;info=alert-autoanswer",
}


class CannotCall(DialerError):
    """A call an agent asked for is refused; the error id says why."""

    def __init__(self, error_id: str, message: str) -> None:
        super().__init__(message)
        self.error_id = error_id


class AgentFirst:
    def __init__(self, tools: Tools, placer: Placer, hub: Hub) -> None:
        self._tools = tools
        self._placer = placer
        self._hub = hub
        self._proposed: dict[UUID, Proposed] = {}
        """One for each agent at most."""
        self._tasks: set[asyncio.Task[None]] = set()
        self.is_handled: Callable[[LiveCall], bool] = lambda _call: False
        """Whether call control sees to this call, so that the agent's going is not its end."""
        hub.agents_side = self

    # --- the agent's leg ------------------------------------------------------------------------------

    def start(self, proposed: Proposed) -> bool:
        """Reserve the agent and go on without waiting. False: the agent is in a call, or has no line."""
        if not self.reserve(proposed):
            return False
        if proposed.agent.held:
            self.spawn(self._connect(proposed))
        else:
            self._ring(proposed)
        return True

    def reserve(self, proposed: Proposed) -> bool:
        agent = proposed.agent
        if not agent.held and (agent.row.line is Line.HELD or agent.line):
            return False
        self._tools.agents.happen(agent, desk.CallReserved(proposed.attempt_id))
        if not isinstance(agent.state, desk.Reserved) or agent.state.attempt_id != proposed.attempt_id:
            return False
        proposed.stage, proposed.picked_up = Stage.RINGING, agent.held
        self.keep(proposed)
        return True

    def keep(self, proposed: Proposed) -> None:
        """From now on it is what this agent is about to do; a channel of the campaign is kept for it."""
        self._proposed[proposed.agent.id] = proposed
        proposed.run.promised.add(proposed.attempt_id)

    def proposed_to(self, agent_id: UUID) -> Proposed | None:
        return self._proposed.get(agent_id)

    def proposes(self, contact_id: UUID) -> bool:
        """Whether somebody is shown this contact, or is rung for it."""
        kept = (proposed.contact for proposed in self._proposed.values())
        return any(contact is not None and contact.contact_id == contact_id for contact in kept)

    async def call(self, proposed: Proposed) -> None:
        """The agent wants this call. On a held line the customer is being dialled when this returns; a
        ringing agent's phone rings. Raises `CannotCall`, `StorageError`."""
        if not proposed.agent.held:
            started = self.start(proposed)
        elif started := self.reserve(proposed):
            why = await self.connect(proposed)
            if why:
                raise CannotCall(why, f"this number cannot be called now: {why}")
        if not started:
            self._give_back(proposed.contact)
            raise CannotCall("agent_busy", "the agent is in a call")

    def _ring(self, proposed: Proposed) -> None:
        agent, now = proposed.agent, self._tools.clock.now()
        line = str(uuid7(now))
        self._tools.agents.ring(agent, line)
        action = Originate(
            channel=agent.row.dial,
            channel_id=line,
            context="marcador-agent",
            exten="line",
            timeout_ms=PHONE_RING_MS,
            caller_number=proposed.e164,
            variables={
                "MARCADOR_AGENT": agent.row.code,
                "MARCADOR_ONCE": "1",
                **(_AUTO_ANSWER if agent.row.auto_answer else {}),
            },
        )
        self._tools.sender.post(agent.row.server, action, lambda _error: self._give_up(proposed, line))
        self._tools.clock.call_later(PHONE_RING_MS / 1000 + HEARD_S, lambda: self._give_up(proposed, line))
        self.show(proposed)

    def show(self, proposed: Proposed, **preview: Any) -> None:
        """The record, before there is a call; it is stored for a desktop that comes back."""
        shown = Proposal(
            agent_id=proposed.agent.id,
            attempt_id=proposed.attempt_id,
            stage=proposed.stage,
            direction=DIRECTION.get(proposed.kind, "out"),
            campaign_id=proposed.run.id,
            contact_id=proposed.contact.contact_id if proposed.contact else None,
            customer_id=proposed.customer_id,
            e164=proposed.e164,
            since=self._tools.clock.now(),
            worker=self._tools.worker,
            **preview,
        )
        self._tools.writer.job(lambda conn, _now: proposals.put(conn, shown))
        self._tools.writer.tell((agent_topic(proposed.agent.id),), Offered.of(shown))

    def _give_up(self, proposed: Proposed, line: str) -> None:
        """The phone could not be rung, or nothing was heard of it."""
        if self._proposed.get(proposed.agent.id) is proposed and not proposed.picked_up:
            self._tools.sender.post(proposed.agent.row.server, Hangup(line))
            self.line_gone(proposed.agent)

    def line_is_there(self, agent: LiveAgent) -> None:
        proposed = self._proposed.get(agent.id)
        if proposed is not None and proposed.stage is Stage.RINGING and not proposed.picked_up:
            proposed.picked_up = True
            self.spawn(self._connect(proposed))

    def line_gone(self, agent: LiveAgent) -> None:
        """The phone of a ringing agent was not answered, or hung up."""
        self._tools.agents.adopt(agent, "")
        proposed = self._proposed.get(agent.id)
        if proposed is not None and proposed.stage is Stage.RINGING:
            if not proposed.picked_up:
                self.withdraw(proposed, desk.NOT_ANSWERING, unanswered=True)
            return  # else: what begins just now looks whether the line is still there
        attempt_id = desk.attempt_of(agent.state)
        call = self._tools.calls.get(attempt_id) if attempt_id else None
        ours = call is not None and call.by_line and call.bound_agent == agent.id
        if call is not None and ours and not self.is_handled(call):
            self._tools.calls.happen(call, machine.EndAsked(machine.AGENT))
        self._wake(agent)

    def agent_left(self, agent: LiveAgent, attempt_id: UUID) -> None:
        """Line lost or logged out, before there was a call."""
        proposed = self._proposed.get(agent.id)
        if proposed is not None and proposed.attempt_id == attempt_id and not proposed.picked_up:
            self.withdraw(proposed, "agent_left")

    def withdraw(
        self, proposed: Proposed, reason: str, *, unanswered: bool = False, give_back: bool = True
    ) -> None:
        """No call after all: agent and contact are free again."""
        if not self._done(proposed):
            return
        agent = proposed.agent
        if give_back:
            self._give_back(proposed.contact)
        if agent.row.line is Line.RINGING and agent.line:
            self._tools.sender.post(agent.row.server, Hangup(agent.line))
        now = self._tools.clock.now()
        ended = CallIs(
            proposed.attempt_id, "ended", now, agent.id, proposed.run.id, outcome="not_placed", reason=reason
        )
        self._tools.writer.tell((agent_topic(agent.id), FLOOR), ended)
        self._tools.agents.happen(agent, desk.CallWithdrawn(proposed.attempt_id, unanswered))
        proposed.run.more_contacts()

    def withdraw_all(self, run: CampaignRun | None = None) -> None:
        """Of one campaign that dials no more, or everything at the end."""
        for proposed in tuple(self._proposed.values()):
            if run is None or (proposed.run is run and proposed.kind is not AttemptKind.MANUAL):
                self.withdraw(proposed, "campaign_closed")

    def _give_back(self, contact: Reserved | None) -> None:
        if contact is not None:
            ids, worker = [contact.contact_id], self._tools.worker
            self._tools.writer.job(lambda conn, _now: reserving.release(conn, ids, worker))

    def _done(self, proposed: Proposed) -> bool:
        """It is no proposal any more. False: it was none."""
        agent_id, attempt_id = proposed.agent.id, proposed.attempt_id
        if self._proposed.get(agent_id) is not proposed:
            return False
        del self._proposed[agent_id]
        if proposed.timer is not None:
            proposed.timer.cancel()
        proposed.run.promised.discard(attempt_id)
        self._tools.writer.job(lambda conn, _now: proposals.remove(conn, agent_id, attempt_id))
        return True

    # --- the customer's call --------------------------------------------------------------------------

    async def _connect(self, proposed: Proposed) -> None:
        try:
            refused = await self.connect(proposed)
        except StorageError as error:
            log.warning("call %s is not begun: %s", proposed.attempt_id, error)
            refused = "no_database"
        except Exception:
            log.exception("call %s is not begun", proposed.attempt_id)
            refused = "internal_error"
        if refused:
            log.info("agent %s: no call to the customer: %s", proposed.agent.row.code, refused)

    async def connect(self, proposed: Proposed) -> str:
        """Begin the attempt and dial the customer on the agent's line. Why not, in a word; "": it is dialled.

        Raises `StorageError`: nothing was begun.
        """
        try:
            why = why_not(proposed, self._tools.clock.now())
            trunk = await self._trunk(proposed) if not why else None
            if trunk is None:
                self.withdraw(proposed, why or "no_trunk")
                return why or "no_trunk"
            return await self._begin(proposed, trunk)
        except BaseException:
            self.withdraw(proposed, "no_database")
            raise

    async def _trunk(self, proposed: Proposed) -> TrunkRun | None:
        waited = 0.0
        while True:
            trunk = self._placer.trunk_for(proposed.run.settings, server=proposed.agent.row.server)
            if trunk is not None or waited >= TRUNK_PATIENCE_S:
                return trunk
            await self._tools.clock.sleep(TRUNK_LOOK_S)
            waited += TRUNK_LOOK_S

    async def _begin(self, proposed: Proposed, trunk: TrunkRun) -> str:
        if self._proposed.get(proposed.agent.id) is not proposed:
            return "withdrawn"  # while it waited for the trunk
        try:
            dial = dial_string(trunk.trunk, proposed.e164)
        except BadValue:
            self.withdraw(proposed, "not_dialable")
            return "not_dialable"
        begin = begin_of(
            proposed,
            trunk.trunk,
            worker=self._tools.worker,
            epoch=self._tools.epoch,
            now=self._tools.clock.now(),
        )
        trunk.limits.take(begin.begun_at)
        try:
            refusal = await self._placer.begin_one(begin, proposed.run.settings)
        except BaseException:
            trunk.limits.give_back()
            raise
        if refusal is not None:
            trunk.limits.give_back()
            self.withdraw(proposed, refusal.reason, give_back=False)
            return refusal.reason
        self._dial(proposed, begin, trunk, dial)
        return ""

    def _dial(self, proposed: Proposed, begin: Begin, trunk: TrunkRun, dial: str) -> None:
        agent, run = proposed.agent, proposed.run
        generation = self._tools.sender.generation(begin.server)
        call = LiveCall.begun(begin, trunk, ring_s=run.settings.ring_timeout_s, generation=generation)
        call.by_line = True
        if agent.row.line is Line.RINGING:
            call.phone = agent.line
        self._done(proposed)
        self._tools.calls.add(call)
        self._hub.began(call)
        if not agent.held or desk.attempt_of(agent.state) != call.id:
            self._tools.calls.happen(call, machine.OriginateRefused("the agent is gone"))
            return
        self._hub.offer(call, agent)
        self._tools.sender.post(
            call.server,
            dialling(agent.line, begin, dial, run.settings.ring_timeout_s),
            lambda error: self._placer.failed(call, error),
        )

    def call_over(self, call: LiveCall) -> None:
        """A phone rung for this call is hung up. The dialplan does so too, where it knows the end."""
        agent = self._tools.agents.get(call.bound_agent) if call.bound_agent else None
        if agent is not None and agent.row.line is Line.RINGING and agent.line:
            self._tools.sender.post(call.server, Hangup(agent.line))

    # --- tools ----------------------------------------------------------------------------------------

    def _wake(self, agent: LiveAgent) -> None:
        for campaign_id in agent.row.campaign_ids:
            if campaign_id in self._hub.runs:
                self._hub.runs[campaign_id].wake()

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def stop(self) -> None:
        """What has not begun is withdrawn; what is beginning ends first."""
        self.withdraw_all()
        if self._tasks:
            await asyncio.wait(tuple(self._tasks), timeout=TRUNK_PATIENCE_S)
