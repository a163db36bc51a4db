"""Click to call: the agent's held line first, and the agent hears the customer's phone ring."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from ami.actions import Redirect, Setvar
from dialer import agent as desk
from dialer import call as machine
from dialer.agents import Line
from dialer.dialing import caller_id, dial_string
from dialer.engine.agents import LiveAgent
from dialer.engine.calls import LiveCall
from dialer.engine.campaign import LEASE_S, CampaignRun
from dialer.engine.hub import Hub
from dialer.engine.placing import Placer
from dialer.engine.tools import Tools
from dialer.errors import BadValue, DialerError
from lists import reserving
from lists.model import AttemptKind, Begin, Reserved
from storage.ids import uuid7


class CannotCall(DialerError):
    """A click to call that is refused; the error id says why."""

    def __init__(self, error_id: str, message: str) -> None:
        super().__init__(message)
        self.error_id = error_id


class Manual:
    def __init__(self, tools: Tools, placer: Placer, hub: Hub) -> None:
        self._tools = tools
        self._placer = placer
        self._hub = hub

    async def call(self, agent: LiveAgent, asked: Mapping[str, Any]) -> UUID:
        """The attempt's id. Raises `CannotCall`, `StorageError`."""
        run = self._hub.runs.get(_uuid(asked.get("campaign_id")) or UUID(int=0))
        if run is None:
            raise CannotCall("unknown_campaign", "there is no such campaign")
        if agent.row.line is not Line.HELD or not agent.held:
            raise CannotCall("no_held_line", "click to call needs the agent's open line")
        contact_id = _uuid(asked.get("contact_id"))
        contact = await self._contact(contact_id) if contact_id else None
        begin, dial = self._begin(run, agent, asked, contact)
        self._tools.agents.happen(agent, desk.CallReserved(begin.attempt_id))
        if desk.attempt_of(agent.state) != begin.attempt_id:
            raise CannotCall("agent_busy", "the agent is in a call")
        try:
            refusal = await self._placer.begin_one(begin, run.settings)
        except BaseException:
            self._tools.agents.happen(agent, desk.CallWithdrawn(begin.attempt_id))
            raise
        if refusal is not None:
            self._tools.agents.happen(agent, desk.CallWithdrawn(begin.attempt_id))
            raise CannotCall(refusal.reason, f"this number cannot be called now: {refusal.reason}")
        self._dial(run, agent, begin, dial)
        return begin.attempt_id

    async def _contact(self, contact_id: UUID) -> Reserved:
        async with self._tools.db.transaction() as conn:
            found = await reserving.reserve_one(
                conn, contact_id, now=self._tools.clock.now(), worker=self._tools.worker, lease_s=LEASE_S
            )
        if found is None:
            raise CannotCall("contact_busy", "this contact is over, or being dialled")
        return found

    def _begin(
        self, run: CampaignRun, agent: LiveAgent, asked: Mapping[str, Any], contact: Reserved | None
    ) -> tuple[Begin, str]:
        now = self._tools.clock.now()
        e164 = str(asked.get("e164") or (contact.e164 if contact else ""))
        trunk = self._placer.trunk_for(run.settings)
        if trunk is None or trunk.trunk.server != agent.row.server:
            raise CannotCall("no_trunk", "no trunk is free")
        try:
            dial = dial_string(trunk.trunk, e164)
        except BadValue as error:
            raise CannotCall("not_dialable", str(error)) from error
        begin = Begin(
            attempt_id=uuid7(now),
            begun_at=now,
            kind=AttemptKind.MANUAL,
            campaign_id=run.id,
            contact=contact,
            customer_id=contact.customer_id if contact else _uuid(asked.get("customer_id")),
            phone_id=contact.phone_id if contact and contact.e164 == e164 else None,
            e164=e164,
            trunk=trunk.trunk.name,
            server=trunk.trunk.server,
            caller_id=caller_id(run.settings.caller_ids, trunk.trunk.caller_ids, e164),
            epoch=0,
            worker=self._tools.worker,
            agent_id=agent.id,
        )
        return begin, dial

    def _dial(self, run: CampaignRun, agent: LiveAgent, begin: Begin, dial: str) -> None:
        trunk = self._tools.trunks.by_name(begin.trunk)
        if trunk is not None:
            trunk.limits.take(begin.begun_at)
        call = LiveCall(
            id=begin.attempt_id,
            begun_at=begin.begun_at,
            kind=begin.kind,
            e164=begin.e164,
            server=begin.server,
            state=machine.Sent(machine.Facts(begin.begun_at)),
            campaign_id=run.id,
            contact_id=begin.contact.contact_id if begin.contact else None,
            retries=begin.contact.retries if begin.contact else {},
            customer_id=begin.customer_id,
            trunk=begin.trunk,
            bound_agent=agent.id,
            ring_s=run.settings.ring_timeout_s,
            generation=self._tools.sender.generation(begin.server),
        )
        self._tools.calls.add(call)
        self._hub.began(call)
        self._hub.offer(call, agent)
        number, _, endpoint = dial.partition("/")[2].partition("@")
        variables = {
            "MARCADOR_ATTEMPT": str(call.id),
            "MARCADOR_TRUNK": endpoint,
            "MARCADOR_RING_MS": str(run.settings.ring_timeout_s * 1000),
            "MARCADOR_CALLERID": begin.caller_id,
        }
        line = agent.line
        actions = [Setvar(name, value, line) for name, value in variables.items() if value]
        self._tools.sender.post(
            call.server,
            (*actions, Redirect(line, "marcador-manual", number)),
            lambda error: self._placer.failed(call, error),
        )


def _uuid(value: object) -> UUID | None:
    return UUID(str(value)) if value else None
