"""Filters: count before acting, look at who matches, keep what is used again."""

from uuid import UUID

from fastapi import APIRouter

from crm_api.access import Supervisor, SupervisorOnce
from crm_api.customers.schemas import CustomerOut
from crm_api.customers.service import shown
from crm_api.filters import service
from crm_api.filters.schemas import CountOut, FieldOut, FilterIn, SavedEdit, SavedIn, SavedOut
from crm_api.guarded import Guarded
from crm_api.schemas import Page, Paged
from lists.filtering import matching, saved
from lists.filtering.matching import Sort

router = APIRouter(prefix="/api/filters", tags=["filters"], route_class=Guarded)


@router.get("/fields")
async def fields(call: Supervisor, paging: Paged, base_id: UUID | None = None) -> Page[FieldOut]:
    """What can be asked: of one base its own columns too, of all those that mean the same everywhere."""
    return paging.cut(await service.fields(call, base_id), ("name", "kind"), "name")


@router.post("/count")
async def count(body: FilterIn, call: SupervisorOnce) -> CountOut:
    return CountOut(customers=await matching.count(call.conn, body.read(), now=call.now))


@router.post("/customers")
async def customers(body: FilterIn, call: SupervisorOnce, paging: Paged) -> Page[CustomerOut]:
    """Those who match, with their phones."""
    found = await matching.page(
        call.conn,
        body.read(),
        sort=Sort(paging.by(service.SORTS, Sort.NAME)),
        descending=paging.descending,
        limit=paging.limit + 1,
        offset=paging.offset,
        now=call.now,
    )
    return paging.over([shown(one) for one in found])


@router.get("")
async def every(call: Supervisor, paging: Paged) -> Page[SavedOut]:
    """Everybody's and one's own."""
    found = await saved.page(call.conn, user_id=call.who.user_id, limit=service.MOST)
    return paging.cut([service.saved(one) for one in found], service.SAVED_SORTS, "name")


@router.post("", status_code=201)
async def create(body: SavedIn, call: SupervisorOnce) -> SavedOut:
    owner = None if body.shared else call.who.user_id
    made = await saved.create(call.conn, body.name, body.filter.read(), user_id=owner, now=call.now)
    call.note(made.id, name=made.name)
    return service.saved(made)


@router.get("/{filter_id}")
async def one(filter_id: UUID, call: Supervisor) -> SavedOut:
    return service.saved(await saved.get(call.conn, filter_id, user_id=call.who.user_id))


@router.put("/{filter_id}")
async def edit(filter_id: UUID, body: SavedEdit, call: Supervisor) -> SavedOut:
    """Dial lists already sent from it keep the filter they were sent with."""
    edited = await saved.edit(
        call.conn,
        filter_id,
        body.name,
        body.filter.read(),
        user_id=call.who.user_id,
        revision=body.revision,
        now=call.now,
    )
    return service.saved(edited)


@router.delete("/{filter_id}", status_code=204)
async def remove(filter_id: UUID, call: Supervisor) -> None:
    await saved.remove(call.conn, filter_id, user_id=call.who.user_id)
