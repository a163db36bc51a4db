"""Who is on a channel, and our dialplan as they live it: a customer, an agent's line, a rung phone.

Each method is one station of deploy/asterisk's dialplan; the sequences are those of docs/asterisk-guide.md.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from ami.clock import TimerHandle
from ami.events import ChannelState
from ami.simulator.model import AGENTS, CUSTOMERS, Bridge, Channel
from ami.simulator.population import Behaviour, Fate, Phone
from ami.simulator.wire import Told

if TYPE_CHECKING:
    from ami.simulator.pbx import Pbx

# Originate's reasons, as Asterisk 22 gives them: any refusal is 0, and the Hangup's cause tells the rest.
FAILED, TIMED_OUT, ANSWERED = 0, 3, 4

# Fate: (Q.850 cause, SIP status) of its Hangup.
REFUSALS = {
    Fate.BUSY: (17, 486),
    Fate.INVALID: (1, 404),
    Fate.CONGESTION: (34, 503),
    Fate.REJECTED: (19, 480),
}
NO_ANSWER = (19, 480)


def originate_response(channel: Channel, reason: int) -> Told:
    dialled = channel.variables.get("_dialled", channel.name)
    headers = {
        "ActionID": channel.variables.get("_action_id", ""),
        "Response": "Success" if reason == ANSWERED else "Failure",
        "Channel": channel.name if reason == ANSWERED else dialled,
        "Context": channel.context,
        "Exten": channel.exten,
        "Reason": str(reason),
        "Uniqueid": channel.uniqueid,
        "CallerIDNum": channel.caller_number or "<unknown>",
        "CallerIDName": channel.caller_name or "<unknown>",
    }
    return Told("OriginateResponse", headers)


class Party:
    def __init__(self, pbx: Pbx, channel: Channel) -> None:
        self.pbx = pbx
        self.channel = channel
        self._timers: list[TimerHandle] = []

    # --- what may happen to anybody --------------------------------------------------------------

    @property
    def may_be_bridged(self) -> bool:
        return True

    def join(self, conversation: Bridge) -> None:
        """Taken out of wherever it is, into a conversation; whom it leaves behind is alone."""
        self.stop_timers()
        left = self.channel.bridge
        self.pbx.exchange.enter(self.channel, conversation)
        if left is not None and left.kind == "basic":
            self.pbx.dissolve(left)
        self.joined()

    def hang_up(self, cause: int, tech_cause: int = 0) -> None:
        if not self.channel.alive:
            return
        self.stop_timers()
        left = self.channel.bridge
        self.pbx.exchange.hang_up(self.channel, cause, tech_cause)
        self.pbx.forget(self)
        if left is not None and left.kind == "basic":
            self.pbx.dissolve(left)
        self.gone()

    def redirect(self, context: str, exten: str) -> None:
        """Moved in the dialplan; where ours has no such place, Asterisk hangs up."""
        self.stop_timers()
        left = self.channel.bridge
        self.pbx.exchange.leave(self.channel)
        if left is not None and left.kind == "basic":
            self.pbx.dissolve(left)
        self.channel.context, self.channel.exten = context, exten
        self.go_on(context, exten)

    # --- what each kind does about it ------------------------------------------------------------

    def joined(self) -> None:
        """In a conversation now."""

    def conversation_over(self) -> None:
        """The other side is gone; this channel goes on in its dialplan."""
        self.hang_up(16)

    def gone(self) -> None:
        """Hung up."""

    def go_on(self, context: str, exten: str) -> None:
        self.hang_up(16)

    # --- tools -----------------------------------------------------------------------------------

    def later(self, seconds: float, callback: Callable[[], None]) -> None:
        self._timers.append(self.pbx.later(max(0.0, seconds), callback))

    def stop_timers(self) -> None:
        for timer in self._timers:
            timer.cancel()
        self._timers.clear()

    def set_state(self, state: ChannelState) -> None:
        self.pbx.exchange.set_state(self.channel, state)

    def raise_event(self, name: str, **fields: str) -> None:
        self.pbx.exchange.raise_event(self.channel, name, **fields)

    def tell_originate(self, reason: int) -> None:
        self.pbx.tell(originate_response(self.channel, reason))


class DialledOut(Party):
    """A channel that was originated, up to its answer."""

    _dialling = False
    entry = ("", "")
    """Context and extension it goes to at its answer."""

    def start_dialling(self, timeout_s: float) -> None:
        self._dialling = True
        self.later(timeout_s, lambda: self.fail(TIMED_OUT, *NO_ANSWER))

    def fail(self, reason: int, cause: int, tech_cause: int) -> None:
        self._dialling = False
        self.tell_originate(reason)
        self.hang_up(cause, tech_cause)

    def answered(self) -> None:
        self._dialling = False
        self.stop_timers()
        self.set_state(ChannelState.UP)
        self.channel.context, self.channel.exten = self.entry
        self.tell_originate(ANSWERED)
        self.run_dialplan()

    def hang_up(self, cause: int, tech_cause: int = 0) -> None:
        self._given_up()
        super().hang_up(cause, tech_cause)

    def join(self, conversation: Bridge) -> None:
        """Asterisk bridges a channel nobody has answered, too; the originate fails by it."""
        self._given_up()
        super().join(conversation)

    def _given_up(self) -> None:
        if self._dialling:
            self._dialling = False
            self.tell_originate(FAILED)

    def ringing(self) -> None:
        self.set_state(ChannelState.RINGING)

    def run_dialplan(self) -> None:
        raise NotImplementedError


class CustomerCall(DialledOut):
    """marcador-customer and marcador-inbound."""

    def __init__(self, pbx: Pbx, channel: Channel, behaviour: Behaviour) -> None:
        super().__init__(pbx, channel)
        self.behaviour = behaviour
        self.closed = False
        self._inbound = False
        self.rung: RungPhone | None = None
        self._deadline_ms = 0

    @property
    def attempt(self) -> str:
        return self._variable("MARCADOR_ATTEMPT") or self.channel.uniqueid

    @property
    def may_be_bridged(self) -> bool:
        return not self.closed

    def dial(self, timeout_s: float) -> None:
        self.start_dialling(timeout_s)
        fate = self.behaviour.fate
        if fate in (Fate.BUSY, Fate.INVALID, Fate.CONGESTION):
            self.later(self.behaviour.setup_s, lambda: self.fail(FAILED, *REFUSALS[fate]))
        else:
            self.later(self.behaviour.setup_s, self.ringing)

    def ringing(self) -> None:
        super().ringing()
        if self.behaviour.fate is Fate.REJECTED:
            self.later(self.behaviour.ring_s, lambda: self.fail(FAILED, *REFUSALS[Fate.REJECTED]))
        elif self.behaviour.fate is not Fate.NO_ANSWER:
            self.later(self.behaviour.ring_s, self.answered)

    def call_in(self, did: str, trunk: str) -> None:
        """An inbound call, answered at once."""
        self._inbound = True
        self.set_state(ChannelState.RING)
        self.set_state(ChannelState.UP)
        number, at = self.channel.caller_number, str(self.pbx.epoch_ms())
        self.raise_event("MarcadorInbound", Attempt=self.attempt, Number=number, Did=did, Trunk=trunk, At=at)
        self._wait_up_to(self.pbx.settings.inbound_patience_s * 1000)

    def run_dialplan(self) -> None:
        self.raise_event("MarcadorAnswered", Attempt=self.attempt, At=str(self.pbx.epoch_ms()))
        if self._variable("MARCADOR_AMD") == "1":
            self.later(self.behaviour.amd.took_ms / 1000, self._detected)
            self._may_give_up(self.behaviour.gives_up_s)
        else:
            self._wait_up_to(self._patience_ms())

    def _detected(self) -> None:
        amd = self.behaviour.amd
        self.stop_timers()
        self.raise_event(
            "MarcadorAmd", Attempt=self.attempt, Status=amd.status, Cause=amd.cause, Ms=str(amd.took_ms)
        )
        if amd.status == "MACHINE" and self._variable("MARCADOR_MACHINE") != "agent":
            self.hang_up(16)
        else:
            self._wait_up_to(self._patience_ms())

    def _wait_up_to(self, patience_ms: float) -> None:
        self._deadline_ms = self.pbx.epoch_ms() + round(patience_ms)
        self._may_give_up(self.behaviour.gives_up_s)
        self.wait()

    def _may_give_up(self, seconds: float | None) -> None:
        if seconds is not None:
            self.later(seconds, lambda: self.hang_up(16))

    def wait(self) -> None:
        """What is left of the wait for an agent."""
        self.pbx.exchange.enter(self.channel, self.pbx.exchange.room(CUSTOMERS))
        self.later(self._rest_s(), self._close)

    def _rest_s(self) -> float:
        return (self._deadline_ms - self.pbx.epoch_ms()) / 1000

    def _close(self) -> None:
        """Nobody came: from here on no `Bridge` finds this customer."""
        self.closed = True
        self.stop_timers()
        exchange = self.pbx.exchange
        exchange.enter(self.channel, exchange.room(self.attempt, "ConfBridge"))
        player = self.pbx.new_channel(f"Local/{self.attempt}@marcador-message-leg")
        player.name += ";1"
        exchange.raise_event(player, "MarcadorClosed", Attempt=self.attempt, At=str(self.pbx.epoch_ms()))
        message_s = self.pbx.settings.message_s
        if self.behaviour.opts_out:
            self.later(message_s / 2, self._opt_out)
        self.later(message_s, lambda: self.hang_up(16))

    def _opt_out(self) -> None:
        number = self.channel.caller_number if self._inbound else ""
        self.raise_event("MarcadorOptOut", Attempt=self.attempt, Number=number)

    def joined(self) -> None:
        self.later(self.behaviour.talk_s, lambda: self.hang_up(16))

    def conversation_over(self) -> None:
        rescue_s = int(self._variable("MARCADOR_RESCUE_MS") or 0) / 1000
        self.stop_timers()
        if rescue_s < 1:
            self.hang_up(16)
            return
        self.raise_event("MarcadorLeft", Attempt=self.attempt)
        self.pbx.exchange.enter(self.channel, self.pbx.exchange.room(CUSTOMERS))
        self.later(rescue_s, lambda: self.hang_up(16))

    def go_on(self, context: str, exten: str) -> None:
        if context == "marcador-ring":
            asked_s = int(self._variable("MARCADOR_RING_MS") or 15000) / 1000
            if self.pbx.phone_of(exten).registered:
                self.rung = self.pbx.ring_phone(self, exten, min(asked_s, self._rest_s()))
            else:
                self.ring_failed(exten, "CHANUNAVAIL", 0)
        elif (context, exten) == ("marcador-customer", "wait"):
            self.wait()
        else:
            self.hang_up(16)

    def ring_failed(self, agent: str, status: str, cause: int) -> None:
        self.rung = None
        self.raise_event(
            "MarcadorRingFailed", Attempt=self.attempt, Agent=agent, Status=status, Cause=str(cause)
        )
        self.wait()

    def redirect(self, context: str, exten: str) -> None:
        self._stop_ringing()
        if self.closed and context == "marcador-ring":
            self.pbx.exchange.leave(self.channel)
            fields = {"Attempt": self.attempt, "Agent": exten, "Status": "CLOSED", "Cause": "0"}
            self.raise_event("MarcadorRingFailed", **fields)
            self.pbx.exchange.enter(self.channel, self.pbx.exchange.room(self.attempt, "ConfBridge"))
            return
        super().redirect(context, exten)

    def gone(self) -> None:
        self._stop_ringing()

    def _stop_ringing(self) -> None:
        phone, self.rung = self.rung, None
        if phone is not None:
            phone.hang_up(0)

    def _patience_ms(self) -> float:
        return float(self._variable("MARCADOR_PATIENCE_MS") or 2000)

    def _variable(self, name: str) -> str:
        return self.channel.variables.get(name, "")


class AgentLine(DialledOut):
    """marcador-agent: the held line."""

    def __init__(self, pbx: Pbx, channel: Channel, phone: Phone, agent: str) -> None:
        super().__init__(pbx, channel)
        self._phone = phone
        self.agent = agent
        self.manual: ManualCall | None = None
        self.half: LocalHalf | None = None

    def dial(self, timeout_s: float) -> None:
        self.start_dialling(timeout_s)
        if self.half is not None:
            self.half.set_state(ChannelState.UP)
            self.answered()
            return
        self.later(self._phone.setup_s, self.ringing)
        if self._phone.answers:
            self.later(self._phone.setup_s + self._phone.ring_s, self.answered)

    def dial_in(self) -> None:
        self.set_state(ChannelState.RING)
        self.set_state(ChannelState.UP)
        self.run_dialplan()

    def run_dialplan(self) -> None:
        self._hold("up")

    def conversation_over(self) -> None:
        if self.manual is None:
            self._hold("idle")
        else:
            self.manual_call_over(self.manual)

    def go_on(self, context: str, exten: str) -> None:
        if context == "marcador-manual":
            self.manual = self.pbx.manual_call(self, exten)
        elif context == "marcador-agent":
            self._hold("up" if exten == "line" else "idle")
        else:
            self.hang_up(16)

    def manual_call_over(self, call: ManualCall) -> None:
        if self.manual is call:
            self.manual = None
            fields = {"Attempt": call.attempt, "Status": call.status, "Cause": str(call.cause)}
            self.raise_event("MarcadorManualEnded", Agent=self.agent, **fields)
            self._hold("idle")

    def gone(self) -> None:
        call, self.manual = self.manual, None
        if call is not None:
            call.hang_up(16)
        if self.half is not None:
            self.half.hang_up(16)

    def _hold(self, state: str) -> None:
        self.raise_event("MarcadorLine", Agent=self.agent, State=state)
        self.pbx.exchange.enter(self.channel, self.pbx.exchange.room(AGENTS))


class LocalHalf(Party):
    """The second half of a Local channel that stands for an agent's phone: it answers at once."""

    def __init__(self, pbx: Pbx, channel: Channel, line: AgentLine) -> None:
        super().__init__(pbx, channel)
        self._line = line

    def gone(self) -> None:
        self._line.hang_up(16)


