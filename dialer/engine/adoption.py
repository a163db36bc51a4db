"""Taking over: the calls and agents the last owner left, as PostgreSQL knows them. Asterisk says the rest."""

from collections.abc import Mapping
from dataclasses import replace
from uuid import UUID

from asyncpg import Record

from dialer import agent as desk
from dialer import agents as people
from dialer import call as machine
from dialer import proposals, standing
from dialer.agents import Line, Presence
from dialer.engine.calls import LiveCall
from dialer.engine.hub import Hub
from dialer.engine.inbound import QUERIES
from dialer.engine.receiving import PATIENCE_S
from dialer.engine.tools import Tools
from lists import attempts, reserving
from lists.model import AttemptKind, LiveAttempt, LiveState
from storage.database import Connection
from typifications import interactions
from typifications.model import Typification

BY_LINE = (AttemptKind.MANUAL, AttemptKind.PREVIEW, AttemptKind.AGENT_FIRST)


async def adopt(conn: Connection, tools: Tools, hub: Hub) -> None:
    """Calls and agents into memory, of no link's session yet: the first listing says what became of them."""
    await standing.forget_all(conn)
    for worker, contact_ids in (await proposals.take_over(conn)).items():
        await reserving.release(conn, contact_ids, worker)
    rows = await attempts.live(conn)
    if rows:
        await attempts.adopt(conn, [row.attempt_id for row in rows], tools.worker)
    contact_ids = [row.contact_id for row in rows if row.contact_id is not None]
    retries = {row["id"]: row["retries"] for row in await conn.fetch(QUERIES["retries"], contact_ids)}
    presences = await people.presences(conn)
    ringing = {p.attempt_id: p for p in presences if _is_rung(p, tools)}
    for row in rows:
        its_retries = retries.get(row.contact_id, {}) if row.contact_id else {}
        adopt_call(row, its_retries, tools, hub, ringing.get(row.attempt_id))
    attempt_ids = [presence.attempt_id for presence in presences if presence.attempt_id is not None]
    abouts = {row["id"]: row for row in await conn.fetch(QUERIES["of_attempt"], attempt_ids)}
    typified = await interactions.typified(conn, attempt_ids)
    for presence in presences:
        about = abouts.get(presence.attempt_id) if presence.attempt_id else None
        call = tools.calls.get(presence.attempt_id) if presence.attempt_id in typified else None
        if call is not None:
            call.typified_by = presence.agent_id
        state = _agent_state(presence, tools, presence.attempt_id in typified)
        _adopt_agent(presence, state, _about(about, presence) if about else None, tools)
    for agent in tools.agents:
        if isinstance(agent.state, desk.Talking | desk.WrapUp) and agent.about is not None:
            agent.told = agent.about.campaign_id
    for run in hub.runs.values():
        run.teach()


def adopt_call(
    row: LiveAttempt,
    retries: Mapping[str, int],
    tools: Tools,
    hub: Hub,
    ringing: Presence | None = None,
) -> None:
    """`ringing`: of the agent whose phone rings for it."""
    call = LiveCall(
        id=row.attempt_id,
        begun_at=row.begun_at,
        kind=row.kind,
        e164=row.e164 or "",
        server=row.server,
        state=_call_state(row, ringing),
        campaign_id=row.campaign_id,
        contact_id=row.contact_id,
        retries=retries,
        customer_id=row.customer_id,
        trunk=row.trunk,
        channel=row.channel,
        bound_agent=row.agent_id if row.kind in (*BY_LINE, AttemptKind.AGENT_BOUND) else None,
        by_line=_by_line(row, tools),
        has_channel=not _by_line(row, tools),  # a line's own has an id that only the listing tells
        adopted=True,
        ringing_agent=ringing.agent_id if ringing is not None else None,
    )
    _as_its_campaign_has_it(call, hub)
    tools.calls.add(call)
    hub.began(call)
    if row.kind is not AttemptKind.INBOUND:
        call.takes = tools.trunks.by_name(row.trunk)
    if call.takes is not None:
        call.takes.limits.in_use += 1


def _as_its_campaign_has_it(call: LiveCall, hub: Hub) -> None:
    """How long it may ring, and wait."""
    run = hub.run_of(call)
    if run is not None:
        call.ring_s, call.patience_s = run.settings.ring_timeout_s, run.settings.patience_ms / 1000
    if call.kind is AttemptKind.INBOUND:
        own = run.settings.inbound.patience_s if run is not None else None
        call.patience_s = PATIENCE_S if own is None else own


def _by_line(row: LiveAttempt, tools: Tools) -> bool:
    agent = tools.agents.get(row.agent_id) if row.agent_id else None
    rung = agent is not None and agent.rings_first and row.kind is AttemptKind.AGENT_BOUND
    return rung or row.kind in BY_LINE


def _is_rung(presence: Presence, tools: Tools) -> bool:
    agent = tools.agents.get(presence.agent_id)
    offered = presence.state == desk.AgentState.OFFERED and presence.attempt_id is not None
    return offered and agent is not None and agent.row.line is Line.RINGING


