"""Things read one at a time, wishes for a campaign, and an agent's acts given to the engine."""

import httpx

from crm_api.access import Role
from dialer.campaigns import Desired
from tests.integration.crm_api.given import Api, accepted, refused
from tests.integration.crm_api.one_of_each import one_of_each
from tests.integration.crm_api_more.people import NOBODY, People


async def test_one_thing_is_read_as_its_list_shows_it(admin: httpx.AsyncClient) -> None:
    known = await one_of_each(admin)
    body = {"name": "todos", "filter": {}}
    known["filter_id"] = accepted(await admin.post("/api/filters", json=body), 201)["id"]
    for kind in ("campaign", "agent", "trunk", "filter", "user"):
        one = accepted(await admin.get(f"/api/{kind}s/{known[f'{kind}_id']}"))
        listed = accepted(await admin.get(f"/api/{kind}s"))["items"]
        assert one in listed


async def test_a_campaign_is_wished_paused_drained_and_stopped(api: Api) -> None:
    people = await People.given(api)
    for act, desired in (
        ("start", Desired.RUNNING),
        ("pause", Desired.PAUSED),
        ("drain", Desired.DRAINING),
        ("stop", Desired.STOPPED),
    ):
        changed = accepted(await people.supervisor.post(f"/api/campaigns/{people.campaign.id}/{act}"))
        assert changed["desired"] == desired


async def test_an_agents_acts_are_queued_for_the_engine(api: Api) -> None:
    people = await People.given(api)
    for act, body in (
        ("login", None),
        ("pause", {"reason": "café"}),
        ("ready", None),
        ("finishing", None),
        ("wrapup/extend", {"seconds": 30}),
        ("logout", None),
    ):
        asked = await people.agent.post(f"/api/agents/{people.agents[0].id}/{act}", json=body)
        command = accepted(asked, 202)
        assert (command["state"], command["target"]) == ("queued", str(people.agents[0].id))


async def test_a_number_on_the_screen_is_looked_up_in_the_campaigns_country(api: Api) -> None:
    people = await People.given(api)
    customer = await people.customer()
    query = {"number": "600 000 001", "campaign_id": str(people.campaign.id)}
    found = accepted(await people.agent.get("/api/customers/by-phone", params=query))
    assert [one["id"] for one in found["customers"]] == [customer]


async def test_words_are_served_in_both_languages_before_anybody_logs_in(api: Api) -> None:
    client = api.client()
    spanish = accepted(await client.get("/api/words"))
    english = accepted(await client.get("/api/words?language=en"))
    assert (spanish["language"], english["language"]) == ("es", "en")
    assert spanish["words"]["reason"]["list_paused"] == "la lista está en pausa"
    assert english["words"]["error"]["not_logged_in"] == "log in first"
    refused(await client.get("/api/words?language=fr"), 422, "invalid_request")


async def _event(people: People, day: int) -> str:
    event = {
        "campaign_id": str(people.campaign.id),
        "phone": "+34611111111",
        "local": f"2026-03-{day:02}T10:00:00",
        "zone": "Europe/Madrid",
        "agent_id": str(people.agents[0].id),
    }
    made = accepted(await people.supervisor.post("/api/agenda", json=event), 201)["event"]
    return str(made["id"])


async def test_all_events_of_an_agent_who_is_away_go_to_another(api: Api) -> None:
    people = await People.given(api, agents=2)
    today, tomorrow, later = [await _event(people, day) for day in (3, 4, 20)]
    away, other = (str(one.id) for one in people.agents)
    week = {"from_agent_id": away, "agent_id": other, "end": "2026-03-10T00:00:00Z"}
    given = await people.supervisor.post("/api/agenda/reassign", json=week)
    assert accepted(given) == {"reassigned": 2}
    owners = [
        accepted(await people.supervisor.get(f"/api/agenda/{one}"))["agent_id"]
        for one in (today, tomorrow, later)
    ]
    assert owners == [other, other, away]
    rest = {"from_agent_id": away}
    freed = await people.supervisor.post("/api/agenda/reassign", json=rest)
    assert accepted(freed) == {"reassigned": 1}
    assert accepted(await people.supervisor.get(f"/api/agenda/{later}"))["agent_id"] is None
    refused(await people.supervisor.post("/api/agenda/reassign", json={}), 422, "events_or_agent")
    both = {"from_agent_id": away, "event_ids": [today]}
    refused(await people.supervisor.post("/api/agenda/reassign", json=both), 422, "events_or_agent")
    unknown = {"from_agent_id": NOBODY}
    refused(await people.supervisor.post("/api/agenda/reassign", json=unknown), 404, "agent_not_found")


async def test_a_supervisor_moves_no_event_of_a_campaign_of_others(api: Api) -> None:
    people = await People.given(api)
    await _event(people, 3)
    stranger = await api.as_role(Role.SUPERVISOR)
    asked = {"from_agent_id": str(people.agents[0].id)}
    assert accepted(await stranger.post("/api/agenda/reassign", json=asked)) == {"reassigned": 0}


async def test_an_agents_search_is_of_the_own_customers_unless_asked_otherwise(api: Api) -> None:
    people = await People.given(api)
    await people.customer("Ana")
    own = accepted(
        await people.agent.post(
            "/api/customers", json={"base_id": people.base_id, "document": "own", "name": "Ana mía"}
        ),
        201,
    )
    found = accepted(await people.agent.get("/api/customers?name=ana"))["items"]
    assert [one["id"] for one in found] == [own["id"]]
    assert len(accepted(await people.agent.get("/api/customers?name=ana&mine=false"))["items"]) == 2
    assert len(accepted(await people.supervisor.get("/api/customers?name=ana"))["items"]) == 2


async def test_a_new_base_knows_its_customers_by_the_installations_key(api: Api) -> None:
    people = await People.given(api)
    accepted(await people.supervisor.patch("/api/preferences", json={"key_columns": ["documento", "pais"]}))
    made = accepted(await people.operator.post("/api/bases", json={"name": "a", "region": "ES"}), 201)
    assert made["key_columns"] == ["documento", "pais"]
    own = {"name": "b", "region": "ES", "key_columns": ["cedula"]}
    assert accepted(await people.operator.post("/api/bases", json=own), 201)["key_columns"] == ["cedula"]
