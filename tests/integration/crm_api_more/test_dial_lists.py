"""Dial lists in a supervisor's hands: their contacts seen and ordered, moved, renamed, who comes next."""

from typing import Any
from uuid import UUID

import pytest

from crm_api.access import Role
from dialer.campaigns import Campaign, Kind
from tests.integration.crm_api.given import Api, accepted, refused
from tests.integration.crm_api_more.people import NOBODY, People


@pytest.fixture
async def people(api: Api) -> People:
    people = await People.given(api)
    for name in ("Ana", "Luis", "Eva"):
        await people.customer(name)
    return people


async def _sent(people: People, name: str = "Marzo", **filter_: Any) -> str:
    body = {"filter": filter_, "campaign_id": str(people.campaign.id), "name": name}
    made = accepted(await people.supervisor.post("/api/assignments/send", json=body), 201)
    return str(made["dial_list_id"])


async def _contacts(people: People, list_id: str, query: str = "") -> list[dict[str, Any]]:
    found = accepted(await people.supervisor.get(f"/api/dial-lists/{list_id}/contacts{query}"))
    return list(found["items"])


async def _next(people: People) -> list[str]:
    found = accepted(await people.supervisor.get(f"/api/campaigns/{people.campaign.id}/next"))
    return [one["name"] for one in found["contacts"]]


async def test_a_lists_contacts_are_seen_by_state_with_the_number_called_next(people: People) -> None:
    list_id = await _sent(people)
    found = await _contacts(people, list_id)
    assert sorted(one["name"] for one in found) == ["Ana", "Eva", "Luis"]
    assert {one["e164"] for one in found} == {f"+346000000{n:02}" for n in (1, 2, 3)}
    assert await _contacts(people, list_id, "?state=exhausted") == []
    assert len(await _contacts(people, list_id, "?state=pending&state=exhausted")) == 3
    shown = accepted(await people.supervisor.get(f"/api/contacts/{found[0]['id']}"))
    assert shown == found[0]


async def test_who_is_dialled_next_follows_priorities_of_lists_and_contacts(people: People) -> None:
    first = await _sent(people, maximum=2)
    second = await _sent(people, "Abril")
    order = await _next(people)
    assert len(order) == 3
    assert order[:2] == [one["name"] for one in await _contacts(people, first)]
    last = (await _contacts(people, first))[1]
    edited = await people.supervisor.patch(f"/api/contacts/{last['id']}", json={"priority": 1})
    assert accepted(edited)["priority"] == 1
    assert await _next(people) == [order[1], order[0], order[2]]
    accepted(await people.supervisor.patch(f"/api/dial-lists/{second}", json={"priority": 1}))
    assert await _next(people) == [order[2], order[1], order[0]]
    accepted(await people.supervisor.patch(f"/api/dial-lists/{first}", json={"paused": True}))
    assert await _next(people) == [order[2]]


async def test_who_is_dialled_next_can_be_asked_of_a_time_to_come(people: People) -> None:
    later = {"campaign": "ventas", "destination": "+34611111111", "calldate": "2026-03-02T18:00:00Z"}
    accepted(await people.operator.post("/api/records", json=later | {"name": "Tarde"}), 201)
    assert await _next(people) == []
    address = f"/api/campaigns/{people.campaign.id}/next?at=2026-03-02T18:00:00Z"
    assert [one["name"] for one in accepted(await people.supervisor.get(address))["contacts"]] == ["Tarde"]


async def test_a_contact_is_taken_out_of_its_list_with_its_call_back(people: People) -> None:
    list_id = await _sent(people)
    contact = (await _contacts(people, list_id))[0]
    event_id = await _call_back(people, contact)
    event = accepted(await people.supervisor.get(f"/api/agenda/{event_id}"))
    assert event["contact_id"] == contact["id"]
    address = f"/api/contacts/{contact['id']}"
    accepted(await people.supervisor.delete(address), 204)
    assert accepted(await people.supervisor.get(address))["final_reason"] == "by_hand"
    assert accepted(await people.supervisor.get(f"/api/agenda/{event_id}"))["state"] == "removed"
    refused(await people.supervisor.delete(address), 409, "contact_ended")
    refused(await people.supervisor.patch(address, json={"priority": 1}), 409, "contact_ended")


