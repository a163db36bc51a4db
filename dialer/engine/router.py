"""From Asterisk's events to what happened to a call or an agent's line. Synchronous, in order of arrival."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from ami import events as ami
from ami.events import ChannelState
from ami.link import Link, Unsubscribe
from dialer import agent as desk
from dialer import call as machine
from dialer.engine.agents import LiveAgent
from dialer.engine.calls import LiveCall
from dialer.engine.hub import Hub
from dialer.engine.tools import Tools

log = logging.getLogger(__name__)

CUSTOMERS, AGENTS = "marcador-customers", "marcador-agents"
CONVERSATION, CONFBRIDGE = "basic", "ConfBridge"
RANG_OUT = 3
"""An originate's reason: its ring time ran out. `Dial` says so in a word."""


@dataclass(slots=True)
class Conversation:
    """A bridge with two legs: a conversation when both have entered."""

    server: str
    call: LiveCall | None = None
    agent_id: UUID | None = None


class Router:
    def __init__(
        self,
        tools: Tools,
        hub: Hub,
        *,
        came_in: Callable[[str, ami.MarcadorInbound], None],
        link_changed: Callable[[str, bool], None],
        saw: Callable[[ami.Event], None],
    ) -> None:
        """`saw` hears of every event after it has been dealt with here."""
        self._tools = tools
        self._calls = tools.calls
        self._agents = tools.agents
        self._hub = hub
        self._came_in = came_in
        self._link_changed = link_changed
        self._saw = saw
        self._bridges: dict[str, Conversation] = {}
        self._unsubscribe: list[Unsubscribe] = []

    def listen(self, name: str, link: Link) -> None:
        self._unsubscribe.append(link.subscribe(lambda event: self.handle(name, event)))

    def stop(self) -> None:
        for unsubscribe in self._unsubscribe:
            unsubscribe()
        self._unsubscribe.clear()

    def handle(self, server: str, event: ami.Event) -> None:
        match event:
            case ami.LinkUp():
                self._link_changed(server, True)
            case ami.LinkDown():
                self._forget_bridges(server)
                self._link_changed(server, False)
            case ami.OriginateResponse():
                self._originated(event)
            case ami.BridgeDestroy(bridge):
                self._bridges.pop(bridge, None)
            case ami.MarcadorInbound():
                self._came_in(server, event)
            case ami.MarcadorLine():
                self._line(event)
            case ami.MarcadorEvent():
                self._told(event)
            case ami.BridgeEnter():
                self._entered(server, event)
            case ami.BridgeLeave():
                self._left(event)
            case ami.DialState(status="PROGRESS"):
                self._early_media(event)
            case ami.ChannelEvent():
                self._channel(event)
        self._saw(event)

    # --- channels -------------------------------------------------------------------------------------

    def _channel(self, event: ami.ChannelEvent) -> None:
        call = self._calls.on(event.uniqueid)
        if call is None:
            if isinstance(event, ami.Hangup):
                self._line_hung_up(event.uniqueid)
            return
        match event:
            case ami.Newchannel():
                call.has_channel = True
            case ami.Newstate(state=ChannelState.RINGING):
                self._happen(call, machine.Rang())
            case ami.Newstate(state=ChannelState.UP):
                self._happen(call, machine.PickedUp())
            case ami.HangupRequest():
                self._happen(call, machine.EndRequested())
            case ami.Hangup(cause=cause, tech_cause=status):
                self._happen(call, machine.HungUp(cause, status))

    def _early_media(self, event: ami.DialState) -> None:
        call = self._calls.on(event.uniqueid)
        if call is not None:
            self._happen(call, machine.EarlyMedia())

    def _line_hung_up(self, uniqueid: str) -> None:
        agent = self._agents.on(uniqueid)
        if agent is not None:
            self._agents.line_ended(agent)

    def _originated(self, event: ami.OriginateResponse) -> None:
        call = self._calls.on(event.uniqueid)
        if call is None:
            if not event.success:
                self._agents.line_failed(event.uniqueid)
        elif event.success:
            self._happen(call, machine.PickedUp())
        else:
            self._happen(call, machine.OriginateFailed(event.reason))

    # --- our dialplan's own words ---------------------------------------------------------------------

    def _told(self, event: ami.MarcadorEvent) -> None:
        call = self._calls.named(event.attempt)
        if call is None:
            return
        match event:
            case ami.MarcadorAnswered():
                self._happen(call, machine.PickedUp())
            case ami.MarcadorAmd(status=status):
                self._happen(call, machine.Judged(status))
            case ami.MarcadorClosed():
                self._happen(call, machine.PatienceEnded())
            case ami.MarcadorOptOut():
                self._happen(call, machine.OptedOut())
            case ami.MarcadorKey(key=key):
                self._happen(call, machine.Keyed(key))
            case ami.MarcadorPlayed(on_machine=on_machine):
                self._happen(call, machine.AudioPlayed(on_machine))
            case ami.MarcadorRingFailed():
                if call.ringing_agent is not None:
                    self._happen(call, machine.JoinFailed(call.ringing_agent))
            case ami.MarcadorManual():
                self._calls.move(call, event.uniqueid)
            case ami.MarcadorManualEnded(status=status, cause=cause):
                if status == "NOANSWER":
                    self._happen(call, machine.OriginateFailed(RANG_OUT))
                self._happen(call, machine.HungUp(cause))

    def _line(self, event: ami.MarcadorLine) -> None:
        agent = self._agents.on(event.uniqueid)
        if agent is None and event.state == "up":
            agent = self._dialled_in(event)
        if agent is None:
            return
        agent.bridge = ""
        if event.state == "up":
            self._agents.happen(agent, desk.LineOpened())

    def _dialled_in(self, event: ami.MarcadorLine) -> LiveAgent | None:
        """The agent's phone opened the line by itself."""
        agent = self._agents.by_code(event.agent)
        if agent is None or not agent.row.enabled:
            log.warning("a line was opened for %r, who is no agent", event.agent)
            return None
        if not isinstance(agent.state, desk.LoggedOut | desk.Connecting | desk.LineLost):
            log.warning("agent %s opened a second line; the newer one counts", agent.row.code)
        self._agents.adopt(agent, event.uniqueid)
        return agent

    # --- bridges --------------------------------------------------------------------------------------

    def _entered(self, server: str, event: ami.BridgeEnter) -> None:
        call = self._calls.on(event.uniqueid)
        agent = self._agents.on(event.uniqueid) if call is None else None
        if event.kind == CONVERSATION:
            self._joined(server, event, call, agent)
        elif call is not None and event.name == CUSTOMERS:
            call.bridge, call.closing = "", False
            call.entries += 1
            self._happen(call, machine.WaitEntered())
        elif call is not None and event.creator == CONFBRIDGE:
            call.closing = True
        elif agent is not None and event.name == AGENTS:
            agent.held, agent.bridge = True, ""
            agent.entries += 1
            self._hub.line_is_free(agent)

    def _joined(
        self, server: str, event: ami.BridgeEnter, call: LiveCall | None, agent: LiveAgent | None
    ) -> None:
        conversation = self._bridges.setdefault(event.bridge, Conversation(server))
        if call is not None:
            call.bridge = event.bridge
            conversation.call = call
        elif agent is not None:
            agent.held, agent.bridge = False, event.bridge
            conversation.agent_id = agent.id
        else:  # a phone that was rung for a waiting customer
            rung_for = self._calls.on(event.linkedid)
            if rung_for is None or rung_for.ringing_agent is None:
                return
            conversation.agent_id = rung_for.ringing_agent
            rung_for.phone = event.uniqueid
        if conversation.call is not None and conversation.agent_id is not None:
            self._happen(conversation.call, machine.Joined(conversation.agent_id))

    def _forget_bridges(self, server: str) -> None:
        """How they stand when the link is back, the listing says; another server's go on."""
        self._bridges = {name: its for name, its in self._bridges.items() if its.server != server}

    def _left(self, event: ami.BridgeLeave) -> None:
        if event.kind == CONVERSATION:
            self._bridges.pop(event.bridge, None)
        call = self._calls.on(event.uniqueid)
        if call is not None:
            call.bridge = ""
            return
        agent = self._agents.on(event.uniqueid)
        if agent is not None:
            agent.held, agent.bridge = False, ""

    # --- tools ----------------------------------------------------------------------------------------

    def _happen(self, call: LiveCall, event: machine.Event) -> None:
        self._calls.happen(call, event)
