"""A whole contact centre on real parts: PostgreSQL, a real Asterisk, SIPp's customers, agents at their desks.

It looks at the dialer from outside only (its tables, the bus, Asterisk, the carrier), so that the dialer may
run in this process or in one of its own.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Collection, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID, uuid4

import msgspec

from ami.connection import AsteriskLink, Server
from dialer import agents, campaigns, commands, trunks
from dialer.agents import AgentFields, Line
from dialer.campaigns import Campaign, Desired
from dialer.commands import Kind, State
from dialer.outcome import Outcome
from dialer.settings import Mode, RetryRule, Settings
from dialer.trunks import TrunkFields
from dialer.worker import Worker
from lists import customers, dial_lists
from lists.model import Caps
from lists.settling import last_position
from storage.bus import Bus, LocalBus
from storage.clock import SystemClock
from storage.database import Database
from storage.errors import StorageError
from storage.ids import uuid7
from storage.partitions import ensure_partitions
from tests.helpers import until
from tests.system.asterisk.carrier import Carrier, Customer, Invite
from tests.system.asterisk.server import Asterisk
from tests.system.campaign.desk import Desk
from typifications import results
from typifications.model import Action, Result, ResultFields

POLL_S = 0.2
LEFT = """
    SELECT c.state, c.last_outcome, c.next_at, l.state AS live, p.state AS agent, campaign.status
    FROM contact c
    JOIN campaign ON campaign.id = c.campaign_id
    LEFT JOIN live_attempt l ON l.contact_id = c.id
    LEFT JOIN agent_presence p ON p.attempt_id = l.attempt_id
    WHERE c.state = ANY($1::text[]) LIMIT 10
