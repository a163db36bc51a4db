"""Customers, bases, dial lists, records, do-not-call, and why a contact is not being dialled."""

import csv
import io
from datetime import timedelta
from typing import Any

import httpx
import pytest
from python_calamine import CalamineWorkbook

from crm_api.access import Role
from dialer import commands
from dialer.week import week
from storage.partitions import ensure_partitions
from tests.integration.crm_api.given import NOW, Api, accepted, refused

PHONE = "+34612345678"
NOBODY = "00000000-0000-7000-8000-000000000000"
ANA: dict[str, Any] = {
    "document": "12345678Z",
    "name": "Ana Ibáñez",
    "phones": [{"number": "612 345 678", "kind": "mobile"}, {"number": "+34 912 345 678"}],
    "data": {"saldo": "120"},
}


@pytest.fixture
async def base(operator: httpx.AsyncClient) -> dict[str, Any]:
    made: dict[str, Any] = accepted(
        await operator.post("/api/bases", json={"name": "clientes", "region": "ES"}), 201
    )
    return made


async def _customer(client: httpx.AsyncClient, base: dict[str, Any], **change: Any) -> dict[str, Any]:
    made: dict[str, Any] = accepted(
        await client.post("/api/customers", json=ANA | {"base_id": base["id"]} | change), 201
    )
    return made


async def test_an_agent_makes_finds_and_edits_a_customer(api: Api, base: dict[str, Any]) -> None:
    me = await api.agent()
    client = await api.as_role(Role.AGENT, agent_id=me.id)
    made = await _customer(client, base)
    assert [phone["e164"] for phone in made["phones"]] == ["+34612345678", "+34912345678"]
    assert made["owner_id"] == str(me.id)
    for query in (
        "name=ibanez",
        "document=1234",
        "phone=612345678",
        "phone=%2B34%20912-345-678",
        "mine=true",
    ):
        found = accepted(await client.get(f"/api/customers?{query}"))["items"]
        assert [one["id"] for one in found] == [made["id"]], query
    assert accepted(await client.get("/api/customers?name=nadie"))["items"] == []
    edited = accepted(
        await client.patch(
            f"/api/customers/{made['id']}", json={"name": "Ana B", "data": {"saldo": None, "plan": "oro"}}
        )
    )
    assert (edited["name"], edited["document"], edited["data"]) == ("Ana B", "12345678Z", {"plan": "oro"})
    phone = accepted(
        await client.post(f"/api/customers/{made['id']}/phones", json={"number": "698765432"}), 201
    )
    assert (phone["e164"], phone["position"]) == ("+34698765432", 2)
    address = f"/api/customers/{made['id']}/phones/{phone['id']}/state"
    accepted(await client.put(address, json={"state": "wrong_number"}), 204)
    assert accepted(await client.get(f"/api/customers/{made['id']}"))["phones"][2]["state"] == "wrong_number"
    assert accepted(await client.get(f"/api/customers/{made['id']}/events"))["items"] == []


@pytest.mark.parametrize("number", ["612345678", "+34612345678", "0034 612 345 678", "34612345678"])
async def test_a_number_is_found_in_any_way_it_is_written(
    operator: httpx.AsyncClient, base: dict[str, Any], number: str
) -> None:
    made = await _customer(operator, base)
    response = await operator.get("/api/customers/by-phone", params={"number": number, "region": "ES"})
    found = accepted(response)
    assert (found["e164"], [one["id"] for one in found["customers"]]) == ("+34612345678", [made["id"]])


async def test_a_search_pages(operator: httpx.AsyncClient, base: dict[str, Any]) -> None:
    for number in range(3):
        await _customer(operator, base, document=f"doc{number}", name=f"Ana {number}", phones=[])
    first = accepted(await operator.get("/api/customers?name=ana&limit=2"))
    assert ([one["name"] for one in first["items"]], first["more"]) == (["Ana 0", "Ana 1"], True)
    second = accepted(await operator.get("/api/customers?name=ana&limit=2&offset=2"))
    assert ([one["name"] for one in second["items"]], second["more"]) == (["Ana 2"], False)


