"""Send to Marcador: the customers of a filter become the contacts of a dial list, once or again and again."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from lists import dial_lists
from lists.assigning import ASSIGNING
from lists.errors import ListsError, NotFound, Refused
from lists.filtering import model
from lists.filtering import schedule as schedules
from lists.filtering.matching import BULK_S, fill, one_base
from lists.filtering.model import Filter
from lists.filtering.schedule import Schedule, next_after
from lists.model import SameCustomer
from lists.settling import last_position
from storage.database import Connection, savepoint
from storage.errors import DeadlinePassed
from storage.ids import uuid7

PIECE = 5_000
DEFAULT_PRIORITY = 100


@dataclass(frozen=True, slots=True)
class Sent:
    """What became of everybody who matched: the counts after `matched` add up to it."""

    matched: int = 0
    queued: int = 0
    moved: int = 0
    """Waited in another list of the campaign, and came to this one."""
    already_open: int = 0
    """Waiting, live or scheduled in another list of the campaign."""
    already_in_list: int = 0
    """In this very list before, whatever became of them: a refresh adds, it does not recycle."""
    do_not_call: int = 0
    """Every good number is on do-not-call."""
    no_phone: int = 0
    """No number, or only bad ones."""

    def __add__(self, other: "Sent") -> "Sent":
        mine, theirs = asdict(self), asdict(other)
        return Sent(**{name: mine[name] + theirs[name] for name in mine})


@dataclass(frozen=True, slots=True)
class Refresh:
    dial_list_id: UUID
    filter: Filter
    schedule: Schedule
    same_customer: SameCustomer
    next_at: datetime | None
    """None: stopped."""
    last_at: datetime | None
    last_sent: Sent | None
    error: str | None


async def send(
    conn: Connection,
    filter_: Filter,
    campaign_id: UUID,
    name: str,
    *,
    priority: int = DEFAULT_PRIORITY,
    zone: str | None = None,
    expires_at: datetime | None = None,
    schedule: Schedule | None = None,
    same_customer: SameCustomer = SameCustomer.REFUSE,
    now: datetime,
) -> tuple[UUID, Sent]:
    """A new dial list of the campaign with everybody who matches. With a schedule it goes on filling itself.

    It is seen whole at the commit: needs a transaction. Whether the campaign exists is the caller's to know.
    Raises Refused (nobody_matches, several_bases, list_name_taken), BadFilter, NotFound.
    """
    base_id = await one_base(conn, filter_, now=now)
    if base_id is None:
        raise Refused("nobody_matches", "No customer matches the filter.")
    made = await dial_lists.create(
        conn,
        campaign_id,
        base_id,
        name.strip(),
        zone=zone,
        priority=priority,
        expires_at=expires_at,
        now=now,
    )
    sent = await append(conn, made.id, filter_, same_customer=same_customer, now=now)
    if not sent.matched and schedule is None:
        raise Refused("nobody_matches", "No customer matches the filter.")
    if schedule is not None:
        await keep(conn, made.id, filter_, schedule, same_customer=same_customer, now=now)
    return made.id, sent


async def append(
    conn: Connection,
    dial_list_id: UUID,
    filter_: Filter,
    *,
    same_customer: SameCustomer = SameCustomer.REFUSE,
    now: datetime,
) -> Sent:
    """Add whoever matches to an existing list, behind those who are there. Needs a transaction.

    `same_customer`: of those who wait in another list of the campaign. Nobody is in one list twice.

    Raises Refused (other_base), BadFilter, NotFound.
    """
    target = await conn.fetchrow(ASSIGNING.lock_list, dial_list_id)
    if target is None:
        raise NotFound(f"there is no dial list {dial_list_id}")
    base_id = await one_base(conn, filter_, now=now)
    if base_id not in (None, target["base_id"]):
        raise Refused("other_base", "The list holds customers of another base.")
    sql, args = await fill(conn, ASSIGNING.matching_ids, filter_, filter_.maximum, now=now)
    sent = Sent()
    place = last_position(now)
    # The cursor sees the moment it was opened: what is added meanwhile cannot match itself.
    cursor = await conn.cursor(sql, *args, timeout=BULK_S)
    while rows := await cursor.fetch(PIECE, timeout=BULK_S):
        customers = [row["id"] for row in rows]
        sent += await _queue(conn, dial_list_id, target["campaign_id"], customers, place, same_customer, now)
        place += len(customers)
    return sent


async def keep(
    conn: Connection,
    dial_list_id: UUID,
    filter_: Filter,
    schedule: Schedule,
    *,
    same_customer: SameCustomer = SameCustomer.REFUSE,
    now: datetime,
) -> None:
    """Refresh this list from this filter from now on; a former schedule is replaced. Raises BadFilter,
    Refused."""
    await one_base(conn, filter_, now=now)
    await fill(conn, ASSIGNING.matching_ids, filter_, None, now=now)
    await conn.execute(
        ASSIGNING.keep_refresh,
        dial_list_id,
        model.to_json(filter_),
        schedules.to_json(schedule),
        next_after(schedule, now),
        now,
        same_customer,
    )


async def stop(conn: Connection, dial_list_id: UUID) -> None:
    """The list stays as it is. Raises NotFound when it was never refreshed."""
    if await conn.fetchval(ASSIGNING.stop_refresh, dial_list_id) is None:
        raise NotFound(f"the dial list {dial_list_id} is not refreshed")


async def refresh_of(conn: Connection, dial_list_id: UUID) -> Refresh | None:
    row = await conn.fetchrow(ASSIGNING.refresh_of, dial_list_id)
    if row is None:
        return None
    return Refresh(
        dial_list_id=row["dial_list_id"],
        filter=model.from_json(row["filter"]),
        schedule=schedules.from_json(row["schedule"]),
        same_customer=SameCustomer(row["same_customer"]),
        next_at=row["next_at"],
        last_at=row["last_at"],
        last_sent=Sent(**row["last_sent"]) if row["last_sent"] else None,
        error=row["error"],
    )


async def refresh_due(conn: Connection, now: datetime, *, limit: int = 10) -> Mapping[UUID, Sent | str]:
    """Refresh the lists whose time has come: per list its counts, or why nothing was done. Needs a
    transaction. Several workers may call it at once, each list is refreshed by one.

    A list that fails says so and waits for its next time; the others go on.
    """
    done: dict[UUID, Sent | str] = {}
    for row in await conn.fetch(ASSIGNING.due_refreshes, now, limit):
        dial_list_id = row["dial_list_id"]
        schedule = schedules.from_json(row["schedule"])
        next_at: datetime | None = next_after(schedule, now)
        sent, error = None, None
        try:
            async with savepoint(conn):
                sent = await append(
                    conn,
                    dial_list_id,
                    model.from_json(row["filter"]),
                    same_customer=SameCustomer(row["same_customer"]),
                    now=now,
                )
        except NotFound as gone:  # the list or its base was deleted: there is nothing left to wait for
            error, next_at = str(gone), None
        except (ListsError, DeadlinePassed) as refused:
            error = str(refused)
        await conn.execute(
            ASSIGNING.refreshed, dial_list_id, now, next_at, _counts(sent) if sent else None, error
        )
        done[dial_list_id] = sent if sent is not None else str(error)
    return done


def _counts(sent: Sent) -> dict[str, Any]:
    return asdict(sent)


async def _queue(
    conn: Connection,
    dial_list_id: UUID,
    campaign_id: UUID,
    customers: list[UUID],
    place: int,
    same_customer: SameCustomer,
    now: datetime,
) -> Sent:
    row = await conn.fetchrow(
        ASSIGNING.queue,
        dial_list_id,
        campaign_id,
        customers,
        [uuid7(now) for _ in customers],
        place,
        now,
        DEFAULT_PRIORITY,
        same_customer,
        timeout=BULK_S,
    )
    assert row is not None
    return Sent(matched=len(customers), **dict(row))
