"""One application on a fresh database per test."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from crm_api.access import Role
from storage.database import Database
from tests.integration.crm_api.given import Api
from tests.integration.crm_api.witness import TESTS, claimed_by


@pytest.fixture
async def api(db: Database, request: pytest.FixtureRequest) -> AsyncIterator[Api]:
    """The application. A test that `operations.txt` names must have seen its operations succeed."""
    given = Api(db)
    yield given
    await given.close()
    file = Path(request.node.path).relative_to(TESTS).with_suffix("")
    unseen = claimed_by(f"{file}::{request.node.originalname}") - given.seen
    assert not unseen, f"operations.txt says that this test shows {', '.join(sorted(unseen))}"


@pytest.fixture
async def admin(api: Api) -> httpx.AsyncClient:
    return await api.as_role(Role.ADMIN)


@pytest.fixture
async def operator(api: Api) -> httpx.AsyncClient:
    return await api.as_role(Role.OPERATOR)
