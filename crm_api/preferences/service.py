"""Preferences: one row each; what was never set has its default."""

from datetime import timedelta

from crm_api.access import Call
from crm_api.preferences.schemas import PreferencesEdit, PreferencesOut
from storage.database import Connection
from storage.queries import Queries

QUERIES = Queries.load("crm_api", "preferences/queries.sql")


async def read(conn: Connection) -> PreferencesOut:
    rows = await conn.fetch(QUERIES.every)
    return PreferencesOut.model_validate({row["name"]: row["value"] for row in rows})


async def notified_before(conn: Connection) -> timedelta:
    return timedelta(minutes=(await read(conn)).notification_minutes)


async def edit(call: Call, body: PreferencesEdit) -> PreferencesOut:
    await call.conn.execute(QUERIES.lock)
    kept = (await read(call.conn)).model_dump()
    for name, value in body.model_dump(exclude_none=True).items():
        new = kept[name] | value if isinstance(value, dict) else value
        await call.conn.execute(QUERIES.keep, name, new, call.who.user_id, call.now)
    return await read(call.conn)
