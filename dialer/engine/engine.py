"""One floor, dialled: put together from its parts, taken over from the last owner, and let go again."""

import asyncio
import logging
from collections.abc import Callable, Coroutine, Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

from ami.events import Event
from ami.link import Link
from dialer import agents as people
from dialer import call as machine
from dialer import campaigns, counters, trunks
from dialer.campaigns import Desired, Kind
from dialer.engine.adoption import adopt
from dialer.engine.agent_first import AgentFirst
from dialer.engine.agents import Agents
from dialer.engine.bound import Bound
from dialer.engine.call_control import CallControl
from dialer.engine.calls import Calls, LiveCall
from dialer.engine.campaign import CampaignRun
from dialer.engine.choosing import Choosing
from dialer.engine.control import Control
from dialer.engine.following import Following
from dialer.engine.hub import Hub
from dialer.engine.inbound import Inbound
from dialer.engine.kept import KeptOptOuts
from dialer.engine.listening import Listening
from dialer.engine.listing import Listing
from dialer.engine.manual import Manual
from dialer.engine.news import campaign_is
from dialer.engine.placing import Placer
from dialer.engine.previews import Previews
from dialer.engine.reconcile import Reconciler
from dialer.engine.rhythm import Rhythm
from dialer.engine.router import Router
from dialer.engine.sending import Sender
from dialer.engine.serving import Serving
from dialer.engine.sweep import Sweep
from dialer.engine.targets import Targets
from dialer.engine.tools import Tools
from dialer.engine.trunks import Trunks
from dialer.engine.upkeep import Upkeep, settle_stranded
from dialer.engine.writes import WRITE_GAP_S, Writer
from dialer.live import FLOOR, CampaignIs, Publisher, campaign_topic
from lists import attempts
from storage.bus import Bus
from storage.clock import Clock
from storage.database import Connection, Database
from storage.errors import StorageError
from storage.partitions import ensure_partitions

log = logging.getLogger(__name__)

TICK_S = 1.0
POLL_S = 1.0
"""Commands are looked for this often, and whenever somebody wakes the worker: a bus may be lost."""
REFRESH_POLLS, AGENDA_POLLS, PACING_POLLS = 5, 10, 2
HURRY_S = 0.5
"""Agents wake the worker with every typification: settings are not read anew each time."""
MONTHS_AHEAD = 2
_EVERYTHING = 100_000


