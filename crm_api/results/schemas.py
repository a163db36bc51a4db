"""Results: what an agent may say of a conversation, in up to three levels."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Annotated
from uuid import UUID

from pydantic import Field

from crm_api.schemas import In, Int, Name, Out, Revision
from typifications.model import Action, DoNotCallScope, ResultClass, ResultFields, ResultNode

Wait = Annotated[int, Field(ge=0, le=31 * 86_400)]
Measure = Annotated[Decimal, Field(ge=-(10**12), le=10**12, max_digits=18, decimal_places=4)]


class ResultBody(In):
    """One action, or `schedule`: the agent picks date, time and phone. Campaigns belong to a first level."""

    name: Name
    action: Action | None = None
    do_not_call_scope: DoNotCallScope = DoNotCallScope.CAMPAIGN
    recall_wait_s: Wait | None = None
    deletes_events: bool = False
    removes_from_lists: bool = False
    classes: frozenset[ResultClass] = frozenset()
    measure: Measure | None = None
    ordinal: Int = 0
    enabled: bool = True
    campaign_ids: Annotated[tuple[UUID, ...] | None, Field(max_length=1000)] = None
    confirm: bool = False

    def fields(self) -> ResultFields:
        return ResultFields(**self.model_dump(exclude={"campaign_ids", "confirm", "parent_id", "revision"}))


class ResultEdit(ResultBody):
    """With `revision`, the edit is refused when somebody was faster."""

    revision: Revision = None


class ResultIn(ResultBody):
    parent_id: UUID | None = None


class ResultOut(Out):
    id: UUID
    parent_id: UUID | None
    level: int
    name: str
    action: Action | None
    do_not_call_scope: DoNotCallScope
    recall_wait_s: int | None
    deletes_events: bool
    removes_from_lists: bool
    classes: frozenset[ResultClass]
    measure: Decimal | None
    ordinal: int
    enabled: bool
    revision: int


class OneOut(ResultOut):
    """`campaign_ids` of a first level; those below it have the same."""

    campaign_ids: tuple[UUID, ...]


class NodeOut(Out):
    result: ResultOut
    children: list["NodeOut"]


class RootOut(NodeOut):
    campaign_ids: tuple[UUID, ...]


class TreeOut(Out):
    roots: list[NodeOut]


class ActionOut(Out):
    """What an action does, in words for the supervisor."""

    action: Action
    es: str
    en: str


class EditedTreeOut(Out):
    """A tree as its editor needs it: the campaigns of each first level, and what every action does."""

    roots: list[RootOut]
    actions: tuple[ActionOut, ...]


def nodes(found: Iterable[ResultNode]) -> list[NodeOut]:
    return [
        NodeOut(result=ResultOut.model_validate(node.result), children=nodes(node.children)) for node in found
    ]
