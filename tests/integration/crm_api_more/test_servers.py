"""An agent or a trunk on a server nobody named would never be reached."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest

from crm_api.access import Role
from crm_api.settings import ApiSettings
from storage.database import Database
from tests.integration.crm_api.given import Api, accepted, refused

AGENT = {"code": "1001", "name": "Ana", "dial": "PJSIP/1001"}
TRUNK = {"name": "carrier", "dial": "PJSIP/{number}@carrier"}
THINGS = pytest.mark.parametrize(("address", "body"), [("/api/agents", AGENT), ("/api/trunks", TRUNK)])


@asynccontextmanager
async def operator_of(db: Database, *servers: str) -> AsyncIterator[httpx.AsyncClient]:
    """Of an installation that names these servers."""
    api = Api(db, settings=ApiSettings(servers=frozenset(servers)), made=len(servers))
    yield await api.as_role(Role.OPERATOR)
    await api.close()


@THINGS
async def test_a_server_nobody_named_is_refused(db: Database, address: str, body: dict[str, Any]) -> None:
    async with operator_of(db, "main", "south") as operator:
        told = refused(await operator.post(address, json=body | {"server": "north"}), 422, "unknown_server")
        assert told == {"server": "north", "known": ["main", "south"]}
        made = accepted(await operator.post(address, json=body | {"server": "south"}), 201)["id"]
        moved = body | {"server": "north"}
        refused(await operator.put(f"{address}/{made}", json=moved), 422, "unknown_server")


@THINGS
async def test_what_is_on_a_server_that_is_named_no_more_can_be_switched_off(
    db: Database, address: str, body: dict[str, Any]
) -> None:
    """An API that was told of no server takes any."""
    async with operator_of(db) as operator:
        made = accepted(await operator.post(address, json=body | {"server": "south"}), 201)["id"]
    async with operator_of(db, "main") as operator:
        off = body | {"server": "south", "enabled": False}
        assert not accepted(await operator.put(f"{address}/{made}", json=off))["enabled"]
        accepted(await operator.put(f"{address}/{made}", json=body | {"server": "main"}))
