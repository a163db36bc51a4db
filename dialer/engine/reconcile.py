"""What Asterisk really has: after every new session, after a take-over, and for calls that have been silent
for too long. What it does not list is over, whatever we believed; what it lists is taken as it is."""

import logging
from collections.abc import Callable, Iterable
from uuid import UUID

from ami.actions import Hangup
from ami.errors import AmiError
from ami.events import BridgeListed, ChannelListed, ChannelState
from dialer import agent as desk
from dialer import call as machine
from dialer.agents import Line
from dialer.engine.agents import LiveAgent
from dialer.engine.calls import LiveCall
from dialer.engine.listing import Listing, is_phone_of
from dialer.engine.router import AGENTS, CONVERSATION, CUSTOMERS
from dialer.engine.tools import Tools
from dialer.handling import CONFERENCE

log = logging.getLogger(__name__)

LISTING_S = 10.0
HANGUP_S = 1.0
"""A channel that is not listed may have ended just now: its `Hangup`, which says how, is still to come."""
TRANSFERS = "marcador-transfer"


class Reconciler:
    def __init__(
        self,
        tools: Tools,
        found: Callable[[LiveCall, Listing], None],
        listed: Callable[[str, Listing], None],
    ) -> None:
        """`found` hears of each call as it is listed, `listed` of the whole listing: who listens is in it,
        and third parties."""
        self._tools = tools
        self._found = found
        self._listed = listed

    async def reconcile(self, server: str) -> bool:
        """False: Asterisk did not tell; to be done again."""
        generation = self._tools.sender.generation(server)
        entries = {agent.id: agent.entries for agent in self._tools.agents}
        listing = await self._list(server)
        if listing is None or self._tools.sender.generation(server) != generation:
            return False
        old_calls = [c for c in self._tools.calls if c.server == server and c.generation < generation]
        old_lines = [
            a for a in self._tools.agents if a.line and a.row.server == server and a.generation < generation
        ]
        self._tools.sender.reconciled(server, generation)
        # Lines first: a call may be in a conversation with one of them.
        for agent in old_lines:
            agent.generation = generation
            self._mend_line(agent, listing, came_back=agent.entries != entries.get(agent.id, 0))
        for call in old_calls:
            call.generation = generation
            self._mend_call(call, listing)
        self._listed(server, listing)
        if old_calls or old_lines:
            log.info(
                "%s: %d calls and %d agents' lines reconciled, %d channels listed",
                server,
                len(old_calls),
                len(old_lines),
                len(listing.channels),
            )
        return True

    async def look_for(self, server: str, overdue: Iterable[LiveCall]) -> None:
        """Calls nobody has heard of for too long: gone ones are closed, ringing ones hung up."""
        overdue = list(overdue)
        listing = await self._list(server)
        if listing is None:
            return
        for call in overdue:
            if call.over:
                continue
            self._find_dialled(call, listing)
            if call.channel not in listing.channels:
                log.warning("call %s: its end was missed", call.id)
                self._tools.calls.happen(call, machine.Vanished())
            elif isinstance(call.state, machine.Sent | machine.Ringing):
                self._tools.sender.post(server, Hangup(call.channel))
                self._tools.calls.look_again(call)
            else:
                self._mend_call(call, listing)
                self._tools.calls.look_again(call)

    async def roll_call(self, server: str) -> None:
        """Whoever is not there any more, talking or not: an end or a lost line nobody told us of."""
        asked_at = self._tools.clock.now()
        # Those whose channel was there before: one that came since is in no listing.
        known = [(c, c.channel) for c in self._tools.calls if c.server == server and c.has_channel]
        channels = await self._channels(server)
        if channels is None:
            return
        for agent in self._tools.agents:
            opened = agent.line and agent.row.server == server and agent.at_work
            if opened and agent.line not in channels and agent.state.since < asked_at:
                log.warning("agent %s: the line's end was missed", agent.row.code)
                self._mend_line(agent, Listing(channels, {}))
        missing = [(call, channel) for call, channel in known if channel not in channels]
        if missing:
            self._tools.clock.call_later(HANGUP_S, lambda: self._vanished(missing))

    def _vanished(self, missing: Iterable[tuple[LiveCall, str]]) -> None:
        """Those of whose end nothing was heard meanwhile, either."""
        for call, channel in missing:
            if not call.over and call.channel == channel:
                log.warning("call %s: its end was missed", call.id)
                self._tools.calls.happen(call, machine.Vanished())

    async def _channels(self, server: str) -> dict[str, ChannelListed] | None:
        try:
            channels = await self._tools.sender.links[server].list_channels(deadline=LISTING_S)
        except AmiError as error:
            log.warning("%s: its channels could not be listed: %s", server, error)
            return None
        return {channel.uniqueid: channel for channel in channels}

    async def _list(self, server: str) -> Listing | None:
        channels = await self._channels(server)
        if channels is None:
            return None
        try:
            bridges = await self._tools.sender.links[server].list_bridges(deadline=LISTING_S)
        except AmiError as error:
            log.warning("%s: its bridges could not be listed: %s", server, error)
            return None
        return Listing(channels, {member.uniqueid: bridge for bridge in bridges for member in bridge.members})

    def _mend_line(self, agent: LiveAgent, listing: Listing, *, came_back: bool = False) -> None:
        """`came_back`: into its waiting room, since the listing was asked for."""
        agents = self._tools.agents
        if agent.line not in listing.channels:
            agents.line_ended(agent)
            return
        if agent.row.line is Line.RINGING and self._is_for_nothing(agent):
            self._tools.sender.post(agent.row.server, Hangup(agent.line))
            return
        bridge = None if came_back else listing.bridge_of.get(agent.line)
        agent.held = came_back or (bridge is not None and bridge.name == AGENTS)
        agent.bridge = bridge.bridge if bridge is not None and bridge.kind == CONVERSATION else ""
        if agent.held:
            if isinstance(agent.state, desk.Connecting | desk.LineLost):
                agents.happen(agent, desk.LineOpened())
            elif isinstance(agent.state, desk.Offered):
                agents.happen(agent, desk.CallWithdrawn(agent.state.attempt_id))
            agents.floor.agent_changed(agent, agent.state, self._tools.clock.now())
            agents.floor.line_is_free(agent)

    def _is_for_nothing(self, agent: LiveAgent) -> bool:
        """A phone that was rung for a call no worker knows any more."""
        return not isinstance(agent.state, desk.Reserved | desk.Offered | desk.Talking)

    def _mend_call(self, call: LiveCall, listing: Listing) -> None:
        self._find_dialled(call, listing)
        channel = listing.channels.get(call.channel)
        if channel is None:
            self._tools.calls.happen(call, machine.Vanished())
            return
        call.has_channel = True
        bridge = listing.bridge_of.get(call.channel)
        call.bridge = bridge.bridge if bridge is not None and bridge.kind == CONVERSATION else ""
        partner = self._partner(call, bridge)
        event = _seen(call, channel, bridge, partner)
        if partner is None and isinstance(call.state, machine.Talking):
            agent = self._tools.agents.get(call.state.agent_id)
            if _is_given_away(channel, bridge) or self._is_left_in_conference(agent, bridge):
                event = machine.HandedOver()
        if event is not None:
            self._tools.calls.happen(call, event)
        self._found(call, listing)

    def _find_dialled(self, call: LiveCall, listing: Listing) -> None:
        """The channel an agent's line dials has an id of Asterisk's own, which a new owner does not know: it
        is the line's linked one."""
        agent = self._tools.agents.get(call.bound_agent) if call.bound_agent else None
        if call.by_line and agent is not None and agent.row.line is Line.RINGING:
            call.phone = call.phone or agent.line
        if not call.by_line or call.channel in listing.channels:
            return
        for channel in listing.channels.values():
            dialled = agent is not None and agent.line and channel.linkedid == agent.line != channel.uniqueid
            if dialled and not channel.channel.startswith("Local/"):
                self._tools.calls.move(call, channel.uniqueid)
                return

    def _partner(self, call: LiveCall, bridge: BridgeListed | None) -> UUID | None:
        """The agent in the same conversation."""
        if bridge is None or bridge.kind != CONVERSATION:
            return None
        for member in bridge.members:
            agent = self._tools.agents.on(member.uniqueid)
            if agent is not None:
                return agent.id
        own = None
        if isinstance(call.state, machine.Talking | machine.Joining):
            own = self._tools.agents.get(call.state.agent_id)
        for member in bridge.members:
            if own is not None and is_phone_of(own, member.channel):
                call.phone = member.uniqueid  # a phone that was rung
                return own.id
        return None

    def _is_left_in_conference(self, agent: LiveAgent | None, bridge: BridgeListed | None) -> bool:
        """With a third party alone: neither its agent nor a colleague is there any more."""
        if bridge is None or not bridge.name.startswith(CONFERENCE):
            return False
        return not any(
            self._tools.agents.on(member.uniqueid) is not None
            or (agent is not None and is_phone_of(agent, member.channel))
            for member in bridge.members
        )


