"""Assignments: supervisors deal customers out, take them back, or send them to Marcador."""

from uuid import UUID

from fastapi import APIRouter

from crm_api.access import Supervisor, SupervisorOnce
from crm_api.assignments import service
from crm_api.assignments.schemas import (
    AssignedOut,
    AssignIn,
    RefreshIn,
    RefreshOut,
    SendIn,
    SentListOut,
    SentOut,
    UnassignedOut,
    UnassignIn,
)
from crm_api.filters.schemas import FilterIn
from crm_api.guarded import Guarded
from lists.filtering import sending
from lists.model import SameCustomer

router = APIRouter(prefix="/api/assignments", tags=["assignments"], route_class=Guarded)


@router.post("")
async def assign(body: AssignIn, call: SupervisorOnce) -> AssignedOut:
    """In equal shares and at random: sizes differ by at most one. Refused: fewer customers than agents, and
    customers of agents who work in campaigns of others only."""
    done = await service.assign(call, body)
    call.note("assigned", customers=done.customers, agents=len(done.shares), seed=done.seed)
    return done


@router.post("/remove")
async def unassign(body: UnassignIn, call: SupervisorOnce) -> UnassignedOut:
    """Take the customers back from their agents, who work in a campaign watched or in none."""
    freed = await service.unassign(call, body.filter.read())
    call.note("unassigned", customers=freed)
    return UnassignedOut(customers=freed)


@router.post("/send", status_code=201)
async def send(body: SendIn, call: SupervisorOnce) -> SentListOut:
    """A named dial list with everybody who matches, seen whole."""
    done = await service.send(call, body)
    call.note(done.dial_list_id, name=body.name, queued=done.sent.queued)
    return done


@router.post("/append/{list_id}")
async def append(
    list_id: UUID,
    body: FilterIn,
    call: SupervisorOnce,
    same_customer: SameCustomer = SameCustomer.REFUSE,
) -> SentOut:
    """Add whoever matches to a list there is, behind those who are in it."""
    await service.must_touch(call, list_id)
    sent = await sending.append(call.conn, list_id, body.read(), same_customer=same_customer, now=call.now)
    service.wake(call)
    return SentOut.model_validate(sent)


@router.get("/refresh/{list_id}")
async def refresh(list_id: UUID, call: Supervisor) -> RefreshOut:
    return await service.refresh_of(call, list_id)


@router.put("/refresh/{list_id}")
async def keep(list_id: UUID, body: RefreshIn, call: Supervisor) -> RefreshOut:
    """From now on whoever matches is added at these times; a former schedule is replaced."""
    await service.must_touch(call, list_id)
    await sending.keep(
        call.conn,
        list_id,
        body.filter.read(),
        service.schedule(body.schedule),
        same_customer=body.same_customer,
        now=call.now,
    )
    return await service.refresh_of(call, list_id)


@router.delete("/refresh/{list_id}", status_code=204)
async def stop(list_id: UUID, call: Supervisor) -> None:
    """The list stays as it is."""
    await service.must_touch(call, list_id)
    await sending.stop(call.conn, list_id)
