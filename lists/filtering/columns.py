"""What a condition may ask of a customer: fixed fields and a base's own, each with its SQL and its type."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from types import MappingProxyType

from lists.fields import FieldDefinition, FieldType
from lists.filtering.errors import BadFilter
from lists.filtering.model import CUSTOM, Op
from lists.folding import fold


class Kind(StrEnum):
    """How a field compares."""

    TEXT = "text"
    """Without accents and case."""
    NUMBER = "number"
    DATE = "date"
    """A day of a base's own field: whatever is stored there, no value can break a comparison."""
    MOMENT = "moment"
    """Compared by its day in the filter's zone."""
    ID = "id"
    PHONE = "phone"
    RESULT = "result"
    """Any level of the path."""


_EQUALITY = frozenset({Op.EQUALS, Op.DIFFERENT, Op.EMPTY, Op.NOT_EMPTY})
_ORDER = _EQUALITY | {Op.GREATER, Op.LESS}
OPS: Mapping[Kind, frozenset[Op]] = MappingProxyType(
    {
        Kind.TEXT: _EQUALITY | {Op.CONTAINS},
        Kind.NUMBER: _ORDER,
        Kind.DATE: _ORDER,
        Kind.MOMENT: _ORDER,
        Kind.ID: _EQUALITY,
        Kind.PHONE: _EQUALITY | {Op.CONTAINS},
        Kind.RESULT: _EQUALITY,
    }
)


@dataclass(frozen=True, slots=True)
class Column:
    """`sql` gives the value of customer `k`, NULL where there is none; of a base's own field it is empty."""

    name: str
    kind: Kind
    sql: str = ""
    definition: FieldDefinition | None = None


# Interactions belong to the typifications room. They are only read here, by the index of their customer.
_LAST_INTERACTION = """(
    SELECT i.{} FROM interaction i WHERE i.customer_id = k.id AND i.state = 'typified'
    ORDER BY i.created_at DESC, i.id DESC LIMIT 1)"""
_USE = "(SELECT u.{} FROM customer_use u WHERE u.customer_id = k.id)"

FIXED: Mapping[str, Column] = MappingProxyType(
    {
        column.name: column
        for column in (
            Column("name", Kind.TEXT, "k.name"),
            Column("document", Kind.TEXT, "k.document"),
            Column("key", Kind.TEXT, "k.key"),
            Column("phone", Kind.PHONE),
            Column("base", Kind.ID, "k.base_id"),
            Column("owner", Kind.ID, "k.owner_id"),
            Column("created", Kind.MOMENT, "k.created_at"),
            Column("updated", Kind.MOMENT, "k.updated_at"),
            Column("last_typification", Kind.RESULT, _LAST_INTERACTION.format("result_ids")),
            Column("last_typified", Kind.MOMENT, _LAST_INTERACTION.format("created_at")),
            Column("last_contact", Kind.MOMENT, _USE.format("conversation_at")),
            # An attempt that cost nothing leaves 1970 behind: that is none.
            Column("last_attempt", Kind.MOMENT, f"nullif({_USE.format('last_at')}, to_timestamp(0))"),
            Column(
                "attempts",
                Kind.NUMBER,
                "(SELECT coalesce(sum(c.attempts), 0) FROM contact c WHERE c.customer_id = k.id)",
            ),
            Column("phones", Kind.NUMBER, "(SELECT count(*) FROM phone p WHERE p.customer_id = k.id)"),
        )
    }
)

_OF_TYPE = {
    FieldType.TEXT: Kind.TEXT,
    FieldType.CHOICE: Kind.TEXT,
    FieldType.NUMBER: Kind.NUMBER,
    FieldType.DATE: Kind.DATE,
}


@dataclass(frozen=True)
class Catalogue:
    """All fields a filter may name."""

    columns: Mapping[str, Column]

    @cached_property
    def _spelled(self) -> Mapping[str, str]:
        """A filter saved before somebody spelled the column otherwise means the same column."""
        return {fold(name): name for name in self.columns}

    @classmethod
    def of(cls, definitions: Sequence[FieldDefinition] = ()) -> "Catalogue":
        custom = (Column(CUSTOM + one.name, _OF_TYPE[one.type], definition=one) for one in definitions)
        return cls({**FIXED, **{column.name: column for column in custom}})

    def column(self, name: str) -> Column:
        """Raises BadFilter (unknown_field)."""
        found = self.columns.get(name) or self.columns.get(self._spelled.get(fold(name), ""))
        if found is None:
            raise BadFilter("unknown_field", f"There is no field {name!r} to filter by.", name)
        return found
