"""Where a supervisor's rights end: at the campaigns watched, also on agents, numbers and calendars."""

import httpx
import pytest

from crm_api.access import Role
from dialer.agents import Agent
from dialer.campaigns import Campaign
from tests.integration.crm_api.given import Api, accepted, refused
from tests.integration.crm_api_more.people import NOBODY, People


@pytest.fixture
async def people(api: Api) -> People:
    return await People.given(api)


@pytest.fixture
async def other(api: Api) -> Campaign:
    """Not watched by the supervisor."""
    return await api.campaign("otra", region="ES")


@pytest.fixture
async def stranger(api: Api, other: Campaign) -> Agent:
    """Of none of the supervisor's campaigns."""
    return await api.agent(other.id)


async def test_a_supervisor_neither_opens_nor_closes_the_calendar_of_another_campaigns_agent(
    people: People, stranger: Agent
) -> None:
    address = f"/api/calendars/agents/{stranger.id}"
    refused(await people.supervisor.post(address), 403, "agent_not_yours")
    refused(await people.supervisor.delete(address), 403, "agent_not_yours")
    accepted(await people.supervisor.post(f"/api/calendars/agents/{people.agents[0].id}"), 201)


async def test_a_supervisor_rings_no_agent_of_another_campaign(people: People, stranger: Agent) -> None:
    body = {"campaign_id": str(people.campaign.id), "phone": "+34612345678"}
    for agent_id, status in ((stranger.id, 403), (people.agents[0].id, 202)):
        response = await people.supervisor.post(
            "/api/attempts/click",
            json=body | {"agent_id": str(agent_id)},
            headers={"Idempotency-Key": str(agent_id)},
        )
        assert response.status_code == status, response.text


async def test_a_click_for_a_contact_is_of_its_campaign_to_one_of_its_numbers(
    people: People, other: Campaign
) -> None:
    """Typifying the call settles the contact: another campaign's would end by this one's results, and a
    number in another zone would be dialled by the contact's hours."""
    ours, theirs = str(people.campaign.id), str(other.id)
    contacts = {}
    for campaign_id in (ours, theirs):
        record = {"campaign": campaign_id, "destination": "+34612345678"}
        made = accepted(await people.operator.post("/api/records", json=record), 201)
        contacts[campaign_id] = made["contact_id"]
    stranger = await people.customer()

    async def click(phone: str = "+34612345678", **about: str) -> httpx.Response:
        body = {"campaign_id": ours, "phone": phone, "contact_id": contacts[ours]} | about
        key = {"Idempotency-Key": str(sorted([phone, *about.values()]))}
        return await people.agent.post("/api/attempts/click", json=body, headers=key)

    refused(await click(contact_id=contacts[theirs]), 422, "contact_does_not_fit")
    refused(await click(customer_id=stranger), 422, "contact_does_not_fit")
    refused(await click("+13055550123"), 422, "phone_unknown")
    refused(await click(contact_id=NOBODY), 404, "not_found")
    accepted(await click(), 202)


async def test_a_supervisor_gives_customers_to_no_agent_of_another_campaign(
    people: People, stranger: Agent
) -> None:
    body = {"customer_ids": [await people.customer()], "agent_id": str(stranger.id)}
    refused(await people.supervisor.post("/api/customers/assign", json=body), 403, "agent_not_yours")
    body["agent_id"] = str(people.agents[0].id)
    assert accepted(await people.supervisor.post("/api/customers/assign", json=body)) == {"assigned": 1}


async def test_a_supervisor_lifts_do_not_call_in_the_campaigns_watched_only(
    people: People, other: Campaign
) -> None:
    """What holds for every campaign holds for those of others too."""
    lifted = {}
    for campaign_id in (str(people.campaign.id), str(other.id), None):
        body = {"numbers": ["+34612345678"], "campaign_id": campaign_id}
        accepted(await people.operator.post("/api/do-not-call", json=body), 201)
    for entry in accepted(await people.operator.get("/api/do-not-call"))["items"]:
        address = f"/api/do-not-call/{entry['id']}/lift"
        response = await people.supervisor.post(address, json={"reason": "a mistake"})
        lifted[entry["campaign_id"]] = response.status_code
    assert lifted == {str(people.campaign.id): 200, str(other.id): 403, None: 403}


@pytest.mark.parametrize("gone", [{"enabled": False}, {"role": "supervisor"}], ids=["disabled", "no agent"])
async def test_a_users_calendar_closes_with_the_user(
    api: Api, people: People, gone: dict[str, object]
) -> None:
    """Its address needs no log-in: whoever left would read customers' numbers for ever."""
    agent_id, admin = str(people.agents[0].id), await api.as_role(Role.ADMIN)
    path = accepted(await people.agent.post(f"/api/calendars/agents/{agent_id}"), 201)["path"]
    address = f"/api/users/{people.agent.headers['X-Test-User']}"
    kept = {"name": "Eva", "role": "agent", "agent_id": agent_id}
    accepted(await admin.put(address, json=kept))
    assert (await api.client().get(path)).status_code == 200
    fields = kept | gone | ({"agent_id": None} if "role" in gone else {})
    accepted(await admin.put(address, json=fields))
    refused(await api.client().get(path), 404, "feed_not_found")
