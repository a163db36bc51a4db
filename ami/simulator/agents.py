"""An agent's held line, and the customer it dials itself.

Each method is one station of deploy/asterisk's dialplan; the sequences are those of docs/asterisk-guide.md.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ami.events import ChannelState
from ami.simulator.model import AGENTS, Channel
from ami.simulator.parties import REFUSALS, DialledOut, Party
from ami.simulator.population import Behaviour, Fate, Phone

if TYPE_CHECKING:
    from ami.simulator.pbx import Pbx


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
