"""The extra columns of a base as typed fields: shown to agents, filterable by supervisors."""

from uuid import UUID

from fastapi import APIRouter

from crm_api.access import Agent, Supervisor
from crm_api.bases.service import must_be_theirs
from crm_api.fields.schemas import FieldOut, FieldsIn, FieldsOut
from crm_api.guarded import Guarded
from lists import base_fields
from lists.fields import FieldDefinition
from storage.database import Connection

router = APIRouter(prefix="/api/bases/{base_id}/fields", tags=["fields"], route_class=Guarded)


@router.get("")
async def of_base(base_id: UUID, call: Agent) -> FieldsOut:
    return await _shown(call.conn, base_id)


@router.put("")
async def define(base_id: UUID, body: FieldsIn, call: Supervisor) -> FieldsOut:
    """Replaces all definitions. Files, updates and edits are held to them from now on. Stored values stay: a
    filter reads them as the new type, and what is not of it counts as empty."""
    await must_be_theirs(call.conn, call, base_id)
    await base_fields.define(
        call.conn, base_id, [FieldDefinition(**field.model_dump()) for field in body.fields]
    )
    call.note(base_id, fields=[field.name for field in body.fields])
    return await _shown(call.conn, base_id)


async def _shown(conn: Connection, base_id: UUID) -> FieldsOut:
    found = await base_fields.of_base(conn, base_id)
    return FieldsOut(fields=tuple(FieldOut.model_validate(one) for one in found.definitions))
