"""Trunks as the API takes them."""

from uuid import UUID

from crm_api.errors import conflict
from crm_api.trunks.schemas import TrunkIn
from dialer import campaigns, trunks
from storage.database import Connection

SORTS = ("name", "server", "channels", "calls_per_s", "enabled")
MOST = 10_000


def fields(body: TrunkIn) -> trunks.TrunkFields:
    return trunks.TrunkFields(**body.model_dump())


async def must_be_unused(conn: Connection, trunk_id: UUID) -> None:
    users = [c.name for c in await campaigns.page(conn, limit=MOST) if trunk_id in c.settings.trunks]
    if users:
        raise conflict("trunk_in_use", "campaigns dial through this trunk", campaigns=users[:20])
