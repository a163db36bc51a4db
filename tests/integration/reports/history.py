"""A floor's past for reports: calls, what was said of them, agents' time. Small acts, and a seeded shift."""

import random
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from dialer import agents
from dialer.agents import Stay
from dialer.reports import rolling
from lists.model import AttemptKind
from storage.database import Connection
from storage.ids import uuid7
from storage.partitions import ensure_partitions
from typifications import results
from typifications.model import Action, Result, ResultClass, ResultFields

MORNING = datetime(2026, 3, 2, 9, tzinfo=UTC)  # a Monday
_UNANSWERED = ("no_answer", "busy", "invalid_number", "failed_trunk")


@dataclass
class History:
    conn: Connection
    campaign_id: UUID = field(default_factory=uuid4)
    list_id: UUID = field(default_factory=uuid4)

    @classmethod
    async def made(cls, conn: Connection) -> "History":
        await ensure_partitions(conn, "attempt", MORNING, 1)
        return cls(conn)

    async def result(self, name: str, *classes: ResultClass, **options: Any) -> Result:
        parent_id = options.pop("parent_id", None)
        fields_ = ResultFields(name=name, action=Action.NO_ACTION, classes=frozenset(classes), **options)
        campaigns = () if parent_id else (self.campaign_id,)
        return await results.create(self.conn, fields_, campaigns=campaigns, parent_id=parent_id, now=MORNING)

    async def call(
        self,
        begun_at: datetime,
        outcome: str = "connected",
        *,
        agent_id: UUID | None = None,
        talk_s: float = 60,
        **columns: Any,
    ) -> UUID:
        """A call that rings 5 s, is joined within 100 ms, and has ended."""
        attempt_id = await self.begun(begun_at, **columns)
        answered = outcome in ("connected", "abandoned", "machine", "gone")
        ringing_at = begun_at + timedelta(seconds=1)
        answered_at = begun_at + timedelta(seconds=6)
        connected_at = answered_at + timedelta(milliseconds=100)
        ended_at = connected_at + timedelta(seconds=talk_s) if outcome == "connected" else answered_at
        await self.conn.execute(
            "UPDATE attempt SET outcome = $3, agent_id = $4, ringing_at = $5, answered_at = $6,"
            " connected_at = $7, ended_at = $8 WHERE id = $1 AND begun_at = $2",
            attempt_id,
            begun_at,
            outcome,
            agent_id,
            ringing_at,
            answered_at if answered else None,
            connected_at if outcome == "connected" else None,
            ended_at,
        )
        return attempt_id

    async def begun(self, begun_at: datetime, **columns: Any) -> UUID:
        attempt_id = uuid7(begun_at)
        row: dict[str, Any] = {
            "id": attempt_id,
            "begun_at": begun_at,
            "kind": AttemptKind.DIALLED,
            "campaign_id": self.campaign_id,
            "dial_list_id": self.list_id,
            "e164": "+33199000000",
            **columns,
        }
        places = ", ".join(f"${n}" for n in range(1, len(row) + 1))
        await self.conn.execute(f"INSERT INTO attempt ({', '.join(row)}) VALUES ({places})", *row.values())
        return attempt_id

    async def said(
        self,
        attempt_id: UUID | None,
        begun_at: datetime,
        *path: Result,
        agent_id: UUID | None = None,
        at: datetime | None = None,
        **columns: Any,
    ) -> UUID:
        interaction_id = uuid7(at or begun_at)
        row: dict[str, Any] = {
            "id": interaction_id,
            "campaign_id": self.campaign_id,
            "attempt_id": attempt_id,
            "attempt_at": begun_at if attempt_id else None,
            "agent_id": agent_id,
            "state": "typified" if path else "untypified",
            "result_ids": [result.id for result in path],
            "result_names": [result.name for result in path],
            "created_at": at or begun_at + timedelta(minutes=2),
            **columns,
        }
        places = ", ".join(f"${n}" for n in range(1, len(row) + 1))
        await self.conn.execute(
            f"INSERT INTO interaction ({', '.join(row)}) VALUES ({places})", *row.values()
        )
        return interaction_id

    async def stay(
        self, agent_id: UUID, state: str, from_at: datetime, seconds: float, campaign_id: UUID | None = None
    ) -> datetime:
        to_at = from_at + timedelta(seconds=seconds)
        await agents.log(self.conn, [Stay(agent_id, state, "", campaign_id, from_at, to_at)])
        return to_at

    async def rolled(self, now: datetime = MORNING) -> int:
        hours = 0
        for _ in range(1000):
            done = await rolling.roll_up(self.conn, now)
            hours += done.hours
            if not done.more:
                return hours
        raise AssertionError("the roll-up never ends")

    async def shift(self, seed: int, calls: int, results_: list[Result]) -> None:
        """Calls of three campaigns and four agents over two days, typified or not, at any hour."""
        luck = random.Random(seed)
        campaigns = [self.campaign_id, uuid4(), None]
        staff = [uuid4() for _ in range(4)]
        for _ in range(calls):
            begun_at = MORNING + timedelta(seconds=luck.uniform(0, 2 * 86_400))
            campaign_id, agent_id = luck.choice(campaigns), luck.choice(staff)
            kind = luck.choice([AttemptKind.DIALLED, AttemptKind.MANUAL, AttemptKind.INBOUND])
            place: dict[str, Any] = {
                "campaign_id": campaign_id,
                "kind": kind,
                "dial_list_id": luck.choice([self.list_id, None]),
            }
            if luck.random() < 0.1:
                await self.begun(begun_at, **place)  # still under way
                continue
            if luck.random() < 0.5:
                await self.call(
                    begun_at, luck.choice([*_UNANSWERED, "gone", "machine", "abandoned"]), **place
                )
                continue
            talk_s = luck.expovariate(1 / 120)
            attempt_id = await self.call(begun_at, agent_id=agent_id, talk_s=talk_s, **place)
            path = () if luck.random() < 0.2 else (luck.choice(results_),)
            await self.said(attempt_id, begun_at, *path, agent_id=agent_id, campaign_id=campaign_id)
            at = await self.stay(agent_id, "talking", begun_at, talk_s, campaign_id)
            at = await self.stay(agent_id, "wrapup", at, luck.uniform(1, 60), campaign_id)
            await self.stay(agent_id, "ready", at, luck.uniform(1, 5_000))
