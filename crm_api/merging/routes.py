"""Two customers who are one person: found, and merged by a supervisor who has seen what moves."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from crm_api.access import Supervisor, SupervisorOnce
from crm_api.errors import invalid
from crm_api.guarded import Guarded
from crm_api.merging import service
from crm_api.merging.schemas import DuplicatesOut, MergeDoneOut, MergeIn, MergePlanOut, UndoneOut
from crm_api.schemas import Page, Paged
from lists.merging import DuplicatesBy

router = APIRouter(prefix="/api/customers", tags=["merging"], route_class=Guarded)


@router.get("/duplicates")
async def duplicates(
    call: Supervisor,
    paging: Paged,
    base_id: UUID,
    by: Annotated[DuplicatesBy, Query(description="what they have in common")] = DuplicatesBy.DOCUMENT,
) -> Page[DuplicatesOut]:
    """Possible duplicates within a base."""
    if paging.by(("value",), "value") and paging.descending:
        raise invalid("bad_sort", "duplicates are sorted upwards", allowed=["value"])
    return paging.over(await service.duplicates(call, base_id, by, paging))


@router.post("/{customer_id}/merge")
async def merge(customer_id: UUID, body: MergeIn, call: SupervisorOnce) -> MergePlanOut:
    """First without `confirm`, to see what moves, then with the token. Phones, contacts, interactions,
    agenda, attempts and caps of both are one's; the other's key leads to the customer who stays."""
    done = await service.merge(call, customer_id, body)
    call.note(customer_id, other=str(body.other_id), merge=str(done.merge_id or ""))
    return done


@router.get("/{customer_id}/merges")
async def merges(customer_id: UUID, call: Supervisor, paging: Paged) -> Page[MergeDoneOut]:
    """What was merged into this customer, or this one into another, with all that moved."""
    found = await service.merges(call, customer_id)
    return paging.cut([MergeDoneOut.model_validate(one) for one in found], ("at",), "-at")


@router.post("/{customer_id}/merges/{merge_id}/undo")
async def undo(customer_id: UUID, merge_id: UUID, call: SupervisorOnce) -> UndoneOut:
    """Both are there again, with what was theirs; what happened since is the one's who stayed. Of several
    merges the last is undone first. Numbers found wrong stay wrong, rolling caps stay added up, and fields
    edited since stay as they are."""
    done = await service.undo(call, customer_id, merge_id)
    call.note(customer_id, merge=str(merge_id), other=str(done.merged_id))
    return done
