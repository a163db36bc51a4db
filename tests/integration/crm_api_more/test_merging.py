"""Merging customers through the API: shown first, both histories kept, audited."""

from datetime import timedelta
from typing import Any

import pytest

from crm_api.access import Role
from storage.partitions import ensure_partitions
from tests.integration.crm_api.given import NOW, Api, accepted, refused
from tests.integration.crm_api_more.people import NOBODY, People
from tests.integration.reports.history import History


@pytest.fixture
async def people(api: Api) -> People:
    return await People.given(api)


async def _plan(people: People, kept: str, gone: str) -> dict[str, Any]:
    response = await people.supervisor.post(f"/api/customers/{kept}/merge", json={"other_id": gone})
    plan: dict[str, Any] = accepted(response)
    return plan


async def _merge(people: People, kept: str, gone: str) -> dict[str, Any]:
    body = {"other_id": gone, "confirm": (await _plan(people, kept, gone))["token"]}
    done: dict[str, Any] = accepted(await people.supervisor.post(f"/api/customers/{kept}/merge", json=body))
    return done


async def _talked(people: People, customer_id: str, hours: int, name: str) -> None:
    async with people.api.db.transaction() as conn:
        await ensure_partitions(conn, "attempt", NOW, 1)
        past = History(conn, campaign_id=people.campaign.id)
        at = NOW - timedelta(hours=hours)
        call = await past.call(at, customer_id=customer_id)
        await past.said(call, at, await past.result(name), customer_id=customer_id)


async def test_both_histories_are_kept_under_the_one_that_stays(people: People) -> None:
    kept, gone = await people.customer("Ana"), await people.customer("Ana B")
    await _talked(people, kept, 3, "Venta")
    await _talked(people, gone, 2, "Reclamo")
    event = {
        "campaign_id": str(people.campaign.id),
        "customer_id": gone,
        "phone": "+34600000002",
        "local": "2026-03-03T10:00:00",
        "zone": "Europe/Madrid",
    }
    made = accepted(await people.agent.post("/api/agenda", json=event), 201)["event"]
    plan = await _plan(people, kept, gone)
    counts = {name: plan[name] for name in ("attempts", "interactions", "events", "merge_id")}
    assert counts == {"attempts": 1, "interactions": 1, "events": 1, "merge_id": None}
    assert plan["phones_added"] == ["+34600000002"]
    done = await _merge(people, kept, gone)
    history = accepted(await people.agent.get(f"/api/interactions?customer_id={kept}"))["items"]
    assert [one["result_names"] for one in history] == [["Reclamo"], ["Venta"]]
    calls = accepted(await people.agent.get(f"/api/attempts?customer_id={kept}"))["items"]
    assert len(calls) == 2
    events = accepted(await people.agent.get(f"/api/customers/{kept}/events"))["items"]
    assert [one["id"] for one in events] == [made["id"]]
    card = accepted(await people.agent.get(f"/api/customers/{gone}"))
    assert (card["id"], len(card["phones"])) == (kept, 2)
    (told,) = accepted(await people.supervisor.get(f"/api/customers/{kept}/merges"))["items"]
    assert (told["id"], told["undo"]["interactions"]) == (done["merge_id"], [history[0]["id"]])
    assert told["undo"]["events"] == [made["id"]]
    admin = await people.api.as_role(Role.ADMIN)
    rows = accepted(await admin.get("/api/audit?action=merging.merge"))["items"]
    assert (rows[0]["target"], rows[0]["detail"]["other"]) == (kept, gone)


async def test_a_merge_that_was_not_shown_is_refused(people: People) -> None:
    kept, gone = await people.customer("Ana"), await people.customer("Ana B")
    plan = await _plan(people, kept, gone)
    more = {"number": "+34611111111"}
    accepted(await people.agent.post(f"/api/customers/{gone}/phones", json=more), 201)
    address = f"/api/customers/{kept}/merge"
    stale = {"other_id": gone, "confirm": plan["token"]}
    refused(await people.supervisor.post(address, json=stale), 409, "not_as_shown")
    refused(await people.supervisor.post(address, json={"other_id": kept}), 422, "same_customer")
    refused(await people.supervisor.post(address, json={"other_id": NOBODY}), 404, "not_found")
    base = accepted(await people.operator.post("/api/bases", json={"name": "otra", "region": "ES"}), 201)
    stranger = await people.customer("Otra", base_id=base["id"])
    refused(await people.supervisor.post(address, json={"other_id": stranger}), 409, "other_base")


