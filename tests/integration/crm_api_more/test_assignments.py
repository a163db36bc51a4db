"""Filters, typed fields, assignments: customers found, dealt out, taken back, sent to Marcador."""

from collections import Counter
from typing import Any

import pytest

from crm_api.access import Role
from dialer.campaigns import Kind
from tests.integration.crm_api.given import Api, accepted, refused
from tests.integration.crm_api_more.people import NOBODY, People


@pytest.fixture
async def people(api: Api) -> People:
    return await People.given(api, agents=3)


def _where(field: str, op: str, value: Any = None) -> dict[str, Any]:
    return {"field": field, "op": op, "value": value}


def _all(*conditions: dict[str, Any], **about: Any) -> dict[str, Any]:
    return {"where": {"all": list(conditions)}} | about


async def test_filters_joined_by_and_find_those_who_fit_every_one(people: People) -> None:
    wanted = await people.customer("José García", data={"ciudad": "Córdoba"})
    await people.customer("José García", data={"ciudad": "Sevilla"})
    await people.customer("Luis Pérez", data={"ciudad": "Córdoba"})
    asked = _all(
        _where("name", "contains", "jose"), _where("data.ciudad", "equals", "cordoba"), base_id=people.base_id
    )
    assert accepted(await people.supervisor.post("/api/filters/count", json=asked)) == {"customers": 1}
    page = accepted(await people.supervisor.post("/api/filters/customers", json=asked))
    assert [one["id"] for one in page["items"]] == [wanted]
    other = _all(_where("name", "different", "Luis Pérez"))
    assert accepted(await people.supervisor.post("/api/filters/count", json=other)) == {"customers": 2}


async def test_a_search_may_ask_for_the_assigned_the_unassigned_and_a_maximum(people: People) -> None:
    for _ in range(4):
        await people.customer()
    body = {"filter": _all(maximum=3), "agent_ids": [str(people.agents[0].id)]}
    assert accepted(await people.supervisor.post("/api/assignments", json=body))["customers"] == 3
    for assigned, count in (("all", 4), ("assigned", 3), ("unassigned", 1)):
        asked = _all(assigned=assigned)
        found = accepted(await people.supervisor.post("/api/filters/count", json=asked))
        assert found == {"customers": count}


async def test_customers_are_dealt_out_in_equal_shares_and_the_seed_deals_the_same_again(
    people: People,
) -> None:
    for _ in range(10):
        await people.customer()
    body = {"filter": _all(), "agent_ids": [str(one.id) for one in people.agents], "seed": "lunes"}
    done = accepted(await people.supervisor.post("/api/assignments", json=body))
    assert sorted(one["customers"] for one in done["shares"]) == [3, 3, 4]
    found = accepted(await people.operator.get("/api/customers?limit=100"))["items"]
    owners = Counter(one["owner_id"] for one in found)
    assert owners == {one["agent_id"]: one["customers"] for one in done["shares"]}
    accepted(await people.supervisor.post("/api/assignments", json=body))
    again = accepted(await people.operator.get("/api/customers?limit=100"))["items"]
    assert {one["id"]: one["owner_id"] for one in again} == {one["id"]: one["owner_id"] for one in found}


async def test_fewer_customers_than_agents_are_refused(people: People) -> None:
    await people.customer()
    body = {"filter": _all(), "agent_ids": [str(one.id) for one in people.agents]}
    refused(await people.supervisor.post("/api/assignments", json=body), 409, "fewer_customers_than_agents")


async def test_assigned_customers_are_taken_back(people: People) -> None:
    await people.customer()
    body = {"filter": _all(), "agent_ids": [str(people.agents[0].id)]}
    accepted(await people.supervisor.post("/api/assignments", json=body))
    gone = await people.supervisor.post("/api/assignments/remove", json={"filter": _all()})
    assert accepted(gone) == {"customers": 1}
    card = accepted(await people.operator.get(f"/api/customers/{people.customers[0]}"))
    assert card["owner_id"] is None


async def test_customers_are_given_to_agents_of_the_campaigns_watched_only(api: Api, people: People) -> None:
    await people.customer()
    stranger = await api.agent((await api.campaign("otra")).id)
    for agent_id, status, error_id in (
        (str(stranger.id), 403, "agent_not_yours"),
        (NOBODY, 404, "agent_not_found"),
    ):
        body = {"filter": _all(), "agent_ids": [agent_id]}
        refused(await people.supervisor.post("/api/assignments", json=body), status, error_id)


