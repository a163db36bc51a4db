"""A whole contact centre in virtual time: PostgreSQL, the simulated PBX, a worker, agents who typify."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Collection, Coroutine, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any
from unittest.mock import AsyncMock, patch
from uuid import UUID, uuid4

import msgspec

from ami.connection import AsteriskLink, Server
from ami.events import BridgeEnter, Event
from ami.simulator import Behaviour, Fate, Population, SimulatedAsterisk
from ami.simulator import Settings as PbxSettings
from dialer import agents, campaigns, commands, live, trunks
from dialer.agents import Agent, AgentFields, Line
from dialer.campaigns import Campaign, Desired
from dialer.commands import Kind
from dialer.engine.engine import Engine
from dialer.engine.writes import WRITE_GAP_S
from dialer.outcome import Outcome
from dialer.settings import Mode, RetryRule, Settings
from dialer.trunks import TrunkFields
from dialer.worker import Worker
from lists import customers, dial_lists, do_not_call
from lists.do_not_call import Source
from lists.model import Caps
from lists.settling import last_position
from lists.zones import zone_key
from storage.bus import LocalBus
from storage.clock import VirtualClock
from storage.database import Database
from storage.errors import DatabaseDown, DeadlinePassed
from storage.ids import uuid7
from storage.partitions import ensure_partitions
from tests.helpers import until
from typifications import interactions, results
from typifications.interactions import Applied, Rules
from typifications.model import Action, Result, ResultFields, ScheduleRequest

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
NO_GAPS = Caps(number_gap_s=0, customer_gap_s=0)
QUICK_RETRIES = dict.fromkeys(
    (
        Outcome.BUSY,
        Outcome.NO_ANSWER,
        Outcome.DECLINED,
        Outcome.UNREACHABLE,
        Outcome.CONGESTION,
        Outcome.MACHINE,
        Outcome.GONE,
        Outcome.ABANDONED,
        Outcome.CANCELLED,
        Outcome.UNKNOWN,
        Outcome.FAILED_TRUNK,
        Outcome.REFUSED,
    ),
    RetryRule(wait_s=60, max=2),
)
SETTINGS = Settings(
    mode=Mode.PROGRESSIVE, caps=NO_GAPS, retry=QUICK_RETRIES, recall_wait_s=60, wrapup_s=30, channels=200
)
ANSWERS = Behaviour(fate=Fate.ANSWER, setup_s=0.3, ring_s=3, talk_s=30)
BUSY = Behaviour(fate=Fate.BUSY)
SILENT = Behaviour(fate=Fate.NO_ANSWER)


def number(n: int) -> str:
    """The n-th fictional French number."""
    return f"+3319900{n:04d}"


def on_the_wire(e164: str) -> str:
    """As the trunk of this house dials it."""
    return e164.removeprefix("+")


@dataclass
class House:
    clock: VirtualClock
    db: Database
    dsn: str
    bus: LocalBus
    pbx: SimulatedAsterisk
    link: AsteriskLink
    worker: Worker
    base_id: UUID
    stack: AsyncExitStack
    agents: list[Agent] = field(default_factory=list)
    heard: list[live.Live] = field(default_factory=list)
    """Everything the agents' desktops were told."""
    begins_lost: int = 0
    write_gap_s: float = WRITE_GAP_S
    conversations: set[str] = field(default_factory=set)

    # --- given ----------------------------------------------------------------------------------------

    async def trunk(self, name: str = "trunk", **changes: Any) -> UUID:
        fields = TrunkFields(name=name, dial="PJSIP/{number}@trunk", calls_per_s=100, channels=500)
        async with self.db.transaction() as conn:
            return (await trunks.create(conn, replace(fields, **changes), now=self.clock.now())).id

    async def campaign(
        self, name: str = "ventas", settings: Settings = SETTINGS, *, running: bool = True
    ) -> Campaign:
        async with self.db.transaction() as conn:
            made = await campaigns.create(conn, name, settings, now=self.clock.now())
            if running:
                made = await campaigns.set_desired(conn, made.id, Desired.RUNNING)
        commands.wake(self.bus)
        return made

    async def agent(self, code: str, *campaign_ids: UUID, line: Line = Line.HELD, **changes: Any) -> Agent:
        """An agent, logged in and ready."""
        fields = replace(AgentFields(code=code, name=code, dial=f"PJSIP/{code}", line=line), **changes)
        async with self.db.transaction() as conn:
            made = await agents.create(conn, fields, campaign_ids=campaign_ids, now=self.clock.now())
        self.agents.append(made)
        commands.wake(self.bus)
        await until(lambda: self.live_agent(made.id) is not None, 10, clock=self.clock, every=0.1)
        await self.ask(Kind.AGENT_LOGIN, made.id)
        await self.until(lambda: self.live_agent(made.id).at_work)
        return made

    async def opened(self, **agent: Any) -> tuple[Campaign, Agent]:
        """The usual beginning: a trunk, a campaign that runs, and Ana ready in it."""
        await self.trunk()
        campaign = await self.campaign()
        return campaign, await self.agent("ana", campaign.id, **agent)

    async def many_agents(self, count: int, campaign_id: UUID) -> list[Agent]:
        """A whole shift logs in at once."""
        made = []
        async with self.db.transaction() as conn:
            for n in range(count):
                fields = AgentFields(code=f"agent-{n}", name=f"agent-{n}", dial=f"PJSIP/agent-{n}")
                made.append(
                    await agents.create(conn, fields, campaign_ids=[campaign_id], now=self.clock.now())
                )
        commands.wake(self.bus)
        await self.until(lambda: all(self.live_agent(agent.id) for agent in made), 30)
        async with self.db.transaction() as conn:
            for agent in made:
                await commands.submit(conn, Kind.AGENT_LOGIN, agent.id, now=self.clock.now())
        commands.wake(self.bus)
        await self.until(lambda: all(self.live_agent(agent.id).at_work for agent in made), 60)
        self.agents += made
        return made

    async def list_(self, campaign_id: UUID, name: str = "", **options: Any) -> UUID:
        async with self.db.transaction() as conn:
            made = await dial_lists.create(
                conn, campaign_id, self.base_id, name or str(uuid4()), now=self.clock.now(), **options
            )
        return made.id

    async def contact(self, dial_list: UUID, *phones: str, **options: Any) -> UUID:
        """A waiting contact of a new customer with these phones (or of `customer_id`)."""
        now = self.clock.now()
        async with self.db.transaction() as conn:
            customer_id = options.pop("customer_id", None)
            zones: tuple[str, ...] = ()
            if customer_id is None:
                made = await customers.create(
                    conn,
                    self.base_id,
                    key=str(uuid4()),
                    phones=[customers.NewPhone(phone) for phone in phones],
                    now=now,
                )
                customer_id, zones = made.id, made.phones[0].zones
            target = await dial_lists.get(conn, dial_list)
            row = {
                "id": uuid7(now),
                "dial_list_id": dial_list,
                "campaign_id": target.campaign_id,
                "customer_id": customer_id,
                "position": last_position(now),
                "next_at": now,
                "zone_key": zone_key(zones),
                "created_at": now,
                **options,
            }
            places = ", ".join(f"${i}" for i in range(1, len(row) + 1))
            await conn.execute(f"INSERT INTO contact ({', '.join(row)}) VALUES ({places})", *row.values())
        commands.wake(self.bus)
        contact_id: UUID = row["id"]
        return contact_id

    async def somebody(self, campaign: Campaign, phone: str, behaviour: Behaviour) -> UUID:
        """The one contact of a list, who does this when called."""
        self.calls_to(phone, behaviour)
        return await self.contact(await self.list_(campaign.id), phone)

    async def in_talk(self, agent: Agent, campaign: Campaign, phone: str, behaviour: Behaviour) -> UUID:
        """Somebody, until the agent talks with them."""
        contact = await self.somebody(campaign, phone, behaviour)
        await self.until(lambda: self.state(agent.id) == "talking")
        return contact

    async def result(
        self, campaign_id: UUID, action: Action | None, name: str = "", **options: Any
    ) -> Result:
        async with self.db.transaction() as conn:
            return await results.create(
                conn,
                ResultFields(name=name or str(uuid4()), action=action, **options),
                campaigns=[campaign_id],
                now=self.clock.now(),
            )

    def calls_to(self, e164: str, *behaviours: Behaviour) -> None:
        """What this number does at its calls."""
        self.numbers[on_the_wire(e164)] = list(behaviours)

    @property
    def numbers(self) -> dict[str, Any]:
        numbers = self.pbx.pbx._population.numbers
        assert isinstance(numbers, dict)
        return numbers

    @property
    def phones(self) -> dict[str, Any]:
        """Agents' phones that are not like the others; the house must have been opened with such settings."""
        phones = self.pbx.pbx.settings.phones
        assert isinstance(phones, dict)
        return phones

    # --- acts -----------------------------------------------------------------------------------------

    async def ask(self, kind: Kind, target: UUID | None, **payload: Any) -> commands.Command:
        """A command, as the API gives it, and its answer."""
        async with self.db.transaction() as conn:
            command = await commands.submit(conn, kind, target, payload, now=self.clock.now())
        commands.wake(self.bus)
        return await commands.wait_done(self.db, self.clock, command.id, patience_s=30)

    async def want(self, campaign_id: UUID, desired: Desired) -> None:
        async with self.db.transaction() as conn:
            await campaigns.set_desired(conn, campaign_id, desired)
        commands.wake(self.bus)

    async def change(self, campaign_id: UUID, **changes: Any) -> None:
        """Settings changed while it dials."""
        async with self.db.transaction() as conn:
            before = await campaigns.get(conn, campaign_id)
            after = await campaigns.edit(
                conn, campaign_id, settings=msgspec.structs.replace(before.settings, **changes)
            )
        commands.wake(self.bus)
        await self.until(lambda: self.engine.hub.runs[campaign_id].campaign.revision == after.revision)

    async def block(self, e164: str, campaign_id: UUID | None = None) -> None:
        """The number goes on do-not-call, as the API does it."""
        async with self.db.transaction() as conn:
            ringing = await do_not_call.add(
                conn,
                numbers=[e164],
                campaign_id=campaign_id,
                source=Source.SUPERVISOR,
                now=self.clock.now(),
            )
        await self.ask(Kind.CALL_CANCEL, None, attempt_ids=[str(attempt) for attempt in ringing])

    async def typify(
        self, agent_id: UUID, result: Result, schedule: ScheduleRequest | None = None
    ) -> Applied:
        """The agent says what the call (still live or just over) was."""
        about = self.live_agent(agent_id).about
        assert about is not None
        said = replace(about, path=(result.id,), schedule=schedule, idempotency_key=str(uuid4()))
        rules = Rules(caps=NO_GAPS, recall_wait_s=60)
        async with self.db.transaction() as conn:
            applied = await interactions.typify(conn, said, rules, now=self.clock.now())
            payload = {"attempt_id": str(about.attempt_id)}
            command = await commands.submit(
                conn, Kind.AGENT_TYPIFIED, agent_id, payload, now=self.clock.now()
            )
        commands.wake(self.bus)
        await commands.wait_done(self.db, self.clock, command.id, patience_s=30)
        return applied

    def typifies_everything(
        self, agent: Agent, result: Result | dict[UUID, Result], after_s: float = 5
    ) -> None:
        """From now on this agent gives every call this result (or its campaign's)."""
        self.spawn(self._typify_on(agent, result, after_s))

    async def _typify_on(self, agent: Agent, result: Result | dict[UUID, Result], after_s: float) -> None:
        async with self.bus.subscribe(live.agent_topic(agent.id)) as subscription:
            async for message in subscription:
                told = live.decode(message.payload).body  # type: ignore[union-attr]
                if isinstance(told, live.AgentIs) and told.state == "wrapup":
                    await self.clock.sleep(after_s)
                    await self._typify_patiently(agent, result)

    async def _typify_patiently(self, agent: Agent, result: Result | dict[UUID, Result]) -> None:
        """As a desktop does: again, while the database or the worker is away."""
        while self.worker.engine is None or self.state(agent.id) == "wrapup":
            try:
                if self.worker.engine is not None:
                    about = self.live_agent(agent.id).about
                    chosen = result[about.campaign_id] if isinstance(result, dict) else result
                    await self.typify(agent.id, chosen)
                    return
            except (DatabaseDown, DeadlinePassed):
                pass
            await self.clock.sleep(1)

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)

        async def end() -> None:
            task.cancel()
            await asyncio.wait([task])
            if not task.cancelled() and task.exception() is not None:
                raise task.exception()  # type: ignore[misc]

        self.stack.push_async_callback(end)

    async def restart_worker(self) -> None:
        """Killed with no chance to say anything, and started again."""
        await self.kill_worker()
        await self.start_worker()

    async def kill_worker(self) -> None:
        engine, tasks = self.worker.engine, self.worker._tasks
        with patch.object(self.worker, "_let_go", AsyncMock()):
            for task in tasks:
                task.cancel()
            with self.clock.in_flight.working():
                await asyncio.wait(tasks)  # a renewal under way would keep the lease from the next owner
        if engine is not None:
            engine._router.stop()
            for part in engine._tasks.values():
                part.cancel()
            engine.tools.sender._tasks.clear()
            engine._tasks.clear()
        async with self.db.transaction() as conn:  # as if its lease had run out
            await conn.execute("UPDATE lease SET expires_at = now() - interval '1 second'")

    async def start_worker(self) -> None:
        self.worker = worker_of(self)
        await self.worker.start()
        with self.clock.in_flight.working():  # it stands by in real time: conversations must not run away
            await until(lambda: self.worker.engine, 20)

    @contextmanager
    def deaf(self) -> Iterator[None]:
        """The engine misses every event of the PBX meanwhile."""
        heard, self.link._handlers = self.link._handlers, []
        try:
            yield
        finally:
            self.link._handlers = heard

    @asynccontextmanager
    async def without_postgresql(self) -> AsyncIterator[None]:
        """Nobody gets a connection meanwhile; afterwards all that has gathered is written."""
        gone = AsyncMock(side_effect=DatabaseDown("away"))
        with patch.object(self.db, "_acquire", gone):
            yield
        with self.clock.in_flight.working():  # the writer looks for the database in real time
            await until(lambda: self.engine.tools.writer.healthy, 20)
        await self.until(lambda: self.engine.tools.writer.idle)

    @contextmanager
    def begin_answers_lost(self) -> Iterator[None]:
        """The next *begin* is committed, and its answer does not arrive."""
        placer = self.engine._placer
        begin = placer._begin

        async def lost(*args: Any) -> Any:
            await begin(*args)
            self.begins_lost += 1
            raise DatabaseDown("the connection was lost at the commit")

        with patch.object(placer, "_begin", lost):
            yield

    # --- what is seen ---------------------------------------------------------------------------------

    async def until(self, condition: Callable[[], Any], seconds: float = 60, message: str = "") -> Any:
        """In business seconds."""
        return await until(condition, seconds, message, clock=self.clock, every=0.05)

    @property
    def engine(self) -> Engine:
        assert self.worker.engine is not None
        return self.worker.engine

    def live_agent(self, agent_id: UUID) -> Any:
        return self.worker.engine.tools.agents.get(agent_id) if self.worker.engine else None

    def state(self, agent_id: UUID) -> str:
        from dialer import agent as machine

        return str(machine.name(self.live_agent(agent_id).state))

    async def listens(self, agent: Agent) -> list[live.Body]:
        """What this agent's desktop is told from now on, as it comes."""
        return await self.hears(live.agent_topic(agent.id))

    async def hears(self, topic: str) -> list[live.Body]:
        """What is told on a topic from now on, as it comes."""
        heard: list[live.Body] = []
        listening = asyncio.Event()

        async def listen() -> None:
            async with self.bus.subscribe(topic) as subscription:
                listening.set()
                async for message in subscription:
                    heard.append(live.decode(message.payload).body)  # type: ignore[union-attr]

        self.spawn(listen())
        await listening.wait()
        return heard

    async def offer_of(self, agent: Agent) -> live.Offered:
        """What a desktop that comes back is shown."""
        async with self.db.connection() as conn:
            offer = (await live.agent_snapshot(conn, agent.id, now=self.clock.now())).offer
        assert offer is not None
        return offer

    def dialled(self) -> list[str]:
        """The numbers called so far, in order, as the PBX saw them."""
        return [f"+{placed.number}" for placed in self.pbx.calls]

    def overhear(self, event: Event) -> None:
        if isinstance(event, BridgeEnter) and event.kind == "basic":
            self.conversations.add(event.bridge)

    @property
    def joined(self) -> int:
        """Conversations the PBX has begun so far."""
        return len(self.conversations)

    async def rows(self, sql: str, *values: Any) -> list[dict[str, Any]]:
        async with self.db.connection() as conn:
            return [dict(row) for row in await conn.fetch(sql, *values)]

    async def row(self, sql: str, *values: Any) -> dict[str, Any]:
        (row,) = await self.rows(sql, *values)
        return row

    async def contact_row(self, contact_id: UUID) -> dict[str, Any]:
        return await self.row("SELECT * FROM contact WHERE id = $1", contact_id)

    async def states(self) -> Counter[str]:
        found = await self.rows("SELECT state, count(*) AS n FROM contact GROUP BY state")
        return Counter({row["state"]: row["n"] for row in found})

    async def outcomes(self) -> Counter[str]:
        found = await self.rows("SELECT outcome, count(*) AS n FROM attempt GROUP BY outcome")
        return Counter({row["outcome"]: row["n"] for row in found})

    async def finished(self, seconds: float = 86_400, *, but: Collection[str] = ()) -> None:
        """Until no contact is open any more, those in the states of `but` apart."""
        end = self.clock.now().timestamp() + seconds
        open_states = {"pending", "live", "awaiting_typification", "scheduled"} - set(but)
        while open_states & (await self.states()).keys():
            if self.clock.now().timestamp() > end:
                raise AssertionError(f"not finished after {seconds} s: {await self.states()}")
            await self.clock.sleep(30)


