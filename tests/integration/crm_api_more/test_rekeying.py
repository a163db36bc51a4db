"""A base gets another key: seen before it is done, and only where it tells customers apart."""

from typing import Any

import pytest

from tests.integration.crm_api.given import Api, accepted, refused
from tests.integration.crm_api_more.people import NOBODY, People


@pytest.fixture
async def people(api: Api) -> People:
    people = await People.given(api)
    body = {"name": "socios", "region": "ES", "key_columns": ["socio"]}
    people.base_id = accepted(await people.operator.post("/api/bases", json=body), 201)["id"]
    return people


async def _asked(people: People, *columns: str, confirm: str = "") -> dict[str, Any]:
    body = {"key_columns": list(columns), "confirm": confirm}
    found: dict[str, Any] = accepted(
        await people.operator.post(f"/api/bases/{people.base_id}/key", json=body)
    )
    return found


async def _key(people: People, customer_id: str) -> str:
    return str(accepted(await people.agent.get(f"/api/customers/{customer_id}"))["key"])


async def test_a_base_gets_another_key_once_it_was_seen(people: People) -> None:
    first = await people.customer("Ana", key="1", data={"pais": "UY", "cedula": "2"})
    second = await people.customer("Luis", key="2", data={"pais": "UY", "cedula": "1"})
    shown = await _asked(people, "Cédula")
    counts = {name: shown[name] for name in ("customers", "changed", "missing", "shared", "done")}
    assert counts == {"customers": 2, "changed": 2, "missing": 0, "shared": 0, "done": False}
    assert shown["examples"] == [["1", "2"], ["2", "1"]]
    assert await _key(people, first) == "1"
    done = await _asked(people, "Cédula", confirm=shown["token"])
    assert done["done"]
    assert (await _key(people, first), await _key(people, second)) == ("2", "1")
    base = accepted(await people.agent.get(f"/api/bases/{people.base_id}"))
    assert base["key_columns"] == ["Cédula"]
    both = await _asked(people, "pais", "cedula")
    await _asked(people, "pais", "cedula", confirm=both["token"])
    assert await _key(people, first) == "UY|2"
    back = await _asked(people, "cedula")
    assert back["examples"] == [["UY|1", "1"], ["UY|2", "2"]]


async def test_a_key_that_is_missing_or_shared_is_refused(people: People) -> None:
    await people.customer("Ana", key="1", data={"cedula": "7"})
    await people.customer("Luis", key="2", data={"cedula": "7"})
    await people.customer("Eva", key="3")
    shown = await _asked(people, "cedula")
    assert (shown["missing"], shown["shared"], shown["shared_keys"]) == (1, 2, ["7"])
    address = f"/api/bases/{people.base_id}/key"
    body = {"key_columns": ["cedula"], "confirm": shown["token"]}
    refused(await people.operator.post(address, json=body), 409, "key_not_unique")
    await people.customer("Otra", key="4", data={"cedula": "8"})
    refused(await people.operator.post(address, json=body), 409, "not_as_shown")
    refused(await people.operator.post(address, json={"key_columns": ["shoe"]}), 422, "unknown_column")
    nowhere = f"/api/bases/{NOBODY}/key"
    refused(await people.operator.post(nowhere, json={"key_columns": ["x"]}), 404, "not_found")


async def test_the_document_and_the_main_number_may_be_the_key(people: People) -> None:
    customer = await people.customer("Ana", key="1")
    shown = await _asked(people, "phone")
    assert shown["examples"] == [["1", "+34600000001"]]
    by_document = await _asked(people, "document")
    await _asked(people, "document", confirm=by_document["token"])
    assert await _key(people, customer) == "D1"
