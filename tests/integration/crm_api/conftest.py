"""One application on a fresh database per test."""

from collections.abc import AsyncIterator

import httpx
import pytest

from crm_api.access import Role
from storage.database import Database
from tests.integration.crm_api.given import Api
from tests.integration.crm_api.witness import check


@pytest.fixture
async def api(db: Database, request: pytest.FixtureRequest) -> AsyncIterator[Api]:
    """The application. A test that a table names must have seen its operations succeed, or conflict."""
    given = Api(db)
    yield given
    await given.close()
    check(request.node, given.seen, given.conflicts)


@pytest.fixture
async def admin(api: Api) -> httpx.AsyncClient:
    return await api.as_role(Role.ADMIN)


@pytest.fixture
async def operator(api: Api) -> httpx.AsyncClient:
    return await api.as_role(Role.OPERATOR)