async def test_a_page_of_lists_says_how_far_each_is_when_it_is_asked_to(people: People) -> None:
    first = await _sent(people)
    empty = {"campaign_id": str(people.campaign.id), "base_id": people.base_id, "name": "Abril"}
    second = accepted(await people.supervisor.post("/api/dial-lists", json=empty), 201)["id"]
    async with people.api.db.transaction() as conn:
        states = ("pending", "done", "scheduled")
        for one, state in zip(await _contacts(people, first), states, strict=True):
            await conn.execute("UPDATE contact SET state = $2, attempts = 1 WHERE id = $1", one["id"], state)
    address = f"/api/dial-lists?campaign_id={people.campaign.id}"
    plain = accepted(await people.supervisor.get(address))["items"]
    assert [one["progress"] for one in plain] == [None, None]
    listed = accepted(await people.supervisor.get(f"{address}&with_progress=true"))["items"]
    assert {one["id"]: one["progress"]["total"] for one in listed} == {first: 3, second: 0}
    for one in listed:
        alone = accepted(await people.supervisor.get(f"/api/dial-lists/{one['id']}"))
        assert one == alone
        progress = one["progress"]
        assert sum(progress["by_state"].values()) == progress["total"]
        assert progress["untouched"] + progress["in_retry"] == progress["by_state"].get("pending", 0)


async def _call_back(people: People, contact: dict[str, Any]) -> str:
    event = {
        "campaign_id": str(people.campaign.id),
        "customer_id": contact["customer_id"],
        "phone": contact["e164"],
        "local": "2026-03-03T10:00:00",
        "zone": "Europe/Madrid",
    }
    made = accepted(await people.agent.post("/api/agenda", json=event), 201)["event"]
    return str(made["id"])


async def test_with_a_list_or_a_base_go_the_call_backs_of_those_who_waited_in_it(people: People) -> None:
    """They would stand in the agents' calendars for ever, and nobody would be called."""
    list_id = await _sent(people, maximum=1)
    (contact,) = await _contacts(people, list_id)
    of_list = await _call_back(people, contact)
    (other,) = [one for one in people.customers if one != contact["customer_id"]][:1]
    card = accepted(await people.supervisor.get(f"/api/customers/{other}"))
    of_base = await _call_back(people, {"customer_id": other, "e164": card["phones"][0]["e164"]})
    accepted(await people.supervisor.delete(f"/api/dial-lists/{list_id}"))

    async def states() -> list[str]:
        answers = [await people.supervisor.get(f"/api/agenda/{one}") for one in (of_list, of_base)]
        return [accepted(answer)["state"] for answer in answers]

    assert await states() == ["removed", "pending"]
    told = accepted(await people.operator.get(f"/api/bases/{people.base_id}/deletion"))
    assert "agenda_events" in told["goes"]
    accepted(await people.operator.delete(f"/api/bases/{people.base_id}?token={told['token']}"))
    assert await states() == ["removed", "removed"]


async def _other(people: People) -> Campaign:
    """A second campaign, watched by the supervisor too."""
    other = await people.api.campaign("cobros", region="ES")
    watches = (people.campaign.id, other.id)
    people.supervisor = await people.api.as_role(Role.SUPERVISOR, watches=watches)
    return other


