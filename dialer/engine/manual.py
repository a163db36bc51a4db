"""Click to call: the agent's leg first, and the agent hears the customer's phone ring."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from dialer import agent as desk
from dialer.agents import Line
from dialer.engine.agent_first import LEASE_S, AgentFirst, CannotCall
from dialer.engine.agents import LiveAgent
from dialer.engine.hub import Hub
from dialer.engine.proposed import Proposed
from dialer.engine.tools import Tools
from lists import reserving
from lists.model import AttemptKind, Reserved
from storage.ids import uuid7


class Manual:
    def __init__(self, tools: Tools, hub: Hub, first: AgentFirst) -> None:
        self._tools = tools
        self._hub = hub
        self._first = first

    async def call(self, agent: LiveAgent, asked: Mapping[str, Any]) -> UUID:
        """The attempt's id. On a held line the customer is being dialled; a ringing agent's phone rings, and
        what keeps the call from being made afterwards is told live. Raises `CannotCall`, `StorageError`."""
        run = self._hub.runs.get(_uuid(asked.get("campaign_id")) or UUID(int=0))
        if run is None:
            raise CannotCall("unknown_campaign", "there is no such campaign")
        if self._first.proposed_to(agent.id) is not None:
            raise CannotCall("agent_busy", "the agent is about to call already")
        if desk.attempt_of(agent.state) is not None:
            raise CannotCall("agent_busy", "the agent is in a call, or has yet to typify one")
        if agent.row.line is Line.HELD and not agent.held:
            raise CannotCall("no_held_line", "click to call needs the agent's open line")
        if not agent.at_work:
            raise CannotCall("not_logged_in", "the agent is not at work")
        contact_id = _uuid(asked.get("contact_id"))
        contact = await self._contact(contact_id) if contact_id else None
        proposed = Proposed(
            attempt_id=uuid7(self._tools.clock.now()),
            agent=agent,
            run=run,
            kind=AttemptKind.MANUAL,
            e164=str(asked.get("e164") or (contact.e164 if contact else "")),
            contact=contact,
            zones=tuple(asked.get("zones") or ()),
            override=bool(asked.get("override")),
            customer_id=contact.customer_id if contact else _uuid(asked.get("customer_id")),
        )
        await self._first.call(proposed)
        return proposed.attempt_id

    async def _contact(self, contact_id: UUID) -> Reserved:
        """Lent to this click alone. What another agent is about to call is lent already, to this very worker:
        giving it back after a refusal would take it from that agent."""
        self._must_be_nobodys(contact_id)
        async with self._tools.db.transaction() as conn:
            found = await reserving.reserve_one(
                conn, contact_id, now=self._tools.clock.now(), worker=self._tools.worker, lease_s=LEASE_S
            )
        if found is None:
            raise CannotCall("contact_busy", "this contact is over, or being dialled")
        self._must_be_nobodys(contact_id)  # nor clicked on by another meanwhile
        return found

    def _must_be_nobodys(self, contact_id: UUID) -> None:
        if self._first.proposes(contact_id):
            raise CannotCall("contact_busy", "another agent is about to call this contact")


def _uuid(value: object) -> UUID | None:
    return UUID(str(value)) if value else None
