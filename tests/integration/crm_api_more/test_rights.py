"""Where a supervisor's rights end: at the campaigns watched, also on agents, numbers and calendars."""

from typing import Any
from uuid import UUID

import httpx
import pytest

from crm_api.access import Role
from dialer import commands
from dialer.agents import Agent
from dialer.campaigns import Campaign
from dialer.commands import Kind
from storage.partitions import ensure_partitions
from tests.integration.crm_api.given import NOW, Api, accepted, refused
from tests.integration.crm_api_more.people import NOBODY, People
from tests.integration.reports.history import History


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


async def test_a_supervisor_opens_no_calendar_that_shows_call_backs_of_another_campaign(
    people: People, other: Campaign
) -> None:
    """It holds all of the agent's, and its address is the key."""
    shared = await people.api.agent(people.campaign.id, other.id)
    address = f"/api/calendars/agents/{shared.id}"
    refused(await people.supervisor.post(address), 403, "campaign_not_yours")
    accepted(await people.supervisor.delete(address), 204)
    own = await people.api.as_role(Role.SUPERVISOR, agent_id=shared.id, watches=(people.campaign.id,))
    accepted(await own.post(address), 201)


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


async def test_a_click_for_a_customer_is_to_one_of_their_numbers_and_a_number_finds_its_customer(
    people: People,
) -> None:
    ana, luis = await people.customer("Ana"), await people.customer("Luis")
    both = "+34600000099"
    for one in (ana, luis):
        accepted(await people.agent.post(f"/api/customers/{one}/phones", json={"number": both}), 201)
    keys = iter("123456")

    async def click(phone: str, **about: str) -> httpx.Response:
        body = {"campaign_id": str(people.campaign.id), "phone": phone} | about
        return await people.agent.post(
            "/api/attempts/click", json=body, headers={"Idempotency-Key": next(keys)}
        )

    refused(await click("+34600000002", customer_id=ana), 422, "phone_unknown")
    for phone, about, whose in (
        ("+34600000001", {"customer_id": ana}, ana),
        ("+34600000001", {}, ana),
        (both, {}, None),
        (both, {"customer_id": luis}, luis),
        ("+34611111111", {}, None),
    ):
        command = accepted(await click(phone, **about), 202)
        async with people.api.db.connection() as conn:
            queued = await commands.get(conn, UUID(command["id"]))
        assert (queued.payload["e164"], queued.payload["customer_id"]) == (phone, whose)


async def test_a_supervisor_gives_customers_to_no_agent_of_another_campaign(
    people: People, stranger: Agent
) -> None:
    body = {"customer_ids": [await people.customer()], "agent_id": str(stranger.id)}
    refused(await people.supervisor.post("/api/customers/assign", json=body), 403, "agent_not_yours")
    body["agent_id"] = str(people.agents[0].id)
    assert accepted(await people.supervisor.post("/api/customers/assign", json=body)) == {"assigned": 1}


async def test_a_supervisor_takes_customers_from_no_agent_of_another_campaign(
    people: People, stranger: Agent
) -> None:
    """Whoever has them is in the middle of something with them; those without an agent are anybody's."""
    ours, theirs = await people.customer("Ana"), await people.customer("Luis")
    give = {"customer_ids": [theirs], "agent_id": str(stranger.id)}
    accepted(await people.operator.post("/api/customers/assign", json=give))
    mine = [str(people.agents[0].id)]
    everybody: dict[str, Any] = {"filter": {}}
    free = {"filter": {"assigned": "unassigned"}}
    for address, body in (
        ("assignments", everybody | {"agent_ids": mine}),
        ("assignments/remove", everybody),
        ("customers/assign", {"customer_ids": [ours, theirs], "agent_id": mine[0]}),
        ("customers/assign", {"customer_ids": [theirs], "agent_id": None}),
    ):
        params = refused(await people.supervisor.post(f"/api/{address}", json=body), 403, "agent_not_yours")
        assert params == {"id": str(stranger.id)}, address
    dealt = await people.supervisor.post("/api/assignments", json=free | {"agent_ids": mine})
    assert accepted(dealt)["customers"] == 1
    own = {"filter": {"assigned": "assigned", "owner_ids": mine}}
    freed = accepted(await people.supervisor.post("/api/assignments/remove", json=own))
    assert freed == {"customers": 1}
    assert accepted(await people.operator.get(f"/api/customers/{theirs}"))["owner_id"] == str(stranger.id)


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


