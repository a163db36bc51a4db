"""What these tests repeat: a list, a conversation, results, and saying what it was."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from lists import customers
from lists.attempts import progress
from lists.customers import Customer
from lists.model import AwaitTypification, Begin, Caps, LiveState, Progress
from storage.database import Database
from tests.integration.lists.world import NO_GAPS, World, number
from typifications import interactions, results
from typifications.interactions import Applied, Rules
from typifications.model import Action, Result, ResultFields, ScheduleRequest, Typification

MAIN, FIRST, SECOND = number(1), number(2), number(3)
PARIS = "Europe/Paris"


@dataclass
class Desk:
    world: World
    dial_list: UUID
    agent: UUID = field(default_factory=uuid4)
    rules: Rules = field(default_factory=lambda: Rules(caps=NO_GAPS))

    @classmethod
    async def made(cls, world: World) -> "Desk":
        return cls(world, await world.list_("people"))

    @property
    def conn(self) -> Any:
        return self.world.conn

    @property
    def now(self) -> datetime:
        return self.world.now

    async def result(self, action: Action | None = None, **options: Any) -> Result:
        parent: Result | None = options.pop("below", None)
        fields = ResultFields(name=options.pop("name", str(uuid4())), action=action, **options)
        return await results.create(
            self.conn,
            fields,
            campaigns=() if parent else [self.world.campaign_id],
            parent_id=parent.id if parent else None,
            now=self.now,
        )

    async def contact(self, *phones: str, **options: Any) -> UUID:
        return await self.world.contact(self.dial_list, *(phones or (MAIN, FIRST, SECOND)), **options)

    async def talking(self, caps: Caps = NO_GAPS) -> Begin:
        """The next contact has been dialled and talks with the agent."""
        begun = await self.world.begun(caps=caps)
        await progress(self.conn, [Progress(begun.attempt_id, LiveState.CONNECTED, self.now, self.agent)])
        return begun

    async def hung_up(self, begun: Begin) -> None:
        """The conversation is over, and the dialer has asked for what was said already."""
        await self.world.close(
            begun, outcome="connected", fault="none", answered_at=self.now, connected_at=self.now
        )
        said = await interactions.at_hang_up(self.conn, begun.attempt_id, self.rules, now=self.now)
        assert begun.contact is not None
        if said is None:
            await self.world.settle(begun.contact.contact_id, AwaitTypification())

    async def talked(self) -> Begin:
        begun = await self.talking()
        self.world.later(minutes=2)
        await self.hung_up(begun)
        return begun

    def saying(self, begun: Begin, *path: Result, **options: Any) -> Typification:
        assert begun.contact is not None
        given: dict[str, Any] = {
            "campaign_id": begun.campaign_id,
            "path": tuple(result.id for result in path),
            "attempt_id": begun.attempt_id,
            "attempt_at": begun.begun_at,
            "customer_id": begun.customer_id,
            "contact_id": begun.contact.contact_id,
            "agent_id": self.agent,
            "e164": begun.e164,
        }
        return Typification(**given | options)

    async def say(self, begun: Begin, *path: Result, **options: Any) -> Applied:
        said = self.saying(begun, *path, **options)
        return await interactions.typify(self.conn, said, self.rules, now=self.now)

    def call_back(self, *, e164: str = MAIN, mine: bool = False, **ahead: float) -> ScheduleRequest:
        """At a local time in Paris, which is an hour ahead of UTC in these tests' winter."""
        local = (self.now + timedelta(**ahead) + timedelta(hours=1)).replace(tzinfo=None)
        return ScheduleRequest(local, PARIS, e164, mine)

    async def customer_of(self, contact_id: UUID) -> Customer:
        row = await self.world.row(contact_id)
        return await customers.card(self.conn, row["customer_id"])


async def somebody_waits(db: Database) -> bool:
    """Does any session of this database wait for a lock?"""
    async with db.connection() as conn:
        return bool(
            await conn.fetchval(
                "SELECT count(*) FROM pg_stat_activity"
                " WHERE datname = current_database() AND wait_event_type = 'Lock'"
            )
        )
