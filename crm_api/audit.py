"""Who did what: one row for every request that changed something, in its own transaction."""

from collections.abc import Mapping
from typing import Any

from crm_api.access import Visit
from storage.database import Connection
from storage.ids import uuid7
from storage.queries import Queries

QUERIES = Queries.load("crm_api")


async def record(conn: Connection, visit: Visit, action: str, path: Mapping[str, Any]) -> None:
    """The target is what the route noted, or else the ids in its address."""
    target = visit.audit_target or " ".join(str(value) for value in path.values())
    detail = dict(visit.audit_detail)
    if visit.who.is_token:
        detail["token"] = visit.who.name
    await conn.execute(
        QUERIES.add_audit, uuid7(visit.now), visit.now, visit.who.user_id, action, target, detail
    )
