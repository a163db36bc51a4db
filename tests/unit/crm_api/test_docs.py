"""The page that shows the API: whole, and alone."""

from typing import cast

import httpx
import pytest

from crm_api import docs
from crm_api.app import create_app
from crm_api.settings import ApiSettings
from storage.bus import LocalBus
from storage.clock import SystemClock
from storage.database import Database


def _client(settings: ApiSettings | None = None) -> httpx.AsyncClient:
    app = create_app(cast(Database, None), LocalBus(), SystemClock(), settings)
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://api")


@pytest.mark.parametrize("path", sorted(docs.PATHS))
async def test_the_page_fetches_nothing_from_outside(path: str) -> None:
    async with _client() as client:
        answer = await client.get(path)
    assert answer.status_code == 200
    assert "://" not in answer.text
    assert answer.headers["content-security-policy"].startswith("default-src 'self'")


async def test_the_page_sets_texts_and_never_html() -> None:
    async with _client() as client:
        script = (await client.get("/api/docs/page.js")).text
    assert "innerHTML" not in script
    assert "insertAdjacentHTML" not in script


async def test_whoever_opens_the_bare_address_is_sent_to_the_page() -> None:
    async with _client() as client:
        answer = await client.get("/")
    assert (answer.status_code, answer.headers["location"]) == (307, "/api/docs")


async def test_an_installation_may_do_without_the_page() -> None:
    async with _client(ApiSettings(docs=False)) as client:
        assert (await client.get("/api/docs")).status_code == 404
        assert (await client.get("/api/openapi.json")).status_code == 200
