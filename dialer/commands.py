"""What the API asks of the engine: a row first, the bus only wakes the worker up.

| kind | target | payload | what it does |
|---|---|---|---|
| agent.login | agent | | opens the held line (rings the phone); a ringing agent is logged in at once |
| agent.logout | agent | | at once, or after the call and its wrap-up |
| agent.ready | agent | | ends a pause |
| agent.pause | agent | reason | at once, or after the call and its wrap-up |
| agent.finishing | agent | attempt_id? | the typification form was opened: soon free (a hint for pacing) |
| agent.typified | agent | attempt_id | the interaction is stored: the wrap-up is over |
| agent.wrapup_extend | agent | seconds | |
| call.hangup | attempt | agent_id | ends the customer's call |
| call.cancel | – | attempt_ids | hangs up those not yet talking (their number was blocked) |
| preview.accept | agent | attempt_id | calls the contact the agent is shown |
| preview.skip | agent | attempt_id, reason | it is not called now |
| call.choose | attempt | agent_id, customer_id | the conversation is that customer's |
| call.click | agent | campaign_id, e164, customer_id, contact_id, zones, override | the agent's line first |
| control.hold, control.resume | attempt | agent_id | the customer hears music, and is joined again |
| control.keys | attempt | agent_id, keys | pressed on the customer's channel |
| control.transfer | attempt | agent_id, and one of to_agent, to_campaign, phone, extension | blind |
| control.consult | attempt | agent_id, and one of to_agent, phone, extension | the customer held meanwhile |
| control.complete, control.cancel | attempt | agent_id | the agent leaves, or the third party does |
| control.conference | attempt | agent_id | the three talk |
| control.listen | attempt | how, supervisor | that agent's phone hears the call: listen, whisper, barge |
| control.unlisten | attempt | supervisor | |
| campaign.emergency_stop | campaign | | nothing new, and everything not yet talking is hung up |
`agent_id` of call.hangup, call.choose and control.*: whose call it must still be (an agent asked); absent for
supervisors.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from asyncpg import Record

from dialer.errors import Unknown
from storage.bus import Bus
from storage.clock import Clock
from storage.database import Connection, Database
from storage.ids import uuid7
from storage.queries import Queries

QUERIES = Queries.load("dialer", "sql/commands.sql")

WAKE = "dialer.wake"
"""The topic a worker listens to: publish anything after committing a command or a campaign's change."""


class Kind(StrEnum):
    AGENT_LOGIN = "agent.login"
    AGENT_LOGOUT = "agent.logout"
    AGENT_READY = "agent.ready"
    AGENT_PAUSE = "agent.pause"
    AGENT_FINISHING = "agent.finishing"
    AGENT_TYPIFIED = "agent.typified"
    AGENT_WRAPUP_EXTEND = "agent.wrapup_extend"
    CALL_HANGUP = "call.hangup"
    CALL_CANCEL = "call.cancel"
    CALL_CHOOSE = "call.choose"
    CALL_CLICK = "call.click"
    CONTROL_HOLD = "control.hold"
    CONTROL_RESUME = "control.resume"
    CONTROL_KEYS = "control.keys"
    CONTROL_TRANSFER = "control.transfer"
    CONTROL_CONSULT = "control.consult"
    CONTROL_COMPLETE = "control.complete"
    CONTROL_CANCEL = "control.cancel"
    CONTROL_CONFERENCE = "control.conference"
    CONTROL_LISTEN = "control.listen"
    CONTROL_UNLISTEN = "control.unlisten"
    PREVIEW_ACCEPT = "preview.accept"
    PREVIEW_SKIP = "preview.skip"
    EMERGENCY_STOP = "campaign.emergency_stop"


class State(StrEnum):
    QUEUED = "queued"
    DONE = "done"
    REFUSED = "refused"
    """`result` is {error_id, message, params}."""


@dataclass(frozen=True, slots=True)
class Command:
    id: UUID
    kind: Kind
    target: UUID | None
    payload: Mapping[str, Any]
    state: State
    result: Mapping[str, Any] | None
    created_by: UUID | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Done:
    """What a worker answers; a refusal's result is {error_id, message, params}."""

    command_id: UUID
    result: Mapping[str, Any]
    refused: bool = False


async def submit(
    conn: Connection,
    kind: Kind,
    target: UUID | None,
    payload: Mapping[str, Any] | None = None,
    *,
    idempotency_key: str | None = None,
    user_id: UUID | None = None,
    now: datetime,
) -> Command:
    """Store a command; the same key again gives the first one back. Commit, then `wake`."""
    row = await conn.fetchrow(
        QUERIES["submit"], uuid7(now), kind, target, dict(payload or {}), idempotency_key, user_id, now
    )
    if row is None:
        row = await conn.fetchrow(QUERIES["by_key"], idempotency_key)
    assert row is not None
    return _command(row)


def wake(bus: Bus) -> None:
    bus.publish(WAKE, b"")


async def get(conn: Connection, command_id: UUID) -> Command:
    """Raises `Unknown`."""
    row = await conn.fetchrow(QUERIES["get"], command_id)
    if row is None:
        raise Unknown("there is no such command", command_id=str(command_id))
    return _command(row)


async def wait_done(db: Database, clock: Clock, command_id: UUID, *, patience_s: float = 3.0) -> Command:
    """The command as it stands when it is answered, or still queued after `patience_s`."""
    pause, waited = 0.01, 0.0
    while True:
        async with db.connection() as conn:
            command = await get(conn, command_id)
        if command.state is not State.QUEUED or waited >= patience_s:
            return command
        await clock.sleep(pause)
        waited, pause = waited + pause, min(pause * 2, 0.2)


async def queued(conn: Connection, *, limit: int = 100) -> list[Command]:
    """The worker's: the oldest commands nobody has answered."""
    return [_command(row) for row in await conn.fetch(QUERIES["queued"], limit)]


async def answer(conn: Connection, answers: Sequence[Done], *, now: datetime) -> None:
    if answers:
        await conn.execute(
            QUERIES["answer"],
            [a.command_id for a in answers],
            [State.REFUSED if a.refused else State.DONE for a in answers],
            [dict(a.result) for a in answers],
            now,
        )


def _command(row: Record) -> Command:
    return Command(
        id=row["id"],
        kind=Kind(row["kind"]),
        target=row["target"],
        payload=row["payload"],
        state=State(row["state"]),
        result=row["result"],
        created_by=row["created_by"],
        created_at=row["created_at"],
    )
