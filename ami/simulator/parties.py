"""Whoever is on a channel: what may happen to anybody, and to a channel that was originated."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from ami.clock import TimerHandle
from ami.events import ChannelState
from ami.simulator.model import Bridge, Channel
from ami.simulator.population import Behaviour, Fate
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
    dialled = channel.dialled or channel.name
    headers = {
        "ActionID": channel.action_id,
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
    stays = False
    """In a three-way conference: as long as somebody of these is in it, the customer is, too."""

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
        self.pbx.left(left)
        self.joined()

    def hang_up(self, cause: int, tech_cause: int = 0) -> None:
        if not self.channel.alive:
            return
        self.stop_timers()
        left = self.channel.bridge
        self.pbx.exchange.hang_up(self.channel, cause, tech_cause)
        self.pbx.forget(self)
        self.pbx.left(left)
        self.gone()

    def redirect(self, context: str, exten: str) -> None:
        """Moved in the dialplan; where ours has no such place, Asterisk hangs up."""
        self.stop_timers()
        left = self.channel.bridge
        self.pbx.exchange.leave(self.channel)
        self.pbx.left(left)
        self.stays = False
        self.pbx.stop_listening(self)
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

    def spy_over(self) -> None:
        """The channel it listened to is gone."""

    # --- tools -----------------------------------------------------------------------------------

    def later(self, seconds: float, callback: Callable[[], None]) -> None:
        self._timers.append(self.pbx.later(max(0.0, seconds), callback))

    def stop_timers(self) -> None:
        for timer in self._timers:
            timer.cancel()
        self._timers.clear()

    def may_speak_early(self, behaviour: Behaviour) -> None:
        if behaviour.early_s is not None:
            self.later(behaviour.early_s, lambda: self.pbx.exchange.early_media(self.channel))

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
