"""Hold, transfers, three-way, keys: done by Asterisk, told when it has shown that they are done.

An act sends its actions and returns; what then stands is read off the channels' bridges (`dialer.handling`).
The customer's call stays *talking* for its machine while it is held, so nothing takes it for lost or waiting.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from uuid import UUID

from ami.actions import Action, Bridge, Hangup, Originate, Redirect, Setvar, local
from ami.errors import AmiError
from dialer import agent as desk
from dialer import call as machine
from dialer.agents import Line
from dialer.commands import Command, Kind
from dialer.engine import moves
from dialer.engine.calls import LiveCall
from dialer.engine.cares import Asked, Care, Third
from dialer.engine.following import Following
from dialer.engine.placing import RESCUE_MS
from dialer.engine.targets import NotNow, Target, Targets
from dialer.engine.tools import Tools
from dialer.handling import Act, Handling, refusal
from storage.ids import uuid7

DEADLINE_S = 8.0
"""By then Asterisk has shown an act done, or it is refused."""
STALE_S = 15.0
"""An act asked for longer ago is not done any more: the conversation has moved on."""
_ACTS: dict[Kind, Act] = {
    Kind.CONTROL_HOLD: Act.HOLD,
    Kind.CONTROL_RESUME: Act.RESUME,
    Kind.CONTROL_KEYS: Act.KEYS,
    Kind.CONTROL_TRANSFER: Act.TRANSFER,
    Kind.CONTROL_CONSULT: Act.CONSULT,
    Kind.CONTROL_COMPLETE: Act.COMPLETE,
    Kind.CONTROL_CANCEL: Act.CANCEL,
    Kind.CONTROL_CONFERENCE: Act.CONFERENCE,
}
KINDS = frozenset(_ACTS)
Answer = Mapping[str, Any] | None
"""None: the command is answered when Asterisk has shown it."""


class CallControl:
    def __init__(self, tools: Tools, following: Following, targets: Targets) -> None:
        self._tools = tools
        self._following = following
        self._cares = following.cares
        self._targets = targets
        self._do: dict[Act, Callable[[Care, Command], Awaitable[Answer]]] = {
            Act.HOLD: self._hold,
            Act.RESUME: self._resume,
            Act.KEYS: self._press,
            Act.TRANSFER: self._transfer,
            Act.CONSULT: self._consult,
            Act.COMPLETE: self._complete,
            Act.CANCEL: self._cancel,
            Act.CONFERENCE: self._conference,
        }

    async def act(self, command: Command) -> Answer:
        """Raises `NotNow`, `StorageError`."""
        act = _ACTS[command.kind]
        care = self._care(talking(self._tools, command))
        if care.asked is not None:
            raise NotNow("act_under_way", "the act before this one is not done yet")
        reason = refusal(act, care.stands, third_answered=care.third_answered)
        if reason:
            raise NotNow(reason, f"this call is {care.stands}: no {act} now")
        return await self._do[act](care, command)

    def _care(self, call: LiveCall) -> Care:
        known = self._cares.get(call.id)
        if known is not None:
            return known
        assert isinstance(call.state, machine.Talking)
        agent, leg = self._tools.agents.get(call.state.agent_id), leg_of(self._tools, call)
        if agent is None or not leg or not call.bridge:
            raise NotNow("not_talking", "agent and customer are not together at this moment")
        care = Care(call, agent, leg, {call.channel: call.bridge, leg: call.bridge})
        self._cares.add(care)
        return care

    def _ask(self, care: Care, command: Command, wants: Handling) -> None:
        timer = self._tools.clock.call_later(
            DEADLINE_S, lambda: self._cares.refuse(care, "not_done", "Asterisk did not do it in time")
        )
        care.asked = Asked(command.id, wants, timer)

    def _post(self, care: Care, *actions: Action) -> None:
        self._tools.sender.post(care.call.server, actions, lambda error: self._failed(care, error))

    def _failed(self, care: Care, error: AmiError) -> None:
        self._cares.refuse(care, "not_done", str(error))

    # --- hold, keys -----------------------------------------------------------------------------------

    async def _hold(self, care: Care, command: Command) -> Answer:
        self._ask(care, command, Handling.HELD)
        self._post(care, *moves.own_feet(care), moves.put_aside(care))
        return None

    async def _resume(self, care: Care, command: Command) -> Answer:
        self._ask(care, command, Handling.TALKING)
        self._post(care, moves.join(care))
        return None

    async def _press(self, care: Care, command: Command) -> Answer:
        """By a channel of its own: AMI would stand still while each key is pressed."""
        keys = str(command.payload["keys"])
        press = Originate(
            local("wait", "marcador-keys"),
            str(uuid7(self._tools.clock.now())),
            "marcador-keys",
            "press",
            variables={"MARCADOR_KEYS": keys, "MARCADOR_TARGET": care.call.channel},
        )
        self._post(care, press)
        return {"keys": len(keys)}

    # --- blind transfer -------------------------------------------------------------------------------

    async def _transfer(self, care: Care, command: Command) -> Answer:
        """The agent is free of it at once; where nobody answers, the customer waits for an agent again."""
        target = await self._find(care, command)
        call = care.call
        sets: list[Action] = [Setvar("MARCADOR_RESCUE_MS", str(RESCUE_MS), call.channel)]
        place = ("marcador-customer", "over")
        if target.trunk is not None:
            sets = moves.way_out(call, target, call.channel)
            sets.append(Setvar("MARCADOR_BACK_MS", str(RESCUE_MS), call.channel))
            place = ("marcador-transfer", target.number)
        elif target.agent is not None:
            self._reserve(target, call)
        move = moves.send(care, place, together=care.stands is Handling.TALKING)
        self._following.given_away(care, target)
        if care.agent.row.line is Line.HELD:
            self._tools.sender.post(call.server, (*sets, move))
        else:  # one behind the other: hung up before the move, the phone takes its customer along
            phone = Hangup(care.leg)
            self._tools.sender.post(
                call.server, (*sets, move, phone), lambda _: self._tools.sender.post(call.server, phone)
            )
        return {"state": Handling.TRANSFERRED}

    async def _find(self, care: Care, command: Command) -> Target:
        """Looked up, with the call still where it was."""
        target = await self._targets.find(care.call, command.payload)
        if self._cares.get(care.call.id) is not care or not isinstance(care.call.state, machine.Talking):
            raise NotNow("no_call", "the call ended meanwhile")
        return target

    def _reserve(self, target: Target, call: LiveCall) -> None:
        assert target.agent is not None
        self._tools.agents.happen(target.agent, desk.CallReserved(call.id))
        if desk.attempt_of(target.agent.state) != call.id:
            raise NotNow("target_busy", "this agent is not free")

    # --- attended transfer, three-way -----------------------------------------------------------------

    async def _consult(self, care: Care, command: Command) -> Answer:
        target = await self._find(care, command)
        if target.campaign_id is not None or (target.agent and target.agent.row.line is Line.RINGING):
            raise NotNow("no_such_target", "only an agent with an open line, or a number, can be consulted")
        if target.agent is not None:
            self._reserve(target, care.call)
        held = care.stands is Handling.HELD
        actions: list[Action]
        care.third = Third(target.label, target.agent)
        self._ask(care, command, Handling.CONSULTING)
        if target.agent is not None:
            self._cares.third(care, target.agent.line)
            care.then = lambda: self._call_colleague(care)
            actions = [] if held else [*moves.own_feet(care), moves.put_aside(care)]
        else:
            self._following.dialling(care.call, target)
            place = ("marcador-consult", target.number)
            dial = Redirect(care.leg, *place) if held else moves.put_aside(care, place)
            actions = [*moves.own_feet(care), *moves.way_out(care.call, target, care.leg), dial]
        if actions:
            self._tools.sender.post(care.call.server, actions, lambda error: self._not_asked(care, error))
        self._following.look(care)
        return None

    def _call_colleague(self, care: Care) -> None:
        third = care.third
        if third is not None:
            talk = Bridge(agent=care.leg, customer=third.channel)
            self._tools.sender.post(care.call.server, talk, lambda error: self._not_asked(care, error))

    def _not_asked(self, care: Care, error: AmiError) -> None:
        self._failed(care, error)
        self._following.third_gone(care)

    async def _complete(self, care: Care, command: Command) -> Answer:
        """The agent leaves. A colleague lost later is a line lost; a stranger's end is the call's."""
        third, call = care.third, care.call
        assert third is not None
        self._ask(care, command, Handling.TRANSFERRED)
        rescue = Setvar("MARCADOR_RESCUE_MS", str(RESCUE_MS) if third.agent else "0", call.channel)
        if care.stands is Handling.CONFERENCE:
            self._post(care, rescue, moves.to_rest(care.leg))
        else:
            self._post(care, rescue, Bridge(agent=third.channel, customer=call.channel))
        return None

    async def _cancel(self, care: Care, command: Command) -> Answer:
        self._ask(care, command, Handling.TALKING)
        care.then = lambda: self._post(care, moves.join(care))
        if care.stands is Handling.CONSULTING:
            self._post(care, moves.to_rest(care.leg))
            self._following.dismiss(care)
        elif care.third is not None:
            self._following.dismiss(care)  # with its end the conference breaks up
        else:
            self._following.break_up(care)
        return None

    async def _conference(self, care: Care, command: Command) -> Answer:
        assert care.third is not None
        self._ask(care, command, Handling.CONFERENCE)
        self._post(care, *moves.conference(care, care.third))
        return None


def talking(tools: Tools, command: Command) -> LiveCall:
    """The conversation a command is about. Raises `NotNow`."""
    call = tools.calls.get(command.target) if command.target else None
    if call is None:
        raise NotNow("no_call", "this call is over")
    if not isinstance(call.state, machine.Talking):
        raise NotNow("not_talking", "no agent talks on this call")
    own = command.payload.get("agent_id")
    if own is not None and str(call.state.agent_id) != own:
        raise NotNow("attempt_not_yours", "this is another agent's call by now")
    if (tools.clock.now() - command.created_at).total_seconds() > STALE_S:
        raise NotNow("too_late", "this was asked too long ago")
    if not tools.sender.ready(call.server):
        raise NotNow("no_asterisk", "Asterisk cannot be reached at this moment")
    return call


def leg_of(tools: Tools, call: LiveCall) -> str:
    """The agent's channel in this conversation, "" where none is known."""
    agent_id: UUID | None = getattr(call.state, "agent_id", None)
    agent = tools.agents.get(agent_id) if agent_id else None
    if agent is None:
        return ""
    return agent.line if agent.row.line is Line.HELD else call.phone
