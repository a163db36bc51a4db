"""Figures by any dimension, from the hourly sums."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from asyncpg import Record

from dialer import compliance, metrics
from dialer.compliance import Counts
from dialer.metrics import Figures, HourScore
from dialer.reports.scope import By, Scope
from storage.database import Connection, fetch_planned_anew
from storage.queries import Queries

QUERIES = Queries.load("dialer.reports", "figures.sql")

MAX_ROWS = 50_000
_DIMENSIONS = {
    By.CAMPAIGN: "r.campaign_id",
    By.DIAL_LIST: "r.dial_list_id",
    By.AGENT: "r.agent_id",
    By.HOUR: "r.hour",
    By.DAY: "h.day",
    By.WEEKDAY: "h.weekday",
    By.HOUR_OF_DAY: "h.hour_of_day",
}
_NAMES = {dimension: column.partition(".")[2] for dimension, column in _DIMENSIONS.items()}
_IN_TIME = frozenset({By.HOUR, By.DAY, By.WEEKDAY, By.HOUR_OF_DAY})
_OF_DAYS = frozenset({By.DAY, By.WEEKDAY})
_OF = "of_"  # begins the column of an outcome
_SOMETHING = {
    "calls": "r.attempts + r.interactions",
    "time": "r.ready_ms + r.talk_ms + r.wrapup_ms + r.paused_ms + r.other_ms",
}


@dataclass(frozen=True, slots=True)
class Key:
    """Of a row; only the dimensions asked for are set. One that is set and None stands for "without"."""

    campaign_id: UUID | None = None
    dial_list_id: UUID | None = None
    agent_id: UUID | None = None
    hour: datetime | None = None
    day: date | None = None
    weekday: int | None = None
    hour_of_day: int | None = None


@dataclass(frozen=True, slots=True)
class Row:
    key: Key
    figures: Figures


async def figures(
    conn: Connection, scope: Scope, by: Collection[By] = (), *, limit: int = MAX_ROWS
) -> list[Row]:
    """One row for each combination of `by` with anything in it, ordered by it; without `by` one row or none.

    With the agent in `by` or in the scope only calls that had an agent are told. Agents' time (ready,
    talking, wrap-up, paused) is missing where lists or kinds of call are asked for: it belongs to neither.
    """
    of_agents = By.AGENT in by or scope.agent_ids is not None
    with_time = scope.kinds is None and scope.dial_list_ids is None and By.DIAL_LIST not in by
    args = _args(scope, limit)
    if of_agents:
        calls, time = _of_agents("calls", by), _of_agents("time", by)
        args += _whole_days(scope, by)
    else:
        rows = QUERIES.call_rows_by_hour if by and _IN_TIME.issuperset(by) else QUERIES.call_rows
        calls, time = _split(QUERIES.calls.replace("{rows}", rows), by), _split(QUERIES.time, by)
    found: dict[tuple[Any, ...], dict[str, Any]] = {}
    await _read(conn, calls, args, len({*by}), found)
    if with_time:
        await _read(conn, time, args, len({*by}), found)
    names = [_NAMES[dimension] for dimension in By if dimension in by]
    ordered = sorted(found.items(), key=lambda item: [(value is None, value) for value in item[0]])
    return [Row(Key(**dict(zip(names, key, strict=True))), Figures(**sums)) for key, sums in ordered[:limit]]


async def total(conn: Connection, scope: Scope) -> Figures:
    """All of the scope in one."""
    rows = await figures(conn, scope)
    return rows[0].figures if rows else Figures()


async def best_hours(conn: Connection, scope: Scope) -> list[HourScore]:
    """Hours of the week in the scope's zone, the best to call in first."""
    rows = await figures(conn, scope, (By.WEEKDAY, By.HOUR_OF_DAY))
    return metrics.rank_hours(
        {
            (row.key.weekday, row.key.hour_of_day): row.figures
            for row in rows
            if row.key.weekday is not None and row.key.hour_of_day is not None
        }
    )


@dataclass(frozen=True, slots=True)
class Share:
    """One result and what stands below it. `share` is of all typified interactions of the scope."""

    path: tuple[UUID, ...]
    names: tuple[str, ...]
    interactions: int
    share: float


@dataclass(frozen=True, slots=True)
class Shares:
    typified: int
    untypified: int
    results: tuple[Share, ...]
    """Every level, a result before those below it, in the tree's order."""

    def level(self, level: int) -> tuple[Share, ...]:
        return tuple(one for one in self.results if len(one.path) == level)


async def typification_shares(conn: Connection, scope: Scope) -> Shares:
    """How often each result was chosen."""
    sql = QUERIES.shares if scope.agent_ids is None else QUERIES.agent_shares
    rows = await fetch_planned_anew(conn, sql, *_conditions(scope))
    by_result: dict[UUID | None, int] = {row["result_id"]: row["interactions"] for row in rows}
    untypified = by_result.pop(None, 0)
    named = await conn.fetch(QUERIES.results_named, [id_ for id_ in by_result if id_ is not None])
    return _shares({id_: n for id_, n in by_result.items() if id_ is not None}, named, untypified)


@dataclass(frozen=True, slots=True)
class Abandonment:
    """Paced calls of a campaign in the law's two windows."""

    day: Counts
    """The last 24 hours."""
    month: Counts
    """The last 30 days."""
    day_machines: int = 0
    """Of the connected ones typified as machines, where these are no live answers."""
    month_machines: int = 0

    @property
    def day_ratio(self) -> float:
        return compliance.ratio(self.day, machines_met=self.day_machines)

    @property
    def month_ratio(self) -> float:
        return compliance.ratio(self.month, machines_met=self.month_machines)


