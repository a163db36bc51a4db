"""The extra columns of a base as typed fields: shown to agents, filterable by supervisors."""

from uuid import UUID

from fastapi import APIRouter

from crm_api.access import Agent, Operator
from crm_api.fields.schemas import FieldOut, FieldsIn, FieldsOut
from crm_api.guarded import Guarded
from lists.fields import FieldDefinition
from lists.filtering import matching
from storage.database import Connection

router = APIRouter(prefix="/api/bases/{base_id}/fields", tags=["fields"], route_class=Guarded)


@router.get("")
async def of_base(base_id: UUID, call: Agent) -> FieldsOut:
    return await _shown(call.conn, base_id)


@router.put("")
async def define(base_id: UUID, body: FieldsIn, call: Operator) -> FieldsOut:
    """Replaces all definitions. Stored values stay; one not of its new type counts as empty in filters."""
    await matching.define(
        call.conn, base_id, [FieldDefinition(**field.model_dump()) for field in body.fields]
    )
    call.note(base_id, fields=[field.name for field in body.fields])
    return await _shown(call.conn, base_id)


async def _shown(conn: Connection, base_id: UUID) -> FieldsOut:
    found = await matching.definitions(conn, base_id)
    return FieldsOut(fields=tuple(FieldOut.model_validate(one) for one in found))