@pytest.mark.parametrize(
    ("filter_", "error_id"),
    [
        (_all(_where("shoe", "equals", "44")), "unknown_field"),
        (_all(_where("name", "greater", "x")), "op_not_for_field"),
        (_all(_where("attempts", "greater", "many")), "bad_value"),
        (_all(_where("name", "equals")), "bad_value"),
        ({"where": {"all": [], "any": []}}, "bad_group"),
        (_all(zone="Mars/Olympus"), "bad_filter"),
        (_all(_where("name", "resembles", "x")), "invalid_request"),
        (_all(maximum=0), "invalid_request"),
        (_all(_where("name", "equals", True)), "invalid_request"),
    ],
)
async def test_a_filter_that_makes_no_sense_is_refused(
    people: People, filter_: dict[str, Any], error_id: str
) -> None:
    refused(await people.supervisor.post("/api/filters/count", json=filter_), 422, error_id)


async def test_what_is_wrong_with_a_condition_is_told_where_it_stands(people: People) -> None:
    inner = {"any": [_where("name", "equals", "x"), _where("name", "resembles", "x")]}
    answer = await people.supervisor.post("/api/filters/count", json=_all(_where("key", "empty"), inner))
    (wrong,) = refused(answer, 422, "invalid_request")["fields"]
    assert wrong["where"] == ["body", "where", "all", "1", "group", "any", "1", "condition", "op"]
    assert (wrong["problem"], wrong["params"]["allowed"].split(", ")[0]) == ("not_one_of", "equals")


async def test_filters_are_saved_for_oneself_or_for_everybody(api: Api, people: People) -> None:
    body = {"name": "Sin dueño", "filter": _all(_where("phones", "greater", 1), assigned="unassigned")}
    mine = accepted(await people.supervisor.post("/api/filters", json=body), 201)
    assert (mine["shared"], mine["filter"]["assigned"]) == (False, "unassigned")
    refused(await people.supervisor.post("/api/filters", json=body), 409, "filter_name_taken")
    ours = accepted(await people.supervisor.post("/api/filters", json=body | {"shared": True}), 201)
    other = await api.as_role(Role.SUPERVISOR, watches=(people.campaign.id,))
    assert [one["id"] for one in accepted(await other.get("/api/filters"))["items"]] == [ours["id"]]
    refused(await other.get(f"/api/filters/{mine['id']}"), 404, "not_found")
    edit = {"name": "Con teléfono", "filter": ours["filter"]}
    edited = accepted(await other.put(f"/api/filters/{ours['id']}", json=edit))
    assert (edited["name"], edited["filter"]) == ("Con teléfono", ours["filter"])
    accepted(await people.supervisor.delete(f"/api/filters/{ours['id']}"), 204)
    refused(await people.supervisor.delete(f"/api/filters/{ours['id']}"), 404, "not_found")


async def test_a_saved_filter_is_used_as_it_was_answered(people: People) -> None:
    await people.customer()
    body = {"name": "nuevos", "filter": _all(_where("created", "greater", {"days_ago": 1}))}
    made = accepted(await people.supervisor.post("/api/filters", json=body), 201)
    found = accepted(await people.supervisor.post("/api/filters/count", json=made["filter"]))
    assert found == {"customers": 1}


async def test_extra_columns_become_typed_fields_that_filters_know(people: People) -> None:
    await people.customer("A", data={"saldo": "1.200,50"})
    await people.customer("B", data={"saldo": "90"})
    address = f"/api/bases/{people.base_id}/fields"
    fields = {"fields": [{"name": "saldo", "type": "number", "label": "Saldo", "decimal": ","}]}
    saved = accepted(await people.operator.put(address, json=fields))
    assert accepted(await people.agent.get(address)) == saved
    asked = accepted(await people.supervisor.get(f"/api/filters/fields?base_id={people.base_id}&limit=200"))
    saldo = next(one for one in asked["items"] if one["name"] == "data.saldo")
    assert (saldo["kind"], saldo["label"]) == ("number", "Saldo")
    assert "greater" in saldo["ops"]
    less = _all(_where("data.saldo", "less", "100"), base_id=people.base_id)
    assert accepted(await people.supervisor.post("/api/filters/count", json=less)) == {"customers": 1}
    more = _all(_where("data.saldo", "greater", "1.000"), base_id=people.base_id)
    assert accepted(await people.supervisor.post("/api/filters/count", json=more)) == {"customers": 1}