"""
OPEN_STATES = ("pending", "live", "awaiting_typification", "scheduled")
NEVER_AGAIN: dict[Outcome, RetryRule] = {
    outcome: RetryRule(wait_s=0, max=0)
    for outcome in Outcome
    if outcome not in (Outcome.CONNECTED, Outcome.CANCELLED)
}
SETTINGS = Settings(
    mode=Mode.PROGRESSIVE,
    caps=Caps(number_gap_s=0, customer_gap_s=0),
    retry=NEVER_AGAIN,
    recall_wait_s=1,
    wrapup_s=30,
    ring_timeout_s=15,
    channels=200,
)


def settings(**changes: Any) -> Settings:
    """Those of these tests (no gaps, no retries, short waits), with changes."""
    return msgspec.structs.replace(SETTINGS, **changes)


def number(n: int, customer: Customer = Customer.ANSWERS) -> str:
    """The n-th fictional French number whose customer does this."""
    return f"+3319900{n:02d}{customer}"


@dataclass
class Centre:
    db: Database
    bus: Bus
    asterisk: Asterisk
    carrier: Carrier
    stack: AsyncExitStack
    server: Server
    clock: SystemClock = field(default_factory=SystemClock)
    base_id: UUID = field(default_factory=uuid4)
    desks: list[Desk] = field(default_factory=list)
    worker: Worker | None = None
    link: AsteriskLink = field(init=False, repr=False)
    """Of the dialer in this process."""

    # --- given ----------------------------------------------------------------------------------------

    async def trunk(self, **changes: Any) -> UUID:
        name = self.carrier.trunk.name
        fields = TrunkFields(name=name, dial=f"PJSIP/{{number}}@{name}", calls_per_s=100, channels=300)
        async with self.db.transaction() as conn:
            return (await trunks.create(conn, replace(fields, **changes), now=self.clock.now())).id

    async def campaign(self, using: Settings = SETTINGS, name: str = "ventas") -> Campaign:
        """A running one."""
        async with self.db.transaction() as conn:
            made = await campaigns.create(conn, name, using, now=self.clock.now())
            made = await campaigns.set_desired(conn, made.id, Desired.RUNNING)
        commands.wake(self.bus)
        return made

    async def want(self, campaign_id: UUID, desired: Desired) -> None:
        async with self.db.transaction() as conn:
            await campaigns.set_desired(conn, campaign_id, desired)
        commands.wake(self.bus)

    async def desk(
        self,
        code: str,
        *of: Campaign,
        dial: str = "",
        line: Line = Line.HELD,
        auto_answer: bool = True,
        log_in: bool = True,
    ) -> Desk:
        """An agent of these campaigns, logged in; a Local phone unless told."""
        fields = AgentFields(
            code=code, name=code, dial=dial or f"Local/{code}@phone/n", line=line, auto_answer=auto_answer
        )
        async with self.db.transaction() as conn:
            ids = [campaign.id for campaign in of]
            agent = await agents.create(conn, fields, campaign_ids=ids, now=self.clock.now())
        desk = Desk(self.db, self.bus, self.clock, agent, of[0].settings if of else SETTINGS)
        listening = asyncio.Event()
        self.spawn(desk.listen(listening.set))
        await asyncio.wait_for(listening.wait(), 5)
        self.desks.append(desk)
        commands.wake(self.bus)
        if log_in:
            await self.knows(agent.id)
            await desk.log_in()
        return desk

    async def list_(self, campaign_id: UUID) -> UUID:
        async with self.db.transaction() as conn:
            made = await dial_lists.create(
                conn, campaign_id, self.base_id, str(uuid4()), now=self.clock.now()
            )
        return made.id

    async def contact(self, dial_list: UUID, *phones: str, **columns: Any) -> UUID:
        """A waiting contact of a new customer with these phones (or of `customer_id`)."""
        now = self.clock.now()
        async with self.db.transaction() as conn:
            customer_id = columns.pop("customer_id", None) or await self._customer(conn, phones)
            target = await dial_lists.get(conn, dial_list)
            row = {
                "id": uuid7(now),
                "dial_list_id": dial_list,
                "campaign_id": target.campaign_id,
                "customer_id": customer_id,
                "position": last_position(now),
                "next_at": now,
                "created_at": now,
                **columns,
            }
            places = ", ".join(f"${i}" for i in range(1, len(row) + 1))
            await conn.execute(f"INSERT INTO contact ({', '.join(row)}) VALUES ({places})", *row.values())
        commands.wake(self.bus)
        contact_id: UUID = row["id"]
        return contact_id

    async def customer(self, *phones: str) -> UUID:
        async with self.db.transaction() as conn:
            return await self._customer(conn, phones)

    async def _customer(self, conn: Any, phones: Collection[str]) -> UUID:
        new = [customers.NewPhone(phone) for phone in phones]
        made = await customers.create(conn, self.base_id, key=str(uuid4()), phones=new, now=self.clock.now())
        return made.id

    async def result(self, campaign_id: UUID, action: Action | None, **options: Any) -> Result:
        fields = ResultFields(name=str(uuid4()), action=action, **options)
        async with self.db.transaction() as conn:
            return await results.create(conn, fields, campaigns=[campaign_id], now=self.clock.now())

    async def knows(self, agent_id: UUID) -> None:
        """Wait until the dialer has read of this agent: it would refuse commands for strangers."""

        async def known() -> bool:
            async with self.db.transaction() as conn:
                asked = await commands.submit(conn, Kind.AGENT_FINISHING, agent_id, now=self.clock.now())
            commands.wake(self.bus)
            answer = await commands.wait_done(self.db, self.clock, asked.id, patience_s=5)
            return answer.state is State.DONE

        await until(known, 10, "the dialer knows the agent", every=0.05)

    # --- the dialer of this process -------------------------------------------------------------------

    async def start_worker(self) -> None:
        """A link of its own and a worker; both end with the centre."""
        self.link = AsteriskLink(self.server)
        await self.link.start()
        self.stack.push_async_callback(self.link.stop)
        self.worker = Worker(self.db, {"main": self.link}, self.bus, self.clock, poll_s=POLL_S)
        await self.worker.start()
        self.stack.push_async_callback(self.worker.stop)
        await until(
            lambda: self.link.connected and self.worker and self.worker.engine, 20, "the dialer dials"
        )

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Beside the test, until its end; what it failed of fails the test."""
        task = asyncio.get_running_loop().create_task(work)

        async def end() -> None:
            task.cancel()
            await asyncio.wait([task])
            if not task.cancelled() and (error := task.exception()):
                raise error

        self.stack.push_async_callback(end)

    # --- what is seen ---------------------------------------------------------------------------------

    async def rows(self, sql: str, *values: Any) -> list[dict[str, Any]]:
        async with self.db.connection() as conn:
            return [dict(row) for row in await conn.fetch(sql, *values)]

    async def row(self, sql: str, *values: Any) -> dict[str, Any]:
        (row,) = await self.rows(sql, *values)
        return row

    async def contact_row(self, contact_id: UUID) -> dict[str, Any]:
        return await self.row("SELECT * FROM contact WHERE id = $1", contact_id)

    async def attempts(self) -> list[dict[str, Any]]:
        """All of them, in order."""
        return await self.rows("SELECT * FROM attempt ORDER BY begun_at, id")

    async def states(self) -> Counter[str]:
        found = await self.rows("SELECT state, count(*) AS n FROM contact GROUP BY state")
        return Counter({row["state"]: row["n"] for row in found})

    async def finished(self, seconds: float, *, but: Collection[str] = ()) -> None:
        """Wait until no contact is open any more, those in the states of `but` apart."""
        wanted = set(OPEN_STATES) - set(but)

        async def closed() -> bool:
            try:
                return not wanted & (await self.states()).keys()
            except StorageError:  # PostgreSQL may be away meanwhile
                return False

        try:
            await until(closed, seconds, "every contact is in a final state", every=0.1)
        except AssertionError as error:
            left = await self.rows(LEFT, list(OPEN_STATES))
            there = self.asterisk.cli("core show channels concise")
            told = f"{await self.states()}, left: {left}, in Asterisk:\n{there}"
            raise AssertionError(f"{error}: {told}") from None

    async def ended(self, attempt_id: UUID, seconds: float = 10) -> dict[str, Any]:
        """Wait for the attempt's end; its row."""

        async def over() -> dict[str, Any] | None:
            row = await self.row("SELECT * FROM attempt WHERE id = $1", attempt_id)
            return row if row["ended_at"] is not None else None

        found: dict[str, Any] | None = await until(over, seconds, f"attempt {attempt_id} is over", every=0.02)
        assert found is not None
        return found

    async def invites(self) -> list[Invite]:
        """What the carrier was asked for, of this centre's attempts."""
        ours = {str(row["id"]) for row in await self.attempts()}
        return [invite for invite in self.carrier.invites() if invite.attempt in ours]

    async def dialled(self) -> list[str]:
        """The numbers called so far, in order, as the carrier saw them."""
        return [f"+{invite.number}" for invite in await self.invites()]


@asynccontextmanager
async def open_centre(
    dsn: str,
    asterisk: Asterisk,
    carrier: Carrier,
    *,
    bus: Bus | None = None,
    ami_port: int | None = None,
    worker: bool = True,
) -> AsyncIterator[Centre]:
    """`ami_port`: of a proxy in front of Asterisk. `worker=False`: the dialer is another process."""
    config = asterisk.config
    port = ami_port or config.ami_port
    async with AsyncExitStack() as stack:
        db = await stack.enter_async_context(await Database.open(dsn, max_size=10))
        server = Server("main", "127.0.0.1", port, config.ami_user, config.ami_secret)
        centre = Centre(db, bus or LocalBus(queue_limit=10_000), asterisk, carrier, stack, server)
        async with db.transaction() as conn:
            now = centre.clock.now()
            await ensure_partitions(conn, "attempt", now, 2)
            centre.base_id = (await dial_lists.create_base(conn, "base", region="FR", now=now)).id
        await centre.trunk()
        if worker:
            await centre.start_worker()
        yield centre
