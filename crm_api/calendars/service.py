"""Calendar feeds: calendars cannot log in, so the address itself is the key, and can be changed."""

import hashlib
import secrets
from datetime import datetime, timedelta
from uuid import UUID

from crm_api.access import Call
from crm_api.agents.service import may_act_for
from crm_api.calendars.ical import calendar
from crm_api.campaigns.service import must_watch_all
from crm_api.errors import ApiError
from crm_api.preferences import service as preferences
from dialer import agents
from dialer.errors import Unknown
from storage.database import Connection
from storage.queries import Queries
from typifications import agenda
from typifications.agenda import Range
from typifications.model import EventState

QUERIES = Queries.load("crm_api", "calendars/queries.sql")
BACK, AHEAD = timedelta(days=30), timedelta(days=400)


async def open_feed(call: Call, agent_id: UUID) -> str:
    """A new secret; the one before holds no longer. It shows all of the agent's events: a supervisor opens it
    who watches all of the agent's campaigns."""
    agent = await may_act_for(call, agent_id)
    if call.who.agent_id != agent_id:
        await must_watch_all(call.conn, call, agent.campaign_ids)
    secret = secrets.token_urlsafe(32)
    await call.conn.execute(QUERIES.keep, agent_id, _hash(secret), call.now)
    return secret


async def close_feed(call: Call, agent_id: UUID) -> None:
    await may_act_for(call, agent_id)
    await close(call.conn, agent_id)


async def close(conn: Connection, agent_id: UUID) -> None:
    await conn.execute(QUERIES.forget, agent_id)


async def read(conn: Connection, secret: str, now: datetime) -> str:
    """The agent's pending events. A wrong secret and a closed feed look the same."""
    agent_id = await conn.fetchval(QUERIES.whose, _hash(secret))
    try:
        agent = await agents.get(conn, agent_id) if agent_id else None
    except Unknown:
        agent = None
    if agent is None:
        raise ApiError(404, "feed_not_found", "there is no such feed")
    wanted = Range(now - BACK, now + AHEAD, (agent.id,), states=(EventState.PENDING,))
    found = await agenda.between(conn, wanted)
    notify = await preferences.notified_before(conn)
    return calendar(f"Marcador {agent.name}", found, notify=notify, made=now)


def _hash(secret: str) -> bytes:
    """Long and random: a fast hash will do."""
    return hashlib.sha256(secret.encode()).digest()
