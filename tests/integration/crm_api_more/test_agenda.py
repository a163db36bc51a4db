"""The agenda of many: nothing of a full calendar is left out."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from crm_api.access import Role
from dialer.campaigns import Kind
from tests.integration.crm_api.given import NOW, Api, accepted, refused
from tests.integration.crm_api_more.people import People

SPAN = {"start": "2026-03-01T00:00:00Z", "end": "2026-03-05T00:00:00Z"}
MANY = 2_100
EVENT = {"phone": "+34612345678", "local": "2026-03-03T11:00:00", "zone": "Europe/Madrid"}


@pytest.fixture
async def people(api: Api) -> People:
    return await People.given(api)


async def _events(
    api: Api, campaign_id: UUID, how_many: int, state: str = "pending", *, hours: int = 0
) -> None:
    async with api.db.transaction() as conn:
        await conn.execute(
            "INSERT INTO agenda_event (id, state, campaign_id, e164, due_at, zone, created_at)"
            " SELECT gen_random_uuid(), $3, $1, '+34612345678', $4, 'UTC', $4"
            " FROM generate_series(1, $2::int)",
            campaign_id,
            how_many,
            state,
            NOW + timedelta(hours=hours),
        )


async def test_what_one_agent_holds_no_other_changes_or_removes(api: Api) -> None:
    """The agent who took it may be on the phone for it."""
    people = await People.given(api, agents=2)
    other = await api.as_role(Role.AGENT, agent_id=people.agents[1].id)
    body = EVENT | {"campaign_id": str(people.campaign.id)}
    made = accepted(await people.agent.post("/api/agenda", json=body), 201)["event"]
    address = f"/api/agenda/{made['id']}"
    accepted(await people.agent.post(f"{address}/take"))
    for change in ({"note": "mine"}, {"agent_id": str(people.agents[1].id)}):
        refused(await other.patch(address, json=change), 409, "event_taken")
    refused(await other.delete(address), 409, "event_taken")
    accepted(await people.agent.patch(address, json={"note": "rang, no answer"}))
    accepted(await people.supervisor.delete(address), 204)


async def test_an_agent_sees_and_changes_nobodys_events_of_the_own_campaigns_only(
    api: Api, people: People
) -> None:
    """They hold customers' names and numbers."""
    other = await api.campaign("otra", region="ES")
    mine, theirs = [
        accepted(
            await people.operator.post("/api/agenda", json=EVENT | {"campaign_id": str(campaign.id)}), 201
        )
        for campaign in (people.campaign, other)
    ]
    seen = accepted(await people.agent.get("/api/agenda", params=SPAN))
    assert [one["id"] for one in seen["items"]] == [mine["event"]["id"]]
    assert seen["total"] == 1
    address = f"/api/agenda/{theirs['event']['id']}"
    note = {"note": "mine now"}
    for response in (
        await people.agent.get(address),
        await people.agent.patch(address, json=note),
        await people.agent.post(f"{address}/manage"),
        await people.agent.post(f"{address}/take"),
        await people.agent.delete(address),
    ):
        refused(response, 403, "event_not_yours")
    accepted(await people.agent.patch(f"/api/agenda/{mine['event']['id']}", json=note))


async def test_an_event_of_another_agent_is_not_read_by_giving_it_back(api: Api) -> None:
    people = await People.given(api, agents=2)
    other = await api.as_role(Role.AGENT, agent_id=people.agents[1].id)
    body = EVENT | {"campaign_id": str(people.campaign.id), "agent_id": str(people.agents[0].id)}
    made = accepted(await people.agent.post("/api/agenda", json=body), 201)["event"]
    refused(await other.delete(f"/api/agenda/{made['id']}/take"), 403, "event_not_yours")


async def test_the_law_looks_where_the_customer_is_said_to_be_when_an_event_is_made_or_moved(
    api: Api,
) -> None:
    """As for every call: the customer's own zone goes before that of the number."""
    people = await People.given(api, preset="es")
    customer = await people.customer(phones=[{"number": "+34612345678"}])
    accepted(await people.operator.patch(f"/api/customers/{customer}", json={"zone": "Asia/Tokyo"}))
    body = EVENT | {"campaign_id": str(people.campaign.id), "customer_id": customer}
    noon = {"local": "2026-03-04T12:00:00", "zone": "Asia/Tokyo"}  # four in the morning in Madrid
    night = {"local": "2026-03-04T18:00:00", "zone": "Europe/Madrid"}  # two in the morning in Tokyo
    refused(await people.agent.post("/api/agenda", json=body | night), 422, "illegal_hour")
    made = accepted(await people.agent.post("/api/agenda", json=body | noon), 201)["event"]
    address = f"/api/agenda/{made['id']}"
    refused(await people.agent.patch(address, json=night), 422, "illegal_hour")
    accepted(await people.agent.patch(address, json=noon | {"local": "2026-03-05T12:00:00"}))