async def test_possible_duplicates_are_listed_with_their_cards(people: People) -> None:
    kept = await people.customer("Ana", document="7")
    other = await people.customer("Ana B", document="7", key="b")
    address = f"/api/customers/duplicates?base_id={people.base_id}"
    (found,) = accepted(await people.supervisor.get(address))["items"]
    assert (found["value"], found["customers"]) == ("7", 2)
    assert [one["id"] for one in found["first"]] == [kept, other]
    await _merge(people, kept, other)
    assert accepted(await people.supervisor.get(address))["items"] == []
    nowhere = f"/api/customers/duplicates?base_id={NOBODY}"
    refused(await people.supervisor.get(nowhere), 404, "not_found")


async def test_a_file_that_names_the_key_of_the_one_that_went_makes_no_new_customer(people: People) -> None:
    kept = await people.customer("Ana", key="k1")
    gone = await people.customer("Ana B", key="k2")
    await _merge(people, kept, gone)
    fields = {"fields": [{"name": "saldo"}]}
    accepted(await people.operator.put(f"/api/bases/{people.base_id}/fields", json=fields))
    query = {"mapping": "key=clave", "column": "saldo", "create": "true"}
    address = f"/api/bases/{people.base_id}/update"
    file = b"clave;saldo\nk2;9\n"
    shown = accepted(await people.supervisor.post(address, params=query, content=file))
    assert (shown["created"], shown["changed"]) == (0, 1)
    confirmed = query | {"confirm": shown["token"]}
    accepted(await people.supervisor.post(address, params=confirmed, content=file))
    assert accepted(await people.agent.get(f"/api/customers/{kept}"))["data"] == {"saldo": "9"}


async def test_a_merge_undone_gives_both_their_own_history_back(people: People) -> None:
    kept, gone = await people.customer("Ana"), await people.customer("Ana B")
    await _talked(people, kept, 3, "Venta")
    await _talked(people, gone, 2, "Reclamo")
    event = {
        "campaign_id": str(people.campaign.id),
        "customer_id": gone,
        "phone": "+34600000002",
        "local": "2026-03-03T10:00:00",
        "zone": "Europe/Madrid",
    }
    made = accepted(await people.agent.post("/api/agenda", json=event), 201)["event"]
    done = await _merge(people, kept, gone)
    address = f"/api/customers/{kept}/merges/{done['merge_id']}/undo"
    back = accepted(await people.supervisor.post(address))
    moved = {name: back[name] for name in ("phones", "attempts", "interactions", "events", "fields")}
    assert moved == {"phones": 1, "attempts": 1, "interactions": 1, "events": 1, "fields": []}
    for customer_id, said in ((kept, "Venta"), (gone, "Reclamo")):
        assert accepted(await people.agent.get(f"/api/customers/{customer_id}"))["id"] == customer_id
        history = accepted(await people.agent.get(f"/api/interactions?customer_id={customer_id}"))["items"]
        assert [one["result_names"] for one in history] == [[said]]
    events = accepted(await people.agent.get(f"/api/customers/{gone}/events"))["items"]
    assert [one["id"] for one in events] == [made["id"]]
    (told,) = accepted(await people.supervisor.get(f"/api/customers/{kept}/merges"))["items"]
    assert told["undone_at"]
    refused(await people.supervisor.post(address), 409, "already_undone")
    refused(await people.agent.post(address), 403, "role_too_low")
    nothing = f"/api/customers/{kept}/merges/{NOBODY}/undo"
    refused(await people.supervisor.post(nothing), 404, "not_found")
    admin = await people.api.as_role(Role.ADMIN)
    rows = accepted(await admin.get("/api/audit?action=merging.undo"))["items"]
    assert (rows[0]["target"], rows[0]["detail"]["other"]) == (kept, gone)


async def test_of_two_merges_the_last_is_undone_first(people: People) -> None:
    first, second, third = [await people.customer(name) for name in ("Ana", "Ana B", "Ana C")]
    inner = await _merge(people, second, first)
    people.api.clock.at += timedelta(minutes=1)
    await _merge(people, third, second)
    address = f"/api/customers/{first}/merges/{inner['merge_id']}/undo"
    refused(await people.supervisor.post(address), 409, "merge_not_last")
