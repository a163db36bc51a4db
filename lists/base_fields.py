"""A base's extra columns: their names as it spells them, and the types of those that are defined.

Whoever writes a customer's data goes through here, be it a file, an update or an agent: one column has one
name, whatever the case and accents of the next file's header, and a defined field holds what is of its type.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cached_property
from typing import Any
from uuid import UUID

from lists import fields
from lists.errors import NotFound
from lists.fields import FieldDefinition
from lists.folding import fold
from storage.database import Connection
from storage.queries import Queries

FIELDS = Queries.load("lists", "queries_fields.sql")
MOST_COLUMNS = 1_000
"""Remembered of one base; the dialer's list format can name a new one in every row."""


@dataclass(frozen=True)
class BaseFields:
    region: str = ""
    definitions: tuple[FieldDefinition, ...] = ()
    columns: tuple[str, ...] = ()
    """Names of all that customers of the base have or had, defined or not."""

    @cached_property
    def _names(self) -> Mapping[str, str]:
        """By folded name; a definition's spelling goes before a file's, an older file's before a later's."""
        names = [*reversed(self.columns), *(one.name for one in self.definitions)]
        return {fold(name): name for name in names}

    @cached_property
    def _defined(self) -> Mapping[str, FieldDefinition]:
        return {one.name: one for one in self.definitions}

    def spelled(self, name: str) -> str:
        return self._names.get(fold(name), name)

    def defined(self, name: str) -> FieldDefinition | None:
        return self._defined.get(name)

    def whole(self, data: Mapping[str, Any]) -> dict[str, Any]:
        """A new customer's data as it is stored: empty values go. Raises BadValue."""
        found = fields.validate(self.definitions, self._by_name(data))
        if found.problems:
            raise found.problems[0]
        return dict(found.data)

    def changed(self, data: Mapping[str, Any]) -> dict[str, Any]:
        """What is said of some fields, as it is stored; None: nothing any more. Raises BadValue."""
        said = self._by_name(data)
        return {name: self._read(name, value) for name, value in said.items()}

    def written(self, name: str, value: Any) -> Any:
        """As the base's own text files write it, so that what goes out can come in again."""
        definition = self.defined(name)
        if definition is None or definition.decimal == "." or not isinstance(value, float):
            return value
        return format(Decimal(repr(value)), "f").replace(".", definition.decimal)

    def _read(self, name: str, value: Any) -> Any:
        definition = self.defined(name)
        return value if definition is None else fields.read(definition, value)

    def _by_name(self, data: Mapping[str, Any]) -> dict[str, Any]:
        return {self.spelled(name): value for name, value in data.items()}


async def of_base(conn: Connection, base_id: UUID) -> BaseFields:
    """Raises NotFound."""
    row = await conn.fetchrow(FIELDS.of_base, base_id)
    if row is None:
        raise NotFound(f"there is no base {base_id}")
    return BaseFields(row["region"], fields.from_json(row["fields"]), tuple(row["columns"]))


async def note(conn: Connection, base_id: UUID, names: Iterable[str]) -> None:
    """Customers of the base have these columns from now on. Writes only where one of them is new."""
    if new := sorted(set(names)):
        await conn.execute(FIELDS.note_columns, base_id, new, MOST_COLUMNS)


async def define(conn: Connection, base_id: UUID, given: Sequence[FieldDefinition]) -> None:
    """Replace a base's definitions, each spelled as its column is in the base. Values stored before are not
    touched: a filter reads them as the field's new type, and what is not of it counts as empty. Raises
    Refused, NotFound."""
    fields.check(given)
    there = (await of_base(conn, base_id)).columns
    as_stored = {fold(name): name for name in reversed(there)} | {name: name for name in there}
    kept = [_spelled(one, as_stored.get(one.name) or as_stored.get(fold(one.name))) for one in given]
    await conn.execute(FIELDS.define, base_id, fields.to_json(kept))


def _spelled(definition: FieldDefinition, column: str | None) -> FieldDefinition:
    """People go on reading the name they gave."""
    if column in (None, definition.name):
        return definition
    return replace(definition, name=column, label=definition.label or definition.name)
