"""Which campaign counts on each idle agent: one at a time, so that no two call for the same one."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from dialer import agent as desk
from dialer import homes
from dialer.engine.agents import LiveAgent
from dialer.engine.campaign import CampaignRun
from dialer.engine.tools import Tools


class Homing:
    def __init__(self, tools: Tools, runs: Mapping[UUID, CampaignRun]) -> None:
        self._tools = tools
        self._runs = runs

    def settle(self, agent: LiveAgent, now: datetime) -> None:
        """Idle: one campaign counts on this agent. On one whose phone must be picked up first, none does."""
        if agent.rings_first:
            self.count_on(agent, None, now)
            return
        told = self._runs.get(agent.told) if agent.told else None
        if told is not None and told.hungry and told.id in agent.row.campaign_ids:
            told.pacer.ready(agent.id, told.at(now))
            return
        hungry = [run_id for run_id, run in self._runs.items() if run.hungry]
        known = {a.id: a.told for a in self._tools.agents if a.told is not None or a is agent}
        campaigns_of = {a.id: a.row.campaign_ids for a in self._tools.agents if a.id in known}
        home = homes.balanced(known, campaigns_of, hungry, ())[agent.id]
        self.count_on(agent, home, now)
        if home is not None:
            run = self._runs[home]
            run.pacer.ready(agent.id, run.at(now))

    def balance(self) -> None:
        """Now and then: campaigns got hungry or full, agents came and went."""
        now = self._tools.clock.now()
        hungry = [run_id for run_id, run in self._runs.items() if run.hungry]
        at_work = [
            a
            for a in self._tools.agents
            if a.told is not None or (isinstance(a.state, desk.Ready) and not a.rings_first)
        ]
        idle = {a.id for a in at_work if isinstance(a.state, desk.Ready)}
        found = homes.balanced(
            {a.id: a.told for a in at_work}, {a.id: a.row.campaign_ids for a in at_work}, hungry, idle
        )
        for agent in at_work:
            if agent.id in idle and found[agent.id] != agent.told:
                home = found[agent.id]
                self.count_on(agent, home, now)
                if home is not None:
                    run = self._runs[home]
                    run.pacer.ready(agent.id, run.at(now))
                    run.wake()

    def count_on(self, agent: LiveAgent, campaign_id: UUID | None, now: datetime) -> None:
        """From now on this campaign's pacer counts on the agent, and no other does."""
        if agent.told == campaign_id:
            return
        old = self._runs.get(agent.told) if agent.told else None
        if old is not None:
            old.pacer.left(agent.id, old.at(now))
        agent.told = campaign_id
