"""Filters as JSON: conditions in groups, over a base's customers or everybody's."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Discriminator, Field, StrictFloat, StrictInt, StringConstraints, Tag

from crm_api.schemas import In, Name, Out, Revision, Zone
from lists.filtering import model
from lists.filtering.columns import Kind
from lists.filtering.model import MAX_CONDITIONS, Assigned, Filter, Op

FieldName = Annotated[str, StringConstraints(min_length=1, max_length=80)]
Text = Annotated[str, StringConstraints(strict=True, max_length=1000)]


class DaysAgoIn(In):
    """A day counted back from the moment the filter is used."""

    days_ago: Annotated[int, Field(ge=0, le=36_500)]


class ConditionIn(In):
    """`field`: one of those at `/api/filters/fields`. `empty` and `not_empty` take no value."""

    field: FieldName
    op: Op
    value: Text | StrictInt | StrictFloat | DaysAgoIn | None = None


def _kind(part: object) -> str:
    """So that a slip in a condition is told as that, and not as all a group is not."""
    if isinstance(part, Mapping):
        return "condition" if "field" in part else "group"
    return "group" if isinstance(part, GroupIn) else "condition"


Part = Annotated[
    Annotated[ConditionIn, Tag("condition")] | Annotated["GroupIn", Tag("group")], Discriminator(_kind)
]
Parts = Annotated[list[Part] | None, Field(max_length=MAX_CONDITIONS)]


class GroupIn(In):
    """Exactly one of the three."""

    all: Parts = None
    any: Parts = None
    none: Parts = None


class FilterIn(In):
    """`maximum`: the first so many customers. `zone`: whose days are meant."""

    where: GroupIn = GroupIn(all=[])
    base_id: UUID | None = None
    assigned: Assigned = Assigned.ALL
    owner_ids: Annotated[tuple[UUID, ...], Field(max_length=1000)] = ()
    maximum: Annotated[int | None, Field(ge=1, le=100_000_000)] = None
    zone: Zone = "UTC"

    def read(self) -> Filter:
        """Raises the lists' BadFilter."""
        return model.from_json(self.model_dump(exclude_none=True))


def shown(filter_: Filter) -> FilterIn:
    return FilterIn.model_validate(model.to_json(filter_))


class SavedIn(In):
    """`shared`: every supervisor's; otherwise one's own."""

    name: Name
    filter: FilterIn
    shared: bool = False


class SavedEdit(In):
    """With `revision`, the edit is refused when somebody was faster."""

    name: Name
    filter: FilterIn
    revision: Revision = None


class SavedOut(Out):
    id: UUID
    name: str
    shared: bool
    filter: FilterIn
    created_at: datetime
    updated_at: datetime
    revision: int


class FieldOut(Out):
    """What a condition may name, and how it may be compared. `choices`: of a base's own field."""

    name: str
    label: str
    kind: Kind
    ops: tuple[Op, ...]
    choices: tuple[str, ...]


class CountOut(Out):
    """How many customers an act on the filter would touch; its maximum holds."""

    customers: int
