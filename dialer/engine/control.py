"""What the API asks for, carried out and answered."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from uuid import UUID

from dialer import agent as desk
from dialer import call as machine
from dialer import campaigns, commands
from dialer.agents import Line
from dialer.campaigns import Desired
from dialer.commands import Command, Done, Kind
from dialer.engine import call_control, listening
from dialer.engine.agents import LiveAgent
from dialer.engine.call_control import CallControl
from dialer.engine.choosing import Choosing
from dialer.engine.hub import Hub
from dialer.engine.listening import Listening
from dialer.engine.manual import Manual
from dialer.engine.previews import Previews
from dialer.engine.settling import rules_of
from dialer.engine.tools import Tools
from dialer.errors import DialerError
from lists import attempts
from storage.errors import StorageError
from typifications import interactions

log = logging.getLogger(__name__)

BATCH = 1000
"""A whole shift logs in within seconds."""
PATIENT = frozenset({Kind.CALL_CLICK, Kind.CALL_CHOOSE, Kind.PREVIEW_ACCEPT})
"""These may wait, for a trunk or for another call's end; nobody else's command waits with them."""
STOP_S = 5.0
LATER: Mapping[str, Any] = {}
"""Not answered here: whoever carries it out answers when it is done."""


class Refused(DialerError):
    def __init__(self, error_id: str, message: str) -> None:
        super().__init__(message)
        self.error_id = error_id


class Control:
    def __init__(
        self,
        tools: Tools,
        hub: Hub,
        manual: Manual,
        previews: Previews,
        call_control: CallControl,
        listening: Listening,
        choosing: Choosing,
        refresh: Callable[[], Awaitable[None]],
    ) -> None:
        """`refresh` reads agents, trunks and campaigns anew."""
        self._refresh = refresh
        self._tools = tools
        self._hub = hub
        self._manual = manual
        self._previews = previews
        self._call_control = call_control
        self._listening = listening
        self._choosing = choosing
        self._answered: set[UUID] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._acts: dict[Kind, Callable[[Command], Mapping[str, Any] | None]] = {
            Kind.AGENT_LOGIN: self._log_in,
            Kind.AGENT_LOGOUT: self._log_out,
            Kind.AGENT_READY: lambda c: self._agent_act(c, desk.ReadyAsked()),
            Kind.AGENT_PAUSE: self._pause,
            Kind.AGENT_FINISHING: self._finishing,
            Kind.AGENT_TYPIFIED: self._typified,
            Kind.AGENT_WRAPUP_EXTEND: self._extend,
            Kind.CALL_HANGUP: self._hang_up,
            Kind.CALL_CANCEL: self._cancel,
        }

    async def work(self) -> None:
        """Everything queued is begun, in order. Raises `StorageError`."""
        async with self._tools.db.connection() as conn:
            queued = await commands.queued(conn, limit=BATCH)
        if any(self._is_stranger(command) for command in queued):
            await self._refresh()  # made a moment ago, and already asked something of
        for command in queued:
            if command.id not in self._answered:  # its answer may still be on its way to the database
                self._answered.add(command.id)
                if command.kind in PATIENT:
                    self._spawn(command)
                else:
                    await self._carry_out(command)
        self._answered &= {command.id for command in queued}

    async def stop(self) -> None:
        """What is being carried out ends first."""
        if self._tasks:
            await asyncio.wait(tuple(self._tasks), timeout=STOP_S)

    def _spawn(self, command: Command) -> None:
        task = asyncio.get_running_loop().create_task(self._carry_out_apart(command))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _carry_out_apart(self, command: Command) -> None:
        try:
            await self._carry_out(command)
        except StorageError as error:
            log.warning("command %s (%s) is tried again: %s", command.id, command.kind, error)
        except Exception:
            log.exception("command %s (%s) failed", command.id, command.kind)

    def _is_stranger(self, command: Command) -> bool:
        if command.kind is Kind.EMERGENCY_STOP:
            return command.target not in self._hub.runs
        of_agent = command.kind.startswith("agent.") or command.kind is Kind.CALL_CLICK
        return of_agent and command.target is not None and self._tools.agents.get(command.target) is None

    async def _carry_out(self, command: Command) -> None:
        try:
            result = await self._act(command)
        except DialerError as error:
            refusal = {"error_id": error.error_id, "message": str(error), "params": error.params}
            self._tools.writer.answer(Done(command.id, refusal, refused=True))
        except StorageError:
            self._answered.discard(command.id)
            raise
        except (ValueError, KeyError, TypeError) as error:
            log.warning("command %s (%s) makes no sense: %s", command.id, command.kind, error)
            refusal = {"error_id": "bad_command", "message": str(error), "params": {}}
            self._tools.writer.answer(Done(command.id, refusal, refused=True))
        else:
            if result is not LATER:
                self._tools.writer.answer(Done(command.id, result or {}))

    async def _act(self, command: Command) -> Mapping[str, Any] | None:
        match command.kind:
            case Kind.CALL_CLICK:
                self._must_be_fresh(command)
                attempt_id = await self._manual.call(self._agent(command), command.payload)
                return {"attempt_id": str(attempt_id)}
            case Kind.CALL_CHOOSE:
                return await self._choosing.choose(command)
            case Kind.PREVIEW_ACCEPT:
                await self._previews.accept(self._agent(command), UUID(str(command.payload["attempt_id"])))
                return None
            case Kind.PREVIEW_SKIP:
                self._previews.skip(
                    self._agent(command),
                    UUID(str(command.payload["attempt_id"])),
                    str(command.payload.get("reason") or ""),
                )
                return None
            case Kind.EMERGENCY_STOP:
                return await self._emergency_stop(command)
            case kind if kind in call_control.KINDS:
                answer = await self._call_control.act(command)
                return LATER if answer is None else answer
            case kind if kind in listening.KINDS:
                return self._listening.act(command)
        return self._acts[command.kind](command)

    def _must_be_fresh(self, command: Command) -> None:
        """What was clicked while no dialer worked is not dialled when one does: nobody waits for it."""
        if (self._tools.clock.now() - command.created_at).total_seconds() > call_control.STALE_S:
            raise Refused("too_late", "this was asked too long ago")

    # --- agents ---------------------------------------------------------------------------------------

    def _log_in(self, command: Command) -> None:
        agent = self._agent(command)
        if not agent.row.enabled:
            raise Refused("agent_disabled", "this agent may not log in")
        self._tools.agents.happen(agent, desk.LoginAsked(agent.row.line is Line.HELD))

    def _log_out(self, command: Command) -> Mapping[str, Any]:
        agent = self._agent(command)
        return self._agent_act(command, desk.LogoutAsked(self._hub.answers_expected(agent)))

    def _pause(self, command: Command) -> Mapping[str, Any]:
        agent = self._agent(command)
        reason = str(command.payload.get("reason") or "")
        return self._agent_act(command, desk.PauseAsked(reason, self._hub.answers_expected(agent)))

    def _finishing(self, command: Command) -> None:
        """A hint: without effect where the agent has gone on meanwhile, or the conversation still runs."""
        agent = self._agent(command)
        asked = command.payload.get("attempt_id")
        if not isinstance(agent.state, desk.WrapUp) or asked not in (None, str(agent.state.attempt_id)):
            return
        run = self._hub.runs.get(agent.told) if agent.told else None
        if run is not None:
            run.pacer.finishing(agent.id, run.at(self._tools.clock.now()))
            run.wake()

    def _typified(self, command: Command) -> Mapping[str, Any]:
        agent = self._agent(command)
        attempt_id = UUID(str(command.payload["attempt_id"]))
        about = agent.about
        run = self._hub.runs.get(about.campaign_id) if about else None
        call = self._tools.calls.get(attempt_id)
        if call is not None:
            call.typified_by = agent.id
        elif run is not None:
            # Typified while the call was just being closed: what was left for the hang-up is applied now.
            rules = rules_of(run.settings)
            self._tools.writer.afterwards(
                lambda conn, now: interactions.at_hang_up(conn, attempt_id, rules, now=now)
            )
            run.more_contacts()
        return self._agent_act(command, desk.Typified(attempt_id))

    def _extend(self, command: Command) -> Mapping[str, Any]:
        return self._agent_act(command, desk.WrapUpExtended(float(command.payload["seconds"])))

    def _agent_act(self, command: Command, event: desk.Event) -> Mapping[str, Any]:
        agent = self._agent(command)
        error_id = self._tools.agents.happen(agent, event)
        if error_id:
            raise Refused(error_id, f"not possible while {desk.name(agent.state)}")
        return {"state": desk.name(agent.state), "pending": agent.state.pending}

    def _agent(self, command: Command) -> LiveAgent:
        agent = self._tools.agents.get(command.target) if command.target else None
        if agent is None:
            raise Refused("unknown_agent", "there is no such agent")
        return agent

    # --- calls and campaigns --------------------------------------------------------------------------

    def _hang_up(self, command: Command) -> None:
        call = self._tools.calls.get(command.target) if command.target else None
        if call is None:
            raise Refused("call_over", "this call is over")
        asker, holder = command.payload.get("agent_id"), getattr(call.state, "agent_id", None)
        given_away = isinstance(call.state, machine.Elsewhere) or (holder and str(holder) != asker)
        if asker is not None and given_away:
            raise Refused("attempt_not_yours", "this is another's call by now")
        self._tools.calls.happen(call, machine.EndAsked(machine.AGENT))

    def _cancel(self, command: Command) -> None:
        self._hub.cancel([UUID(str(attempt)) for attempt in command.payload.get("attempt_ids", ())])

    async def _emergency_stop(self, command: Command) -> Mapping[str, Any]:
        run = self._hub.runs.get(command.target) if command.target else None
        if run is None:
            raise Refused("unknown_campaign", "there is no such campaign")
        async with self._tools.db.transaction() as conn:
            await attempts.fence(conn, run.id, self._tools.epoch, False)
            stopped = await campaigns.set_desired(conn, run.id, Desired.STOPPED)
        await run.change(stopped)
        ringing = [call.id for call in run.live.values() if not isinstance(call.state, machine.IN_TALK)]
        self._hub.cancel(ringing)
        return {"cancelled": len(ringing)}
