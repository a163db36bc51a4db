"""A supervisor's ear on a running call: listen, whisper to the agent, barge in.

The ear is laid on the agent's channel, so a whisper reaches the agent alone; it is taken away when that call
is over for that agent, never later. The supervisor is an agent too: the open line of one who is paused is
used, else the phone is rung.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from ami import events as ami
from ami.actions import Action, Hangup, Originate, Redirect, Setvar
from dialer import agent as desk
from dialer.commands import Command, Kind
from dialer.engine.agents import PHONE_RING_MS, LiveAgent
from dialer.engine.call_control import leg_of, talking
from dialer.engine.calls import LiveCall
from dialer.engine.listing import Listing
from dialer.engine.moves import to_rest
from dialer.engine.targets import NotNow
from dialer.engine.tools import Tools
from storage.ids import uuid7

KINDS = frozenset({Kind.CONTROL_LISTEN, Kind.CONTROL_UNLISTEN})
CONTEXT = "marcador-spy"
WAYS = ("listen", "whisper", "barge")


@dataclass(frozen=True, slots=True)
class Ear:
    attempt_id: UUID
    supervisor: LiveAgent
    channel: str
    on_line: bool
    """The supervisor's held line, which goes back to rest; else a phone that was rung, which is hung up."""


class Listening:
    def __init__(self, tools: Tools) -> None:
        self._tools = tools
        self._ears: dict[UUID, Ear] = {}
        """By supervisor: one call at a time."""

    def act(self, command: Command) -> Mapping[str, Any]:
        """Raises `NotNow`."""
        supervisor = self._tools.agents.get(UUID(str(command.payload["supervisor"])))
        if supervisor is None:
            raise NotNow("unknown_agent", "there is no such agent")
        ear = self._ears.get(supervisor.id)
        if command.kind is Kind.CONTROL_UNLISTEN:
            if ear is None or ear.attempt_id != command.target:
                raise NotNow("not_listening", "this supervisor does not listen to this call")
            self._take_away(ear)
            return {}
        how = str(command.payload["how"])
        if how not in WAYS:
            raise NotNow("bad_command", f"listen, whisper or barge, not {how!r}")
        self._listen(talking(self._tools, command), supervisor, ear, how)
        return {"how": how}

    def _listen(self, call: LiveCall, supervisor: LiveAgent, ear: Ear | None, how: str) -> None:
        target = leg_of(self._tools, call)
        if not target:
            raise NotNow("not_talking", "the agent's channel is not known")
        if supervisor.row.server != call.server:
            raise NotNow("no_such_target", "this call is on another server than the supervisor's phone")
        if ear is not None and ear.attempt_id == call.id:
            ear_now, actions = ear, self._move(ear.channel, target, call, how, on_line=ear.on_line)
        else:
            if ear is not None:
                raise NotNow("already_listening", "leave the other call first")
            ear_now, actions = self._lay(call, supervisor, target, how)
        self._ears[supervisor.id] = ear_now
        self._tools.sender.post(call.server, actions, lambda _error: self._gone(ear_now))

    def _lay(
        self, call: LiveCall, supervisor: LiveAgent, target: str, how: str
    ) -> tuple[Ear, tuple[Action, ...]]:
        if supervisor.held and isinstance(supervisor.state, desk.Paused):
            ear = Ear(call.id, supervisor, supervisor.line, on_line=True)
            return ear, self._move(ear.channel, target, call, how, on_line=True)
        if supervisor.line or not isinstance(supervisor.state, desk.LoggedOut | desk.Paused):
            raise NotNow("supervisor_busy", "pause or log out first: your line is for calls")
        ear = Ear(call.id, supervisor, str(uuid7(self._tools.clock.now())), on_line=False)
        ring = Originate(
            supervisor.row.dial,
            ear.channel,
            CONTEXT,
            how,
            timeout_ms=PHONE_RING_MS,
            variables={"MARCADOR_CALL": str(call.id), "MARCADOR_TARGET": target},
        )
        return ear, (ring,)

    def _move(
        self, channel: str, target: str, call: LiveCall, how: str, *, on_line: bool
    ) -> tuple[Action, ...]:
        return (
            Setvar("MARCADOR_CALL", str(call.id), channel),
            Setvar("MARCADOR_TARGET", target, channel),
            Setvar("MARCADOR_SPY_LINE", "1" if on_line else "0", channel),
            Redirect(channel, CONTEXT, how),
        )

    # --- the end --------------------------------------------------------------------------------------

    def over(self, call: LiveCall) -> None:
        """The call is over, or no longer that agent's."""
        for ear in tuple(self._ears.values()):
            if ear.attempt_id == call.id:
                self._take_away(ear)

    def saw(self, event: ami.Event) -> None:
        if not self._ears:
            return
        match event:
            case ami.MarcadorSpy(uniqueid=channel, state="off") | ami.Hangup(uniqueid=channel):
                self._gone_channel(channel)
            case ami.OriginateResponse(uniqueid=channel, success=False):
                self._gone_channel(channel)

    def found(self, server: str, listing: Listing) -> None:
        """After a new session or a take-over: ears that are gone are forgotten, those nobody knows ended."""
        for ear in tuple(self._ears.values()):
            if ear.supervisor.row.server == server and ear.channel not in listing.channels:
                self._gone(ear)
        known = {ear.channel for ear in self._ears.values()}
        for channel in listing.channels.values():
            if channel.context == CONTEXT and channel.uniqueid not in known:
                on_line = self._tools.agents.on(channel.uniqueid) is not None
                end = to_rest(channel.uniqueid) if on_line else Hangup(channel.uniqueid)
                self._tools.sender.post(server, end)

    def _take_away(self, ear: Ear) -> None:
        self._gone(ear)
        end = to_rest(ear.channel) if ear.on_line else Hangup(ear.channel)
        self._tools.sender.post(ear.supervisor.row.server, end)

    def _gone_channel(self, channel: str) -> None:
        for ear in tuple(self._ears.values()):
            if ear.channel == channel:
                self._gone(ear)

    def _gone(self, ear: Ear) -> None:
        if self._ears.get(ear.supervisor.id) is ear:
            del self._ears[ear.supervisor.id]
