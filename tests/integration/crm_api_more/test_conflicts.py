"""What conflicts with what is there: a name twice, an act that comes too late or in the middle of a call."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import httpx
import pytest

from crm_api.access import Role
from crm_api.deliveries import service as deliveries
from crm_api.settings import ApiSettings
from storage.database import Database
from storage.partitions import ensure_partitions
from tests.integration.crm_api.given import NOW, Api, accepted, refused
from tests.integration.crm_api.witness import check
from tests.integration.crm_api_more.people import People
from tests.integration.reports.history import History


@pytest.fixture
async def people(api: Api) -> People:
    return await People.given(api)


@dataclass(frozen=True)
class Named:
    """Things known by a name (or code, or number): how one is made, and how it is given another's."""

    address: str
    error_id: str
    key: str = "name"
    names: tuple[str, str] = ("uno", "dos")
    body: Mapping[str, Any] | None = None
    of_campaign: str = ""
    """Where the campaign's id goes."""
    edit: str = "whole"
    """`name`: by its name alone. Empty: its name stays."""


NAMED = {
    "agents": Named("agents", "name_taken", "code", body={"name": "Eva", "dial": "PJSIP/1"}),
    "bases": Named("bases", "base_name_taken", body={"region": "ES"}, edit=""),
    "campaigns": Named("campaigns", "name_taken", edit="name"),
    "dial_lists": Named("dial-lists", "list_name_taken", of_campaign="campaign_id", edit="name"),
    "dids": Named("dids", "number_taken", "number", ("5501", "5502"), of_campaign="campaign_id"),
    "filters": Named("filters", "filter_name_taken", body={"filter": {}}),
    "profiles": Named("profiles", "name_taken"),
    "results": Named("results", "name_taken", of_campaign="campaign_ids"),
    "trunks": Named("trunks", "name_taken", body={"dial": "PJSIP/{number}@carrier"}),
    "users": Named(
        "users", "login_taken", "login", body={"name": "Eva", "password": "x" * 12, "role": "admin"}, edit=""
    ),
}


async def test_a_name_is_given_once(people: People, admin: httpx.AsyncClient) -> None:
    campaign = str(people.campaign.id)
    for kind, named in NAMED.items():
        body = dict(named.body or {})
        if named.of_campaign:
            body[named.of_campaign] = [campaign] if named.of_campaign.endswith("s") else campaign
        if kind == "dial_lists":
            body["base_id"] = people.base_id
        address, (first, second) = f"/api/{named.address}", named.names
        accepted(await admin.post(address, json=body | {named.key: first}), 201)
        refused(await admin.post(address, json=body | {named.key: first}), 409, named.error_id)
        other = accepted(await admin.post(address, json=body | {named.key: second}), 201)["id"]
        edit = (body if named.edit == "whole" else {}) | {named.key: first}
        if named.edit:
            method = "PATCH" if kind == "dial_lists" else "PUT"
            refused(await admin.request(method, f"{address}/{other}", json=edit), 409, named.error_id)


async def test_a_customer_is_made_once_in_a_base(people: People) -> None:
    await people.customer("Ana", key="A1")
    body = {"base_id": people.base_id, "key": "A1", "phones": [{"number": "+34600000099"}]}
    refused(await people.agent.post("/api/customers", json=body), 409, "customer_exists")


async def _live(people: People, customer_id: str, contact_id: str | None = None) -> None:
    """A call to this customer is under way."""
    async with people.api.db.transaction() as conn:
        await ensure_partitions(conn, "attempt", NOW, 1)
        past = History(conn, campaign_id=people.campaign.id)
        attempt = await past.begun(NOW, customer_id=UUID(customer_id), e164="+34600000001")
        await conn.execute(
            "INSERT INTO live_attempt"
            " (attempt_id, begun_at, campaign_id, contact_id, customer_id, e164, worker, state, updated_at)"
            " VALUES ($1, $2, $3, $4, $5, '+34600000001', 'w', 'begun', $2)",
            attempt, NOW, people.campaign.id, contact_id, UUID(customer_id),
        )  # fmt: skip
        if contact_id is not None:
            await conn.execute("UPDATE contact SET state = 'live' WHERE id = $1", UUID(contact_id))


