"""What the tests of the API begin with: an application on a real database, and people of every role."""

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import httpx
from argon2 import PasswordHasher
from fastapi import FastAPI

from crm_api import sessions
from crm_api.access import Role
from crm_api.app import create_app
from crm_api.passwords import Passwords
from crm_api.settings import ApiSettings
from crm_api.users import service as users
from dialer import agents, campaigns
from dialer.settings import Settings
from storage.bus import Bus, LocalBus
from storage.clock import TimerHandle
from storage.database import Database
from tests.integration.crm_api.witness import Witness

NOW = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)
PASSWORD = "correct horse battery"
QUICK = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


class StillClock:
    """Time moves when a test says so."""

    def __init__(self, now: datetime = NOW) -> None:
        self.at = now

    def now(self) -> datetime:
        return self.at

    async def sleep(self, seconds: float) -> None:
        """Whoever waits for business time (the hourly tidying) waits for ever."""
        await asyncio.Event().wait()

    def call_later(self, seconds: float, callback: Any, /) -> TimerHandle:
        raise AssertionError("nothing here waits for business time")


@dataclass
class Api:
    """An application under test, and clients for it."""

    db: Database
    bus: Bus = field(default_factory=LocalBus)
    clock: StillClock = field(default_factory=StillClock)
    settings: ApiSettings = field(default_factory=ApiSettings)
    clients: list[httpx.AsyncClient] = field(default_factory=list)
    made: int = 0
    seen: set[str] = field(default_factory=set)
    """The operations answered with success."""
    conflicts: set[tuple[str, str]] = field(default_factory=set)
    """The operations that conflicted with what was there, and the error's id."""

    def __post_init__(self) -> None:
        self.passwords = Passwords(QUICK)
        self.app: FastAPI = create_app(self.db, self.bus, self.clock, self.settings, passwords=self.passwords)
        self.app.add_middleware(Witness, seen=self.seen, conflicts=self.conflicts)

    @property
    def local(self) -> LocalBus:
        """The bus of this process, for tests that look inside it."""
        assert isinstance(self.bus, LocalBus)
        return self.bus

    def client(self, address: str = "10.0.0.1") -> httpx.AsyncClient:
        """Nobody yet."""
        client = httpx.AsyncClient(
            transport=httpx.ASGITransport(self.app, client=(address, 1)), base_url="http://api"
        )
        self.clients.append(client)
        return client

    async def as_role(
        self, role: Role, *, agent_id: UUID | None = None, watches: tuple[UUID, ...] = ()
    ) -> httpx.AsyncClient:
        """Somebody of this role, logged in. A user of role agent is a new agent unless one is given."""
        self.made += 1
        if role is Role.AGENT and agent_id is None:
            agent_id = (await self.agent()).id
        now = self.clock.now()
        async with self.db.transaction() as conn:
            fields = users.UserFields(f"user {self.made}", role, agent_id=agent_id, campaign_ids=watches)
            user = await users.create(
                conn, f"user{self.made}", await self.passwords.hash(PASSWORD), fields, now=now
            )
            secret, csrf = await sessions.open_session(conn, user.id, now=now, lifetime_s=3600)
        client = self.client()
        client.cookies.set(sessions.COOKIE, secret)
        client.headers[sessions.CSRF_HEADER] = csrf
        client.headers["X-Test-User"] = str(user.id)
        return client

    async def agent(self, *campaign_ids: UUID) -> agents.Agent:
        self.made += 1
        code = f"a{self.made}"
        async with self.db.transaction() as conn:
            return await agents.create(
                conn,
                agents.AgentFields(code=code, name=f"Agent {code}", dial=f"PJSIP/{code}"),
                campaign_ids=campaign_ids,
                now=self.clock.now(),
            )

    async def campaign(
        self, name: str = "ventas", *, kind: campaigns.Kind = campaigns.Kind.DIALER, **settings: Any
    ) -> campaigns.Campaign:
        async with self.db.transaction() as conn:
            return await campaigns.create(conn, name, Settings(**settings), kind=kind, now=self.clock.now())

    async def close(self) -> None:
        for client in self.clients:
            await client.aclose()
        await self.app.state.hub.jobs.stop()


def refused(response: httpx.Response, status: int, error_id: str) -> dict[str, Any]:
    """The one shape of a refusal; its params."""
    body = response.json()
    assert (response.status_code, body.get("error_id")) == (status, error_id), body
    assert set(body) == {"error_id", "message", "params"}
    assert body["message"]
    params: dict[str, Any] = body["params"]
    return params


def accepted(response: httpx.Response, status: int = 200) -> Any:
    assert response.status_code == status, response.text
    return response.json() if response.content else None
