"""Calls under control, followed: from Asterisk's events to how each stands, and what follows from that."""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from ami import events as ami
from ami.actions import Action, Hangup, Redirect
from dialer import agent as desk
from dialer import call as machine
from dialer import standing
from dialer.agents import Line
from dialer.engine import moves
from dialer.engine.calls import LiveCall
from dialer.engine.cares import Care, Cares
from dialer.engine.hub import Hub
from dialer.engine.listing import Listing, care_of
from dialer.engine.settling import rules_of
from dialer.engine.targets import Target
from dialer.engine.tools import Tools
from dialer.engine.trunks import TrunkRun
from dialer.handling import CONFERENCE, REST_ROOMS, Handling
from dialer.live import FLOOR, CallIs, agent_topic
from dialer.settings import Settings
from storage.database import Connection
from typifications import interactions

CUSTOMERS = "marcador-customers"
THIRD = "third"
"""The account code of every channel that is dialled for a third party."""


class Following:
    def __init__(self, tools: Tools, hub: Hub, agent_left: Callable[[LiveCall], None]) -> None:
        """`agent_left` hears of a call whose agent has given it away."""
        self._tools = tools
        self._hub = hub
        self._agent_left = agent_left
        self.cares = Cares(tools.writer, tools.clock)
        self._dialled: dict[UUID, TrunkRun] = {}
        """By call: the trunk a third party is being dialled through, whose channel is not known yet."""
        self._trunk_of: dict[str, TrunkRun] = {}
        """By third party's channel: given back at its end."""
        self._told: set[UUID] = set()
        """Calls with a row of how they stand."""
        self._left_with: dict[UUID, str] = {}
        """By call: who was left with the customer in a conference, which does not end with the customer."""

    def is_handled(self, call: LiveCall) -> bool:
        """Not in a plain conversation: here it is known what the agent's going means."""
        care = self.cares.get(call.id)
        return care is not None and care.stands is not Handling.TALKING

    # --- what Asterisk tells --------------------------------------------------------------------------

    def saw(self, event: ami.Event) -> None:
        """After the router: calls and agents have heard of it."""
        if not (self.cares or self._told or self._dialled or self._trunk_of):
            return
        match event:
            case ami.BridgeEnter():
                self._entered(event)
            case ami.BridgeLeave():
                care = self.cares.on(event.uniqueid)
                if care is not None:
                    care.at[event.uniqueid] = ""
            case ami.MarcadorThird():
                self._third_dialled(event)
            case ami.MarcadorThirdEnded():
                self._third_failed(event)
            case ami.Hangup():
                self._hung_up(event.uniqueid)

    def _entered(self, event: ami.BridgeEnter) -> None:
        care = self.cares.on(event.uniqueid)
        if event.name == CUSTOMERS:
            call = self._tools.calls.on(event.uniqueid)
            if call is not None:  # waits for an agent again: a call like any other
                self._let_go(call)
            return
        if care is None:
            return
        care.at[event.uniqueid] = event.name or event.bridge
        third = care.third
        back = third is not None and third.agent is not None and third.channel == event.uniqueid
        if back and event.name in REST_ROOMS:
            self.third_gone(care)
        else:
            self.look(care)

    def _third_dialled(self, event: ami.MarcadorThird) -> None:
        call = self._call(event.attempt)
        if call is None:
            return
        trunk = self._dialled.pop(call.id, None)
        if trunk is not None:
            self._trunk_of[event.uniqueid] = trunk
        else:
            self._count(call.server, event)
        care = self.cares.get(call.id)
        if care is not None and care.third is not None:
            self.cares.third(care, event.uniqueid)

    def _third_failed(self, event: ami.MarcadorThirdEnded) -> None:
        """Where the third party had answered, its own hang-up tells."""
        call = self._call(event.attempt)
        care = self.cares.get(call.id) if call is not None else None
        if call is not None:
            self._give_back(self._dialled.pop(call.id, None))
        if care is not None and care.third is not None and event.status != "ANSWER":
            self.third_gone(care)

    def _hung_up(self, channel: str) -> None:
        self._give_back(self._trunk_of.pop(channel, None))
        care = self.cares.on(channel)
        if care is None:
            return
        if channel == care.leg:
            self._leg_gone(care)
        elif care.third is not None and care.third.channel == channel:
            self.third_gone(care)

    def _call(self, attempt: str) -> LiveCall | None:
        try:
            return self._tools.calls.get(UUID(attempt))
        except ValueError:
            return None

    def listed(self, server: str, listing: Listing) -> None:
        """After a new session or a take-over: third parties take the channels that are listed, no others."""
        for channel, trunk in tuple(self._trunk_of.items()):
            if trunk.trunk.server == server and channel not in listing.channels:
                self._give_back(self._trunk_of.pop(channel))
        for call_id, trunk in tuple(self._dialled.items()):
            if trunk.trunk.server == server:
                self._give_back(self._dialled.pop(call_id))
        for listed in listing.channels.values():
            if listed.account_code == THIRD:
                self._count(server, listed)

    def _count(self, server: str, third: ami.ChannelEvent) -> None:
        """A third party that was dialled by the last owner, or while the link was lost."""
        trunk = self._tools.trunks.of_channel(server, third.channel)
        if trunk is not None and third.uniqueid not in self._trunk_of:
            trunk.limits.in_use += 1
            self._trunk_of[third.uniqueid] = trunk

    @staticmethod
    def _give_back(trunk: TrunkRun | None) -> None:
        if trunk is not None:
            trunk.limits.give_back()

    # --- how it stands --------------------------------------------------------------------------------

    def look(self, care: Care) -> None:
        stands = care.seen
        if stands is None:
            return
        if stands is Handling.TRANSFERRED:
            wanted = care.asked is not None and care.asked.wants is Handling.TRANSFERRED
            if wanted:  # else the three are only coming together
                self._transferred(care)
            return
        changed = stands is not care.stands
        self.cares.stand(care, stands)
        if changed or care.third is not None:
            self._tell(care)
        self.cares.answer(care)
        if care.then is not None and care.at_rest and stands in (Handling.HELD, Handling.CONSULTING):
            then, care.then = care.then, None
            then()

    def _tell(self, care: Care) -> None:
        state = "connected" if care.stands is Handling.TALKING else str(care.stands)
        third = care.third.label if care.third else ""
        self._say(care.call, care.agent.id, state, third, answered=care.third_answered)
        if care.stands is Handling.TALKING:
            self._forget_row(care.call.id)
        else:
            self._keep_row(care.call.id, care.agent.id, state, third)

    def _say(self, call: LiveCall, agent_id: UUID, state: str, third: str, *, answered: bool = False) -> None:
        now = self._tools.clock.now()
        body = CallIs(call.id, state, now, agent_id, call.campaign_id, third=third, third_answered=answered)
        self._tools.writer.tell((agent_topic(agent_id), FLOOR), body)

    def _keep_row(self, attempt_id: UUID, agent_id: UUID | None, state: str, third: str) -> None:
        self._told.add(attempt_id)
        self._tools.writer.job(lambda conn, now: standing.save(conn, attempt_id, agent_id, state, third, now))

    def _forget_row(self, attempt_id: UUID) -> None:
        if attempt_id in self._told:
            self._told.discard(attempt_id)
            self._tools.writer.job(lambda conn, _now: standing.forget(conn, attempt_id))

    def found(self, call: LiveCall, listing: Listing) -> None:
        """A call as Asterisk lists it after a new session or a take-over: what was known may be old."""
        old = self.cares.get(call.id)
        if old is not None:
            self.cares.forget(old, "not_done")
        agent_id = call.state.agent_id if isinstance(call.state, machine.Talking) else None
        agent = self._tools.agents.get(agent_id) if agent_id is not None else None
        care = care_of(call, agent, self._tools.agents, listing) if agent is not None else None
        self._release_colleague(call, old, but=care)
        if isinstance(call.state, machine.Elsewhere) and not call.handed:
            call.handed = True
            self._keep_row(call.id, None, Handling.TRANSFERRED, "")
        if care is None:
            if agent is not None:
                self._forget_row(call.id)
            elif other := _other_in_conference(call, listing):
                self._left_with[call.id] = other
            return
        self.cares.add(care)
        if care.third is not None:
            self.cares.third(care, care.third.channel, care.at[care.third.channel])
        self.look(care)

    def _release_colleague(self, call: LiveCall, care: Care | None, but: Care | None = None) -> None:
        """One of ours who was consulted, and is no more."""
        third = care.third if care is not None else None
        now = but.third if but is not None else None
        if third is not None and third.agent is not None and (now is None or now.agent is not third.agent):
            self._tools.agents.happen(third.agent, desk.CallWithdrawn(call.id))

    # --- given away -----------------------------------------------------------------------------------

    def dialling(self, call: LiveCall, target: Target) -> None:
        """A third party is about to be dialled: it takes a channel of the trunk."""
        if target.trunk is not None:
            target.trunk.limits.take(self._tools.clock.now())
            self._dialled[call.id] = target.trunk

    def given_away(self, care: Care, target: Target) -> None:
        """Blind: the agent has nothing more to do with it, whatever comes of it."""
        call = care.call
        self.dialling(call, target)
        call.for_campaign = target.campaign_id
        self._give(care, target.label)
        call.bound_agent = target.agent.id if target.agent is not None else None
        self._tools.calls.happen(call, machine.HandedOver())

    def _give(self, care: Care, label: str) -> None:
        call = care.call
        call.handed, call.bound_agent = True, None
        self.cares.stand(care, Handling.TRANSFERRED)
        self.cares.answer(care)
        self.cares.forget(care, "no_call")
        self._say(call, care.agent.id, Handling.TRANSFERRED, label)
        self._keep_row(call.id, None, Handling.TRANSFERRED, label)
        self._agent_left(call)

    def _transferred(self, care: Care) -> None:
        """Attended, or a conference the agent has left: customer and third party stay together."""
        call, third = care.call, care.third
        assert third is not None
        room = care.at.get(third.channel, "")
        self._give(care, third.label)
        if care.agent.row.line is Line.RINGING:
            self._tools.sender.post(call.server, Hangup(care.leg))
        if third.agent is None:
            if room.startswith(CONFERENCE):
                self._left_with[call.id] = third.channel
            self._tools.calls.happen(call, machine.HandedOver())
            return
        self._tools.calls.happen(call, machine.Joined(third.agent.id))  # known already, but for a conference
        self._hub.offer(call, third.agent)
        self._forget_row(call.id)
        if room.startswith(CONFERENCE):
            at = {call.channel: room, third.channel: room}
            theirs = Care(call, third.agent, third.channel, at)
            self.cares.add(theirs)
            self.look(theirs)

    # --- somebody leaves ------------------------------------------------------------------------------

    def dismiss(self, care: Care) -> None:
        """Send the third party away: hung up, or back to its own line's rest."""
        third = care.third
        if third is None or not third.channel:
            return
        if third.agent is None:
            self._post(care, Hangup(third.channel))
        elif care.at.get(third.channel) not in REST_ROOMS:
            self._post(care, moves.to_rest(third.channel))

    def break_up(self, care: Care) -> None:
        """From a conference of two back to a plain conversation."""
        care.then = lambda: self._post(care, moves.join(care))
        self._post(care, moves.put_aside(care))

    def third_gone(self, care: Care) -> None:
        third = care.third
        if third is None:
            return
        if care.asked is not None and care.asked.wants is not Handling.TALKING:
            self.cares.refuse(care, "third_gone", "the third party cannot be reached, or has gone")
        self.cares.drop_third(care)
        if third.agent is not None:
            self._tools.agents.happen(third.agent, desk.CallWithdrawn(care.call.id))
        if care.stands is Handling.CONFERENCE:
            self.break_up(care)
        else:
            self.look(care)

    def _leg_gone(self, care: Care) -> None:
        """The agent's side hung up or broke. In a plain conversation the dialplan knows what to do."""
        call, stands = care.call, care.stands
        if stands is Handling.CONFERENCE and care.third is not None:
            self._transferred(care)
            return
        self.dismiss(care)
        self._let_go(call)
        if stands in (Handling.HELD, Handling.CONSULTING):
            if care.agent.row.line is Line.HELD:
                self._post(care, Redirect(call.channel, "marcador-customer", "over"))
            else:
                self._tools.calls.happen(call, machine.EndAsked(machine.AGENT))

    def over(self, call: LiveCall) -> None:
        """The customer is gone: the agent's side comes to rest, the third party is let go."""
        care = self.cares.get(call.id)
        if care is not None:
            self.dismiss(care)
            if care.agent.row.line is Line.RINGING:
                self._post(care, Hangup(care.leg))
            elif care.stands in (Handling.CONSULTING, Handling.CONFERENCE):
                self._post(care, moves.to_rest(care.leg))
        if left := self._left_with.get(call.id):
            self._tools.sender.post(call.server, Hangup(left))
        self._let_go(call)
        self._give_back(self._dialled.pop(call.id, None))
        if call.handed:
            self._spare_the_last(call)

    def _spare_the_last(self, call: LiveCall) -> None:
        """What the first agent said holds from the hang-up on: whoever had the call last need say no more."""
        run = self._hub.run_of(call)
        rules = rules_of(run.settings if run is not None else Settings())
        first = call.state.facts.agent_id

        async def spare(conn: Connection, now: datetime) -> None:
            if await interactions.at_hang_up(conn, call.id, rules, now=now) is None:
                return
            for agent in self._tools.agents:
                if agent.id != first and desk.attempt_of(agent.state) == call.id:
                    self._tools.agents.happen(agent, desk.Typified(call.id))

        self._tools.writer.afterwards(spare)

    def _let_go(self, call: LiveCall) -> None:
        care = self.cares.get(call.id)
        if care is not None:
            self.cares.forget(care, "no_call")
            self._release_colleague(call, care)
        self._left_with.pop(call.id, None)
        self._forget_row(call.id)

    def _post(self, care: Care, *actions: Action) -> None:
        self._tools.sender.post(care.call.server, actions)


def _other_in_conference(call: LiveCall, listing: Listing) -> str:
    """Whom the customer is in a conference with, "" where it is in none."""
    bridge = listing.bridge_of.get(call.channel)
    if bridge is None or not bridge.name.startswith(CONFERENCE):
        return ""
    return next((one.uniqueid for one in bridge.members if one.uniqueid != call.channel), "")
