"""A base gets another key: what it would do is shown first, and done only when just that is confirmed.

Nothing is done where a customer would have no key or two would have the same: fill in what is missing, and
merge who is one person, first.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from lists import dial_lists
from lists.bases import templates
from lists.dial_lists import Base
from lists.errors import Refused
from lists.folding import fold
from lists.loading.mapping import ColumnMap
from lists.loading.staging import run
from storage.database import Connection
from storage.queries import Queries

SQL = Queries.load("lists.bases", "queries_rekeying.sql")
EXAMPLES = 10
_ROLES = {
    "document": "k.document",
    "name": "k.name",
    "phone": "coalesce((SELECT e164 FROM phone p WHERE p.customer_id = k.id ORDER BY position LIMIT 1), '')",
}


@dataclass(frozen=True, slots=True)
class Rekey:
    """`missing`: customers without a value in a column; `shared`: customers whose new key another has, too.
    `examples`: keys before and after."""

    customers: int
    changed: int
    missing: int
    shared: int
    examples: tuple[tuple[str, str], ...]
    shared_keys: tuple[str, ...]
    token: str
    done: bool = False


async def rekey(
    conn: Connection, base_id: UUID, columns: Sequence[str], *, confirm: str = "", now: datetime
) -> Rekey:
    """Needs a transaction. Raises NotFound, Refused (unknown_column, not_as_shown, key_not_unique)."""
    await conn.execute(SQL.lock_base, str(base_id))
    base = await dial_lists.get_base(conn, base_id)
    parts, fields = await _parts(conn, base, columns)
    await conn.execute(SQL.stage)
    await run(conn, SQL.fill.replace("{parts}", ", ".join(parts)), base_id, *fields)
    found = await _found(conn, base_id, columns)
    if not confirm:
        return found
    if confirm != found.token:
        raise Refused("not_as_shown", "The base is not what was shown: look again.")
    if found.missing or found.shared:
        raise Refused("key_not_unique", "Some customers would have no key, or another's.")
    for statement in (SQL.step_aside, SQL.clear):
        await run(conn, statement, base_id)
    await run(conn, SQL.rekey, now)
    await conn.execute(SQL.keep_columns, base_id, list(columns))
    return replace(found, done=True)


async def _parts(conn: Connection, base: Base, columns: Sequence[str]) -> tuple[list[str], list[str]]:
    """What each column is of a customer, as SQL, and the names of the extra fields among them."""
    used = {fold(row["f"]): row["f"] for row in await conn.fetch(SQL.fields, base.id)}
    roles = await _roles(conn, base.id)
    parts: list[str] = []
    fields: list[str] = []
    for column in columns:
        known = [fold(name) for name in base.key_columns]
        if fold(column) in known:
            whole = len(known) == 1
            parts.append("k.key" if whole else f"split_part(k.key, '|', {known.index(fold(column)) + 1})")
        elif fold(column) in used:
            fields.append(used[fold(column)])
            parts.append(f"coalesce(k.data ->> ${len(fields) + 1}, '')")
        elif fold(column) in roles:
            parts.append(roles[fold(column)])
        else:
            raise Refused("unknown_column", f"No customer of the base has anything named {column}.")
    return parts, fields


async def _roles(conn: Connection, base_id: UUID) -> Mapping[str, str]:
    """Document, name and phone by the words of the base's template, and by their own."""
    kept = await templates.of_base(conn, base_id)
    mapping = ColumnMap.parse(kept.mapping) if kept else None
    named = {role: getattr(mapping, role, None) or role for role in _ROLES}
    return {fold(name): _ROLES[role] for role, name in named.items()} | _ROLES


async def _found(conn: Connection, base_id: UUID, columns: Sequence[str]) -> Rekey:
    counts = await conn.fetchrow(SQL.counts)
    assert counts is not None
    examples = await conn.fetch(SQL.examples, EXAMPLES)
    shared = await conn.fetch(SQL.shared, EXAMPLES)
    said = f"rekey {base_id} {list(columns)} {list(counts.values())}"
    return Rekey(
        **dict(counts),
        examples=tuple((row["old"], row["new"]) for row in examples),
        shared_keys=tuple(row["new"] for row in shared),
        token=hashlib.sha256(said.encode()).hexdigest()[:32],
    )
