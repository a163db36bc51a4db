"""An agent's held line, and the customer it dials itself.

Each method is one station of deploy/asterisk's dialplan; the sequences are those of docs/asterisk-guide.md.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ami.events import ChannelState
from ami.simulator.controlled import Called, Customer, ThirdParty
from ami.simulator.model import AGENTS, DESKS, Channel
from ami.simulator.parties import DialledOut, Party
from ami.simulator.population import Phone

if TYPE_CHECKING:
    from ami.simulator.pbx import Pbx


class AgentLine(DialledOut):
    """marcador-agent: the held line."""

    def __init__(self, pbx: Pbx, channel: Channel, phone: Phone, agent: str) -> None:
        super().__init__(pbx, channel)
        self._phone = phone
        self.agent = agent
        self.manual: ManualCall | None = None
        self.third: ThirdParty | None = None
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
        if self.third is not None:
            self.third_over(self.third)
        elif self.manual is not None:
            self.manual_call_over(self.manual)
        else:
            self._idle()

    def redirect(self, context: str, exten: str) -> None:
        """Whoever it dials is dropped, unheard; one who came along in the same moment is not."""
        third, self.third = self.third, None
        if context.startswith(("marcador-rest", "marcador-conference", "marcador-consult")):
            self.manual = None
        super().redirect(context, exten)
        if third is not None and third.status != "ANSWER":
            third.hang_up(16)

    def go_on(self, context: str, exten: str) -> None:
        match context:
            case "marcador-manual":
                self.manual = self.pbx.manual_call(self, exten)
            case "marcador-consult":
                self.third = self.pbx.third_party(self, exten)
            case "marcador-agent":
                self._hold("up") if exten == "line" else self._idle()
            case "marcador-rest" if self.channel.variables.get("MARCADOR_DESK") == "1":
                self.pbx.exchange.enter(self.channel, self.pbx.exchange.room(DESKS))
            case "marcador-rest":
                self._hold("idle")
            case "marcador-conference":
                self.pbx.confer(self, stays=True)
            case "marcador-spy":
                self.pbx.listen(self)
            case _:
                self.hang_up(16)

    def spy_over(self) -> None:
        self._hold("idle")

    def third_over(self, third: ThirdParty) -> None:
        if self.third is third:
            self.third = None
            third.tell_end(self)
            self._idle()

    def manual_call_over(self, call: ManualCall) -> None:
        if self.manual is call:
            self.manual = None
            fields = {"Attempt": call.attempt, "Status": call.status, "Cause": str(call.cause)}
            self.raise_event("MarcadorManualEnded", Agent=self.agent, **fields)
            self._idle()

    def gone(self) -> None:
        # A line that is gone tells of no end any more.
        dialled_by_hand, self.manual = self.manual, None
        third, self.third = self.third, None
        for dialled in (dialled_by_hand, third):
            if dialled is not None:
                dialled.hang_up(16)
        if self.half is not None:
            self.half.hang_up(16)

    def _idle(self) -> None:
        """A phone that was rung for one call only is hung up after it."""
        if self.channel.variables.get("MARCADOR_ONCE") == "1":
            self.hang_up(16)
        else:
            self._hold("idle")

    def _hold(self, state: str) -> None:
        self.raise_event("MarcadorLine", Agent=self.agent, State=state)
        self.pbx.exchange.enter(self.channel, self.pbx.exchange.room(f"{AGENTS}:{self.agent}"))


class LocalHalf(Party):
    """The second half of a Local channel that stands for an agent's phone: it answers at once."""

    def __init__(self, pbx: Pbx, channel: Channel, line: AgentLine) -> None:
        super().__init__(pbx, channel)
        self._line = line

    def gone(self) -> None:
        self._line.hang_up(16)


class ManualCall(Called, Customer):
    """A customer that an agent's line dials."""

    dialler: AgentLine

    def dial(self, attempt: str, ring_s: float) -> None:
        self._attempt = attempt
        self.raise_event("MarcadorManual", Attempt=attempt, Agent=self.dialler.agent)
        self.ring(ring_s)

    @property
    def attempt(self) -> str:
        return self._attempt

    def go_on(self, context: str, exten: str) -> None:
        if not self.controlled(context, exten):
            self.hang_up(16)

    def redirect(self, context: str, exten: str) -> None:
        self.drop_third()
        super().redirect(context, exten)

    def gone(self) -> None:
        self.drop_third()
        self.dialler.manual_call_over(self)