async def test_a_list_moves_to_another_campaign_with_its_call_backs(people: People) -> None:
    other = await _other(people)
    list_id = await _sent(people)
    contact = (await _contacts(people, list_id))[0]
    event = {
        "campaign_id": str(people.campaign.id),
        "customer_id": contact["customer_id"],
        "phone": contact["e164"],
        "local": "2026-03-03T10:00:00",
        "zone": "Europe/Madrid",
    }
    made = accepted(await people.agent.post("/api/agenda", json=event), 201)["event"]
    address = f"/api/dial-lists/{list_id}/move"
    moved = await people.supervisor.post(address, json={"campaign_id": str(other.id)})
    assert accepted(moved) == {"open": 3, "already_open": 0, "taken_in": 0}
    lists = accepted(await people.supervisor.get(f"/api/dial-lists?campaign_id={other.id}"))["items"]
    assert [one["id"] for one in lists] == [list_id]
    event_now = accepted(await people.supervisor.get(f"/api/agenda/{made['id']}"))
    assert (event_now["campaign_id"], event_now["contact_id"]) == (str(other.id), contact["id"])
    refused(await people.supervisor.post(address, json={"campaign_id": str(other.id)}), 409, "same_campaign")


async def test_a_call_back_whose_contact_is_not_queued_twice_is_waited_for_by_the_other_one(
    people: People,
) -> None:
    """It was agreed on with the customer, who is called for it whichever list that is."""
    other = await _other(people)
    list_id = await _sent(people)
    body = {"filter": {}, "campaign_id": str(other.id), "name": "Cobros"}
    there = accepted(await people.supervisor.post("/api/assignments/send", json=body), 201)["dial_list_id"]
    contact = (await _contacts(people, list_id))[0]
    event_id = await _call_back(people, contact)
    address = f"/api/dial-lists/{list_id}/move"
    moved = accepted(await people.supervisor.post(address, json={"campaign_id": str(other.id)}))
    assert moved == {"open": 0, "already_open": 3, "taken_in": 0}
    event = accepted(await people.supervisor.get(f"/api/agenda/{event_id}"))
    (waits,) = await _contacts(people, there, "?state=scheduled")
    assert waits["customer_id"] == contact["customer_id"]
    assert (event["state"], event["campaign_id"], event["contact_id"]) == (
        *("pending", str(other.id)),
        waits["id"],
    )


async def test_a_list_is_moved_by_who_runs_both_campaigns_and_to_a_dialers_only(people: People) -> None:
    list_id = await _sent(people)
    address = f"/api/dial-lists/{list_id}/move"
    strange = await people.api.campaign("otra", region="ES")
    voice = await people.api.campaign("voz", kind=Kind.VOICE)
    for campaign_id, client, status, error_id in (
        (strange.id, people.supervisor, 403, "campaign_not_yours"),
        (voice.id, people.operator, 422, "dialer_campaign_needed"),
        (UUID(NOBODY), people.operator, 404, "campaign_not_found"),
    ):
        refused(await client.post(address, json={"campaign_id": str(campaign_id)}), status, error_id)


async def test_a_list_is_renamed_and_its_end_moved(people: People) -> None:
    first, second = await _sent(people), await _sent(people, "Abril")
    address = f"/api/dial-lists/{second}"
    refused(await people.supervisor.patch(address, json={"name": "Marzo"}), 409, "list_name_taken")
    body = {"name": "Mayo", "expires_at": "2026-05-31T22:00:00Z"}
    edited = accepted(await people.supervisor.patch(address, json=body))
    assert (edited["name"], edited["expires_at"]) == ("Mayo", "2026-05-31T22:00:00Z")
    again = accepted(await people.supervisor.patch(address, json={"expires_at": None}))
    assert (again["name"], again["expires_at"]) == ("Mayo", None)
    assert first != second


async def test_another_supervisors_contacts_are_not_seen(people: People) -> None:
    list_id = await _sent(people)
    contact = (await _contacts(people, list_id))[0]
    stranger = await people.api.as_role(Role.SUPERVISOR)
    for address in (
        f"/api/dial-lists/{list_id}/contacts",
        f"/api/contacts/{contact['id']}",
        f"/api/contacts/{contact['id']}/why-not",
        f"/api/campaigns/{people.campaign.id}/next",
    ):
        refused(await stranger.get(address), 403, "campaign_not_yours")
