"""An agent's agenda as an iCalendar feed, read by any calendar that has its secret address."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Response

from crm_api.access import Agent, Public
from crm_api.calendars import service
from crm_api.calendars.schemas import FeedOut
from crm_api.guarded import Guarded

router = APIRouter(prefix="/api/calendars", tags=["calendars"], route_class=Guarded)
ICAL: dict[int | str, dict[str, object]] = {
    200: {"content": {"text/calendar": {"schema": {"type": "string"}}}}
}


@router.post("/agents/{agent_id}", status_code=201)
async def open_feed(agent_id: UUID, call: Agent) -> FeedOut:
    """Makes the address, or a new one: the one before is closed. One's own; a supervisor's for agents who
    work in the campaigns watched only."""
    return FeedOut(path=f"/api/calendars/feed/{await service.open_feed(call, agent_id)}.ics")


@router.delete("/agents/{agent_id}", status_code=204)
async def close_feed(agent_id: UUID, call: Agent) -> None:
    await service.close_feed(call, agent_id)


@router.get("/feed/{secret}.ics", response_class=Response, responses=ICAL)
async def feed(secret: Annotated[str, Path(max_length=100)], visit: Public) -> Response:
    """Pending events of the last 30 days and the next 400, with an alarm before each."""
    async with visit.hub.db.connection() as conn:
        made = await service.read(conn, secret, visit.now)
    return Response(made, media_type="text/calendar; charset=utf-8", headers={"Cache-Control": "no-store"})
