"""Bases: deleting one takes two steps, for it ends every contact of its customers."""

import hashlib
import hmac
from uuid import UUID

from crm_api.access import Call, Visit
from crm_api.bases.schemas import DeletionOut
from crm_api.campaigns.service import must_watch_all
from crm_api.errors import conflict
from crm_api.live import notify
from lists import dial_lists
from lists.dial_lists import Base
from storage.database import Connection
from typifications import agenda

SORTS = ("name", "customers", "region", "created_at")
MOST = 10_000
GOES = ("customers", "dial_lists", "waiting_contacts", "agenda_events")
STAYS = ("interactions", "attempts", "do_not_call")


async def must_be_theirs(conn: Connection, visit: Visit, base_id: UUID) -> None:
    """What changes or shows a base whole is for those who watch every campaign with a list of it. Raises
    NotFound."""
    await dial_lists.get_base(conn, base_id)
    if visit.who.campaigns is not None:
        await must_watch_all(conn, visit, await dial_lists.campaigns_of_base(conn, base_id))


def deletion(base: Base) -> DeletionOut:
    return DeletionOut(base_id=base.id, customers=base.customers, goes=GOES, stays=STAYS, token=_token(base))


async def delete(call: Call, base_id: UUID, token: str) -> int:
    """Refused when the token is not that of the base as it stands. How many contacts ended."""
    base = await dial_lists.get_base(call.conn, base_id)
    if not hmac.compare_digest(token.encode(), _token(base).encode()):
        raise conflict(
            "confirmation_needed",
            "read what would be deleted, and send its token",
            customers=base.customers,
        )
    ended = await dial_lists.delete_base(call.conn, base_id, call.now)
    await agenda.end_of_base(call.conn, base_id, call.now)
    call.after_commit(lambda: notify.agenda_changed(call.hub.bus))
    return ended


def _token(base: Base) -> str:
    """Changes with the number of customers: nobody confirms what they have not seen."""
    return hashlib.sha256(f"delete {base.id} {base.customers}".encode()).hexdigest()[:16]
