"""Live state: one socket, and the same snapshots for whoever asks once."""

from uuid import UUID

from fastapi import APIRouter, WebSocket

from crm_api.access import Agent, Supervisor
from crm_api.guarded import Guarded
from crm_api.live import topics
from crm_api.live.feed import Feed
from crm_api.live.schemas import AgentSnapshotOut, FloorSnapshotOut
from crm_api.live.topics import Topic, TopicKind

router = APIRouter(prefix="/api/live", tags=["live"], route_class=Guarded)


@router.websocket("")
async def live(socket: WebSocket) -> None:
    """See docs/api-guide.md, "The live socket". Rights are checked per topic, by `topics.sight`."""
    feed: Feed = socket.app.state.feed
    await feed.serve(socket)


@router.get("/floor")
async def floor(call: Supervisor) -> FloorSnapshotOut:
    """What `floor` begins with."""
    topic = Topic(TopicKind.FLOOR)
    seen = await topics.sight(call.conn, call.who, topic)
    shown = await topics.snapshot(call.conn, topic, seen, call.now)
    assert isinstance(shown, FloorSnapshotOut)
    return shown


@router.get("/agents/{agent_id}")
async def agent(agent_id: UUID, call: Agent) -> AgentSnapshotOut:
    """What `agent.<id>` begins with: the agent's state, and the screen-pop of the call it is in."""
    topic = Topic(TopicKind.AGENT, agent_id)
    seen = await topics.sight(call.conn, call.who, topic)
    shown = await topics.snapshot(call.conn, topic, seen, call.now)
    assert isinstance(shown, AgentSnapshotOut)
    return shown
