"""Whose call it is, said by the agent who talks: several customers had the number, or it was somebody else.

From then on attempt, history, caps and typification are that customer's, and the pop is told again. A call
that was made for a contact is its customer's.
"""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from dialer import call as machine
from dialer.commands import Command
from dialer.engine.call_control import talking
from dialer.engine.calls import LiveCall
from dialer.engine.hub import Hub
from dialer.engine.targets import NotNow
from dialer.engine.tools import Tools
from lists import attempts
from lists.model import RefusalReason
from typifications import interactions

TRIES, TRY_EVERY_S = 10, 0.3
"""So long a call of ours that rings to the customer has to end."""


class Choosing:
    def __init__(self, tools: Tools, hub: Hub) -> None:
        self._tools = tools
        self._hub = hub

    async def choose(self, command: Command) -> Mapping[str, Any]:
        """Raises `NotNow`, `StorageError`."""
        call = talking(self._tools, command)
        customer_id = UUID(str(command.payload["customer_id"]))
        if call.contact_id is not None:
            raise NotNow("call_has_contact", "this call was made for its customer")
        for _ in range(TRIES):
            refusal = await self._store(call, customer_id)
            if refusal is None:
                self._tell(call, customer_id)
                return {"customer_id": str(customer_id)}
            if refusal is not RefusalReason.LIVE_CUSTOMER:
                break
            self._hub.cancel([other.id for other in self._tools.calls if other.customer_id == customer_id])
            await self._tools.clock.sleep(TRY_EVERY_S)
        else:
            raise NotNow("customer_talking", "this customer is in another call")
        raise NotNow("no_call", "the call ended meanwhile")

    async def _store(self, call: LiveCall, customer_id: UUID) -> RefusalReason | None:
        async with self._tools.db.transaction() as conn:
            refusal = await attempts.identify(conn, call.id, call.begun_at, customer_id)
            if refusal is None:
                await interactions.identify(conn, call.id, customer_id)
        return refusal

    def _tell(self, call: LiveCall, customer_id: UUID) -> None:
        call.customer_id = customer_id
        state = call.state
        agent = self._tools.agents.get(state.agent_id) if isinstance(state, machine.Talking) else None
        if agent is not None:
            self._hub.offer(call, agent)
