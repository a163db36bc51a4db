"""Contacts: a list's, looked at, put forward, taken out; and one question answered for any of them."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from crm_api.access import Supervisor
from crm_api.contacts import service
from crm_api.contacts.schemas import ContactEdit, ContactOut, NextOut, WhyNotOut
from crm_api.guarded import Guarded
from crm_api.schemas import Page, Paged, When
from lists.model import ContactState

router = APIRouter(prefix="/api", tags=["contacts"], route_class=Guarded)


@router.get("/dial-lists/{list_id}/contacts")
async def of_list(
    list_id: UUID,
    call: Supervisor,
    paging: Paged,
    state: Annotated[list[ContactState] | None, Query(max_length=20)] = None,
) -> Page[ContactOut]:
    """In the order of the list; `state`: only those."""
    return await service.of_list(call, list_id, paging, state)


@router.get("/campaigns/{campaign_id}/next")
async def upcoming(
    campaign_id: UUID,
    call: Supervisor,
    at: Annotated[When | None, Query(description="default: now")] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> NextOut:
    """Who would be dialled next, in order. Hours and caps are looked at when a contact's turn comes. A few
    that the dialer has taken ahead, for some seconds, come first whatever has changed since."""
    return await service.upcoming(call, campaign_id, at or call.now, limit)


@router.get("/contacts/{contact_id}")
async def one(contact_id: UUID, call: Supervisor) -> ContactOut:
    return ContactOut.model_validate(await service.must_touch(call, contact_id))


@router.patch("/contacts/{contact_id}")
async def edit(contact_id: UUID, body: ContactEdit, call: Supervisor) -> ContactOut:
    """A lower priority is dialled first; no wait is shortened by it."""
    return ContactOut.model_validate(await service.edit(call, contact_id, body))


@router.delete("/contacts/{contact_id}", status_code=204)
async def remove(contact_id: UUID, call: Supervisor) -> None:
    """Taken out of its list; its agenda events go, its history stays."""
    await service.remove(call, contact_id)


@router.get("/contacts/{contact_id}/why-not")
async def why_not(contact_id: UUID, call: Supervisor) -> WhyNotOut:
    """Why this contact is not being dialled."""
    return await service.why_not(call, contact_id)
