"""The tree of results: up to three levels, campaigns on the first, the others follow their parent."""

from collections.abc import Mapping, Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any
from uuid import UUID

from asyncpg import Record

from storage.database import Connection
from storage.ids import uuid7
from storage.queries import Queries
from typifications.errors import NotFound, Refused, StaleRevision
from typifications.model import (
    MAX_LEVEL,
    Action,
    DoNotCallScope,
    Result,
    ResultClass,
    ResultFields,
    ResultNode,
    ResultTree,
)

QUERIES = Queries.load("typifications", "sql/results.sql")
MAX_ORDINAL = 2**31 - 1


async def tree(conn: Connection, campaign_id: UUID | None, *, offered: bool = True) -> ResultTree:
    """The campaign's results (None: of all campaigns). `offered`: only what an agent may choose now."""
    rows = await conn.fetch(QUERIES["tree"], campaign_id, offered)
    children: dict[UUID | None, list[Result]] = {}
    for row in rows:
        result = _result(row)
        children.setdefault(result.parent_id, []).append(result)
    return ResultTree(_nodes(children, None))


async def get(conn: Connection, result_id: UUID) -> Result:
    """Raises `NotFound`; a retired result is still found, for history."""
    row = await conn.fetchrow(QUERIES["get"], result_id)
    if row is None:
        raise NotFound("there is no such result", result_id=str(result_id))
    return _result(row)


async def path_to(conn: Connection, result_id: UUID) -> tuple[Result, ...]:
    """The result with those above it, first level first: how a default is said. Raises `NotFound`."""
    result = await get(conn, result_id)
    above = await path_to(conn, result.parent_id) if result.parent_id else ()
    return (*above, result)


async def create(
    conn: Connection,
    given: ResultFields,
    *,
    campaigns: Sequence[UUID] = (),
    parent_id: UUID | None = None,
    now: datetime,
) -> Result:
    """A first-level result of these campaigns, or a deeper one below `parent_id`. Raises `Refused`."""
    checked(given)
    level = 1
    if parent_id is not None:
        parent = await get(conn, parent_id)
        level = parent.level + 1
        if campaigns:
            raise Refused("campaigns_follow_parent", "only a first level belongs to campaigns")
        if level > MAX_LEVEL:
            raise Refused("too_deep", f"results have at most {MAX_LEVEL} levels")
        if parent.retired_at is not None:
            raise Refused("parent_retired", "the level above is no longer in use")
    elif not campaigns:
        raise Refused("campaign_missing", "a first-level result belongs to at least one campaign")
    await _refuse_twin(conn, given.name, parent_id, campaigns, None)
    result_id = uuid7(now)
    row = await conn.fetchrow(QUERIES["create"], result_id, parent_id, level, *_values(given), now)
    await conn.execute(QUERIES["set_campaigns"], result_id, list(campaigns))
    assert row is not None
    return _result(row)


async def edit(
    conn: Connection,
    result_id: UUID,
    given: ResultFields,
    *,
    campaigns: Sequence[UUID] | None = None,
    revision: int | None = None,
) -> Result:
    """Replace its fields; `campaigns` None leaves them. Interactions keep the names as they read then. Give
    `revision` to be refused when somebody was faster.

    Raises `NotFound`, `StaleRevision`, `Refused`.
    """
    checked(given)
    old = await get(conn, result_id)
    if old.retired_at is not None:
        raise Refused("retired", "this result is no longer in use")
    if campaigns is not None and old.parent_id is not None:
        raise Refused("campaigns_follow_parent", "only a first level belongs to campaigns")
    if campaigns is not None and not campaigns:
        raise Refused("campaign_missing", "a first-level result belongs to at least one campaign")
    kept = campaigns if campaigns is not None else await campaigns_of(conn, result_id)
    await _refuse_twin(conn, given.name, old.parent_id, kept, result_id)
    row = await conn.fetchrow(QUERIES["edit"], result_id, *_values(given), revision)
    if row is None:
        current = await get(conn, result_id)
        raise StaleRevision("the result was changed meanwhile", revision=current.revision)
    if campaigns is not None:
        await conn.execute(QUERIES["set_campaigns"], result_id, list(campaigns))
    return _result(row)


async def actions_below(conn: Connection, result_id: UUID) -> set[Action | None]:
    """What the results below it do that are still in use."""
    rows = await conn.fetch(QUERIES["below"], result_id)
    return {_result(row).action for row in rows if row["retired_at"] is None}


async def campaigns_of(conn: Connection, result_id: UUID) -> list[UUID]:
    return [row["campaign_id"] for row in await conn.fetch(QUERIES["campaigns_of"], result_id)]


async def campaigns_by_root(conn: Connection, result_ids: Sequence[UUID]) -> dict[UUID, tuple[UUID, ...]]:
    """Of several first levels at once."""
    rows = await conn.fetch(QUERIES["campaigns_by_root"], list(result_ids))
    return {row["id"]: tuple(row["campaign_ids"]) for row in rows}


async def retire(conn: Connection, result_id: UUID, now: datetime) -> int:
    """Never offered again, with all below it; history keeps it. How many were retired by this."""
    await get(conn, result_id)
    return len(await conn.fetch(QUERIES["retire"], result_id, now))


def checked(given: ResultFields) -> None:
    """Raises `Refused` for what could only be a mistake."""
    if not given.name.strip() or len(given.name) > 200:
        raise Refused("name_missing", "a result has a name of at most 200 characters")
    if given.recall_wait_s is not None and not 0 <= given.recall_wait_s <= 31 * 86_400:
        raise Refused("bad_recall_wait", "a recall waits up to 31 days")
    if abs(given.ordinal) > MAX_ORDINAL:
        raise Refused("bad_value", f"the order is a number up to {MAX_ORDINAL}")
    if ResultClass.OPT_OUT in given.classes and given.action not in (None, Action.DO_NOT_CALL):
        raise Refused("opt_out_needs_do_not_call", "who opts out cannot be called again")


async def _refuse_twin(
    conn: Connection, name: str, parent_id: UUID | None, campaigns: Sequence[UUID], own: UUID | None
) -> None:
    """An agent could not tell two results of one name apart."""
    if await conn.fetchval(QUERIES["twin"], name.strip(), parent_id, list(campaigns), own):
        raise Refused("name_taken", f"there is a result {name.strip()!r} at this place already")


def _nodes(children: Mapping[UUID | None, list[Result]], parent: UUID | None) -> tuple[ResultNode, ...]:
    return tuple(ResultNode(result, _nodes(children, result.id)) for result in children.get(parent, ()))


def _values(given: ResultFields) -> tuple[Any, ...]:
    schedules = given.action is Action.SCHEDULE
    return (
        given.name.strip(),
        None if schedules else given.action,
        schedules,
        given.do_not_call_scope,
        None if given.recall_wait_s is None else given.recall_wait_s * 1000,
        given.deletes_events,
        given.removes_from_lists,
        sorted(given.classes),
        given.measure,
        given.ordinal,
        given.enabled,
    )


_SAME = {field.name for field in fields(Result)} - {
    "action",
    "do_not_call_scope",
    "recall_wait_s",
    "classes",
}


def _result(row: Record) -> Result:
    wait = row["recall_wait_ms"]
    action = Action.SCHEDULE if row["schedules"] else row["action"] and Action(row["action"])
    return Result(
        action=action,
        do_not_call_scope=DoNotCallScope(row["do_not_call_scope"]),
        recall_wait_s=None if wait is None else wait // 1000,
        classes=frozenset(ResultClass(name) for name in row["classes"]),
        **{name: row[name] for name in _SAME},
    )
