"""A bulk update: the file is compared with the base first, and done only when just that is confirmed.

Only ticked columns change anything, and an empty cell changes nothing. The comparison and the update are the
same few statements over the whole file, so that what was shown is what is done.
"""

import asyncio
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
from asyncpg import Record

from lists import base_fields, dial_lists
from lists.base_fields import BaseFields
from lists.bases import templates
from lists.bases.changes import Change, Match, Reader, Roles, Wrong, reader
from lists.bases.templates import Template
from lists.dial_lists import Base
from lists.errors import LoadError, Refused
from lists.loading.reading import Row, Torn, header_of
from lists.loading.staging import clean, copy, raw_of, run
from lists.loading.workbook import table_records
from storage.database import Connection, Database
from storage.ids import uuid7
from storage.queries import Queries

SQL = Queries.load("lists.bases")
EXAMPLES = 10
REFUSED_SHOWN = 100
_PIECE = 2_000
_BREATH = 100  # rows read before other work of the loop has its turn
_COLUMNS = (
    "line", "new_id", "match", "document", "name", "zone", "data", "ticked", "main_id", "main", "main_typed",
    "main_zones", "ids", "e164s", "typed", "zones",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class UpdateSpec:
    """`ticked`: the columns to be updated. `create`: customers the base does not know become new ones.
    Without a `mapping` the base's template says what columns mean, and without that their names."""

    path: Path
    base_id: UUID
    mapping: str
    ticked: tuple[str, ...]
    match: Match = Match.KEY
    create: bool = False
    file_name: str = ""
    encoding: str | None = None
    delimiter: str | None = None


@dataclass(frozen=True, slots=True)
class Example:
    """A customer who would change: what is there now, and what would be. Only what differs."""

    line: int
    key: str
    before: Mapping[str, Any]
    after: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class RefusedRow:
    line: int
    reason: str


@dataclass(frozen=True, slots=True)
class Update:
    """`rows` = created or unknown + changed + same + refused. `token` confirms exactly this."""

    rows: int
    created: int
    unknown: int
    """Known to nobody, and left out, as creating was not asked for."""
    changed: int
    same: int
    refused: int
    refused_rows: tuple[RefusedRow, ...]
    examples: tuple[Example, ...]
    token: str
    load_id: UUID | None = None
    """Of an update that was done: its refused rows can be fetched like a load's."""


async def update(db: Database, spec: UpdateSpec, *, confirm: str = "", now: datetime) -> Update:
    """Without the right `confirm` nothing is stored; with it, all of it. Raises LoadError, NotFound."""
    if not spec.ticked:
        raise Refused("nothing_ticked", "Tick the columns that are to be updated.")
    digest = await asyncio.to_thread(_digest, spec)
    async with db.transaction() as conn:
        await conn.execute(SQL.lock_base, str(spec.base_id))  # somebody waits for the answer: not for long
        base = await dial_lists.get_base(conn, spec.base_id)
        if spec.create and spec.match is not Match.KEY:
            raise Refused("create_needs_key", "New customers need the key the base knows its customers by.")
        spec, kept = await _as_kept(conn, spec)
        fields, records = await base_fields.of_base(conn, base.id), _records(spec)
        header = await asyncio.to_thread(header_of, records)
        roles = _roles(spec, kept, header.cells, fields)
        read = reader(
            header.cells,
            roles,
            key_columns=base.key_columns,
            match=spec.match,
            base=fields,
            create=spec.create,
        )
        rows, columns = await _stage(conn, records, read, now)
        await _compare(conn, spec, roles)
        found = await _found(conn, spec, rows, digest, roles)
        if not confirm:
            return found
        if confirm != found.token:
            raise Refused("not_as_shown", "The base or the file is not what was shown: look again.")
        load_id = uuid7(now)
        await _apply(conn, spec, base, roles, now)
        await base_fields.note(conn, base.id, columns)
        await _note(conn, spec, base, found, load_id, now)
        return replace(found, load_id=load_id)


def _digest(spec: UpdateSpec) -> str:
    """Of the file and everything said about it."""
    said = [str(spec.base_id), spec.mapping, sorted(spec.ticked), spec.match, spec.create]
    digest = hashlib.sha256(msgspec.json.encode([*said, spec.encoding, spec.delimiter]))
    with spec.path.open("rb") as file:
        while piece := file.read(1 << 20):
            digest.update(piece)
    return digest.hexdigest()


def _records(spec: UpdateSpec) -> Iterator[Row | Torn]:
    if spec.path.stat().st_size == 0:
        raise LoadError("empty", "The file is empty.", file=spec.file_name)
    return table_records(spec.path, encoding=spec.encoding, delimiter=spec.delimiter)


async def _as_kept(conn: Connection, spec: UpdateSpec) -> tuple[UpdateSpec, Template | None]:
    """Without a mapping the file is read as the base's files are, if that was kept."""
    kept = None if spec.mapping else await templates.of_base(conn, spec.base_id)
    if kept is not None:
        spec = replace(
            spec, encoding=spec.encoding or kept.encoding, delimiter=spec.delimiter or kept.delimiter
        )
    return spec, kept


def _roles(spec: UpdateSpec, kept: Template | None, header: Sequence[str], base: BaseFields) -> Roles:
    if spec.mapping:
        return Roles.parse(spec.mapping, spec.ticked)
    if kept is not None:
        return Roles.kept(kept.mapping, spec.ticked, header)
    return Roles.guessed(spec.ticked, header, base)


async def _stage(
    conn: Connection, found: Iterator[Row | Torn], read: Reader, now: datetime
) -> tuple[int, set[str]]:
    """How many rows the file has, and the extra columns it says anything of."""
    for create in (SQL.stage, SQL.stage_wrong, SQL.stage_refused, SQL.stage_known):
        await conn.execute(create)
    rows, columns = 0, set[str]()
    piece: list[tuple[Any, ...]] = []
    wrong: list[tuple[Any, ...]] = []
    for record in found:
        rows += 1
        said = read(record) if isinstance(record, Row) else Wrong(record.line, record.reason, [record.raw])
        if isinstance(said, Change):
            piece.append(_row(said, now))
            columns.update(said.data)
        else:
            wrong.append((said.line, said.reason, clean(said.detail), raw_of(said.cells)))
        if len(piece) + len(wrong) >= _PIECE:
            await _flush(conn, piece, wrong)
        if rows % _BREATH == 0:
            await asyncio.sleep(0)
    await _flush(conn, piece, wrong)
    await run(conn, SQL.analyze)
    return rows, columns


async def _flush(conn: Connection, piece: list[tuple[Any, ...]], wrong: list[tuple[Any, ...]]) -> None:
    await copy(conn, "update_row", _COLUMNS, piece)
    await copy(conn, "update_wrong", ("line", "reason", "detail", "raw"), wrong)
    piece.clear()
    wrong.clear()


def _row(said: Change, now: datetime) -> tuple[Any, ...]:
    main = said.main
    return (
        said.line,
        uuid7(now),
        said.match,
        said.document,
        said.name,
        said.zone,
        dict(said.data),
        dict(said.ticked),
        uuid7(now) if main else None,
        main[0].e164 if main else None,
        main[1] if main else None,
        "|".join(main[0].zones) if main else None,
        [uuid7(now) for _ in said.others],
        [number.e164 for number, _ in said.others],
        [typed for _, typed in said.others],
        ["|".join(number.zones) for number, _ in said.others],
    )


_FIND = {
    Match.KEY: SQL.find_by_key,
    Match.DOCUMENT: SQL.find_by_document,
    Match.PHONE: SQL.find_by_phone,
}


async def _compare(conn: Connection, spec: UpdateSpec, roles: Roles) -> None:
    await run(conn, SQL.find_repeated)
    await run(conn, _FIND[spec.match], spec.base_id)
    if spec.match is not Match.KEY:
        await run(conn, SQL.find_several)
    await run(conn, SQL.find_same)  # by key, too: two keys lead to one customer once two were merged
    await run(conn, SQL.drop_refused)
    await run(conn, SQL.analyze_known)
    await run(conn, SQL.mark_changed, *_ticks(roles), roles.has("phone"), roles.has("alternatives"))


def _ticks(roles: Roles) -> tuple[bool, bool, bool]:
    return roles.has("document"), roles.has("name"), roles.has("zone")


async def _found(conn: Connection, spec: UpdateSpec, rows: int, digest: str, roles: Roles) -> Update:
    counts = await conn.fetchrow(SQL.counts)
    assert counts is not None
    unknown, changed, same, refused = (counts[name] for name in ("unknown", "changed", "same", "refused"))
    wrong = await conn.fetch(SQL.refused, REFUSED_SHOWN)
    token = hashlib.sha256(f"{digest} {unknown} {changed} {same} {refused}".encode()).hexdigest()[:32]
    return Update(
        rows=rows,
        created=unknown if spec.create else 0,
        unknown=0 if spec.create else unknown,
        changed=changed,
        same=same,
        refused=refused,
        refused_rows=tuple(RefusedRow(row["line"], row["reason"]) for row in wrong),
        examples=tuple([_example(row, roles) for row in await conn.fetch(SQL.examples, EXAMPLES)]),
        token=token,
    )


def _example(row: Record, roles: Roles) -> Example:
    before: dict[str, Any] = {}
    after: dict[str, Any] = {}

    def differ(name: str, old: Any, new: Any) -> None:
        if new not in (None, "") and old != new:
            before[name], after[name] = old, new

    for name in ("document", "name", "zone"):
        if roles.has(name):
            differ(name, row[name], row[f"new_{name}"])
    for name, value in row["ticked"].items():
        if str(row["data"].get(name)) != str(value):  # a number kept as a text is the same
            differ(name, row["data"].get(name), value)
    phones: Sequence[str] = row["phones"] or ()
    if roles.has("phone"):
        differ("phone", phones[0] if phones else None, row["main"])
    if roles.has("alternatives"):
        new = [e164 for e164 in row["e164s"] if e164 not in phones]
        differ("alternatives", list(phones[1:]), [*phones[1:], *new] if new else None)
    return Example(row["line"], row["key"], before, after)


async def _apply(conn: Connection, spec: UpdateSpec, base: Base, roles: Roles, now: datetime) -> None:
    await run(conn, SQL.update_customers, *_ticks(roles), now)
    if roles.has("phone"):
        for statement in (SQL.swap_mains, SQL.replace_mains, SQL.first_mains):
            await run(conn, statement)
    if roles.has("alternatives"):
        await run(conn, SQL.add_alternatives)
    await run(conn, SQL.rezone)
    if spec.create:
        await run(conn, SQL.create_customers, base.id, now)
        await run(conn, SQL.fold_created)
        await run(conn, SQL.create_phones)


async def _note(
    conn: Connection,
    spec: UpdateSpec,
    base: Base,
    found: Update,
    load_id: UUID,
    now: datetime,
) -> None:
    """An update stands among the loads, with its refused rows."""
    said = {"update": True, "columns": spec.mapping, "ticked": list(spec.ticked), "match": spec.match}
    await conn.execute(
        SQL.note_load,
        load_id,
        base.id,
        spec.file_name or spec.path.name,
        f"update {load_id}",
        said,
        found.rows,
        found.created + found.changed + found.same,
        found.refused,
        now,
    )
    await run(conn, SQL.keep_refused, load_id)