class RungPhone(Party):
    """A phone that marcador-ring rings for one waiting customer."""

    def __init__(self, pbx: Pbx, channel: Channel, endpoint: str, customer: CustomerCall) -> None:
        super().__init__(pbx, channel)
        self._phone = pbx.phone_of(endpoint)
        self._endpoint = endpoint
        self.customer: CustomerCall | None = customer

    def dial(self, ring_s: float) -> None:
        self.later(self._phone.setup_s, lambda: self.set_state(ChannelState.RINGING))
        if self._phone.answers:
            self.later(self._phone.setup_s + self._phone.ring_s, self._answered)
        self.later(ring_s, lambda: self.hang_up(0))

    def _answered(self) -> None:
        assert self.customer is not None
        customer, self.customer = self.customer, None
        customer.rung = None
        self.set_state(ChannelState.UP)
        conversation = self.pbx.exchange.conversation()
        self.join(conversation)
        customer.join(conversation)

    def gone(self) -> None:
        customer, self.customer = self.customer, None
        if customer is not None and customer.rung is self:
            customer.ring_failed(self._endpoint, "NOANSWER", 0)


class ManualCall(Party):
    """A customer that an agent's line dials."""

    def __init__(
        self, pbx: Pbx, channel: Channel, behaviour: Behaviour, agent: AgentLine, attempt: str
    ) -> None:
        super().__init__(pbx, channel)
        self._behaviour = behaviour
        self.agent = agent
        self.attempt = attempt
        self.status, self.cause = "NOANSWER", 0

    def dial(self, ring_s: float) -> None:
        self.raise_event("MarcadorManual", Attempt=self.attempt, Agent=self.agent.agent)
        fate = self._behaviour.fate
        if fate in (Fate.BUSY, Fate.INVALID, Fate.CONGESTION):
            self.later(self._behaviour.setup_s, self._refused)
            return
        self.later(self._behaviour.setup_s, lambda: self.set_state(ChannelState.RINGING))
        if fate is Fate.REJECTED:
            self.later(self._behaviour.setup_s + self._behaviour.ring_s, self._refused)
        elif fate is not Fate.NO_ANSWER:
            self.later(self._behaviour.setup_s + self._behaviour.ring_s, self._answered)
        self.later(ring_s, lambda: self.hang_up(0))

    def _refused(self) -> None:
        self.cause, sip_status = REFUSALS[self._behaviour.fate]
        self.status = "BUSY" if self.cause == 17 else "CONGESTION"
        self.hang_up(self.cause, sip_status)

    def _answered(self) -> None:
        self.status, self.cause = "ANSWER", 16
        self.set_state(ChannelState.UP)
        conversation = self.pbx.exchange.conversation()
        self.agent.join(conversation)
        self.join(conversation)

    def joined(self) -> None:
        self.later(self._behaviour.talk_s, lambda: self.hang_up(16))

    def gone(self) -> None:
        self.agent.manual_call_over(self)
