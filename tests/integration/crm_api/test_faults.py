"""What goes wrong behind the API: told in the one shape, and mended by itself where that is possible."""

from datetime import timedelta

import httpx
import pytest
from fastapi import APIRouter

from crm_api import housekeeping, idempotency
from crm_api.access import Agent, Role
from crm_api.app import create_app
from crm_api.guarded import Guarded
from crm_api.passwords import Passwords
from storage.bus import LocalBus
from storage.database import Database
from storage.errors import DatabaseDown, DeadlinePassed, RetryTransaction
from tests.integration.crm_api.given import QUICK, Api, StillClock, accepted, refused


async def test_without_a_database_every_request_says_so_and_works_again_afterwards(
    database_dsn: str,
) -> None:
    gone = await Database.open(database_dsn)
    await gone.close()
    app = create_app(gone, LocalBus(), StillClock(), passwords=Passwords(QUICK))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://api") as client:
        refused(await client.get("/api/campaigns"), 503, "database_unavailable")
        login = {"login": "ana", "password": "whatever it is"}
        refused(await client.post("/api/auth/login", json=login), 503, "database_unavailable")


@pytest.mark.parametrize(
    ("error", "error_id"),
    [
        (DatabaseDown("gone"), "database_unavailable"),
        (DeadlinePassed("slow"), "database_slow"),
        (RetryTransaction("deadlock"), "try_again"),
        (RuntimeError("a slip of ours"), "internal_error"),
    ],
)
async def test_a_failure_leaves_nothing_half_done_and_one_shape(
    api: Api, error: Exception, error_id: str
) -> None:
    router = APIRouter(prefix="/api/broken", tags=["broken"], route_class=Guarded)

    @router.post("")
    async def broken(call: Agent) -> None:
        await call.conn.execute("DELETE FROM session")
        call.after_commit(lambda: pytest.fail("nobody is to hear of what did not happen"))
        raise error

    api.app.include_router(router)
    client = await api.as_role(Role.ADMIN)
    lenient = httpx.AsyncClient(
        transport=httpx.ASGITransport(api.app, raise_app_exceptions=False),
        base_url="http://api",
        headers=client.headers,
        cookies=client.cookies,
    )
    async with lenient:
        response = await lenient.post("/api/broken")
        refused(response, 500 if error_id == "internal_error" else 503, error_id)
        assert "slip" not in response.text
        accepted(await lenient.get("/api/auth/me"))


async def test_what_nobody_asks_for_again_is_forgotten(api: Api, admin: httpx.AsyncClient) -> None:
    accepted(await admin.post("/api/campaigns", json={"name": "x"}, headers={"Idempotency-Key": "1"}), 201)
    wrong = {"login": "nobody", "password": "wrong"}
    refused(await api.client().post("/api/auth/login", json=wrong), 401, "bad_login")

    async def kept() -> list[int]:
        async with api.db.connection() as conn:
            tables = ("session", "idempotency", "login_failure")
            return [await conn.fetchval(f"SELECT count(*) FROM {table}") for table in tables]

    await housekeeping.tidy(api.app.state.hub)
    assert await kept() == [1, 1, 2]
    api.clock.at += idempotency.KEPT + timedelta(seconds=1)
    await housekeeping.tidy(api.app.state.hub)
    assert await kept() == [0, 0, 0]