async def test_a_call_back_is_given_to_agents_of_its_campaign_only(api: Api) -> None:
    """Whoever does not work in it is never called for it, and neither is anybody else."""
    people = await People.given(api, agents=2)
    stranger = str((await api.agent((await api.campaign("otra")).id)).id)
    body = EVENT | {"campaign_id": str(people.campaign.id)}
    refused(
        await people.operator.post("/api/agenda", json=body | {"agent_id": stranger}),
        422,
        "agent_not_in_campaign",
    )
    mine, other = (str(one.id) for one in people.agents)
    made = accepted(await people.operator.post("/api/agenda", json=body | {"agent_id": mine}), 201)["event"]
    address = f"/api/agenda/{made['id']}"
    for answer in (
        await people.operator.patch(address, json={"agent_id": stranger}),
        await people.operator.post(
            "/api/agenda/reassign", json={"event_ids": [made["id"]], "agent_id": stranger}
        ),
        await people.operator.post(
            "/api/agenda/reassign", json={"from_agent_id": mine, "agent_id": stranger}
        ),
    ):
        params = refused(answer, 422, "agent_not_in_campaign")
        assert params == {"id": stranger, "campaign_id": str(people.campaign.id)}
    assert accepted(await people.operator.get(address))["agent_id"] == mine
    given = {"event_ids": [made["id"]], "agent_id": other}
    assert accepted(await people.operator.post("/api/agenda/reassign", json=given)) == {"reassigned": 1}


async def test_a_voice_campaigns_events_are_reassigned_to_nobody_in_particular(api: Api) -> None:
    voice = await api.campaign("voz", kind=Kind.VOICE, region="ES")
    agent = await api.agent(voice.id)
    operator = await api.as_role(Role.OPERATOR)
    body = EVENT | {"campaign_id": str(voice.id)}
    made = accepted(await operator.post("/api/agenda", json=body), 201)["event"]
    given = {"event_ids": [made["id"]], "agent_id": str(agent.id)}
    refused(await operator.post("/api/agenda/reassign", json=given), 422, "mine_needs_dialer")
    free = {"event_ids": [made["id"]], "agent_id": None}
    assert accepted(await operator.post("/api/agenda/reassign", json=free)) == {"reassigned": 1}


async def test_a_supervisors_calendar_shows_nobodys_events_or_leaves_them_out(people: People) -> None:
    mine = str(people.agents[0].id)
    body = EVENT | {"campaign_id": str(people.campaign.id)}
    owned = accepted(await people.supervisor.post("/api/agenda", json=body | {"agent_id": mine}), 201)
    free = accepted(await people.supervisor.post("/api/agenda", json=body), 201)
    ids = {"owned": owned["event"]["id"], "free": free["event"]["id"]}

    async def shown(**query: Any) -> set[str]:
        page = accepted(await people.supervisor.get("/api/agenda", params=SPAN | query))
        assert page["total"] == len(page["items"])
        return {name for name, id_ in ids.items() if id_ in [one["id"] for one in page["items"]]}

    assert await shown() == await shown(agent_id=mine) == {"owned", "free"}
    assert await shown(with_free=False) == await shown(agent_id=mine, with_free=False) == {"owned"}


async def test_a_day_of_the_calendar_is_as_long_as_the_clocks_make_it_and_ends_before_the_next(
    people: People,
) -> None:
    """The 29th of March 2026 in Madrid has 23 hours: 02:30 is skipped, and means 03:00."""
    body = EVENT | {"campaign_id": str(people.campaign.id), "zone": "Europe/Madrid"}
    for local in ("28T23:59:00", "29T00:00:00", "29T02:30:00", "29T23:59:00", "30T00:00:00"):
        accepted(await people.supervisor.post("/api/agenda", json=body | {"local": f"2026-03-{local}"}), 201)
    day = {"start": "2026-03-29T00:00:00+01:00", "end": "2026-03-30T00:00:00+02:00"}
    found = accepted(await people.supervisor.get("/api/agenda", params=day))["items"]
    assert [one["due_at"] for one in found] == [
        "2026-03-28T23:00:00Z",
        "2026-03-29T01:00:00Z",
        "2026-03-29T21:59:00Z",
    ]


async def test_a_supervisors_calendar_is_not_filled_up_by_campaigns_of_others(
    api: Api, people: People
) -> None:
    await _events(api, (await api.campaign("otra")).id, MANY)
    await _events(api, people.campaign.id, 1, hours=1)
    shown = accepted(await people.supervisor.get("/api/agenda", params=SPAN))
    assert (shown["total"], [one["campaign_id"] for one in shown["items"]]) == (1, [str(people.campaign.id)])


async def test_a_calendar_of_thousands_is_paged_to_its_end_in_any_order(api: Api, people: People) -> None:
    await _events(api, people.campaign.id, MANY, "managed")
    await _events(api, people.campaign.id, 1, hours=1)
    for sort, offset in (("due_at", MANY), ("-due_at", 0), ("state", MANY), ("-state", 0)):
        page = accepted(
            await people.supervisor.get(
                "/api/agenda", params=SPAN | {"sort": sort, "offset": offset, "limit": 1}
            )
        )
        assert (page["total"], page["more"], page["items"][0]["state"]) == (MANY + 1, not offset, "pending")
    waiting = accepted(await people.supervisor.get("/api/agenda", params=SPAN | {"state": "pending"}))
    assert waiting["total"] == 1
