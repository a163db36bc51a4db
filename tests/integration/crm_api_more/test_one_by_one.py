"""Things read one at a time, wishes for a campaign, and an agent's acts given to the engine."""

import httpx

from dialer.campaigns import Desired
from tests.integration.crm_api.given import Api, accepted, refused
from tests.integration.crm_api.one_of_each import one_of_each
from tests.integration.crm_api_more.people import People


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