async def test_a_supervisor_reads_do_not_call_of_the_campaigns_watched_and_what_holds_for_all(
    people: People, other: Campaign
) -> None:
    """A number nobody may call is not called for one's own campaigns either: who wonders why must see it."""
    ours, theirs = str(people.campaign.id), str(other.id)
    for campaign_id in (ours, theirs, None):
        body = {"numbers": ["+34612345678"], "campaign_id": campaign_id}
        accepted(await people.operator.post("/api/do-not-call", json=body), 201)
    seen = accepted(await people.supervisor.get("/api/do-not-call"))["items"]
    assert {one["campaign_id"] for one in seen} == {ours, None}
    of_ours = accepted(await people.supervisor.get(f"/api/do-not-call?campaign_id={ours}"))["items"]
    assert [one["campaign_id"] for one in of_ours] == [ours]
    asked = f"campaign_id={theirs}"
    refused(await people.supervisor.get(f"/api/do-not-call?{asked}"), 403, "campaign_not_yours")
    check = f"/api/do-not-call/check?number=%2B34612345678&{asked}"
    refused(await people.supervisor.get(check), 403, "campaign_not_yours")
    assert len(accepted(await people.operator.get("/api/do-not-call"))["items"]) == 3


async def _waits(people: People, campaign: Campaign, customer_id: str) -> None:
    """In a list of the campaign's."""
    card = accepted(await people.operator.get(f"/api/customers/{customer_id}"))
    only = {"all": [{"field": "document", "op": "equals", "value": card["document"]}]}
    body = {"name": campaign.name, "campaign_id": str(campaign.id), "filter": {"where": only}}
    sent = accepted(await people.operator.post("/api/assignments/send", json=body), 201)["sent"]
    assert sent["queued"] == 1


async def _talked(people: People, campaign: Campaign, customer_id: str) -> None:
    async with people.api.db.transaction() as conn:
        await ensure_partitions(conn, "attempt", NOW, 1)
        past = History(conn, campaign_id=campaign.id)
        call = await past.call(NOW, customer_id=customer_id)
        await past.said(call, NOW, await past.result("Venta"), customer_id=customer_id)


async def _calls_back(people: People, campaign: Campaign, customer_id: str) -> None:
    """Agreed on without a list."""
    when = {"local": "2026-03-03T10:00:00", "zone": "Europe/Madrid", "phone": "+34612345678"}
    body = when | {"campaign_id": str(campaign.id), "customer_id": customer_id}
    accepted(await people.operator.post("/api/agenda", json=body), 201)


@pytest.mark.parametrize("known", [_waits, _talked, _calls_back])
@pytest.mark.parametrize("whose", ["the one who stays", "the one who goes"])
async def test_a_supervisor_merges_no_customer_another_campaign_knows(
    people: People, other: Campaign, known: Any, whose: str
) -> None:
    kept, gone = await people.customer("Ana"), await people.customer("Ana B")
    address, body = f"/api/customers/{kept}/merge", {"other_id": gone}
    await known(people, people.campaign, gone)
    token = accepted(await people.supervisor.post(address, json=body))["token"]
    await known(people, other, kept if whose == "the one who stays" else gone)
    for confirm in ({}, {"confirm": token}):
        params = refused(
            await people.supervisor.post(address, json=body | confirm), 403, "campaign_not_yours"
        )
        assert params == {"id": str(other.id)}
    token = accepted(await people.operator.post(address, json=body))["token"]
    merge_id = accepted(await people.operator.post(address, json=body | {"confirm": token}))["merge_id"]
    done = f"/api/customers/{kept}/merges"
    refused(await people.supervisor.get(done), 403, "campaign_not_yours")
    refused(await people.supervisor.post(f"{done}/{merge_id}/undo"), 403, "campaign_not_yours")
    accepted(await people.operator.delete(f"/api/campaigns/{other.id}"), 204)
    accepted(await people.supervisor.get(done))
    accepted(await people.supervisor.post(f"{done}/{merge_id}/undo"))


async def test_a_supervisor_neither_takes_away_nor_changes_a_base_another_campaign_calls(
    people: People, other: Campaign
) -> None:
    customer = await people.customer()
    await _waits(people, people.campaign, customer)
    export, update = f"/api/bases/{people.base_id}/export", f"/api/bases/{people.base_id}/update"
    columns = {"mapping": "name=nombre,document=documento", "column": "nombre", "match": "document"}
    file = "documento;nombre\nD1;Ana María\n".encode()
    assert (await people.supervisor.get(export)).status_code == 200
    token = accepted(await people.supervisor.post(update, params=columns, content=file))["token"]
    await _waits(people, other, customer)
    for form in ("csv", "xlsx"):
        refused(await people.supervisor.get(f"{export}?format={form}"), 403, "campaign_not_yours")
    for confirm in ({}, {"confirm": token}):
        asked = await people.supervisor.post(update, params=columns | confirm, content=file)
        refused(asked, 403, "campaign_not_yours")
    assert (await people.operator.get(export)).status_code == 200
    done = await people.operator.post(update, params=columns | {"confirm": token}, content=file)
    rejects = f"/api/bases/{people.base_id}/updates/{accepted(done)['load_id']}/rejects"
    refused(await people.supervisor.get(rejects), 403, "campaign_not_yours")
    (gone,) = accepted(await people.operator.get(f"/api/dial-lists?campaign_id={other.id}"))["items"]
    accepted(await people.operator.delete(f"/api/dial-lists/{gone['id']}"), 200)
    assert (await people.supervisor.get(export)).status_code == 200


