"""A customer on the line: dialled or calling in, and the agent's phone that rings for them.

Each method is one station of deploy/asterisk's dialplan; the sequences are those of docs/asterisk-guide.md.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ami.events import ChannelState
from ami.simulator.controlled import Customer, ThirdParty
from ami.simulator.model import CUSTOMERS, DESKS, Channel
from ami.simulator.parties import FAILED, REFUSALS, DialledOut, Party
from ami.simulator.population import Behaviour, Fate

if TYPE_CHECKING:
    from ami.simulator.pbx import Pbx


CLOSING_S = 0.1
"""From the deadline to `MarcadorClosed`: the dialplan looks twice before it says that it is final."""


class CustomerCall(DialledOut, Customer):
    """marcador-customer and marcador-inbound."""

    def __init__(self, pbx: Pbx, channel: Channel, behaviour: Behaviour) -> None:
        super().__init__(pbx, channel)
        self.behaviour = behaviour
        self.closed = False
        self._did = ""
        """The number it called, for a call that came in."""
        self.rung: RungPhone | None = None

    @property
    def may_be_bridged(self) -> bool:
        return not self.closed

    def dial(self, timeout_s: float) -> None:
        self.start_dialling(timeout_s)
        self.may_speak_early(self.behaviour)
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
        self._did = did
        self.set_state(ChannelState.RING)
        self.set_state(ChannelState.UP)
        patience_ms = round(self.pbx.settings.inbound_patience_s * 1000)
        fields = {"Number": self.channel.caller_number, "Did": did, "Trunk": trunk}
        told = {"At": str(self.pbx.epoch_ms()), "Patience": str(patience_ms)}
        self.raise_event("MarcadorInbound", Attempt=self.attempt, **fields, **told)
        self._wait_up_to(patience_ms)

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
        self.channel.variables["MARCADOR_DEADLINE"] = str(self.pbx.epoch_ms() + round(patience_ms))
        self._may_give_up(self.behaviour.gives_up_s)
        self.wait()

    def _may_give_up(self, seconds: float | None) -> None:
        if seconds is not None:
            self.later(seconds, lambda: self.hang_up(16))

    def wait(self) -> None:
        """What is left of the wait for an agent."""
        self.pbx.exchange.enter(self.channel, self.pbx.exchange.room(CUSTOMERS))
        self.later(self._rest_s(), self._look_at_the_deadline)

    def _look_at_the_deadline(self) -> None:
        """It may have been moved meanwhile."""
        if self._rest_s() > 0:
            self.pbx.exchange.leave(self.channel)
            self.wait()
        else:
            self._close()

    def _rest_s(self) -> float:
        return (int(self._variable("MARCADOR_DEADLINE")) - self.pbx.epoch_ms()) / 1000

    def _close(self) -> None:
        """Nobody came: from here on no `Bridge` finds this customer."""
        self.closed = True
        self.stop_timers()
        self.pbx.exchange.enter(self.channel, self.pbx.exchange.room(self.attempt, "ConfBridge"))
        self.later(CLOSING_S, self._hear_the_message)

    def _hear_the_message(self) -> None:
        player = self.pbx.new_channel(f"Local/{self.attempt}@marcador-message-leg")
        player.name += ";1"
        at = str(self.pbx.epoch_ms())
        self.pbx.exchange.raise_event(player, "MarcadorClosed", Attempt=self.attempt, At=at)
        message_s = self.pbx.settings.message_s
        if self.behaviour.opts_out:
            self.later(message_s / 2, self.opt_out)
        self.later(message_s, lambda: self.hang_up(16))

    def opt_out(self) -> None:
        """Kept before it is told: nobody may be listening."""
        number = self.channel.caller_number if self._did else ""
        kept = f"{self.pbx.epoch_ms()},{number},{self._did}"
        self.pbx.database["marcador-optout", self.attempt] = kept
        self.raise_event("MarcadorOptOut", Attempt=self.attempt, Number=number)

    def joined(self) -> None:
        self.later(self.behaviour.talk_s, lambda: self.hang_up(16))

    def go_on(self, context: str, exten: str) -> None:
        if context == "marcador-ring":
            asked_s = int(self._variable("MARCADOR_RING_MS") or 15000) / 1000
            if self.pbx.phone_of(exten).registered:
                self.rung = self.pbx.ring_phone(self, exten, min(asked_s, self._rest_s()))
            else:
                self.ring_failed(exten, "CHANUNAVAIL", 0)
        elif (context, exten) == ("marcador-customer", "wait"):
            self.wait()
        elif (context, exten) == ("marcador-customer", "close"):
            self._close()
        elif (context, exten) == ("marcador-optout", "s"):
            self.opt_out()
            self.hang_up(16)
        elif not self.controlled(context, exten):
            self.hang_up(16)

    def ring_failed(self, agent: str, status: str, cause: int) -> None:
        self.rung = None
        self.raise_event(
            "MarcadorRingFailed", Attempt=self.attempt, Agent=agent, Status=status, Cause=str(cause)
        )
        self.wait()

    def redirect(self, context: str, exten: str) -> None:
        self._stop_ringing()
        self.drop_third()
        if self.closed and context == "marcador-ring":
            self.pbx.exchange.leave(self.channel)
            fields = {"Attempt": self.attempt, "Agent": exten, "Status": "CLOSED", "Cause": "0"}
            self.raise_event("MarcadorRingFailed", **fields)
            self.pbx.exchange.enter(self.channel, self.pbx.exchange.room(self.attempt, "ConfBridge"))
            return
        super().redirect(context, exten)

    def gone(self) -> None:
        self._stop_ringing()
        self.drop_third()

    def _stop_ringing(self) -> None:
        phone, self.rung = self.rung, None
        if phone is not None:
            phone.hang_up(0)

    def _patience_ms(self) -> float:
        return float(self._variable("MARCADOR_PATIENCE_MS") or 2000)


class RungPhone(Party):
    """A phone that marcador-ring rings for one waiting customer."""

    def __init__(self, pbx: Pbx, channel: Channel, endpoint: str, customer: CustomerCall) -> None:
        super().__init__(pbx, channel)
        self._phone = pbx.phone_of(endpoint)
        self._endpoint = endpoint
        self.customer: CustomerCall | None = customer
        self.third: ThirdParty | None = None

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

    def go_on(self, context: str, exten: str) -> None:
        """Put aside it lives on, until it is hung up or its next conversation ends."""
        match context:
            case "marcador-rest":
                self._rest()
            case "marcador-conference":
                self.pbx.confer(self, stays=True)
            case "marcador-consult":
                self.third = self.pbx.third_party(self, exten)
            case _:
                self.hang_up(16)

    def redirect(self, context: str, exten: str) -> None:
        """Whom it dials is dropped, unheard; who came along in the same moment is not."""
        third, self.third = self.third, None
        super().redirect(context, exten)
        if third is not None and third.status != "ANSWER":
            third.hang_up(16)

    def conversation_over(self) -> None:
        if self.third is not None:
            self.third_over(self.third)
        else:
            super().conversation_over()

    def third_over(self, third: ThirdParty) -> None:
        if self.third is third:
            self.third = None
            third.tell_end(self)
            self._rest()

    def _rest(self) -> None:
        self.pbx.exchange.enter(self.channel, self.pbx.exchange.room(DESKS))

    def gone(self) -> None:
        third, self.third = self.third, None
        if third is not None:
            third.hang_up(16)
        customer, self.customer = self.customer, None
        if customer is not None and customer.rung is self:
            customer.ring_failed(self._endpoint, "NOANSWER", 0)
