"""A small world to dial in: a base, lists of customers with fictional numbers, the acts tests repeat."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from lists import attempts, contacts, customers, dial_lists, reserving
from lists.model import (
    AttemptKind,
    Begin,
    Caps,
    Closing,
    ContactState,
    Decision,
    Refusal,
    Reserved,
    Settled,
)
from lists.settling import last_position
from storage.database import Connection
from storage.ids import uuid7
from storage.partitions import ensure_partitions

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
NO_GAPS = Caps(number_gap_s=0, customer_gap_s=0)
WORKER = "worker-1"


def number(n: int) -> str:
    """The n-th fictional French number (a range the regulator keeps for fiction)."""
    return f"+3319900{n:04d}"


@dataclass
class World:
    conn: Connection
    campaign_id: UUID = field(default_factory=uuid4)
    base_id: UUID = field(default_factory=uuid4)
    now: datetime = NOON

    @classmethod
    async def made(cls, conn: Connection) -> "World":
        await ensure_partitions(conn, "attempt", NOON, 2)
        base = await dial_lists.create_base(conn, f"base {uuid4()}", region="FR", now=NOON)
        world = cls(conn, base_id=base.id)
        await attempts.fence(conn, world.campaign_id, 1, True)
        return world

    def later(self, **duration: float) -> datetime:
        self.now += timedelta(**duration)
        return self.now

    async def list_(self, name: str = "list", **options: Any) -> UUID:
        campaign_id = options.pop("campaign_id", self.campaign_id)
        made = await dial_lists.create(self.conn, campaign_id, self.base_id, name, now=self.now, **options)
        return made.id

    async def customer(self, *phones: str, **fields: Any) -> customers.Customer:
        return await customers.create(
            self.conn,
            self.base_id,
            key=fields.pop("key", str(uuid4())),
            phones=[customers.NewPhone(phone) for phone in phones],
            now=self.now,
            **fields,
        )

    async def contact(self, dial_list_id: UUID, *phones: str, **options: Any) -> UUID:
        """A waiting contact of a new customer with these phones, or of `customer_id`."""
        customer_id = options.pop("customer_id", None) or (await self.customer(*phones)).id
        return await self.queue(dial_list_id, customer_id, **options)

    async def queue(self, dial_list_id: UUID, customer_id: UUID, **options: Any) -> UUID:
        contact_id = uuid7(self.now)
        target = await dial_lists.get(self.conn, dial_list_id)
        row = {
            "id": contact_id,
            "dial_list_id": dial_list_id,
            "campaign_id": target.campaign_id,
            "customer_id": customer_id,
            "position": last_position(self.now),
            "next_at": self.now,
            "created_at": self.now,
            **options,
        }
        places = ", ".join(f"${i}" for i in range(1, len(row) + 1))
        await self.conn.execute(f"INSERT INTO contact ({', '.join(row)}) VALUES ({places})", *row.values())
        return contact_id

    async def reserve(self, limit: int = 10, worker: str = WORKER, lease_s: float = 60) -> list[Reserved]:
        return await reserving.reserve(
            self.conn, self.campaign_id, now=self.now, limit=limit, worker=worker, lease_s=lease_s
        )

    def attempt(self, contact: Reserved, **changes: Any) -> Begin:
        values: dict[str, Any] = {
            "attempt_id": uuid7(self.now),
            "begun_at": self.now,
            "kind": AttemptKind.DIALLED,
            "campaign_id": contact.campaign_id,
            "contact": contact,
            "customer_id": contact.customer_id,
            "phone_id": contact.phone_id,
            "e164": contact.e164,
            "trunk": "carrier",
            "server": "main",
            "caller_id": "",
            "epoch": 1,
            "worker": WORKER,
        }
        return Begin(**{**values, **changes})

    async def begin(self, *begins: Begin, caps: Caps = NO_GAPS) -> list[Refusal | None]:
        return await attempts.begin(self.conn, begins, {b.campaign_id: caps for b in begins}, self.now)

    async def begun(self, *, caps: Caps = NO_GAPS, worker: str = WORKER) -> Begin:
        """Reserve one contact and begin its attempt."""
        (contact,) = await self.reserve(1, worker)
        begin = self.attempt(contact, worker=worker)
        assert await self.begin(begin, caps=caps) == [None]
        return begin

    async def close(self, *begins: Begin, outcome: str = "no_answer", **facts: Any) -> list[UUID]:
        closings = [
            Closing(
                b.attempt_id, b.begun_at, self.now, outcome, facts.get("fault", "customer"), **_but(facts)
            )
            for b in begins
        ]
        return await attempts.close(self.conn, closings, self.now)

    async def settle(self, contact_id: UUID, decision: Decision, caps: Caps = NO_GAPS) -> Settled:
        return await contacts.settle(self.conn, contact_id, decision, caps, self.now)

    async def row(self, contact_id: UUID) -> dict[str, Any]:
        row = await self.conn.fetchrow("SELECT * FROM contact WHERE id = $1", contact_id)
        assert row is not None
        return dict(row)

    async def state(self, contact_id: UUID) -> ContactState:
        return ContactState((await self.row(contact_id))["state"])


def _but(facts: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in facts.items() if name != "fault"}


def ids(contacts_: Sequence[Reserved]) -> list[UUID]:
    return [contact.contact_id for contact in contacts_]