async def test_customers_are_neither_merged_nor_parted_while_one_is_in_a_call(people: People) -> None:
    kept, gone, third = [await people.customer(name) for name in ("Ana", "Ana B", "Ana C")]
    address = f"/api/customers/{kept}/merge"

    async def merged(other: str) -> httpx.Response:
        plan = accepted(await people.supervisor.post(address, json={"other_id": other}))
        body = {"other_id": other, "confirm": plan["token"]}
        return await people.supervisor.post(address, json=body)

    done = accepted(await merged(gone))
    await _live(people, kept)
    refused(await merged(third), 409, "customer_live")
    undo = f"/api/customers/{kept}/merges/{done['merge_id']}/undo"
    refused(await people.supervisor.post(undo), 409, "customer_live")


async def test_neither_a_contact_in_a_call_is_taken_out_nor_its_list_moved(people: People) -> None:
    customer = await people.customer()
    send = {"filter": {}, "campaign_id": str(people.campaign.id), "name": "marzo"}
    listed = accepted(await people.supervisor.post("/api/assignments/send", json=send), 201)["dial_list_id"]
    (contact,) = accepted(await people.supervisor.get(f"/api/dial-lists/{listed}/contacts"))["items"]
    await _live(people, customer, contact["id"])
    refused(await people.supervisor.delete(f"/api/contacts/{contact['id']}"), 409, "contact_live")
    other = await people.api.campaign("otra")
    moved = await people.operator.post(f"/api/dial-lists/{listed}/move", json={"campaign_id": str(other.id)})
    refused(moved, 409, "list_live")


async def test_a_list_holds_customers_of_one_base(people: People) -> None:
    made = {"campaign_id": str(people.campaign.id), "base_id": people.base_id, "name": "marzo"}
    listed = accepted(await people.supervisor.post("/api/dial-lists", json=made), 201)["id"]
    base = accepted(await people.operator.post("/api/bases", json={"name": "otra", "region": "ES"}), 201)
    await people.customer(base_id=base["id"])
    theirs = {"base_id": base["id"]}
    added = await people.supervisor.post(f"/api/assignments/append/{listed}", json=theirs)
    refused(added, 409, "other_base")


async def test_a_retired_result_is_neither_edited_nor_grown(people: People) -> None:
    body = {"name": "Venta", "campaign_ids": [str(people.campaign.id)]}
    made = accepted(await people.supervisor.post("/api/results", json=body), 201)["id"]
    accepted(await people.supervisor.delete(f"/api/results/{made}"), 204)
    edit = await people.supervisor.put(f"/api/results/{made}", json={"name": "Otra"})
    refused(edit, 409, "retired")
    below = {"name": "Oro", "parent_id": made}
    refused(await people.supervisor.post("/api/results", json=below), 409, "parent_retired")


async def test_nobody_has_more_deliveries_than_can_be_looked_after(
    db: Database, tmp_path: Any, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    monkeypatch.setattr(deliveries, "MOST", 1)
    api = Api(db, settings=ApiSettings(report_dir=tmp_path))
    supervisor = await api.as_role(Role.SUPERVISOR)
    body = {"name": "Diario", "times": {"at": "08:00", "zone": "Europe/Madrid"}, "folder": "x"}
    accepted(await supervisor.post("/api/deliveries", json=body), 201)
    params = refused(await supervisor.post("/api/deliveries", json=body), 409, "too_many_deliveries")
    assert params == {"limit": 1}
    (made,) = accepted(await supervisor.get("/api/deliveries"))["items"]
    mailed = body | {"recipients": ["jefa@example.com"], "folder": None}
    edit = await supervisor.put(f"/api/deliveries/{made['id']}", json=mailed)
    refused(edit, 409, "no_mail_server")
    await api.close()
    check(request.node, api.seen, api.conflicts)
