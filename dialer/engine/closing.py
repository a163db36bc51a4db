"""The record of a call that is over, and of a conversation nobody has said anything of."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from dialer import agent as desk
from dialer.engine.agents import LiveAgent
from dialer.engine.batch import Ending
from dialer.engine.calls import LiveCall
from dialer.engine.campaign import CampaignRun
from dialer.engine.settling import Cancel, ending_of, rules_of
from dialer.engine.tools import Tools
from dialer.outcome import Verdict
from dialer.settings import Settings
from storage.database import Connection
from typifications import interactions
from typifications.model import Typification


class Closings:
    def __init__(self, tools: Tools, runs: Mapping[UUID, CampaignRun], cancel: Cancel) -> None:
        self._tools = tools
        self._runs = runs
        self._cancel = cancel

    def close(self, call: LiveCall, now: datetime) -> tuple[Ending, Verdict]:
        """Written with the next transaction."""
        run = self._runs.get(call.campaign_id) if call.campaign_id else None
        ending, verdict = ending_of(call, run.settings if run else None, now, self._cancel)
        self._tools.writer.end(ending)
        return ending, verdict

    def close_again(self, call: LiveCall) -> None:
        """Over before its attempt was stored: its closing found nothing. Told twice, counted once."""
        self.close(call, self._tools.clock.now())

    def leave_to_be_completed(self, call: LiveCall) -> None:
        """A conversation no agent is in the wrap-up of is left to be completed, if it was not typified."""
        in_wrapup = any(desk.attempt_of(agent.state) == call.id for agent in self._tools.agents)
        if call.campaign_id is not None and not in_wrapup:
            what = about(call, call.campaign_id, call.state.facts.agent_id)
            self._tools.writer.afterwards(lambda conn, at: interactions.untypified(conn, what, now=at))

    def left_untypified(self, agent: LiveAgent, attempt_id: UUID) -> None:
        """The wrap-up ended without a word."""
        what = agent.about
        if what is None or what.attempt_id != attempt_id:
            return
        run = self._runs.get(what.campaign_id)
        rules = rules_of(run.settings if run is not None else Settings())

        async def leave(conn: Connection, at: datetime) -> None:
            if await interactions.untypified(conn, what, now=at) is None:
                # Said after all, and not heard of: what was left for the hang-up is applied now.
                await interactions.at_hang_up(conn, attempt_id, rules, now=at)

        self._tools.writer.afterwards(leave)


def about(call: LiveCall, campaign_id: UUID, agent_id: UUID | None) -> Typification:
    """What of a call is to be typified."""
    return Typification(
        campaign_id=campaign_id,
        path=(),
        attempt_id=call.id,
        attempt_at=call.begun_at,
        customer_id=call.customer_id,
        contact_id=call.contact_id,
        agent_id=agent_id,
        e164=call.e164,
    )
