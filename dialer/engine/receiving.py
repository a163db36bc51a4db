"""A caller whose campaign is known: turned away out of its hours, or kept waiting as it wishes, for the agent
of the last conversation first."""

from uuid import UUID

from ami.actions import Action, Redirect, Setvar
from ami.events import MarcadorInbound
from dialer import agent as desk
from dialer import call as machine
from dialer.campaigns import Desired, Kind
from dialer.engine.calls import LiveCall
from dialer.engine.campaign import CampaignRun
from dialer.engine.hub import Hub
from dialer.engine.tools import Tools
from dialer.hours import Closed, open_to_callers

PATIENCE_S = 120.0
"""What the dialplan grants a caller, if it does not say."""
MOVES_S, LOOK_EVERY_S = 1.0, 0.02
"""So long a caller whose wait begins anew is waited for, looked at so often."""
CLOSED_AUDIO = "marcador/outofhours"
_AT_WORK = (desk.Ready, desk.Offered, desk.Reserved, desk.Talking, desk.WrapUp)


class Receiver:
    def __init__(self, tools: Tools, hub: Hub) -> None:
        self._tools = tools
        self._hub = hub

    async def receive(self, call: LiveCall, event: MarcadorInbound, last_agent: UUID | None) -> None:
        """As the campaign wishes: turned away, or kept waiting so long, for the last agent first."""
        run = self._hub.run_of(call)
        if run is not None and self._is_closed(run):
            await self._turn_away(call, run)
            return
        call.patience_s = event.patience_ms / 1000 or PATIENCE_S
        if run is not None and run.settings.inbound.patience_s is not None:
            await self._be_patient(call, event, run.settings.inbound.patience_s)
        self._prefer(call, last_agent, run)

    def _is_closed(self, run: CampaignRun) -> bool:
        """A dialer campaign's hours are for its own calls: who calls back is answered by whoever is there."""
        if run.campaign.kind is not Kind.VOICE:
            return False
        closed = isinstance(open_to_callers(run.settings, self._tools.clock.now()), Closed)
        return closed or run.campaign.desired is not Desired.RUNNING

    async def _turn_away(self, call: LiveCall, run: CampaignRun) -> None:
        self._tools.calls.happen(call, machine.TurnedAway())
        audio = run.settings.inbound.closed_audio or CLOSED_AUDIO
        await self._tools.sender.do(
            call.server,
            Setvar("CHANNEL(language)", run.settings.language, call.channel),
            Setvar("MARCADOR_MESSAGE", audio, call.channel),
            Redirect(call.channel, "marcador-customer", "close"),
        )

    async def _be_patient(self, call: LiveCall, event: MarcadorInbound, patience_s: int) -> None:
        """The dialplan closes the call, at the deadline it is given here. A wait under way looks at it at its
        end; one that would end too late is begun anew, before anybody may be joined to it."""
        call.patience_s = patience_s
        deadline = event.at_ms + patience_s * 1000
        actions: list[Action] = [Setvar("MARCADOR_DEADLINE", str(deadline), call.channel)]
        sooner = patience_s * 1000 < event.patience_ms
        if sooner:
            actions.append(Redirect(call.channel, "marcador-customer", "wait"))
        entries = call.entries
        if await self._tools.sender.do(call.server, *actions) and sooner:
            for _ in range(round(MOVES_S / LOOK_EVERY_S)):
                if call.over or call.entries > entries:
                    return
                await self._tools.clock.sleep(LOOK_EVERY_S)

    def _prefer(self, call: LiveCall, agent_id: UUID | None, run: CampaignRun | None) -> None:
        """The agent who last talked with this caller comes first, for a while, if at work."""
        wait_s = run.settings.inbound.last_agent_s if run is not None else 0
        agent = self._tools.agents.get(agent_id) if agent_id else None
        if agent is None or not wait_s or not isinstance(agent.state, _AT_WORK):
            return
        if call.campaign_id in agent.row.campaign_ids:
            call.bound_agent = agent.id
            self._tools.clock.call_later(wait_s, lambda: self._let_anybody(call, agent.id))

    def _let_anybody(self, call: LiveCall, agent_id: UUID) -> None:
        """Not one who talked already and waits for a line that broke."""
        still_waits = not call.over and call.state.facts.connected_at is None
        if call.bound_agent == agent_id and still_waits:
            call.bound_agent = None
            self._hub.assign()