@pytest.mark.parametrize(
    ("method", "address", "body", "status", "error_id"),
    [
        ("POST", "customers", {"base_id": NOBODY, "document": "1"}, 404, "not_found"),
        ("POST", "customers", {"document": "1"}, 422, "invalid_request"),
        ("POST", "customers", {"base_id": "{base}"}, 422, "no_key"),
        ("POST", "customers", {"base_id": "{base}", "phones": [{"number": "12"}]}, 422, "bad_number"),
        ("POST", "customers", {"base_id": "{base}", "document": "12345678Z"}, 409, "customer_exists"),
        ("GET", f"customers/{NOBODY}", None, 404, "not_found"),
        ("PATCH", f"customers/{NOBODY}", {"name": "x"}, 404, "not_found"),
        ("PATCH", "customers/{customer}", {"zone": "no zone"}, 422, "invalid_request"),
        ("PUT", f"customers/{{customer}}/phones/{NOBODY}/state", {"state": "bad"}, 404, "phone_not_found"),
        ("POST", f"customers/{NOBODY}/phones", {"number": "612345678"}, 404, "not_found"),
        ("GET", "customers?sort=-name", None, 422, "bad_sort"),
        ("GET", "customers?mine=true", None, 403, "not_an_agent"),
        ("GET", "customers/by-phone?number=nobody", None, 422, "bad_phone"),
        ("POST", "customers/assign", {"customer_ids": []}, 422, "invalid_request"),
        ("POST", "customers/assign", {"customer_ids": [NOBODY], "agent_id": NOBODY}, 404, "agent_not_found"),
        ("POST", "bases", {"name": "x", "region": "XX"}, 422, "bad_value"),
        ("POST", "bases", {"name": "x", "region": "ES", "key_columns": ["a", "Á"]}, 422, "invalid_request"),
        ("POST", "bases", {"name": "clientes", "region": "ES"}, 409, "base_name_taken"),
        ("GET", f"bases/{NOBODY}", None, 404, "not_found"),
        ("DELETE", f"bases/{NOBODY}", None, 404, "not_found"),
        ("GET", f"dial-lists/{NOBODY}", None, 404, "not_found"),
        ("PATCH", f"dial-lists/{NOBODY}", {"paused": True}, 404, "not_found"),
        ("GET", f"dial-lists/{NOBODY}/export", None, 404, "not_found"),
        ("GET", f"contacts/{NOBODY}/why-not", None, 404, "not_found"),
        ("POST", "do-not-call", {}, 422, "nothing_to_block"),
        ("POST", "do-not-call", {"numbers": ["12"]}, 422, "bad_phone"),
        ("POST", "do-not-call", {"numbers": [PHONE], "campaign_id": NOBODY}, 404, "campaign_not_found"),
        ("POST", f"do-not-call/{NOBODY}/lift", {"reason": "asked for it"}, 404, "not_found"),
        ("POST", f"do-not-call/{NOBODY}/lift", {"reason": " "}, 422, "invalid_request"),
        ("GET", "do-not-call?sort=e164", None, 422, "bad_sort"),
        ("POST", "records", {"campaign": "none", "destination": "+34612345678"}, 404, "campaign_not_found"),
        ("POST", "records", {"campaign": "ventas", "destination": "612345678"}, 422, "bad_phone"),
        ("POST", "records", {"campaign": "ventas", "destination": "+34"}, 422, "bad_phone"),
    ],
)  # fmt: skip
async def test_refusals_name_what_is_wrong(
    api: Api,
    operator: httpx.AsyncClient,
    base: dict[str, Any],
    method: str,
    address: str,
    body: dict[str, Any] | None,
    status: int,
    error_id: str,
) -> None:
    await api.campaign("ventas")
    customer = await _customer(operator, base)
    if body and body.get("base_id") == "{base}":
        body = body | {"base_id": base["id"]}
    response = await operator.request(method, f"/api/{address.format(customer=customer['id'])}", json=body)
    refused(response, status, error_id)