async def test_a_supervisor_deletes_rekeys_and_types_only_a_base_no_other_campaign_calls(
    people: People, other: Campaign
) -> None:
    """The manual's supervisor uploads and deletes bases; what others call is not this supervisor's alone."""
    supervisor = people.supervisor
    made = accepted(await supervisor.post("/api/bases", json={"name": "nueva", "region": "ES"}), 201)["id"]
    token = accepted(await supervisor.get(f"/api/bases/{made}/deletion"))["token"]
    accepted(await supervisor.delete(f"/api/bases/{made}?token={token}"))
    customer = await people.customer()
    await _waits(people, other, customer)
    base = f"/api/bases/{people.base_id}"
    for method, path, body in (
        ("GET", "deletion", None),
        ("DELETE", "?token=x", None),
        ("POST", "key", {"key_columns": ["document"]}),
        ("PUT", "fields", {"fields": []}),
        ("PUT", "template", {"mapping": "phone=telefono"}),
        ("DELETE", "template", None),
    ):
        address = f"{base}/{path}" if path[0] != "?" else base + path
        refused(await supervisor.request(method, address, json=body), 403, "campaign_not_yours")
    accepted(await people.operator.get(f"{base}/deletion"))
    refused(await people.agent.get(f"{base}/deletion"), 403, "role_too_low")


async def test_a_supervisor_is_shown_the_profiles_of_the_campaigns_watched_and_of_none(
    people: People, other: Campaign
) -> None:
    ours, theirs = str(people.campaign.id), str(other.id)
    for name, ids in (("ours", [ours]), ("both", [ours, theirs]), ("theirs", [theirs]), ("new", [])):
        accepted(await people.operator.post("/api/profiles", json={"name": name, "campaign_ids": ids}), 201)
    seen = accepted(await people.supervisor.get("/api/profiles"))
    assert [one["name"] for one in seen["items"]] == ["both", "new", "ours"]
    assert accepted(await people.operator.get("/api/profiles"))["total"] == 4


async def test_a_supervisor_hears_what_became_of_commands_of_the_campaigns_watched_only(
    people: People, other: Campaign, stranger: Agent
) -> None:
    async def told(kind: Kind, target: UUID | None, **payload: str) -> int:
        async with people.api.db.transaction() as conn:
            command = await commands.submit(conn, kind, target, payload, now=NOW)
        response = await people.supervisor.get(f"/api/commands/{command.id}")
        if response.status_code != 200:
            refused(response, 404, "command_not_found")
        return response.status_code

    agent, ours, theirs = people.agents[0].id, people.campaign.id, other.id
    async with people.api.db.transaction() as conn:
        await ensure_partitions(conn, "attempt", NOW, 1)
        our_call = await History(conn, campaign_id=ours).call(NOW)
        their_call = await History(conn, campaign_id=theirs).call(NOW)
    assert await told(Kind.AGENT_PAUSE, agent, reason="lunch") == 200
    assert await told(Kind.AGENT_PAUSE, stranger.id, reason="lunch") == 404
    assert await told(Kind.EMERGENCY_STOP, ours) == 200
    assert await told(Kind.EMERGENCY_STOP, theirs) == 404
    assert await told(Kind.CALL_CLICK, agent, campaign_id=str(ours)) == 200
    assert await told(Kind.CALL_CLICK, agent, campaign_id=str(theirs)) == 404
    assert await told(Kind.CONTROL_HOLD, our_call) == 200
    assert await told(Kind.CONTROL_HOLD, their_call) == 404
    assert await told(Kind.CALL_CANCEL, None) == 404
    assert await told(Kind.AGENT_PAUSE, UUID(NOBODY)) == 404
    assert await told(Kind.CALL_HANGUP, UUID(NOBODY)) == 404


async def test_a_supervisor_binds_no_call_back_to_an_agent_of_another_campaign(
    people: People, stranger: Agent
) -> None:
    """Its phone would be rung for it."""
    when = {"local": "2026-03-03T10:00:00", "zone": "Europe/Madrid", "phone": "+34612345678"}
    about = {"campaign_id": str(people.campaign.id)} | when
    given = await people.supervisor.post("/api/agenda", json=about | {"agent_id": str(stranger.id)})
    refused(given, 403, "agent_not_yours")
    event = accepted(await people.supervisor.post("/api/agenda", json=about), 201)["event"]["id"]
    edit = {"agent_id": str(stranger.id)}
    refused(await people.supervisor.patch(f"/api/agenda/{event}", json=edit), 403, "agent_not_yours")
    moved = {"event_ids": [event]} | edit
    refused(await people.supervisor.post("/api/agenda/reassign", json=moved), 403, "agent_not_yours")
    record = {"campaign": str(people.campaign.id), "destination": "+34612345678"}
    for agent in (str(stranger.id), stranger.code):
        bound = await people.supervisor.post("/api/records", json=record | {"agent": agent})
        refused(bound, 403, "agent_not_yours")
    record |= {"agent": people.agents[0].code}
    accepted(await people.supervisor.post("/api/records", json=record), 201)


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
