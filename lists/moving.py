"""A dial list moves to another campaign, with everything its contacts have lived through.

Waits, places, attempts and phones stay as they are; the rolling caps are kept per number and customer anyway.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from lists import dial_lists
from lists.errors import NotFound, Refused
from lists.gate import close_gate
from lists.model import SameCustomer
from lists.queries import Row
from storage.database import Connection
from storage.queries import Queries

SQL = Queries.load("lists", "queries_moving.sql")
BULK_S = 120.0


@dataclass(frozen=True, slots=True)
class Moved:
    """`open`: contacts that wait on in the new campaign. `already_open`: those that ended, for their customer
    waits there already; `taken_in`: of these, whose contact there came to the list in their place."""

    open: int
    already_open: int
    taken_in: int = 0


async def move(
    conn: Connection,
    dial_list_id: UUID,
    campaign_id: UUID,
    *,
    same_customer: SameCustomer = SameCustomer.REFUSE,
    now: datetime,
) -> Moved:
    """Needs a transaction; whether the campaign exists and dials is the caller's to know.

    Raises NotFound, Refused (same_campaign, list_name_taken, list_live: calls of it are under way, which
    belong to the campaign that began them; list_loading).
    """
    await close_gate(conn)  # no attempt of the list can begin until this is done
    target = await conn.fetchrow(SQL.lock_list, dial_list_id)
    if target is None:
        raise NotFound(f"there is no dial list {dial_list_id}")
    if target["campaign_id"] == campaign_id:
        raise Refused("same_campaign", "The list is in that campaign already.")
    if not target["ready"]:
        raise Refused("list_loading", "The list is still being loaded.")
    if any(one.name == target["name"] for one in await dial_lists.of_campaign(conn, campaign_id)):
        raise Refused("list_name_taken", f"The campaign already has a list named {target['name']}.")
    if live := await conn.fetchval(SQL.live, dial_list_id):
        raise Refused("list_live", f"{live} calls of the list are under way: pause it and try again.")
    ended: Sequence[Row] = []
    if same_customer is SameCustomer.ALLOW:
        await conn.execute(SQL.allow_known, dial_list_id, campaign_id, timeout=BULK_S)
    else:
        ended = await conn.fetch(SQL.end_known, dial_list_id, campaign_id, now, timeout=BULK_S)
    await conn.execute(SQL.move_list, dial_list_id, campaign_id)
    waiting = await conn.fetchval(SQL.move_contacts, dial_list_id, campaign_id, timeout=BULK_S)
    await conn.execute(SQL.move_loads, dial_list_id, campaign_id)
    taken = (
        await _take_in(conn, dial_list_id, campaign_id, ended) if same_customer is SameCustomer.MOVE else 0
    )
    return Moved(open=waiting, already_open=len(ended), taken_in=taken)


async def _take_in(conn: Connection, dial_list_id: UUID, campaign_id: UUID, ended: Sequence[Row]) -> int:
    rows = await conn.fetch(
        SQL.take_in,
        dial_list_id,
        campaign_id,
        [row["customer_id"] for row in ended],
        [row["priority"] for row in ended],
        [row["position"] for row in ended],
        timeout=BULK_S,
    )
    return len(rows)
