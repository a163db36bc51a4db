"""Results in bulk, the warning for voice campaigns, and results in use."""

from urllib.parse import urlencode

import httpx
import pytest

from dialer.campaigns import Kind
from tests.integration.crm_api.given import Api, accepted, refused
from tests.integration.crm_api_more.people import NOBODY, People


@pytest.fixture
async def people(api: Api) -> People:
    return await People.given(api)


async def _bulk(
    client: httpx.AsyncClient, text: bytes, *campaigns: object, **asked: object
) -> httpx.Response:
    query = urlencode([("campaign_id", str(one)) for one in campaigns] + list(asked.items()))
    return await client.post(f"/api/results/bulk?{query}", content=text)


async def test_the_downloaded_example_can_be_uploaded_and_makes_its_tree(people: People) -> None:
    example = await people.supervisor.get("/api/results/example")
    assert example.headers["content-type"].startswith("text/csv")
    seen = accepted(await _bulk(people.supervisor, example.content, people.campaign.id))
    assert (seen["made"], seen["to_create"], seen["refused"]) == (0, 7, 0)
    tree = f"/api/results?campaign_id={people.campaign.id}"
    assert accepted(await people.agent.get(tree))["roots"] == []
    done = accepted(await _bulk(people.supervisor, example.content, people.campaign.id, dry_run="false"))
    assert done["made"] == 7
    roots = accepted(await people.agent.get(tree))["roots"]
    assert [one["result"]["name"] for one in roots] == [
        "Venta", "Volver a llamar", "No contesta", "No le interesa"
    ]  # fmt: skip
    assert [one["result"]["name"] for one in roots[0]["children"]] == ["Plan básico", "Plan completo"]
    again = accepted(await _bulk(people.supervisor, example.content, people.campaign.id, dry_run="false"))
    assert (again["made"], again["existing"]) == (0, 6)


async def test_one_wrong_line_and_nothing_is_made(people: People) -> None:
    text = b"nivel 1;accion\nVenta;sin accion\nOtra;volar\n"
    seen = accepted(await _bulk(people.supervisor, text, people.campaign.id))
    assert [(one["line"], one["error_id"]) for one in seen["lines"]] == [(2, ""), (3, "action_unknown")]
    answer = await _bulk(people.supervisor, text, people.campaign.id, dry_run="false")
    assert refused(answer, 422, "rows_refused") == {"lines": [3]}
    tree = f"/api/results?campaign_id={people.campaign.id}"
    assert accepted(await people.agent.get(tree))["roots"] == []


async def test_an_action_in_bulk_for_voice_and_dialer_campaigns_asks_to_be_confirmed(
    api: Api, people: People
) -> None:
    voice = await api.campaign("voz", kind=Kind.VOICE)
    text = b"nivel 1;accion\nRellamar;rellamar\n"
    both = (people.campaign.id, voice.id)
    refused(await _bulk(people.operator, text, *both, dry_run="false"), 409, "mixed_campaigns")
    done = accepted(await _bulk(people.operator, text, *both, dry_run="false", confirm="true"))
    assert done["made"] == 1
    refused(await _bulk(people.supervisor, text, *both), 403, "campaign_not_yours")


async def test_the_warning_holds_for_every_level_of_the_tree(api: Api, people: People) -> None:
    """Campaigns belong to the first level, actions to any of them."""
    voice = await api.campaign("voz", kind=Kind.VOICE)
    both = [str(people.campaign.id), str(voice.id)]
    post, put = people.operator.post, people.operator.put
    root = accepted(await post("/api/results", json={"name": "No contesta", "campaign_ids": both}), 201)
    child = {"name": "Ocupado", "action": "recall", "parent_id": root["id"]}
    assert refused(await post("/api/results", json=child), 409, "mixed_campaigns") == {"action": "recall"}
    made = accepted(await post("/api/results", json=child | {"confirm": True}), 201)
    edit = {"name": "Ocupado", "action": "recall_alternate"}
    refused(await put(f"/api/results/{made['id']}", json=edit), 409, "mixed_campaigns")
    accepted(await put(f"/api/results/{made['id']}", json={"name": "Ocupado"}))
    accepted(await put(f"/api/results/{made['id']}", json=edit | {"confirm": True}))

    alone = {"name": "No contesta", "campaign_ids": both[:1]}
    accepted(await put(f"/api/results/{root['id']}", json=alone))
    refused(
        await put(f"/api/results/{root['id']}", json=alone | {"campaign_ids": both}), 409, "mixed_campaigns"
    )
    accepted(await people.operator.delete(f"/api/results/{made['id']}"), 204)
    accepted(await put(f"/api/results/{root['id']}", json=alone | {"campaign_ids": both}))


async def test_two_results_that_differ_in_case_only_are_one_to_an_agent(people: People) -> None:
    body = {"name": "Venta", "campaign_ids": [str(people.campaign.id)]}
    accepted(await people.supervisor.post("/api/results", json=body), 201)
    refused(await people.supervisor.post("/api/results", json=body | {"name": "VENTA "}), 409, "name_taken")
    text = "nivel 1;nivel 2;accion\nventa;Básico;sin accion\n".encode()
    done = accepted(await _bulk(people.supervisor, text, people.campaign.id, dry_run="false"))
    assert done["made"] == 1
    roots = accepted(await people.agent.get(f"/api/results?campaign_id={people.campaign.id}"))["roots"]
    assert [(one["result"]["name"], len(one["children"])) for one in roots] == [("Venta", 1)]


async def test_what_is_no_results_file_is_refused(people: People) -> None:
    refused(await _bulk(people.supervisor, b"a;b\n", people.campaign.id), 422, "header_missing")
    refused(await _bulk(people.supervisor, b"nivel 1\nA\n"), 422, "invalid_request")
    refused(await _bulk(people.operator, b"nivel 1\nA\n", NOBODY, dry_run="false"), 404, "campaign_not_found")
    huge = b"nivel 1\n" + b"x" * (1 << 20)
    refused(await _bulk(people.supervisor, huge, people.campaign.id), 413, "body_too_large")


async def test_a_result_in_use_is_retired_and_never_lost_from_history(people: People) -> None:
    customer = await people.customer()
    body = {"name": "Venta", "action": "no_action", "campaign_ids": [str(people.campaign.id)]}
    result = accepted(await people.supervisor.post("/api/results", json=body), 201)
    said = {"campaign_id": str(people.campaign.id), "customer_id": customer, "path": [result["id"]]}
    key = {"Idempotency-Key": "1"}
    accepted(await people.agent.post("/api/interactions", json=said, headers=key), 201)
    accepted(await people.supervisor.delete(f"/api/results/{result['id']}"), 204)
    history = accepted(await people.agent.get(f"/api/interactions?customer_id={customer}"))["items"]
    assert [one["result_names"] for one in history] == [["Venta"]]
    again = await people.agent.post("/api/interactions", json=said, headers={"Idempotency-Key": "2"})
    refused(again, 422, "result_unknown")
