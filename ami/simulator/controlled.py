"""Call control: whom a customer is held for, sent to, or heard by.

Each method is one station of deploy/asterisk/call_control.conf; docs/asterisk-guide.md has the sequences.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ami.events import ChannelState
from ami.simulator.model import CUSTOMERS, HELD, Channel
from ami.simulator.parties import REFUSALS, DialledOut, Party
from ami.simulator.population import Behaviour, Fate, Phone

if TYPE_CHECKING:
    from ami.simulator.agents import AgentLine
    from ami.simulator.customers import RungPhone
    from ami.simulator.pbx import Pbx


class Customer(Party):
    """Somebody we serve, however the call began: may be held, sent elsewhere, kept when a line is lost."""

    behaviour: Behaviour
    third: ThirdParty | None = None

    @property
    def attempt(self) -> str:
        return self._variable("MARCADOR_ATTEMPT") or self.channel.uniqueid

    def _variable(self, name: str) -> str:
        return self.channel.variables.get(name, "")

    def controlled(self, context: str, exten: str) -> bool:
        """Whether this place in the dialplan is one of call control's; gone to, if so."""
        match context, exten:
            case "marcador-held", "hold":
                self.pbx.exchange.enter(self.channel, self.pbx.exchange.room(HELD))
                self.later(float(self.pbx.globals.get("MARCADOR_HOLD_S", "1800")), self._hold_over)
                self.later(self.behaviour.talk_s, lambda: self.hang_up(16))
            case "marcador-customer", "over":
                self.over()
            case "marcador-conference", "customer":
                self.pbx.confer(self)
            case "marcador-transfer", number:
                self.third = self.pbx.third_party(self, number)
            case _:
                return False
        return True

    def _hold_over(self) -> None:
        self.pbx.exchange.leave(self.channel)
        self.over()

    def conversation_over(self) -> None:
        if self.third is not None:
            self.third_over(self.third)
        else:
            self.over()

    def over(self) -> None:
        rescue_s = int(self._variable("MARCADOR_RESCUE_MS") or 0) / 1000
        self.stop_timers()
        if rescue_s < 1:
            self.hang_up(16)
            return
        self.raise_event("MarcadorLeft", Attempt=self.attempt)
        self.pbx.exchange.enter(self.channel, self.pbx.exchange.room(CUSTOMERS))
        self.later(rescue_s, lambda: self.hang_up(16))

    def third_over(self, third: ThirdParty) -> None:
        if self.third is not third:
            return
        self.third = None
        third.tell_end(self)
        if third.status == "ANSWER":
            self.hang_up(16)
        else:
            self.channel.variables["MARCADOR_RESCUE_MS"] = self._variable("MARCADOR_BACK_MS")
            self.over()

    def drop_third(self) -> None:
        third, self.third = self.third, None
        if third is not None:
            third.hang_up(16)


class Called(Party):
    """Somebody whom a channel of ours dials: a call by hand's customer, a third party."""

    def __init__(self, pbx: Pbx, channel: Channel, behaviour: Behaviour, dialler: Party) -> None:
        super().__init__(pbx, channel)
        self.behaviour = behaviour
        self.dialler = dialler
        self.status, self.cause = "NOANSWER", 0

    def ring(self, ring_s: float) -> None:
        self.may_speak_early(self.behaviour)
        fate = self.behaviour.fate
        if fate in (Fate.BUSY, Fate.INVALID, Fate.CONGESTION):
            self.later(self.behaviour.setup_s, self._refused)
            return
        self.later(self.behaviour.setup_s, lambda: self.set_state(ChannelState.RINGING))
        if fate is Fate.REJECTED:
            self.later(self.behaviour.setup_s + self.behaviour.ring_s, self._refused)
        elif fate is not Fate.NO_ANSWER:
            self.later(self.behaviour.setup_s + self.behaviour.ring_s, self._answered)
        self.later(ring_s, lambda: self.hang_up(0))

    def _refused(self) -> None:
        self.cause, sip_status = REFUSALS[self.behaviour.fate]
        self.status = "BUSY" if self.cause == 17 else "CONGESTION"
        self.hang_up(self.cause, sip_status)

    def _answered(self) -> None:
        self.status, self.cause = "ANSWER", 16
        self.set_state(ChannelState.UP)
        conversation = self.pbx.exchange.conversation()
        self.dialler.join(conversation)
        self.join(conversation)

    def joined(self) -> None:
        self.later(self.behaviour.talk_s, lambda: self.hang_up(16))


class ThirdParty(Called):
    """Dialled for a transfer: by the customer's channel (blind) or the agent's line (asked first)."""

    dialler: Customer | AgentLine | RungPhone

    def dial(self, call: str, ring_s: float) -> None:
        self._call = call
        self.raise_event("MarcadorThird", Attempt=call)
        self.ring(ring_s)

    def tell_end(self, on: Party) -> None:
        fields = {"Attempt": self._call, "Status": self.status, "Cause": str(self.cause)}
        on.raise_event("MarcadorThirdEnded", **fields)

    def go_on(self, context: str, exten: str) -> None:
        if context == "marcador-conference":
            self.pbx.confer(self, stays=True)
        else:
            self.hang_up(16)

    def gone(self) -> None:
        self.dialler.third_over(self)


class Ear(DialledOut):
    """A supervisor's phone that was rung to hear a call."""

    def __init__(self, pbx: Pbx, channel: Channel, phone: Phone) -> None:
        super().__init__(pbx, channel)
        self._phone = phone

    def dial(self, timeout_s: float) -> None:
        self.start_dialling(timeout_s)
        if self.channel.name.startswith("Local/"):
            self.answered()
            return
        self.later(self._phone.setup_s, self.ringing)
        if self._phone.answers:
            self.later(self._phone.setup_s + self._phone.ring_s, self.answered)

    def run_dialplan(self) -> None:
        self.pbx.listen(self)

    def go_on(self, context: str, exten: str) -> None:
        if context == "marcador-spy":
            self.pbx.listen(self)
        else:
            self.hang_up(16)

    def spy_over(self) -> None:
        self.hang_up(16)
