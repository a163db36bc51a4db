"""Commands: a row first, the bus only wakes the worker up."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from crm_api.access import Call, Role, Visit
from crm_api.commands.schemas import CommandOut
from crm_api.errors import not_found
from dialer import agents, commands
from dialer.commands import Command, Kind, State
from lists import history
from storage.database import Connection


def wake(call: Call) -> None:
    """Have the workers look once this request has committed: what changed need not wait for a timer."""
    call.after_commit(lambda: commands.wake(call.hub.bus))


async def submit(
    call: Call, kind: Kind, target: UUID | None, payload: Mapping[str, Any] | None = None
) -> CommandOut:
    """Stored with the request, handed to the engine once the request has committed."""
    command = await commands.submit(
        call.conn,
        kind,
        target,
        payload,
        idempotency_key=call.key,
        user_id=call.who.user_id,
        now=call.now,
    )
    call.note(target, **dict(payload or {}))
    wake(call)
    return CommandOut.model_validate(command)


async def tell(call: Call, kind: Kind, target: UUID | None, payload: Mapping[str, Any]) -> None:
    """What follows from a request that is not itself a command: the request's own key is not this one's."""
    await commands.submit(call.conn, kind, target, payload, user_id=call.who.user_id, now=call.now)
    wake(call)


async def waited_for(visit: Visit, command_id: UUID, wait_s: float) -> CommandOut:
    """As it stands, or as it was answered within `wait_s`. Agents see their own, supervisors those of the
    campaigns watched, too."""
    async with visit.hub.db.connection() as conn:
        found = await commands.get(conn, command_id)
        if not await _may_see(conn, visit, found):
            raise not_found("command", command_id)
    if wait_s > 0 and found.state is State.QUEUED:
        hub = visit.hub
        found = await commands.wait_done(hub.db, hub.clock, command_id, patience_s=wait_s)
    return CommandOut.model_validate(found)


async def _may_see(conn: Connection, visit: Visit, found: Command) -> bool:
    who = visit.who
    if who.user_id is not None and found.created_by == who.user_id:
        return True
    if not who.role.covers(Role.SUPERVISOR):
        return False
    return who.campaigns is None or bool(who.campaigns & await _campaigns_of(conn, found))


async def _campaigns_of(conn: Connection, found: Command) -> frozenset[UUID]:
    """The campaign a command is for; those of its agent, or of its call, where it names none itself."""
    if found.target is None:
        return frozenset()
    if found.kind is Kind.EMERGENCY_STOP:
        return frozenset({found.target})
    if found.kind is Kind.CALL_CLICK:
        return frozenset({UUID(found.payload["campaign_id"])})
    if found.kind.startswith(("agent.", "preview.")):
        agent = next(iter(await agents.page(conn, ids=[found.target], limit=1)), None)
        return agent.campaign_ids if agent is not None else frozenset()
    attempt = await history.get(conn, found.target)
    return frozenset({attempt.campaign_id}) if attempt and attempt.campaign_id else frozenset()
