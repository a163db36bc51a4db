"""Customers: found, made and edited by agents; assigned by supervisors."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from crm_api.access import Agent, AgentOnce, Role, SupervisorOnce
from crm_api.agenda.schemas import EventOut
from crm_api.agents.service import may_act_for, may_take_from
from crm_api.campaigns.service import must_see
from crm_api.customers import service
from crm_api.customers.schemas import (
    AssignedOut,
    AssignIn,
    CustomerEditIn,
    CustomerIn,
    CustomerOut,
    MatchesOut,
    PhoneIn,
    PhoneOut,
    PhoneStateIn,
)
from crm_api.errors import invalid, not_found
from crm_api.guarded import Guarded
from crm_api.schemas import Page, Paged
from lists import customers
from lists.customers import CustomerEdit, NewPhone
from typifications import agenda

router = APIRouter(prefix="/api/customers", tags=["customers"], route_class=Guarded)
Filter = Annotated[str, Query(max_length=120)]


@router.get("")
async def search(
    call: Agent,
    paging: Paged,
    document: Filter = "",
    name: Filter = "",
    phone: Filter = "",
    base_id: UUID | None = None,
    mine: Annotated[bool | None, Query(description="default: true for agents, false for all others")] = None,
) -> Page[CustomerOut]:
    """Document by its start, name anywhere (accents and case aside), phone by its digits; all that is given.

    Sorted by name. `mine`: only those assigned to the agent who asks.
    """
    if paging.by(("name",), "name") and paging.descending:
        raise invalid("bad_sort", "customers are sorted by name, upwards", allowed=["name"])
    found = await customers.search(
        call.conn,
        document=document,
        name=name,
        phone=phone,
        owner_id=call.own_agent() if (call.who.role is Role.AGENT if mine is None else mine) else None,
        base_id=base_id,
        limit=paging.limit + 1,
        offset=paging.offset,
    )
    return paging.over([service.shown(one) for one in found])


@router.get("/by-phone")
async def by_phone(
    call: Agent,
    number: Annotated[str, Query(min_length=1, max_length=40)],
    region: Annotated[str, Query(pattern=r"^([A-Z]{2})?$")] = "",
    campaign_id: UUID | None = None,
) -> MatchesOut:
    """Who has this number, written in any way. National ones are read by `region`, or by the campaign's."""
    if campaign_id is not None and not region:
        region = (await must_see(call, campaign_id)).settings.region
    return await service.by_phone(call.conn, number, region)


@router.post("", status_code=201)
async def create(body: CustomerIn, call: AgentOnce) -> CustomerOut:
    made = await service.create(call, body)
    call.note(made.id)
    return service.shown(made)


@router.post("/assign")
async def assign(body: AssignIn, call: SupervisorOnce) -> AssignedOut:
    """Make these customers one agent's, of the campaigns watched, or nobody's. Not those of agents who work
    in campaigns of others only."""
    if body.agent_id is not None:
        await may_act_for(call, body.agent_id)
    theirs = await customers.cards(call.conn, body.customer_ids)
    await may_take_from(call, {one.owner_id for one in theirs if one.owner_id is not None})
    count = await customers.assign(call.conn, body.customer_ids, body.agent_id, call.now)
    call.note(body.agent_id, customers=count)
    return AssignedOut(assigned=count)


@router.get("/{customer_id}")
async def card(customer_id: UUID, call: Agent) -> CustomerOut:
    return service.shown(await customers.card(call.conn, customer_id))


@router.patch("/{customer_id}")
async def edit(customer_id: UUID, body: CustomerEditIn, call: Agent) -> CustomerOut:
    """Holds at the next attempt of every list the customer is in."""
    change = CustomerEdit(document=body.document, name=body.name, zone=body.zone, data=body.data)
    call.note(fields=sorted(body.model_fields_set))
    return service.shown(await customers.edit(call.conn, customer_id, change, call.now))


@router.post("/{customer_id}/phones", status_code=201)
async def add_phone(customer_id: UUID, body: PhoneIn, call: AgentOnce) -> PhoneOut:
    """The last alternative; one already there is answered as it is."""
    added = await customers.add_phone(call.conn, customer_id, NewPhone(body.number, body.kind), call.now)
    return PhoneOut.model_validate(added)


@router.put("/{customer_id}/phones/{phone_id}/state", status_code=204)
async def set_phone_state(customer_id: UUID, phone_id: UUID, body: PhoneStateIn, call: Agent) -> None:
    """A bad or wrong number is not dialled again for this customer."""
    card = await customers.card(call.conn, customer_id)
    if all(phone.id != phone_id for phone in card.phones):
        raise not_found("phone", phone_id)
    await customers.retire_phone(call.conn, phone_id, body.state, call.now)


@router.get("/{customer_id}/events")
async def events(customer_id: UUID, call: Agent, paging: Paged, closed: bool = False) -> Page[EventOut]:
    """The customer's agenda events: those pending, or all."""
    await customers.card(call.conn, customer_id)
    found = await agenda.for_customer(call.conn, customer_id, closed=closed)
    return paging.cut([EventOut.model_validate(one) for one in found], ("due_at", "created_at"), "due_at")
