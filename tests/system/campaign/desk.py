"""An agent's desk: what its screen was told, and what its agent does."""

import asyncio
from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from dialer import commands, live
from dialer.agents import Agent
from dialer.commands import Command, Kind
from dialer.live import AgentIs, AgentSnapshot, Body, CallIs, Offered
from dialer.settings import Settings
from storage.bus import Bus, Gap
from storage.clock import Clock
from storage.database import Database
from storage.errors import StorageError
from tests.helpers import until
from typifications import interactions
from typifications.errors import Refused
from typifications.interactions import Applied, Rules
from typifications.model import Result, ScheduleRequest, Typification

AGAIN_S = 0.1
"""A desk whose database is away asks again after this."""


class Desk:
    """Reads the agent's topic as the API does: the bus hints, PostgreSQL knows."""

    def __init__(self, db: Database, bus: Bus, clock: Clock, agent: Agent, settings: Settings) -> None:
        self._db = db
        self._bus = bus
        self._clock = clock
        self._rules = Rules(recall_wait_s=settings.recall_wait_s, caps=settings.caps)
        self._always: Result | None = None
        self._after: Callable[[], float] = float
        self.agent = agent
        self.told: list[Body] = []

    async def listen(self, listening: Callable[[], object]) -> None:
        """For as long as the agent sits there."""
        async with self._bus.subscribe(live.agent_topic(self.agent.id)) as subscription:
            listening()
            async for item in subscription:
                body = (
                    (await self.snapshot()).agent if isinstance(item, Gap) else live.decode(item.payload).body
                )
                self.told.append(body)
                if self._always is not None and isinstance(body, AgentIs) and body.state == "wrapup":
                    await asyncio.sleep(self._after())
                    await self.typify(self._always)

    def typifies_everything(self, result: Result, after: Callable[[], float] = float) -> None:
        """From now on every call gets this result, so many seconds after its end."""
        self._always, self._after = result, after

    # --- what the agent does --------------------------------------------------------------------------

    async def ask(self, kind: Kind, target: UUID | None = None, **payload: Any) -> Command:
        """A command, as the API gives it, and the engine's answer."""
        async with self._db.transaction() as conn:
            command = await commands.submit(
                conn, kind, target or self.agent.id, payload, now=self._clock.now()
            )
        commands.wake(self._bus)
        return await commands.wait_done(self._db, self._clock, command.id, patience_s=20)

    async def log_in(self) -> None:
        """Log in, and wait until calls may come, or have come already."""
        told = len(self.told)
        await self.ask(Kind.AGENT_LOGIN)
        await self.was("ready", told, 20)

    async def hang_up(self) -> None:
        """The button, not the phone: the customer goes, the line stays."""
        offer = (await self.snapshot()).offer
        assert offer is not None
        await self.ask(Kind.CALL_HANGUP, offer.attempt_id)

    async def typify(self, result: Result, schedule: ScheduleRequest | None = None) -> Applied | None:
        """Say what the call was, the one that runs or the one just over. None: it was said before."""
        key = str(uuid4())
        while True:  # a desk is patient: the same key twice does no harm
            try:
                return await self._typify(result, schedule, key)
            except StorageError:
                await asyncio.sleep(AGAIN_S)
            except Refused as error:  # a new dialer asks for what an old one had been told
                if error.error_id != "already_typified":
                    raise
                return None

    async def _typify(self, result: Result, schedule: ScheduleRequest | None, key: str) -> Applied:
        offer = (await self.snapshot()).offer
        assert offer is not None, "there is no call to typify"
        assert offer.campaign_id is not None
        said = Typification(
            campaign_id=offer.campaign_id,
            path=(result.id,),
            attempt_id=offer.attempt_id,
            attempt_at=offer.attempt_at,
            customer_id=offer.customer_id,
            contact_id=offer.contact_id,
            agent_id=self.agent.id,
            e164=offer.e164,
            schedule=schedule,
            idempotency_key=key,
        )
        now = self._clock.now()
        async with self._db.transaction() as conn:
            applied = await interactions.typify(conn, said, self._rules, now=now)
            payload = {"attempt_id": str(offer.attempt_id)}
            await commands.submit(conn, Kind.AGENT_TYPIFIED, self.agent.id, payload, now=now)
        commands.wake(self._bus)
        return applied

    # --- what the agent sees --------------------------------------------------------------------------

    async def snapshot(self) -> AgentSnapshot:
        async with self._db.connection() as conn:
            return await live.agent_snapshot(conn, self.agent.id, now=self._clock.now())

    async def state(self) -> str:
        return (await self.snapshot()).agent.state

    async def becomes(self, state: str, seconds: float = 10) -> AgentIs:
        """Wait until the agent is in this state."""

        async def there() -> AgentIs | None:
            seen = (await self.snapshot()).agent
            return seen if seen.state == state else None

        found = await until(there, seconds, f"{self.agent.code} becomes {state}", every=0.02)
        assert found is not None
        return found

    async def talks(self, seconds: float = 10) -> UUID:
        """Wait until the agent talks; the attempt."""
        attempt_id = (await self.becomes("talking", seconds)).attempt_id
        assert attempt_id is not None
        return attempt_id

    async def was(self, state: str, after: int = 0, seconds: float = 10) -> AgentIs:
        """Wait until the desk was told of this state, however short; `after`: from this message on."""

        def told() -> AgentIs | None:
            states = (body for body in self.told[after:] if isinstance(body, AgentIs))
            return next((body for body in states if body.state == state), None)

        found = await until(told, seconds, f"{self.agent.code} is told it is {state}")
        assert found is not None
        return found

    @property
    def states(self) -> list[AgentIs]:
        """What it was told of its agent, in order."""
        return [body for body in self.told if isinstance(body, AgentIs)]

    @property
    def offers(self) -> list[Offered]:
        """The calls it was offered, in order."""
        return [body for body in self.told if isinstance(body, Offered)]

    def ended(self, attempt_id: UUID) -> datetime | None:
        """When it was told that this call is over."""
        calls = (body for body in self.told if isinstance(body, CallIs))
        return next(
            (call.at for call in calls if call.attempt_id == attempt_id and call.state == "ended"), None
        )