def worker_of(house: House) -> Worker:
    return Worker(
        house.db,
        {"main": house.link},
        house.bus,
        house.clock,
        poll_s=5.0,
        write_gap_s=house.write_gap_s,
    )


@asynccontextmanager
async def open_house(
    dsn: str,
    clock: VirtualClock,
    population: Population | None = None,
    pbx_settings: PbxSettings | None = None,
    write_gap_s: float = WRITE_GAP_S,
) -> AsyncIterator[House]:
    async with AsyncExitStack() as stack:
        db = await stack.enter_async_context(await Database.open(dsn, in_flight=clock.in_flight, max_size=8))
        pbx = await stack.enter_async_context(
            SimulatedAsterisk(
                population or Population(numbers={}), pbx_settings, clock=clock, in_flight=clock.in_flight
            )
        )
        link = AsteriskLink(
            Server("main", "127.0.0.1", pbx.port, pbx.username, pbx.secret),
            in_flight=clock.in_flight,
            sleep=clock.sleep,  # an outage lasts as long in business time as the back-off says
        )
        await link.start()
        stack.push_async_callback(link.stop)
        await until(lambda: link.connected, 10)
        async with db.transaction() as conn:
            await ensure_partitions(conn, "attempt", NOON, 2)
            base = await dial_lists.create_base(conn, "base", region="FR", now=NOON)
        bus = LocalBus(queue_limit=100_000)
        house = House(clock, db, dsn, bus, pbx, link, None, base.id, stack)  # type: ignore[arg-type]
        house.write_gap_s = write_gap_s
        link.subscribe(house.overhear)
        await house.start_worker()

        async def stop() -> None:
            await house.worker.stop()

        stack.push_async_callback(stop)
        yield house


def in_virtual_time(
    dsn: str,
    story: Callable[[House], Coroutine[Any, Any, None]],
    *,
    population: Population | None = None,
    pbx_settings: PbxSettings | None = None,
    start: datetime = NOON,
    write_gap_s: float = WRITE_GAP_S,
) -> None:
    """Run a story in a house of its own. A larger `write_gap_s` is faster where there is much to write."""
    clock = VirtualClock(start)

    async def main() -> None:
        async with open_house(dsn, clock, population, pbx_settings, write_gap_s) as house:
            await story(house)

    clock.run(main())