async def test_a_base_is_deleted_by_who_has_seen_what_goes_with_it(
    api: Api, operator: httpx.AsyncClient, base: dict[str, Any]
) -> None:
    await _customer(operator, base)
    address = f"/api/bases/{base['id']}"
    seen = accepted(await operator.get(f"{address}/deletion"))
    assert (seen["customers"], "interactions" in seen["stays"]) == (1, True)
    refused(await operator.delete(address), 409, "confirmation_needed")
    await _customer(operator, base, document="another")
    params = refused(await operator.delete(f"{address}?token={seen['token']}"), 409, "confirmation_needed")
    assert params["customers"] == 2
    token = accepted(await operator.get(f"{address}/deletion"))["token"]
    accepted(await operator.delete(f"{address}?token={token}"))
    refused(await operator.get(address), 404, "not_found")
    assert accepted(await operator.get("/api/bases"))["items"] == []


async def test_one_call_adds_a_record_to_a_running_campaign_once_per_key(
    api: Api, operator: httpx.AsyncClient
) -> None:
    campaign = await api.campaign("ventas", region="ES")
    agent = await api.agent(campaign.id)
    body = {
        "campaign": "ventas",
        "destination": "612345678",
        "alternatives": ["912345678"],
        "calldate": (NOW + timedelta(hours=1)).isoformat(),
        "agent": agent.code,
        "data": {"saldo": 12},
    }
    key = {"Idempotency-Key": "record-1"}
    added = accepted(await operator.post("/api/records", json=body, headers=key), 201)
    assert accepted(await operator.post("/api/records", json=body, headers=key), 201) == added
    refused(await operator.post("/api/records", json=body), 409, "already_in_campaign")
    moved = accepted(await operator.post("/api/records", json=body | {"same_customer": "move"}), 201)
    assert moved == added
    lists = accepted(await operator.get(f"/api/dial-lists?campaign_id={campaign.id}"))["items"]
    progress = accepted(await operator.get(f"/api/dial-lists/{lists[0]['id']}"))["progress"]
    assert (progress["total"], progress["by_state"]) == (1, {"pending": 1})
    why = accepted(await operator.get(f"/api/contacts/{added['contact_id']}/why-not"))
    reasons = [one["reason"] for one in why["reasons"]]
    assert reasons == ["waits", "agent_only", "campaign_stopped", "no_trunk"]
    assert why["agent_id"] == str(agent.id)


@pytest.mark.parametrize(
    ("settings", "block", "reason"),
    [
        ({"allow_campaign_zone": True}, False, "campaign_stopped"),
        ({"callee_hours": week("03:00-06:00")}, False, "outside_hours"),
        ({"preset": "off"}, True, "do_not_call"),
    ],
)
async def test_one_question_answers_why_a_contact_is_not_dialled(
    api: Api, operator: httpx.AsyncClient, settings: dict[str, Any], block: bool, reason: str
) -> None:
    await api.campaign("ventas", region="ES", **settings)
    body = {"campaign": "ventas", "destination": "612345678"}
    added = accepted(await operator.post("/api/records", json=body), 201)
    if block:
        accepted(await operator.post("/api/do-not-call", json={"numbers": ["+34612345678"]}), 201)
    why = accepted(await operator.get(f"/api/contacts/{added['contact_id']}/why-not"))
    found = [*(one["reason"] for one in why["reasons"]), why["final_reason"]]
    assert reason in found, why


async def test_a_list_is_paused_ordered_exported_and_deleted(
    api: Api, operator: httpx.AsyncClient, base: dict[str, Any]
) -> None:
    campaign = await api.campaign("ventas", region="ES")
    body = {"campaign_id": str(campaign.id), "base_id": base["id"], "name": "marzo"}
    made = accepted(await operator.post("/api/dial-lists", json=body), 201)
    refused(await operator.post("/api/dial-lists", json=body), 409, "list_name_taken")
    record = {
        "campaign": "ventas",
        "destination": "612345678",
        "name": "=cmd|' /C calc'!A0",
        "dial_list_id": made["id"],
    }
    accepted(await operator.post("/api/records", json=record), 201)
    address = f"/api/dial-lists/{made['id']}"
    edited = accepted(await operator.patch(address, json={"paused": True, "priority": 1}))
    assert (edited["paused"], edited["priority"]) == (True, 1)
    exported = await operator.get(f"{address}/export")
    assert exported.headers["content-type"].startswith("text/csv")
    rows = list(csv.DictReader(io.StringIO(exported.content.decode("utf-8-sig")), delimiter=";"))
    assert (rows[0]["phones"].lstrip("'"), rows[0]["name"][:2]) == ("+34612345678", "'=")
    book = await operator.get(f"{address}/export?format=xlsx")
    header, contact = (
        CalamineWorkbook.from_filelike(io.BytesIO(book.content)).get_sheet_by_index(0).to_python()
    )
    assert header == list(rows[0])
    assert dict(zip(header, contact, strict=True))["name"] == "=cmd|' /C calc'!A0"  # a text, no formula
    refused(await operator.get(f"/api/dial-lists/{NOBODY}/export?format=xlsx"), 404, "not_found")
    assert accepted(await operator.delete(address)) == {"contacts_ended": 1}
    refused(await operator.get(address), 404, "not_found")


