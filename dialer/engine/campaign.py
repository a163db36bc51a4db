"""One campaign being dialled: contacts reserved ahead, the pacer's decision, and what it says of itself.

The loop runs at every relevant event, at most 20 times a second, and takes one turn at a time: what one turn
has begun is on the pacer's books before the next one decides.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Protocol
from uuid import UUID

from dialer import agent as desk
from dialer import call as machine
from dialer import campaigns, counters
from dialer.campaigns import Campaign, Desired, Doing, Status
from dialer.compliance import Counts, window_start
from dialer.engine.broadcast import kind_of, needs_agents
from dialer.engine.calls import LiveCall
from dialer.engine.learned import Learned
from dialer.engine.pace import Pace
from dialer.engine.paced import PACED, GuardedPacer, same_pacing
from dialer.engine.placing import Placer
from dialer.engine.tools import Tools
from dialer.hours import Closed, campaign_opening, day_start, opening
from dialer.live import Bound
from dialer.outcome import Verdict
from dialer.passing import Passing
from dialer.settings import Mode, Settings
from lists import attempts, reserving
from lists.model import AttemptKind, ContactState, RefusalReason, Reserved
from storage.database import Connection
from storage.errors import StorageError

log = logging.getLogger(__name__)

COALESCE_S = 0.05
IDLE_S = 1.0
LEASE_S = 20.0
"""What a worker that was killed had reserved waits so long for the next one."""
BUFFER_S = 15.0
"""A reservation older than this (real time) is given back rather than used."""
AHEAD = 4
"""Contacts reserved for each one wanted now."""
BATCH_LIMIT = 500
SURVEY_S = 5.0
COUNT_S = 5.0
"""What is left is counted so often at most: it reads every contact, and each typification asks for a look."""
DRY_MIN_S, DRY_MAX_S = 1.0, 30.0
LENT_S = 10.0
"""Contacts wait, and none is to be had: those lent to a worker that was killed come back any moment."""
UNKNOWN_WAIT_S = 900
"""A contact nobody knows when to call (its zone is unknown) is looked at again after this."""
_FAILURES = {"busy": "busy", "no_answer": "no_answer", "invalid_number": "invalid", "machine": "machine"}


class AgentsFirst(Protocol):
    """Whoever proposes calls to agents whose leg comes first."""

    async def serve(self, run: "CampaignRun", room: int) -> int:
        """At most so many; how many were proposed. Raises `StorageError`."""
        ...

    def closed(self, run: "CampaignRun") -> None:
        """It dials no more: what is only proposed is withdrawn."""
        ...


class CampaignRun:
    def __init__(self, tools: Tools, placer: Placer, first: AgentsFirst, campaign: Campaign) -> None:
        self._tools = tools
        self._placer = placer
        self._first = first
        self.campaign = campaign
        now = tools.clock.now()
        self._passing = Passing(self._clock_set_back)
        self.live: dict[UUID, LiveCall] = {}
        """Every call of this campaign, of whatever kind."""
        self.promised: set[UUID] = set()
        """Calls that are to be: an agent's phone rings for each. A channel is kept for it."""
        self.status = Status()
        self.found = Counts()
        """Of the legal window, with what has ended since it was read."""
        self.pacer = GuardedPacer(self.settings, self.teach)
        self.learned = Learned(campaign.id)
        self.pace = Pace()
        self._buffer: deque[Reserved] = deque()
        self._buffered_at = 0.0
        self._dry_until: datetime | None = None
        """Nothing is due before."""
        self._surveyed_until = now
        self._dry = Status()
        self._left: Mapping[ContactState, int] = {}
        self._count_again = now
        self._due = asyncio.Event()

    # --- what others ask of it ------------------------------------------------------------------------

    @property
    def id(self) -> UUID:
        return self.campaign.id

    @property
    def settings(self) -> Settings:
        return self.campaign.settings

    @property
    def hungry(self) -> bool:
        """It would use an agent now."""
        running = self.campaign.desired is Desired.RUNNING and self.status.doing is not Doing.FINISHED
        return running and needs_agents(self.settings)

    def at(self, now: datetime) -> float:
        """The pacer's seconds."""
        return self._passing.at(now)

    def _clock_set_back(self, by: timedelta) -> None:
        """What was to be looked at by the clock is looked at now."""
        self._count_again -= by
        self.more_contacts()

    def wake(self) -> None:
        self._due.set()

    def why(self, now: datetime) -> dict[str, Any]:
        """Why it dials what it dials now: the pacer's own figures, and what the last decision met."""
        return {
            **self.pacer.explain(self.at(now)),
            "mode": self.pacer.mode,
            "wanted": self.pace.wanted,
            "bound": self.pace.bound,
            "decisions": self.pace.decisions,
            "decision_s": round(self.pace.cost_s, 6),
            "chances": self.learned.standing(self.settings),
        }

    def more_contacts(self, at: datetime | None = None) -> None:
        """A contact comes back at that time, or something changed: look again."""
        until = at or self._tools.clock.now()
        self._surveyed_until = min(self._surveyed_until, until)
        if self._dry_until is not None:
            self._dry_until = min(self._dry_until, until)
        if at is None:
            self.wake()

    def ended(self, call: LiveCall, verdict: Verdict, now: datetime) -> None:
        """A dialled call is over, however it ended."""
        outcome = verdict.outcome
        self.pacer.failed(call.id, self.at(now), _FAILURES.get(outcome, outcome))
        self.learned.ended(call, verdict)

    async def prepare(self) -> None:
        """The legal window's counts, and what was learned in earlier runs. Raises `StorageError`."""
        async with self._tools.db.connection() as conn:
            await self.learned.recall(conn, self.pacer)
        await self.recall_budget()

    def teach(self) -> None:
        """What is under way, for a pacer that has not seen it begin."""
        at = self.at(self._tools.clock.now())
        for call in self.live.values():
            if call.paced:
                self.pacer.dialed(call.id, at)
        for agent in self._tools.agents:
            if agent.told != self.id:
                continue
            attempt_id = desk.attempt_of(agent.state)
            self.pacer.ready(agent.id, at)
            if attempt_id is not None:
                self.pacer.connected(attempt_id, agent.id, at)
            if isinstance(agent.state, desk.WrapUp):
                self.pacer.wrapup(agent.id, at)

    async def recall_budget(self) -> None:
        """What the legal window holds by now: it moves on, and outlives this run. Raises `StorageError`."""
        now = self._tools.clock.now()
        start = window_start(self.settings.abandon_window, now, day_start(self.settings, now))
        async with self._tools.db.connection() as conn:
            self.found = await counters.since(conn, self.id, start)
            leave = self.settings.machines_leave_ratio
            met = await counters.machines_met(conn, self.id, start) if leave else 0
        known = self.found + self._decided()
        self.pacer.budget(known.abandoned, max(known.connected - met, 0) + known.abandoned)

    def _decided(self) -> Counts:
        """Of the calls under way, those whose end can no longer change how they count: without them a
        floor of long talks would forget, once a minute, the live answers it is just serving."""
        states = [call.state for call in self.live.values() if call.kind is AttemptKind.DIALLED]
        connected = sum(state.facts.connected_at is not None for state in states)
        lost = sum(isinstance(state, machine.Closed) and not state.facts.connected_at for state in states)
        return Counts(connected=connected, abandoned=lost)

    async def change(self, campaign: Campaign) -> None:
        """Settings or desired state changed while it runs. Raises `StorageError`: what is missing is made up
        for at the next look, for until then the revision stays the old one."""
        before = self.campaign
        self.campaign = replace(campaign, revision=before.revision)
        renewed = not same_pacing(before.settings, campaign.settings)
        if renewed:
            self.learned.note(self.pacer)
            self.pacer = GuardedPacer(self.settings, self.teach)
            self.teach()
            self.learned.warm(self.pacer)
        self.pacer.set_ratio(campaign.settings.ratio)
        self.pacer.retarget(campaign.settings.target)
        async with self._tools.db.transaction() as conn:
            await attempts.fence(conn, self.id, self._tools.epoch, campaign.desired is Desired.RUNNING)
        self.campaign = campaign
        self.more_contacts()
        if renewed:
            await self.recall_budget()

    # --- the loop -------------------------------------------------------------------------------------

    async def run(self) -> None:
        while True:
            self._due.clear()
            try:
                status = await self.turn()
            except StorageError as error:
                log.warning("campaign %s waits for PostgreSQL: %s", self.campaign.name, error)
                status = Status(Doing.WAITING, "no_database")
            except Exception:
                log.exception("campaign %s: a turn failed", self.campaign.name)
                status = Status(Doing.WAITING, "internal_error")
            self._say(status)
            await self._tools.clock.sleep(COALESCE_S)
            timer = self._tools.clock.call_later(self._pause(), self.wake)
            await self._due.wait()
            timer.cancel()

    async def turn(self) -> Status:
        now = self._tools.clock.now()
        at = self.at(now)
        if self.campaign.desired is not Desired.RUNNING:
            self._first.closed(self)
            await self._give_back()
            return await self._resting(now)
        if not self._tools.writer.healthy:
            return Status(Doing.WAITING, "no_database")
        hours = campaign_opening(self.settings, now)
        if isinstance(hours, Closed):
            await self._give_back()
            return Status(Doing.WAITING, hours.why, until=hours.until)
        paced = self.settings.mode in PACED
        if not paced and self.settings.mode is not Mode.PREVIEW:
            return Status(Doing.WAITING, "by_hand")
        trunks = self._tools.trunks.usable(self.settings.trunks, now)
        if not trunks:
            why, until = self._tools.trunks.why_none(self.settings.trunks, now)
            return Status(Doing.WAITING, why, until=until)
        channels = self.settings.channels - len(self.live) - len(self.promised)
        allowed = sum(run.limits.allowed(now) for run in trunks)
        proposed = await self._first.serve(self, min(channels, allowed))
        want = 0
        if paced:
            want = self.pace.decide(self.pacer, at, channels=channels - proposed, trunks=allowed - proposed)
        if want > 0:
            return await self._dial(want)
        if not self.live and not self.promised and not self._buffer:
            found = await self._survey(now)
            if found.why != "no_agents":
                return found
        if self._has_agents() or not needs_agents(self.settings):
            return Status(Doing.DIALLING)
        return Status(Doing.WAITING, "no_agents")

    async def _dial(self, want: int) -> Status:
        found = await self._take(want)
        if not found:
            return self._dry if not self.live else Status(Doing.DIALLING, self._dry.why)
        placed = await self._placer.place(self.id, self.settings, found, kind=kind_of(self.settings))
        self._buffer.extendleft(reversed(placed.left))
        contacts = {contact.contact_id: contact for contact in found}
        for call in placed.calls:
            if not call.over and call.contact_id is not None:
                self.live[call.id] = call
                chance = self.learned.meet(call, contacts[call.contact_id], self.settings)
                self.pacer.dialed(call.id, self.at(self._tools.clock.now()), chance)
        for refusal in placed.refusals:
            if refusal.until is not None:
                self.more_contacts(refusal.until)
            if refusal.reason is RefusalReason.FENCED:
                return Status(Doing.WAITING, "owned_by_another")
        if placed.refusals:
            self.wake()
        return Status(Doing.DIALLING)

    def _pause(self) -> float:
        """Until the next look where nothing happens: sooner when only the trunks' rate holds it back."""
        now = self._tools.clock.now()
        if self.status.doing is not Doing.DIALLING:
            return IDLE_S
        runs = self._tools.trunks.usable(self.settings.trunks, now)
        nexts = [run.limits.next_at(now) for run in runs if run.limits.in_use < run.limits.channels]
        wait = min(((at - now) / timedelta(seconds=1) for at in nexts), default=IDLE_S)
        held_back = self.pace.bound is Bound.TRUNKS and not self.status.why  # and not for want of contacts
        if wait <= 0 and not held_back:
            return IDLE_S
        return min(max(wait, 0.01), IDLE_S)  # the rate may allow more by now: placing took its time

    # --- contacts -------------------------------------------------------------------------------------

    async def lend(self, lease_s: float) -> Reserved | None:
        """One contact that may be called now, kept for so long. Raises `StorageError`."""
        while found := await self._take(1):
            async with self._tools.db.transaction() as conn:
                kept = await reserving.reserve_one(
                    conn,
                    found[0].contact_id,
                    now=self._tools.clock.now(),
                    worker=self._tools.worker,
                    lease_s=lease_s,
                )
            if kept is not None:
                return kept
        return None

    def put_back(self, contact: Reserved) -> None:
        """Lent, and not needed after all: it is the next one."""
        self._buffer.appendleft(contact)

    async def _take(self, want: int) -> list[Reserved]:
        """Up to `want` contacts that may be called now; the others are postponed till they may."""
        if self._buffer and asyncio.get_running_loop().time() - self._buffered_at > BUFFER_S:
            await self._give_back()  # the leases have nearly run out: others may be ahead of them by now
        found: list[Reserved] = []
        while len(found) < want:
            if not self._buffer and not await self._refill(want - len(found)):
                break
            contact = self._buffer.popleft()
            now = self._tools.clock.now()
            hours = opening(contact.zones, contact.list_zone, self.settings, now, e164=contact.e164)
            if isinstance(hours, Closed):
                await self._postpone(contact, hours, now)
            else:
                found.append(contact)
        return found

    async def _refill(self, want: int) -> bool:
        now = self._tools.clock.now()
        if self._dry_until is not None and now < self._dry_until:
            return False
        limit = min(max(want, AHEAD * want), BATCH_LIMIT)
        async with self._tools.db.transaction() as conn:
            rows = await reserving.reserve(
                conn, self.id, now=now, limit=limit, worker=self._tools.worker, lease_s=LEASE_S
            )
        self._buffered_at = asyncio.get_running_loop().time()
        self._buffer.extend(rows)
        if not rows:
            await self._survey(now)
        return bool(rows)

    async def _survey(self, now: datetime) -> Status:
        """What there is to dial: something now (only agents are missing), later, or nothing ever."""
        if now < self._surveyed_until:
            return self._dry
        counted_before = now < self._count_again
        async with self._tools.db.connection() as conn:
            due = await reserving.next_due(conn, self.id, now)
            left = await self._count(conn, now) if due is None else {}
        self._dry = _survey_status(due, left, now)
        if due is not None and due <= now:
            self._surveyed_until, self._dry_until = now + timedelta(seconds=SURVEY_S), None
        else:
            lent = due is None and bool(left.get(ContactState.PENDING))
            latest = now + timedelta(seconds=LENT_S if lent else DRY_MAX_S)
            if due is None and counted_before:
                latest = self._count_again
            self._dry_until = min(max(due or latest, now + timedelta(seconds=DRY_MIN_S)), latest)
            self._surveyed_until = self._dry_until
        return self._dry

    async def _count(self, conn: Connection, now: datetime) -> Mapping[ContactState, int]:
        if now >= self._count_again:
            self._left = await reserving.remaining(conn, self.id)
            self._count_again = now + timedelta(seconds=COUNT_S)
        return self._left

    async def _postpone(self, contact: Reserved, hours: Closed, now: datetime) -> None:
        until = hours.until or now + timedelta(seconds=UNKNOWN_WAIT_S)
        async with self._tools.db.transaction() as conn:
            await reserving.postpone(conn, [contact.contact_id], until)
            if not hours.whole_zone:
                return
            await reserving.postpone_zone(conn, contact.dial_list_id, contact.zone_key, until)
        same = [c for c in self._buffer if _same_zone(c, contact)]
        self._buffer = deque(c for c in self._buffer if not _same_zone(c, contact))
        if same:
            async with self._tools.db.transaction() as conn:
                await reserving.postpone(conn, [c.contact_id for c in same], until)

    async def _give_back(self) -> None:
        if self._buffer:
            ids = [contact.contact_id for contact in self._buffer]
            self._buffer.clear()
            async with self._tools.db.transaction() as conn:
                await reserving.release(conn, ids, self._tools.worker)

    async def stop(self) -> None:
        """Give back what is reserved and keep what was learned. Raises `StorageError`."""
        await self._give_back()
        await self.remember()

    async def remember(self) -> None:
        async with self._tools.db.transaction() as conn:
            await self.learned.keep(conn, self.pacer, self._tools.clock.now())

    # --- what it says ---------------------------------------------------------------------------------

    async def _resting(self, now: datetime) -> Status:
        match self.campaign.desired:
            case Desired.PAUSED:
                return Status(Doing.PAUSED)
            case Desired.DRAINING if self.live:
                return Status(Doing.DRAINING)
            case Desired.DRAINING:
                async with self._tools.db.transaction() as conn:
                    self.campaign = await campaigns.set_desired(conn, self.id, Desired.STOPPED)
        return Status(Doing.STOPPED)

    def _say(self, status: Status) -> None:
        now = self._tools.clock.now()
        same = (status.doing, status.why, status.until) == (
            self.status.doing,
            self.status.why,
            self.status.until,
        )
        if same and status.finals == self.status.finals:
            return
        since = self.status.since if status.doing is self.status.doing else now
        self.status = said = replace(status, since=since, worker=self._tools.worker)
        self._tools.writer.job(lambda conn, _now: campaigns.say(conn, self.id, said))

    def _has_agents(self) -> bool:
        return any(agent.at_work and self.id in agent.row.campaign_ids for agent in self._tools.agents)


def _survey_status(due: datetime | None, left: Mapping[ContactState, int], now: datetime) -> Status:
    if due is not None:
        later = due > now
        return Status(Doing.WAITING, "contacts_wait" if later else "no_agents", until=due if later else None)
    open_ones = {state: n for state, n in left.items() if ContactState(state).is_open and n}
    if open_ones:
        return Status(Doing.WAITING, f"contacts_{max(open_ones, key=lambda state: open_ones[state])}")
    return Status(Doing.FINISHED, "no_contacts_left", finals={str(state): n for state, n in left.items()})


def _same_zone(one: Reserved, other: Reserved) -> bool:
    return (one.dial_list_id, one.zone_key) == (other.dial_list_id, other.zone_key)
