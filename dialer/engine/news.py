"""A campaign's figures of this moment, for whoever watches."""

from datetime import datetime

from dialer import agent as desk
from dialer import call as machine
from dialer.engine.agents import Agents
from dialer.engine.campaign import CampaignRun
from dialer.live import CampaignIs

_BUSY = (desk.Talking, desk.WrapUp, desk.Offered, desk.Reserved, desk.Previewing)


def campaign_is(run: CampaignRun, agents: Agents, now: datetime, *, late: int = 0) -> CampaignIs:
    talking = sum(isinstance(call.state, machine.IN_TALK) for call in run.live.values())
    own = [agent.state for agent in agents if run.id in agent.row.campaign_ids]
    return CampaignIs(
        campaign_id=run.id,
        doing=run.status.doing,
        why=run.status.why,
        in_flight=len(run.live) - talking,
        talking=talking,
        agents_ready=sum(isinstance(state, desk.Ready) for state in own),
        agents_busy=sum(isinstance(state, _BUSY) for state in own),
        attempts=run.found.attempts,
        answered=run.found.answered,
        connected=run.found.connected,
        abandoned=run.found.abandoned,
        pacing=run.why(now),
        late=late,
    )
