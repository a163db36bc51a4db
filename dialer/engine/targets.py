"""Whom a customer is transferred to, or an agent consults: looked up and checked before anything is moved."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from ami.errors import BadAction
from ami.values import dial_string as checked_dial_string
from dialer.dialing import caller_id, dial_string
from dialer.engine.agents import LiveAgent
from dialer.engine.calls import LiveCall
from dialer.engine.hub import Hub
from dialer.engine.placing import Placer
from dialer.engine.tools import Tools
from dialer.engine.trunks import TrunkRun
from dialer.errors import BadValue, DialerError
from dialer.settings import Settings
from lists import do_not_call

EXTENSION_MOST = 6
"""Signs of an inside number. A longer one is a public number in disguise, which do-not-call would not see."""


class NotNow(DialerError):
    """An act of call control that is refused; the error id says why."""

    def __init__(self, error_id: str, message: str, **params: Any) -> None:
        super().__init__(message, **params)
        self.error_id = error_id


@dataclass(frozen=True, slots=True)
class Target:
    """An agent, a campaign's agents, or a number and its way out."""

    label: str
    """What is shown: a number, an agent's code, a campaign's name."""
    agent: LiveAgent | None = None
    campaign_id: UUID | None = None
    number: str = ""
    endpoint: str = ""
    caller_id: str = ""
    trunk: TrunkRun | None = None


class Targets:
    def __init__(self, tools: Tools, hub: Hub, placer: Placer) -> None:
        self._tools = tools
        self._hub = hub
        self._placer = placer

    async def find(self, call: LiveCall, asked: Mapping[str, Any]) -> Target:
        """`asked` holds one of to_agent, to_campaign, phone (E.164), extension. Raises `NotNow`,
        `StorageError`."""
        if asked.get("to_agent"):
            return self._agent(call, UUID(str(asked["to_agent"])))
        if asked.get("to_campaign"):
            return self._campaign(call, UUID(str(asked["to_campaign"])))
        if asked.get("phone"):
            phone = str(asked["phone"])
            await self._must_be_allowed(call, phone)
            return self._number(call, phone)
        return self._extension(call, str(asked["extension"]))

    def _agent(self, call: LiveCall, agent_id: UUID) -> Target:
        agent = self._tools.agents.get(agent_id)
        if agent is None or agent.row.server != call.server or not agent.at_work:
            raise NotNow("no_such_target", "this agent is not at work")
        if not agent.free:
            raise NotNow("target_busy", "this agent is not free")
        return Target(agent.row.code, agent=agent)

    def _campaign(self, call: LiveCall, campaign_id: UUID) -> Target:
        run = self._hub.runs.get(campaign_id)
        if run is None:
            raise NotNow("no_such_target", "there is no such campaign")
        free = [agent for agent in self._tools.agents.free() if campaign_id in agent.row.campaign_ids]
        if not any(agent.row.server == call.server for agent in free):
            raise NotNow("target_busy", "none of this campaign's agents is free")
        return Target(run.campaign.name, campaign_id=campaign_id)

    async def _must_be_allowed(self, call: LiveCall, phone: str) -> None:
        """A public number is dialled: do-not-call holds, and nobody is called twice at once."""
        if any(other.e164 == phone for other in self._tools.calls):
            raise NotNow("target_busy", "this number is in a call of ours", e164=phone)
        async with self._tools.db.connection() as conn:
            if await do_not_call.blocked(conn, phone, call.campaign_id):
                raise NotNow("do_not_call", "this number may not be called", e164=phone)

    def _number(self, call: LiveCall, phone: str) -> Target:
        trunk, settings = self._trunk(call)
        try:
            dial = dial_string(trunk.trunk, phone)
        except BadValue as error:
            raise NotNow("bad_number", str(error)) from error
        return self._over(trunk, settings, phone, dial)

    def _extension(self, call: LiveCall, extension: str) -> Target:
        """Inside, as it is: no number format, no prefix."""
        trunk, settings = self._trunk(call)
        if not (0 < len(extension) <= EXTENSION_MOST and all(sign in "0123456789*" for sign in extension)):
            raise NotNow("bad_number", f"an extension is at most {EXTENSION_MOST} digits and *")
        try:
            dial = checked_dial_string(trunk.trunk.dial.replace("{number}", extension))
        except BadAction as error:
            raise NotNow("bad_number", str(error)) from error
        return self._over(trunk, settings, extension, dial)

    def _over(self, trunk: TrunkRun, settings: Settings, label: str, dial: str) -> Target:
        number, _, endpoint = dial.partition("/")[2].partition("@")
        shown = caller_id(settings.caller_ids, trunk.trunk.caller_ids, label)
        return Target(label, number=number, endpoint=endpoint, caller_id=shown, trunk=trunk)

    def _trunk(self, call: LiveCall) -> tuple[TrunkRun, Settings]:
        run = self._hub.run_of(call)
        settings = run.settings if run is not None else Settings()
        trunk = self._placer.trunk_for(settings)
        if trunk is None or trunk.trunk.server != call.server:
            raise NotNow("no_trunk", "no trunk is free")
        return trunk, settings