async def abandonment(
    conn: Connection,
    campaign_ids: Collection[UUID] | None,
    now: datetime,
    *,
    machines_leave: Collection[UUID] = (),
) -> dict[UUID, Abandonment]:
    """By campaign, from the live counters; campaigns without calls in 30 days are left out.
    `machines_leave`: those in which calls typified as machines are no live answers."""
    rows = await conn.fetch(
        QUERIES.abandonment,
        _ids(campaign_ids),
        compliance.window_start("24h", now),
        compliance.window_start("30d", now),
        list(machines_leave),
    )
    return {
        row["campaign_id"]: Abandonment(
            Counts(connected=row["day_connected"], abandoned=row["day_abandoned"]),
            Counts(connected=row["month_connected"], abandoned=row["month_abandoned"]),
            row["day_machines"],
            row["month_machines"],
        )
        for row in rows
    }


def _split(sql: str, by: Collection[By]) -> str:
    """The query with its dimensions in it: in the order of `By`, so that rows come in that of `Key`."""
    # Without a dimension there is one row of everything, but none of nothing.
    having = "" if by else "HAVING count(*) > 0"
    joined = "JOIN hours h ON h.hour = r.hour" if _IN_TIME & {*by} else ""
    return _worded(sql.replace("{hours}", QUERIES.hours).replace("{joined}", joined), _DIMENSIONS, by, having)


def _of_agents(what: str, by: Collection[By]) -> str:
    """The same per agent, where the sums are kept by days as well."""
    sql, table = QUERIES[f"agent_{what}"], {"calls": "report_agent_call", "time": "report_agent"}[what]
    asked = _IN_TIME & {*by}
    if not asked or not asked <= _OF_DAYS:
        rows = QUERIES.rows_of_hours + " {joined}"
        return _split(sql.replace("{rows}", rows).replace("{table}", table), by)
    sql = sql.replace("{hours}", QUERIES.days).replace("{rows}", QUERIES.rows_of_days)
    own = {**_DIMENSIONS, By.DAY: "r.day", By.WEEKDAY: "r.weekday"}
    having = (
        f"HAVING sum(r.sign * ({_SOMETHING[what]})) <> 0"  # what was taken away whole leaves nothing behind
    )
    return _worded(sql.replace("{table}", table), own, by, having)


def _worded(sql: str, dimensions: Mapping[By, str], by: Collection[By], having: str) -> str:
    keys = ", ".join(dimensions[dimension] for dimension in By if dimension in by)
    grouped = f"GROUP BY {keys} {having} ORDER BY {keys}" if keys else having
    return sql.replace("{keys}", keys + "," if keys else "").replace("{grouped}", grouped)


def _whole_days(scope: Scope, by: Collection[By]) -> tuple[datetime, datetime]:
    """Between which moments the sums of whole UTC days will do: none where the time of day is asked for."""
    start, end = scope.hours
    if {By.HOUR, By.HOUR_OF_DAY} & {*by}:
        return end, end
    first, last = _midnight(start + timedelta(hours=23)), _midnight(end)
    return (first, last) if first < last else (end, end)


def _midnight(at: datetime) -> datetime:
    return at.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def _ids(ids: Collection[UUID] | None) -> list[UUID] | None:
    return list(ids) if ids is not None else None


def _conditions(scope: Scope) -> list[object]:
    return [
        *scope.hours,
        _ids(scope.campaign_ids),
        _ids(scope.dial_list_ids),
        _ids(scope.agent_ids),
    ]


def _args(scope: Scope, limit: int) -> list[object]:
    kinds = [kind.value for kind in scope.kinds] if scope.kinds is not None else None
    return [*_conditions(scope), kinds, scope.zone, limit]


async def _read(
    conn: Connection,
    sql: str,
    args: Sequence[object],
    dimensions: int,
    found: dict[tuple[Any, ...], dict[str, Any]],
) -> None:
    """Add the query's sums to what was found of the same key, its first columns; those of outcomes follow."""
    rows = await fetch_planned_anew(conn, sql, *args)
    columns = list(rows[0].keys())[dimensions:] if rows else []
    outcomes = [column.removeprefix(_OF) for column in columns if column.startswith(_OF)]
    first, names = dimensions + len(outcomes), columns[len(outcomes) :]
    for row in rows:  # tens of thousands, of an agent's days
        values = tuple(row)
        sums = found.setdefault(values[:dimensions], {})
        if outcomes:
            counted = zip(outcomes, values[dimensions:first], strict=True)
            sums["outcomes"] = {outcome: n for outcome, n in counted if n}
        sums.update(zip(names, values[first:], strict=True))


def _shares(chosen: Mapping[UUID, int], named: Sequence[Record], untypified: int) -> Shares:
    known = {row["id"]: row for row in named}
    paths: dict[UUID, tuple[UUID, ...]] = {}
    for row in named:  # levels come in order, so a parent's path is known before its children's
        paths[row["id"]] = (*paths.get(row["parent_id"], ()), row["id"])
    sums: dict[UUID, int] = dict.fromkeys(known, 0)
    for leaf, interactions in chosen.items():
        for id_ in paths.get(leaf, ()):
            sums[id_] += interactions
    typified = sum(chosen.values())
    in_tree = sorted(paths.values(), key=lambda path: tuple(_rank(known[id_]) for id_ in path))
    return Shares(
        typified,
        untypified,
        tuple(
            Share(path, tuple(known[id_]["name"] for id_ in path), sums[path[-1]], sums[path[-1]] / typified)
            for path in in_tree
        ),
    )


def _rank(row: Record) -> tuple[int, str, bytes]:
    return row["ordinal"], row["name"], row["id"].bytes
