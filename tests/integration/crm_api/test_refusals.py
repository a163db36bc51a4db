"""What every operation refuses alike: ids of nothing, too much at once, an order there is not."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from crm_api.access import Role
from tests.integration.crm_api.asking import NOBODY, OPERATIONS
from tests.integration.crm_api.given import Api, accepted, refused
from tests.integration.crm_api.one_of_each import one_of_each

NAMED = [one for one in OPERATIONS if one.in_path]
PAGED = [one for one in OPERATIONS if {"limit", "sort"} <= one.in_query]


@pytest.fixture
async def admin(api: Api) -> httpx.AsyncClient:
    """One who is an agent, too."""
    return await api.as_role(Role.ADMIN, agent_id=(await api.agent()).id)


@pytest.fixture
async def known(admin: httpx.AsyncClient) -> dict[str, str]:
    return await one_of_each(admin)


async def test_an_id_of_nothing_is_said_to_be_not_there(
    admin: httpx.AsyncClient, known: dict[str, str]
) -> None:
    found = []
    for operation in NAMED:
        for name in operation.in_path:
            response = await operation.ask(admin, known | {name: NOBODY})
            error_id = response.json().get("error_id", "") if response.content else ""
            if response.status_code != 404 or not error_id.endswith("not_found"):
                found.append(f"{operation.name} with an unknown {name}: {response.text}")
    assert not found, "\n".join(found)


async def test_a_body_too_large_is_refused_before_it_is_read(api: Api, admin: httpx.AsyncClient) -> None:
    settings = api.settings
    for operation in OPERATIONS:
        if operation.method == "GET":
            continue
        limit = settings.upload_bytes if operation.uploads else settings.body_bytes
        for declared in (limit + 1, settings.upload_bytes + 1):
            response = await operation.ask(admin, {}, headers={"Content-Length": str(declared)})
            refused(response, 413, "body_too_large")


async def test_a_body_that_hides_its_size_is_refused_once_it_is_too_large(
    api: Api, admin: httpx.AsyncClient
) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(api.settings.body_bytes // 2**16 + 1):
            yield b" " * 2**16

    refused(await admin.post("/api/customers", content=pieces()), 413, "body_too_large")


async def test_a_file_in_a_form_is_refused_and_its_boundary_not_taken_for_a_header(
    admin: httpx.AsyncClient, known: dict[str, str]
) -> None:
    form = {"file": ("clientes.csv", b"telefono\n612345678\n", "text/csv")}
    for operation in OPERATIONS:
        if operation.uploads:
            address = operation.path.replace("{base_id}", known["base_id"])
            answer = await admin.post(address, params=operation.query(known), files=form)
            refused(answer, 422, "file_in_form")


async def test_a_body_nested_beyond_reading_is_refused(admin: httpx.AsyncClient) -> None:
    """Also behind a letter that is written as a pair of halves, for which the text is looked through."""
    for begin in (b"[", b'["\\ud83d\\ude00",'):
        response = await admin.post(
            "/api/bases", content=begin + b"[" * 100_000, headers={"Content-Type": "application/json"}
        )
        refused(response, 400, "invalid_body")


async def test_fields_nested_deeper_than_they_could_be_shown_are_refused(
    admin: httpx.AsyncClient, known: dict[str, str]
) -> None:
    deep: Any = "x"
    for _ in range(300):
        deep = [deep]
    body = {"base_id": known["base_id"], "document": "D9", "data": {"a": deep}}
    params = refused(await admin.post("/api/customers", json=body), 422, "invalid_request")
    assert params["fields"][0]["where"] == ["body", "data"]
    accepted(await admin.post("/api/customers", json=body | {"data": {"a": {"b": [1, 2]}}}), 201)


@pytest.mark.parametrize(
    ("language", "missing", "surprise"),
    [("es", "falta", "no existe ese campo"), ("en", "is missing", "there is no such field")],
)
async def test_what_is_wrong_with_a_body_is_told_in_its_readers_language(
    api: Api, language: str, missing: str, surprise: str
) -> None:
    client = await api.as_role(Role.OPERATOR)
    async with api.db.connection() as conn:
        await conn.execute("UPDATE user_account SET language = $1", language)
    answer = await client.post("/api/bases", json={"name": "x", "colour": 1})
    fields = refused(answer, 422, "invalid_request")["fields"]
    assert [(one["where"], one["problem"], one["message"]) for one in fields] == [
        (["body", "region"], "missing", missing),
        (["body", "colour"], "unknown_field", surprise),
    ]


@pytest.mark.parametrize("number", ["NaN", "-Infinity", "1e999"])
async def test_a_number_that_json_cannot_give_back_is_refused_and_not_kept_as_nothing(
    admin: httpx.AsyncClient, known: dict[str, str], number: str
) -> None:
    body = f'{{"base_id": "{known["base_id"]}", "document": "D8", "data": {{"a": [{number}]}}}}'
    headers = {"Content-Type": "application/json"}
    refused(await admin.post("/api/customers", content=body, headers=headers), 422, "invalid_request")


@pytest.mark.parametrize("zone", ["America", "Europe/Madird"])
async def test_nothing_is_kept_in_a_zone_there_is_not(
    admin: httpx.AsyncClient, known: dict[str, str], zone: str
) -> None:
    """Its customers would never be called, and nobody told why. America is a folder of zones."""
    lists = {"name": "x", "campaign_id": known["campaign_id"], "zone": zone}
    for method, path, body in (
        ("POST", "bases", {"name": "x", "region": "ES", "zone": zone}),
        ("POST", "dial-lists", lists | {"base_id": known["base_id"]}),
        ("POST", "assignments/send", lists | {"filter": {}}),
        ("PATCH", f"customers/{known['customer_id']}", {"zone": zone}),
        ("POST", f"loads?region=ES&zone={zone}", None),
    ):
        refused(await admin.request(method, f"/api/{path}", json=body), 422, "invalid_request")


@pytest.mark.parametrize("query", [{"limit": 0}, {"limit": 201}, {"offset": -1}, {"offset": 1_000_001}])
async def test_a_page_too_large_is_refused(
    admin: httpx.AsyncClient, known: dict[str, str], query: dict[str, int]
) -> None:
    for operation in PAGED:
        if query.keys() <= operation.in_query:
            refused(await operation.ask(admin, known, query=query), 422, "invalid_request")
