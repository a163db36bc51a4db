"""Events that are nobody's: the first agent to take one holds it, for a while.

A hold that has run out needs no clearing away: whoever reads it compares it with now.
"""

from datetime import datetime, timedelta
from uuid import UUID

from storage.database import Connection
from typifications import agenda
from typifications.agenda import QUERIES
from typifications.errors import Refused
from typifications.model import AgendaEvent, EventState

HOLD_S = 600
"""Not managed within this, and it is everybody's again."""


async def take(conn: Connection, event_id: UUID, agent_id: UUID, *, now: datetime) -> AgendaEvent:
    """Hold it from now on; again, for longer. Raises `NotFound`, and `Refused`: `event_closed`,
    `event_taken`."""
    until = now + timedelta(seconds=HOLD_S)
    row = await conn.fetchrow(QUERIES["take"], event_id, agent_id, until, now)
    if row is not None:
        return agenda.of_row(row)
    event = await agenda.get(conn, event_id)
    if event.state is not EventState.PENDING:
        raise Refused("event_closed", f"this event is {event.state} already", state=event.state)
    raise Refused("event_taken", "another agent has taken this event", taken_by=str(event.taken_by))


async def let_go(conn: Connection, event_id: UUID, agent_id: UUID) -> AgendaEvent:
    """Whoever does not hold it changes nothing. Raises `NotFound`."""
    await conn.execute(QUERIES["let_go"], event_id, agent_id)
    return await agenda.get(conn, event_id)
