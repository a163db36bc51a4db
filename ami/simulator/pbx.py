"""The PBX's own affairs: who is on which channel, what is placed, joined, moved and hung up.

Everything happens in the business time of the clock handed in, without I/O; what happens is told as events.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from ami.clock import Clock, TimerHandle
from ami.events import ChannelState
from ami.simulator.agents import AgentLine, LocalHalf, ManualCall
from ami.simulator.broadcast import BroadcastCall
from ami.simulator.controlled import Customer, Ear, ThirdParty
from ami.simulator.customers import CustomerCall, RungPhone
from ami.simulator.model import CONFERENCE, Bridge, Channel, Exchange
from ami.simulator.parties import Party
from ami.simulator.population import Behaviour, Phone, Population
from ami.simulator.wire import Told


@dataclass(frozen=True, slots=True)
class Settings:
    phones: Mapping[str, Phone] = field(default_factory=dict)
    """Agents' phones that are not like `Phone()`, by endpoint."""
    trunks: frozenset[str] | None = None
    """The trunks there are; None: any name is one."""
    message_s: float = 4.0
    """How long the abandoned-call message takes."""
    audio_s: float = 8.0
    """How long a broadcast's audio takes, to people and to machines."""
    greeting_s: float = 4.0
    """From a machine's verdict to the end of its greeting."""
    inbound_patience_s: float = 120.0
    sounds: frozenset[str] = frozenset({"marcador/closed"})
    """What stands under `sounds/`, in every language."""
    modules: frozenset[str] = frozenset({"func_db"})
    """Those anybody asks after."""
    version: str = "22.10.0-simulated"


@dataclass(frozen=True, slots=True)
class Placed:
    """One call to a customer, as the PBX saw it: its own witness, to hold against the dialer's attempts."""

    attempt: str
    number: str
    trunk: str
    caller_number: str
    at: datetime


class Refused(Exception):
    """An action this PBX will not do; the text is Asterisk's."""