def _is_given_away(channel: ChannelListed, bridge: BridgeListed | None) -> bool:
    """Talking to somebody who is none of ours, or on the way there."""
    with_stranger = bridge is not None and bridge.kind == CONVERSATION and len(bridge.members) > 1
    return with_stranger or channel.context == TRANSFERS


def _seen(
    call: LiveCall, channel: ChannelListed, bridge: BridgeListed | None, partner: UUID | None
) -> machine.Event | None:
    """What must have happened to a call that is listed like this."""
    if partner is not None:
        return machine.Joined(partner)
    if bridge is not None and bridge.name == CUSTOMERS:
        if isinstance(call.state, machine.Joining) and call.ringing_agent is not None:
            return machine.JoinFailed(call.state.agent_id)  # the phone rang in vain
        return None if isinstance(call.state, machine.Waiting | machine.Joining) else machine.WaitEntered()
    if bridge is not None and bridge.name in (str(call.id), call.channel):  # as the dialplan names it
        return None if isinstance(call.state, machine.Closed) else machine.PatienceEnded()
    if channel.state is ChannelState.UP and isinstance(call.state, machine.Sent | machine.Ringing):
        return machine.PickedUp()
    if channel.state is ChannelState.RINGING and isinstance(call.state, machine.Sent):
        return machine.Rang()
    return None
