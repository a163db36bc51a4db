"""Contacts: one question answered for any of them."""

from uuid import UUID

from fastapi import APIRouter

from crm_api.access import Supervisor
from crm_api.contacts import service
from crm_api.contacts.schemas import WhyNotOut
from crm_api.guarded import Guarded

router = APIRouter(prefix="/api/contacts", tags=["contacts"], route_class=Guarded)


@router.get("/{contact_id}/why-not")
async def why_not(contact_id: UUID, call: Supervisor) -> WhyNotOut:
    """Why this contact is not being dialled."""
    return await service.why_not(call, contact_id)
