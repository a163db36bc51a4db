"""Filters: the fields there are, and the saved ones as they are shown."""

from uuid import UUID

from crm_api.access import Call
from crm_api.filters.schemas import FieldOut, SavedOut, shown
from lists.filtering import matching
from lists.filtering.columns import OPS, Column
from lists.filtering.matching import Sort
from lists.filtering.model import Op
from lists.filtering.saved import SavedFilter

SORTS = tuple(Sort)
SAVED_SORTS = ("name", "created_at", "updated_at", "shared")
MOST = 10_000


def saved(found: SavedFilter) -> SavedOut:
    return SavedOut(
        id=found.id,
        name=found.name,
        shared=found.user_id is None,
        filter=shown(found.filter),
        created_at=found.created_at,
        updated_at=found.updated_at,
        revision=found.revision,
    )


async def fields(call: Call, base_id: UUID | None) -> list[FieldOut]:
    known = await matching.catalogue(call.conn, base_id)
    return [_field(column) for column in known.columns.values()]


def _field(column: Column) -> FieldOut:
    own = column.definition
    return FieldOut(
        name=column.name,
        label=own.label if own else "",
        kind=column.kind,
        ops=tuple(op for op in Op if op in OPS[column.kind]),
        choices=own.choices if own else (),
    )