def _call_state(row: LiveAttempt, ringing: Presence | None) -> machine.State:
    state = _stage(row, ringing)
    return replace(state, facts=replace(state.facts, pressed=row.pressed))


def _stage(row: LiveAttempt, ringing: Presence | None) -> machine.State:
    if ringing is not None:
        answered_at = row.begun_at if row.kind is AttemptKind.INBOUND else row.updated_at
        facts = machine.Facts(row.begun_at, answered_at=answered_at, waiting_at=answered_at)
        return machine.Joining(facts, ringing.since, ringing.agent_id)
    if row.kind is AttemptKind.INBOUND and row.state is LiveState.BEGUN:
        return machine.Answered(machine.Facts(row.begun_at, answered_at=row.begun_at))
    if row.state is LiveState.BEGUN:
        return machine.Sent(machine.Facts(row.begun_at))
    if row.state is LiveState.RINGING:
        return machine.Ringing(machine.Facts(row.begun_at, ringing_at=row.updated_at))
    if row.state is LiveState.CONNECTED and row.agent_id is not None:
        facts = machine.Facts(
            row.begun_at, answered_at=row.updated_at, connected_at=row.updated_at, agent_id=row.agent_id
        )
        return machine.Talking(facts, row.agent_id)
    return machine.Answered(machine.Facts(row.begun_at, answered_at=row.updated_at))


def _adopt_agent(presence: Presence, state: desk.State, about: Typification | None, tools: Tools) -> None:
    agent = tools.agents.get(presence.agent_id)
    if agent is None:
        return
    now = tools.clock.now()
    agent.about, agent.came = about, presence.came
    agent.logged_in_at = presence.logged_in_at
    agent.state = state
    if presence.channel:
        tools.agents.adopt(agent, presence.channel)
        agent.generation = 0
    elif agent.row.line is Line.HELD and not isinstance(agent.state, desk.LoggedOut):
        tools.agents.happen(agent, desk.LineDropped())
    if isinstance(agent.state, desk.Ready) and agent.state.pending:
        tools.agents.hold_back(agent)
    wrapup = agent.state.was if isinstance(agent.state, desk.LineLost) else agent.state
    if isinstance(wrapup, desk.WrapUp):
        tools.agents.time_wrapup(agent, wrapup.until)
    tools.agents.changed(agent, agent.state, now)


def _agent_state(presence: Presence, tools: Tools, typified: bool) -> desk.State:
    """`typified`: what its call was is said already."""
    now = tools.clock.now()
    since, reason = presence.since, presence.reason
    pending = desk.Pending(presence.pending)
    attempt = presence.attempt_id
    match presence.state:
        case desk.AgentState.PAUSED:
            return desk.Paused(since, reason=reason)
        case desk.AgentState.WRAPUP if attempt is not None:
            until = presence.wrapup_until or now
            return desk.WrapUp(since, pending, reason, attempt_id=attempt, until=until)
        case desk.AgentState.OFFERED if attempt is not None and tools.calls.get(attempt) is not None:
            return desk.Offered(since, pending, reason, attempt_id=attempt)
        case desk.AgentState.TALKING if attempt is not None:
            if tools.calls.get(attempt) is not None:
                return desk.Talking(since, pending, reason, attempt_id=attempt, typified=typified)
            return desk.WrapUp(since, pending, reason, attempt_id=attempt, until=now)
        case desk.AgentState.RESERVED if attempt is not None and tools.calls.get(attempt) is not None:
            return desk.Reserved(since, pending, reason, attempt_id=attempt)
        case desk.AgentState.CONNECTING:
            return desk.Connecting(since)
        case desk.AgentState.LINE_LOST:
            return desk.LineLost(since, pending, reason, was=_before_the_loss(presence, tools, typified))
    return desk.Ready(since, pending, reason)


def _before_the_loss(presence: Presence, tools: Tools, typified: bool) -> desk.State:
    """Where the agent goes on when the line is back. A pause is kept as a pending one."""
    since, attempt = presence.since, presence.attempt_id
    if attempt is None:
        return desk.Ready(since)
    if presence.wrapup_until is None and tools.calls.get(attempt) is not None:
        return desk.Talking(since, attempt_id=attempt, typified=typified)
    return desk.WrapUp(since, attempt_id=attempt, until=presence.wrapup_until or tools.clock.now())


def _about(row: Record, presence: Presence) -> Typification | None:
    campaign_id = row["campaign_id"]
    if not isinstance(campaign_id, UUID):
        return None
    return Typification(
        campaign_id=campaign_id,
        path=(),
        attempt_id=presence.attempt_id,
        attempt_at=presence.attempt_at,
        customer_id=_id(row["customer_id"]),
        contact_id=_id(row["contact_id"]),
        agent_id=presence.agent_id,
        e164=str(row["e164"]),
    )


def _id(value: object) -> UUID | None:
    return value if isinstance(value, UUID) else None