async def test_a_supervisor_touches_the_lists_of_the_campaigns_watched_only(
    api: Api, operator: httpx.AsyncClient, base: dict[str, Any]
) -> None:
    mine, other = await api.campaign("mine"), await api.campaign("other")
    supervisor = await api.as_role(Role.SUPERVISOR, watches=(mine.id,))
    body = {"campaign_id": str(other.id), "base_id": base["id"], "name": "marzo"}
    refused(await supervisor.post("/api/dial-lists", json=body), 403, "campaign_not_yours")
    made = accepted(await operator.post("/api/dial-lists", json=body), 201)
    address = f"/api/dial-lists/{made['id']}"
    for method, path in (("GET", ""), ("PATCH", ""), ("DELETE", ""), ("GET", "/export")):
        response = await supervisor.request(method, address + path, json={} if method == "PATCH" else None)
        refused(response, 403, "campaign_not_yours")


async def test_a_blocked_number_holds_hangs_up_and_is_lifted_with_a_reason(
    api: Api, operator: httpx.AsyncClient, base: dict[str, Any]
) -> None:
    customer = await _customer(operator, base)
    campaign = await api.campaign("ventas")
    await _ringing(api, "+34612345678")
    body = {"customer_id": customer["id"], "reason": "asked for it"}
    blocked = accepted(await operator.post("/api/do-not-call", json=body), 201)
    assert blocked == {"numbers": ["+34612345678", "+34912345678"], "hung_up": 1}
    async with api.db.connection() as conn:
        [cancel] = await commands.queued(conn)
    assert cancel.kind is commands.Kind.CALL_CANCEL
    params = {"number": "+34612345678", "campaign_id": str(campaign.id)}
    assert accepted(await operator.get("/api/do-not-call/check", params=params))["blocked"] is True
    entries = accepted(await operator.get("/api/do-not-call?number=612345678"))["items"]
    assert [(one["source"], one["reason"]) for one in entries] == [("supervisor", "asked for it")]
    lift = f"/api/do-not-call/{entries[0]['id']}/lift"
    assert accepted(await operator.post(lift, json={"reason": "mistake"})) == {"lifted": True}
    assert accepted(await operator.post(lift, json={"reason": "mistake"})) == {"lifted": False}
    assert accepted(await operator.get("/api/do-not-call/check", params=params))["blocked"] is False


async def _ringing(api: Api, e164: str) -> None:
    async with api.db.transaction() as conn:
        await ensure_partitions(conn, "attempt", NOW, 0)
        await conn.execute(
            "WITH a AS (INSERT INTO attempt (id, begun_at, kind, e164) VALUES"
            " ('00000000-0000-7000-8000-00000000000a', $2, 'dialled', $1))"
            " INSERT INTO live_attempt (attempt_id, begun_at, e164, worker, state, updated_at)"
            " VALUES ('00000000-0000-7000-8000-00000000000a', $2, $1, 'w', 'ringing', $2)",
            e164,
            NOW,
        )


async def test_customers_are_assigned_and_taken_back(
    api: Api, operator: httpx.AsyncClient, base: dict[str, Any]
) -> None:
    customer, agent = await _customer(operator, base), await api.agent()
    body = {"customer_ids": [customer["id"]], "agent_id": str(agent.id)}
    assert accepted(await operator.post("/api/customers/assign", json=body)) == {"assigned": 1}
    assert accepted(await operator.get(f"/api/customers/{customer['id']}"))["owner_id"] == str(agent.id)
    accepted(await operator.post("/api/customers/assign", json=body | {"agent_id": None}))
    assert accepted(await operator.get(f"/api/customers/{customer['id']}"))["owner_id"] is None
