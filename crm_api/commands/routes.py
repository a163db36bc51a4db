"""What became of a command given to the engine."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from crm_api.access import AgentStream
from crm_api.commands import service
from crm_api.commands.schemas import CommandOut
from crm_api.guarded import Guarded

router = APIRouter(prefix="/api/commands", tags=["commands"], route_class=Guarded)


@router.get("/{command_id}")
async def one(
    command_id: UUID, visit: AgentStream, wait_s: Annotated[float, Query(ge=0, le=10)] = 0
) -> CommandOut:
    """With `wait_s`, the answer is waited for so long."""
    return await service.waited_for(visit, command_id, wait_s)