class Engine:
    def __init__(
        self,
        db: Database,
        links: Mapping[str, Link],
        bus: Bus,
        clock: Clock,
        worker: str,
        epoch: int,
        *,
        poll_s: float = POLL_S,
        write_gap_s: float = WRITE_GAP_S,
    ) -> None:
        self._links = links
        self._clock = clock
        self._db = db
        sender = Sender(links)
        writer = Writer(db, clock, Publisher(bus, worker), gap_s=write_gap_s)
        agents = Agents(clock, sender, writer)
        calls = Calls(clock)
        self.tools = Tools(worker, db, clock, writer, sender, Trunks(sender, writer), calls, agents, epoch)
        self.hub = Hub(self.tools)
        self._placer = Placer(self.tools)
        listening = Listening(self.tools)
        following = Following(self.tools, self.hub, listening.over)
        call_control = CallControl(self.tools, following, Targets(self.tools, self.hub, self._placer))

        def listed(server: str, listing: Listing) -> None:
            following.listed(server, listing)
            listening.found(server, listing)

        self._reconciler = Reconciler(self.tools, following.found, listed)
        self._inbound = Inbound(self.tools, self.hub)
        self._kept = KeptOptOuts(self.tools, self.hub.cancel, self._inbound.caller)
        self._first = AgentFirst(self.tools, self._placer, self.hub)
        self._first.is_handled = following.is_handled
        previews = Previews(self.tools, self._first)
        self._serving = Serving(self.tools, self.hub, self._first, previews)
        self._bound = Bound(self.tools, self._placer, self.hub, self._first)
        manual = Manual(self.tools, self.hub, self._first)
        self._control = Control(
            self.tools,
            self.hub,
            manual,
            previews,
            call_control,
            listening,
            Choosing(self.tools, self.hub),
            self._refresh,
        )
        self._sweep = Sweep(self.tools, self.hub, self._reconciler)
        self._upkeep = Upkeep(self.tools, self.hub)

        def call_over(call: LiveCall) -> None:
            following.over(call)
            listening.over(call)

        def saw(event: Event) -> None:
            following.saw(event)
            listening.saw(event)

        self.hub.call_over = call_over
        self._router = Router(
            self.tools,
            self.hub,
            came_in=self._inbound.came_in,
            link_changed=self._link_changed,
            saw=saw,
        )
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._due = asyncio.Event()
        self._rhythm = Rhythm(clock, poll_s)
        self._stopping = False

    # --- life -----------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Take over. Raises `StorageError`: nothing was begun, try again."""
        await self._refresh()
        async with self._db.transaction() as conn:
            await adopt(conn, self.tools, self.hub)
            for run in self.hub.runs.values():
                await settle_stranded(conn, run, self._clock.now())
        for name, link in self._links.items():
            self._router.listen(name, link)
        self._spawn("writer", self.tools.writer.run())
        self._spawn("ticks", self._tick())
        self._spawn("upkeep", self._upkeep.run())
        self._spawn("opt-outs", self._kept.run())
        for run in self.hub.runs.values():
            self._spawn(f"campaign {run.id}", run.run())
        for name, link in self._links.items():
            if link.connected:
                self._link_changed(name, True)
        log.info("dialing as %s, epoch %d", self.tools.worker, self.tools.epoch)

    def wake(self) -> None:
        """Something was asked for or changed: look now."""
        self._rhythm.hurry("commands", "bound")
        self._rhythm.hurry("settings", but_not_within_s=HURRY_S)
        for run in self.hub.runs.values():
            run.more_contacts()
        self._due.set()

    async def drain(self, deadline_s: float) -> None:
        """Nothing new is begun; return when no call is ringing any more, or after so many business seconds.
        Conversations go on in Asterisk, and the next owner adopts them."""
        self._stopping = True
        await self._stop_campaigns()
        end = self._clock.now() + timedelta(seconds=deadline_s)
        while self._clock.now() < end and any(
            not isinstance(call.state, machine.IN_TALK) for call in self.tools.calls
        ):
            await self._clock.sleep(0.1)

    async def stop(self) -> None:
        """Let go: what was decided is written, calls stay as they are."""
        self._stopping = True
        await self._stop_campaigns()
        self._router.stop()
        await self._inbound.stop()
        await self._first.stop()
        await self._control.stop()
        self.tools.agents.stop()
        await self.tools.sender.close()
        try:
            await self.tools.writer.drain(5.0)
        except TimeoutError:
            log.error("PostgreSQL is away: what happened last is reconstructed by the next owner")
        await self._cancel(list(self._tasks))

    @property
    def failed(self) -> BaseException | None:
        """Why a part of it died, if one did: then the whole must be started again."""
        for task in self._tasks.values():
            if task.done() and not task.cancelled():
                return task.exception() or RuntimeError(f"{task.get_name()} ended")
        return None

    # --- what happens now and then --------------------------------------------------------------------

    async def _tick(self) -> None:
        while True:
            self._due.clear()
            if self._rhythm.is_due("commands"):
                await self._attempt("commands", self._control.work)
            if self._rhythm.is_due("settings", REFRESH_POLLS):
                await self._attempt("settings", self._refresh)
            if self._rhythm.is_due("agenda", AGENDA_POLLS):
                await self._attempt("agenda", self._bound.release_due)
                await self._attempt("agenda", self._bound.hand_over)
            if not self._stopping and self._rhythm.is_due("bound"):
                await self._attempt("bound contacts", self._bound.dial)
            await self._attempt("sweep", self._sweep.sweep)
            await self._attempt("figures", self._tell_campaigns)
            timer = self._clock.call_later(TICK_S, self._due.set)
            await self._due.wait()
            timer.cancel()

    async def _attempt(self, what: str, act: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """One part's failure never stops the others."""
        try:
            await act()
        except StorageError as error:
            log.warning("%s: %s", what, error)
        except Exception:
            log.exception("%s failed", what)

    async def _refresh(self) -> None:
        async with self._db.connection() as conn:
            agent_rows = await people.page(conn, limit=_EVERYTHING)
            trunk_rows = await trunks.page(conn, limit=_EVERYTHING)
            revisions = await campaigns.revisions(conn)
            await ensure_partitions(conn, "attempt", self._clock.now(), MONTHS_AHEAD)
        self.tools.trunks.refresh(trunk_rows)
        self.tools.agents.refresh(agent_rows)
        if self._stopping:
            return
        for campaign_id, revision in revisions.items():
            run = self.hub.runs.get(campaign_id)
            if run is None:
                await self._open(campaign_id)
            elif run.campaign.revision != revision:
                async with self._db.connection() as conn:
                    campaign = await campaigns.get(conn, campaign_id)
                await run.change(campaign)
        for gone in self.hub.runs.keys() - revisions.keys():
            await self._close(gone)
        self.hub.homing.balance()

    async def _open(self, campaign_id: UUID) -> None:
        async with self._db.transaction() as conn:
            campaign = await campaigns.get(conn, campaign_id)
            running = campaign.desired is Desired.RUNNING
            if not await attempts.fence(conn, campaign_id, self.tools.epoch, running):
                log.warning("campaign %s is another's", campaign.name)
                return
        run = CampaignRun(self.tools, self._placer, self._serving, campaign)
        await run.prepare()
        self.hub.runs[campaign_id] = run
        if campaign.kind is Kind.DIALER and "writer" in self._tasks:
            self._spawn(f"campaign {run.id}", run.run())

    async def _close(self, campaign_id: UUID) -> None:
        """It was deleted: nothing of it is proposed or kept any more."""
        await self._cancel([f"campaign {campaign_id}"])
        run = self.hub.runs.pop(campaign_id)
        self._first.withdraw_all(run)
        await self._attempt(f"campaign {run.campaign.name}", run.stop)

    async def _tell_campaigns(self) -> None:
        if not self.tools.writer.healthy:
            return  # nobody reads them while PostgreSQL is away, and they would pile up for as long
        now = self._clock.now()
        written = self._rhythm.is_due("pacing", PACING_POLLS)
        for run in self.hub.runs.values():
            if run.hungry or run.live:
                said = campaign_is(run, self.tools.agents, now, late=self.tools.writer.late)
                self.tools.writer.tell((campaign_topic(run.id), FLOOR), said)
                if written:
                    self.tools.writer.job(partial(_save_pacing, said))

    # --- links ----------------------------------------------------------------------------------------

    def _link_changed(self, server: str, up: bool) -> None:
        if up:
            self._spawn(f"reconcile {server}", self._reconcile(server))
        for run in self.hub.runs.values():
            run.wake()

    async def _reconcile(self, server: str) -> None:
        """Until it has worked once in this session; a lost link starts it anew."""
        await self._kept.tell(server)  # before the listing says that their calls are over
        self._kept.hurry()
        while self.tools.sender.up(server):
            if await self._reconciler.reconcile(server):
                self.hub.assign()
                for run in self.hub.runs.values():
                    run.wake()
                return
            await asyncio.sleep(0.5)

    # --- tasks ----------------------------------------------------------------------------------------

    def _spawn(self, name: str, work: Coroutine[Any, Any, None]) -> None:
        old = self._tasks.pop(name, None)
        if old is not None:
            old.cancel()
        task = asyncio.get_running_loop().create_task(work, name=name)
        self._tasks[name] = task
        if name.startswith("reconcile"):
            task.add_done_callback(lambda done: self._forget(name, done))

    def _forget(self, name: str, task: asyncio.Task[None]) -> None:
        if self._tasks.get(name) is task and (task.cancelled() or task.exception() is None):
            del self._tasks[name]

    async def _stop_campaigns(self) -> None:
        await self._cancel([name for name in self._tasks if name.startswith("campaign")])
        for run in self.hub.runs.values():
            await self._attempt(f"campaign {run.campaign.name}", run.stop)

    async def _cancel(self, names: list[str]) -> None:
        tasks = [self._tasks.pop(name) for name in names if name in self._tasks]
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)


async def _save_pacing(said: CampaignIs, conn: Connection, now: datetime) -> None:
    await counters.save_pacing(conn, said.campaign_id, said.pacing, now)
