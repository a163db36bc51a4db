"""Reading the audit; `crm_api.audit` writes it."""

from datetime import datetime
from uuid import UUID

from crm_api.audits.schemas import AuditOut
from crm_api.schemas import Page, Paging
from storage.database import Connection
from storage.queries import Queries

QUERIES = Queries.load("crm_api")


async def page(
    conn: Connection,
    paging: Paging,
    *,
    user_id: UUID | None,
    action: str | None,
    since: datetime | None,
    until: datetime | None,
) -> Page[AuditOut]:
    query = QUERIES.audit_newest_first if paging.newest_first("at") else QUERIES.audit_oldest_first
    rows = await conn.fetch(query, user_id, action, since, until, paging.limit + 1, paging.offset)
    return paging.over([AuditOut(**row) for row in rows])