class Pbx:
    def __init__(
        self, clock: Clock, population: Population, settings: Settings, tell: Callable[[Told], None]
    ) -> None:
        self.clock = clock
        self.settings = settings
        self.exchange = Exchange(tell)
        self.tell = tell
        self.calls: list[Placed] = []
        """Every call to a customer that was placed, in order."""
        self.globals: dict[str, str] = {"MARCADOR_KEEPS_OPTOUTS": "1"}
        self.database: dict[tuple[str, str], str] = {}
        """By family and key. Outlives `end_all`, as Asterisk's own does its restart."""
        self._population = population
        self._parties: dict[str, Party] = {}
        self._called: Counter[str] = Counter()
        self._ears: dict[Party, str] = {}
        """Whose channel each listens to."""

    # --- what the outside world does -------------------------------------------------------------

    def inbound(self, number: str, did: str, trunk: str = "trunk", behaviour: Behaviour | None = None) -> str:
        """A customer calls; the channel's uniqueid. What they do then is the population's, or `behaviour`."""
        call = CustomerCall(self, self.new_channel(f"PJSIP/{trunk}"), behaviour or self.behaviour_of(number))
        call.channel.caller_number = number
        self.join_in(call)
        call.call_in(did, trunk)
        return call.channel.uniqueid

    def agent_dials_in(self, endpoint: str, agent: str) -> str:
        """An agent's phone opens its held line by itself (*55); the line's uniqueid."""
        line = AgentLine(self, self.new_channel(f"PJSIP/{endpoint}"), self.phone_of(endpoint), agent)
        self.join_in(line)
        line.dial_in()
        return line.channel.uniqueid

    def far_end_hangs_up(self, name_or_id: str, cause: int = 16) -> None:
        """The customer or the agent's phone hangs up, or a line is lost."""
        self.party(name_or_id).hang_up(cause)

    # --- what AMI asks ---------------------------------------------------------------------------

    def place(
        self, channel: Channel, number: str, trunk: str, timeout_s: float, entry: tuple[str, str]
    ) -> None:
        self.record(channel.uniqueid, number, trunk, channel.caller_number)
        kind = BroadcastCall if entry[0] == "marcador-broadcast" else CustomerCall
        call = kind(self, channel, self.behaviour_of(number))
        call.entry = entry
        self.join_in(call)
        call.dial(timeout_s)

    def ring_line(self, channel: Channel, phone: Phone, agent: str, timeout_s: float) -> None:
        line = AgentLine(self, channel, phone, agent)
        line.entry = ("marcador-agent", "line")
        self.join_in(line)
        if channel.name.startswith("Local/"):
            line.half = self._other_half(line)
        line.dial(timeout_s)

    def _other_half(self, line: AgentLine) -> LocalHalf:
        uniqueid = line.channel.other_id or f"{line.channel.uniqueid};2"
        channel = self.new_channel("", uniqueid=uniqueid, linkedid=line.channel.linkedid)
        channel.name = line.channel.name.removesuffix(";1") + ";2"
        channel.state = ChannelState.RING
        half = LocalHalf(self, channel, line)
        self.join_in(half)
        return half

    def bridge(self, first: str, second: str) -> None:
        one, other = self._find(first, "Channel1"), self._find(second, "Channel2")
        conversation = self.exchange.conversation()
        for number, party in enumerate((one, other), 1):
            if not party.may_be_bridged:
                self.dissolve(conversation)
                raise Refused(f"Unable to add Channel{number} to bridge: {party.channel.name}")
            party.join(conversation)

    def redirect_both(
        self, one: Party, place: tuple[str, str], other: Party, other_place: tuple[str, str]
    ) -> None:
        """Two who talk, moved in one moment: neither is left behind with the conversation's end."""
        self.exchange.leave(other.channel)
        one.redirect(*place)
        other.redirect(*other_place)

    def third_party(self, dialler: Customer | AgentLine | RungPhone, number: str) -> ThirdParty | None:
        """marcador-transfer and marcador-consult: None where there is no such trunk."""
        variables = dialler.channel.variables
        trunk = variables.get("MARCADOR_TRUNK", "")
        channel = self.new_channel(f"PJSIP/{trunk}", linkedid=dialler.channel.linkedid)
        channel.account = "third"
        third = ThirdParty(self, channel, self.behaviour_of(number), dialler)
        self.join_in(third)
        third.dial(variables.get("MARCADOR_CALL", ""), int(variables.get("MARCADOR_RING_MS", "30000")) / 1000)
        return third

    def confer(self, party: Party, *, stays: bool = False) -> None:
        """marcador-conference"""
        party.stays = stays
        name = CONFERENCE + party.channel.variables.get("MARCADOR_CALL", "")
        self.exchange.enter(party.channel, self.exchange.room(name, "ConfBridge"))

    def ring_ear(self, channel: Channel, phone: Phone, how: str, timeout_s: float) -> None:
        ear = Ear(self, channel, phone)
        ear.entry = ("marcador-spy", how)
        self.join_in(ear)
        ear.dial(timeout_s)

    def listen(self, ear: Party) -> None:
        """marcador-spy"""
        self._ears[ear] = ear.channel.variables.get("MARCADOR_TARGET", "")
        self._tell_ear(ear, "on")

    def stop_listening(self, ear: Party) -> None:
        self._ears.pop(ear, None)

    def _tell_ear(self, ear: Party, state: str) -> None:
        call = ear.channel.variables.get("MARCADOR_CALL", "")
        ear.raise_event("MarcadorSpy", Attempt=call, State=state)

    def ring_phone(self, customer: CustomerCall, endpoint: str, ring_s: float) -> RungPhone:
        """marcador-ring: the customer's channel dials an agent's phone."""
        channel = self.new_channel(f"PJSIP/{endpoint}", linkedid=customer.channel.linkedid)
        phone = RungPhone(self, channel, endpoint, customer)
        self.join_in(phone)
        phone.dial(ring_s)
        return phone

    def manual_call(self, agent: AgentLine, number: str) -> ManualCall:
        """marcador-manual: the agent's line dials a customer."""
        trunk = agent.channel.variables.get("MARCADOR_TRUNK", "trunk")
        attempt = agent.channel.variables.get("MARCADOR_ATTEMPT", "")
        channel = self.new_channel(f"PJSIP/{trunk}", linkedid=agent.channel.linkedid)
        self.record(attempt, number, trunk, agent.channel.variables.get("MARCADOR_CALLERID", ""))
        call = ManualCall(self, channel, self.behaviour_of(number), agent)
        self.join_in(call)
        call.dial(attempt, int(agent.channel.variables.get("MARCADOR_RING_MS", "60000")) / 1000)
        return call

    def _find(self, name_or_id: str, word: str) -> Party:
        try:
            return self.party(name_or_id)
        except Refused:
            raise Refused(f"{word} does not exist: {name_or_id}") from None

    # --- what parties need -----------------------------------------------------------------------

    def party(self, name_or_id: str) -> Party:
        channel = self.exchange.find(name_or_id)
        party = self._parties.get(channel.uniqueid) if channel else None
        if party is None:
            raise Refused("No such channel")
        return party

    def join_in(self, party: Party) -> None:
        self._parties[party.channel.uniqueid] = party
        self.exchange.add(party.channel)

    def forget(self, party: Party) -> None:
        self._parties.pop(party.channel.uniqueid, None)
        self._ears.pop(party, None)
        for ear in [ear for ear, target in self._ears.items() if target == party.channel.uniqueid]:
            del self._ears[ear]
            self._tell_ear(ear, "off")
            ear.spy_over()

    def left(self, bridge: Bridge | None) -> None:
        """Somebody has left it. A conversation is over then; a conference, when only the customer is left."""
        if bridge is None:
            return
        stays = any(self._parties[channel.uniqueid].stays for channel in bridge.channels)
        if bridge.kind == "basic" or (bridge.name.startswith(CONFERENCE) and not stays):
            self.dissolve(bridge)

    def dissolve(self, conversation: Bridge) -> None:
        """One left, so the conversation is over: everybody else goes their dialplan's way."""
        for channel in tuple(conversation.channels):
            self.exchange.leave(channel)
            self._parties[channel.uniqueid].conversation_over()

    def new_channel(self, prefix: str, *, uniqueid: str = "", linkedid: str = "") -> Channel:
        """A channel named as Asterisk names it; it is told of when it joins in."""
        number = self.exchange.next_number()
        uniqueid = uniqueid or f"{int(self.clock.now().timestamp())}.{number}"
        name = f"{prefix}-{number:08x}"
        return Channel(name, uniqueid, linkedid or uniqueid, self.clock.now())

    def behaviour_of(self, number: str) -> Behaviour:
        nth = self._called[number]
        self._called[number] += 1
        return self._population.behaviour(number, nth)

    def phone_of(self, endpoint: str) -> Phone:
        return self.settings.phones.get(endpoint, Phone())

    def tell_of_sound(self, channel: Channel) -> None:
        """marcador-sounds: whether it is there."""
        sound = channel.variables.get("MARCADOR_SOUND", "")
        fields = {"Sound": sound, "Language": channel.variables.get("MARCADOR_LANG", "")}
        there = "1" if sound in self.settings.sounds else "0"
        self.exchange.raise_event(channel, "MarcadorSound", **fields, There=there)

    def has_trunk(self, name: str) -> bool:
        return self.settings.trunks is None or name in self.settings.trunks

    def record(self, attempt: str, number: str, trunk: str, caller: str) -> None:
        self.calls.append(Placed(attempt, number, trunk, caller, self.clock.now()))

    def later(self, seconds: float, callback: Callable[[], None]) -> TimerHandle:
        return self.clock.call_later(seconds, callback)

    def epoch_ms(self) -> int:
        return round(self.clock.now().timestamp() * 1000)

    def end_all(self) -> None:
        """Asterisk dies: every call with it, and nothing is told."""
        for party in tuple(self._parties.values()):
            party.stop_timers()
        self._parties.clear()
        self.exchange = Exchange(self.tell)