@pytest.mark.parametrize(
    ("fields", "error_id"),
    [
        ([{"name": "a"}, {"name": "A"}], "field_twice"),
        ([{"name": "color", "type": "choice"}], "bad_field"),
        ([{"name": " a "}], "bad_field"),
        ([{"name": "a", "type": "colour"}], "invalid_request"),
    ],
)
async def test_fields_that_cannot_work_are_refused(
    people: People, fields: list[dict[str, Any]], error_id: str
) -> None:
    address = f"/api/bases/{people.base_id}/fields"
    refused(await people.operator.put(address, json={"fields": fields}), 422, error_id)
    refused(await people.operator.put(f"/api/bases/{NOBODY}/fields", json={"fields": []}), 404, "not_found")


async def test_a_search_becomes_a_dial_list_of_a_dialer_campaign(people: People) -> None:
    await people.customer()
    await people.customer()
    body = {"filter": _all(), "campaign_id": str(people.campaign.id), "name": "Marzo"}
    sent = accepted(await people.supervisor.post("/api/assignments/send", json=body), 201)
    assert (sent["sent"]["matched"], sent["sent"]["queued"]) == (2, 2)
    lists = accepted(await people.supervisor.get(f"/api/dial-lists?campaign_id={people.campaign.id}"))
    assert [(one["id"], one["name"]) for one in lists["items"]] == [(sent["dial_list_id"], "Marzo")]
    refused(await people.supervisor.post("/api/assignments/send", json=body), 409, "list_name_taken")
    await people.customer()
    more = await people.supervisor.post(f"/api/assignments/append/{sent['dial_list_id']}", json=_all())
    nobody = {"moved": 0, "already_open": 0, "do_not_call": 0, "no_phone": 0}
    assert accepted(more) == {"matched": 3, "queued": 1, "already_in_list": 2, **nobody}


async def test_who_waits_in_another_list_comes_along_or_waits_twice_when_that_is_asked(
    people: People,
) -> None:
    await people.customer()
    body = {"filter": _all(), "campaign_id": str(people.campaign.id), "name": "Marzo"}
    accepted(await people.supervisor.post("/api/assignments/send", json=body), 201)

    async def send(name: str, choice: str) -> dict[str, int]:
        more = body | {"name": name, "same_customer": choice}
        sent: dict[str, int] = accepted(
            await people.supervisor.post("/api/assignments/send", json=more), 201
        )["sent"]
        return {key: sent[key] for key in ("queued", "moved", "already_open")}

    assert await send("Abril", "refuse") == {"queued": 0, "moved": 0, "already_open": 1}
    assert await send("Mayo", "move") == {"queued": 0, "moved": 1, "already_open": 0}
    assert await send("Junio", "allow") == {"queued": 1, "moved": 0, "already_open": 0}
    body["same_customer"] = "twice"
    refused(await people.supervisor.post("/api/assignments/send", json=body), 422, "invalid_request")


async def test_only_a_dialer_campaign_one_watches_gets_a_list(api: Api, people: People) -> None:
    await people.customer()
    voice = await api.campaign("voz", kind=Kind.VOICE)
    body = {"filter": _all(), "campaign_id": str(voice.id), "name": "x"}
    refused(await people.supervisor.post("/api/assignments/send", json=body), 403, "campaign_not_yours")
    refused(await people.operator.post("/api/assignments/send", json=body), 422, "dialer_campaign_needed")
    nobody = _all(_where("name", "equals", "Nadie"))
    body |= {"filter": nobody, "campaign_id": str(people.campaign.id)}
    refused(await people.operator.post("/api/assignments/send", json=body), 409, "nobody_matches")


async def test_a_list_sent_with_a_schedule_goes_on_filling_itself_until_it_is_stopped(people: People) -> None:
    await people.customer()
    body = {
        "filter": _all(base_id=people.base_id),
        "campaign_id": str(people.campaign.id),
        "name": "Viva",
        "schedule": {"at": "09:30", "weekdays": [1, 3], "zone": "Europe/Madrid"},
    }
    sent = accepted(await people.supervisor.post("/api/assignments/send", json=body), 201)
    address = f"/api/assignments/refresh/{sent['dial_list_id']}"
    found = accepted(await people.supervisor.get(address))
    assert found["next_at"] == "2026-03-04T08:30:00Z"
    assert sorted(found["schedule"]["weekdays"]) == [1, 3]
    change = {"filter": found["filter"], "schedule": {"minutes": 60}}
    assert accepted(await people.supervisor.put(address, json=change))["next_at"] == "2026-03-02T16:00:00Z"
    both = {"filter": found["filter"], "schedule": {"minutes": 60, "at": "10:00"}}
    refused(await people.supervisor.put(address, json=both), 422, "bad_schedule")
    accepted(await people.supervisor.delete(address), 204)
    assert accepted(await people.supervisor.get(address))["next_at"] is None
    refused(await people.supervisor.get(f"/api/assignments/refresh/{NOBODY}"), 404, "not_found")
