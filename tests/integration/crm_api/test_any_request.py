"""Whatever anybody sends: no server error, and answers that fit their own description."""

import asyncio
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, cast

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import CHECKS

from crm_api.access import Role
from crm_api.app import create_app
from crm_api.passwords import Passwords
from crm_api.tokens import service as tokens
from storage.bus import LocalBus
from storage.clock import SystemClock
from storage.database import Database
from storage.partitions import ensure_partitions
from tests.integration.crm_api.given import QUICK, Api, StillClock
from tests.integration.crm_api.one_of_each import one_of_each
from tests.integration.crm_api.served import served

EXAMPLES = 12
DOCUMENT = create_app(cast(Database, None), LocalBus(), SystemClock()).openapi()
OPERATIONS = sorted((path, method) for path, methods in DOCUMENT["paths"].items() for method in methods)


@dataclass(frozen=True)
class Server:
    address: str
    token: str
    ids: dict[str, str]


@pytest.fixture(scope="module")
def server(postgres: Any) -> Iterator[Server]:
    """The application in a thread of its own (schemathesis waits without a loop), with one of each thing."""
    with postgres.fresh_database() as dsn:
        ready: Future[Server] = Future()
        loop = asyncio.new_event_loop()
        stop = asyncio.Event()
        thread = threading.Thread(target=loop.run_until_complete, args=(_serve(dsn, ready, stop),))
        thread.start()
        try:
            yield ready.result(timeout=30)
        finally:
            loop.call_soon_threadsafe(stop.set)
            thread.join(timeout=30)
            loop.close()


async def _serve(dsn: str, ready: "Future[Server]", stop: asyncio.Event) -> None:
    async with await Database.open(dsn) as db:
        app = create_app(db, LocalBus(), SystemClock(), passwords=Passwords(QUICK))
        token, ids = await _given(db)
        async with served(app) as address:
            ready.set_result(Server(address, token, ids))
            await stop.wait()


async def _given(db: Database) -> tuple[str, dict[str, str]]:
    """An administrator's token, and the ids of one thing of each kind by the name addresses give them."""
    now = datetime.now(UTC)
    api = Api(db, clock=StillClock(now))
    async with db.transaction() as conn:
        await ensure_partitions(conn, "attempt", now, 0)
        _, token = await tokens.create(conn, "fuzz", Role.ADMIN, created_by=None, now=now)
    client = api.client()
    client.headers["Authorization"] = f"Bearer {token}"
    ids = await one_of_each(client)
    await api.close()
    return token, ids


def _known(server: Server, given: dict[str, Any] | None) -> dict[str, Any]:
    """Ids of things that are there, so that more than "not found" is tried."""
    return {name: _named(server, name, value) for name, value in (given or {}).items()}


def _named(server: Server, name: str, value: Any) -> Any:
    """Also where several are given: `campaign_ids` are some of the campaign."""
    if isinstance(value, list) and (known := server.ids.get(name.removesuffix("s"))):
        return [known for _ in value[:1]] + value[1:]
    return server.ids.get(name, value)


@pytest.mark.parametrize(("path", "method"), OPERATIONS, ids=lambda part: part.strip("/"))
def test_any_request_is_answered_as_described(server: Server, path: str, method: str) -> None:
    schema = schemathesis.openapi.from_dict(DOCUMENT)
    schema.config.update(base_url=f"http://{server.address}")
    operation = schema[path][method.upper()]
    checks = [CHECKS.get_one(name) for name in ("not_a_server_error", "response_schema_conformance")]

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        derandomize=True,
        database=None,
        phases=(Phase.explicit, Phase.generate),
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy())
    def sent(case: Any) -> None:
        case.path_parameters = _known(server, case.path_parameters)
        case.query = _known(server, case.query)
        if isinstance(case.body, dict):
            case.body = _known(server, case.body)
        response = case.call(headers={"Authorization": f"Bearer {server.token}"}, timeout=10)
        case.validate_response(response, checks=checks)

    sent()
