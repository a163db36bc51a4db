"""Campaigns, trunks, agents and what is asked of the engine."""

import asyncio
from typing import Any

import httpx
import pytest

from crm_api.access import Role
from dialer import campaigns, commands
from dialer.commands import WAKE
from storage.bus import Message
from tests.helpers.until import until
from tests.integration.crm_api.given import Api, accepted, refused

NOBODY = "00000000-0000-7000-8000-000000000000"
TRUNK: dict[str, Any] = {"name": "carrier", "dial": "PJSIP/{number}@carrier"}
AGENT: dict[str, Any] = {"code": "1001", "name": "Ana", "dial": "PJSIP/agent-1001"}


async def test_an_operator_builds_a_campaign_and_edits_it(operator: httpx.AsyncClient) -> None:
    trunk = accepted(await operator.post("/api/trunks", json=TRUNK), 201)
    body = {"name": "ventas", "settings": {"mode": "predictive", "trunks": [trunk["id"]]}}
    made = accepted(await operator.post("/api/campaigns", json=body), 201)
    assert (made["desired"], made["status"]["doing"], made["settings"]["mode"]) == (
        "stopped",
        "stopped",
        "predictive",
    )
    edit = {"settings": {"mode": "power", "ratio": 2}, "revision": made["revision"]}
    edited = accepted(await operator.put(f"/api/campaigns/{made['id']}", json=edit))
    assert (edited["settings"]["mode"], edited["name"]) == ("power", "ventas")
    params = refused(await operator.put(f"/api/campaigns/{made['id']}", json=edit), 409, "stale_revision")
    assert params["revision"] == edited["revision"]
    accepted(await operator.delete(f"/api/campaigns/{made['id']}"), 204)
    refused(await operator.get(f"/api/campaigns/{made['id']}"), 404, "campaign_not_found")


@pytest.mark.parametrize(
    ("address", "body", "status", "error_id"),
    [
        ("campaigns", {"name": "ventas"}, 409, "name_taken"),
        ("campaigns", {"name": " "}, 422, "invalid_request"),
        ("campaigns", {"name": "x", "settings": {"target": 0.9}}, 422, "bad_value"),
        ("campaigns", {"name": "x", "settings": {"tarjet": 0.03}}, 422, "bad_value"),
        ("campaigns", {"name": "x", "settings": {"zone": "Mars/Base"}}, 422, "bad_value"),
        ("campaigns", {"name": "x", "settings": {"trunks": [NOBODY]}}, 422, "bad_value"),
        ("campaigns", {"name": "x", "settings": {"channels": 10**30}}, 422, "bad_value"),
        ("trunks", TRUNK | {"dial": "PJSIP/carrier"}, 422, "invalid_request"),
        ("trunks", TRUNK | {"dial": "PJSIP/{number}@a\r\nAction: Command"}, 422, "invalid_request"),
        ("trunks", TRUNK | {"calls_per_s": 0}, 422, "invalid_request"),
        ("agents", AGENT | {"code": "with blank"}, 422, "invalid_request"),
        ("agents", AGENT | {"dial": "PJSIP/x&Local/y"}, 422, "invalid_request"),
        ("agents", AGENT | {"campaign_ids": [NOBODY]}, 404, "campaign_not_found"),
    ],
)
async def test_what_cannot_work_is_refused_when_it_is_set(
    api: Api, operator: httpx.AsyncClient, address: str, body: dict[str, Any], status: int, error_id: str
) -> None:
    await api.campaign("ventas")
    refused(await operator.post(f"/api/{address}", json=body), status, error_id)


@pytest.mark.parametrize(
    ("method", "address"),
    [
        ("GET", "campaigns/{}"),
        ("PUT", "campaigns/{}"),
        ("DELETE", "campaigns/{}"),
        ("POST", "campaigns/{}/start"),
        ("POST", "campaigns/{}/emergency-stop"),
        ("GET", "campaigns/{}/figures?since=2026-03-01T00:00:00Z"),
        ("GET", "trunks/{}"),
        ("DELETE", "trunks/{}"),
        ("POST", "trunks/{}/resume"),
        ("GET", "agents/{}"),
        ("POST", "agents/{}/login"),
        ("GET", "commands/{}"),
    ],
)
async def test_what_is_not_there_is_not_found(operator: httpx.AsyncClient, method: str, address: str) -> None:
    body: dict[str, Any] | None = {} if method in ("PUT", "POST") else None
    response = await operator.request(method, f"/api/{address.format(NOBODY)}", json=body)
    assert response.status_code == 404, response.text
    assert response.json()["error_id"] == f"{address.split('/')[0].rstrip('s')}_not_found"


async def test_the_same_key_makes_one_campaign_and_another_body_is_refused(
    api: Api, operator: httpx.AsyncClient
) -> None:
    key = {"Idempotency-Key": "once"}
    first = await operator.post("/api/campaigns", json={"name": "ventas"}, headers=key)
    again = await operator.post("/api/campaigns", json={"name": "ventas"}, headers=key)
    assert accepted(first, 201) == accepted(again, 201)
    assert again.headers["Idempotent-Replayed"] == "true"
    other = await operator.post("/api/campaigns", json={"name": "otra"}, headers=key)
    refused(other, 422, "idempotency_key_reused")
    somebody_else = await api.as_role(Role.OPERATOR)
    refused(
        await somebody_else.post("/api/campaigns", json={"name": "ventas"}, headers=key), 409, "name_taken"
    )


async def test_of_two_requests_with_one_key_at_once_the_second_waits_for_the_first_one_s_answer(
    operator: httpx.AsyncClient,
) -> None:
    key = {"Idempotency-Key": "at once"}
    answers = await asyncio.gather(
        *(operator.post("/api/campaigns", json={"name": "ventas"}, headers=key) for _ in range(4))
    )
    assert len({accepted(answer, 201)["id"] for answer in answers}) == 1
    assert sum("Idempotent-Replayed" in answer.headers for answer in answers) == 3


async def test_a_refusal_is_not_kept_for_its_key(api: Api, operator: httpx.AsyncClient) -> None:
    key = {"Idempotency-Key": "again"}
    taken = await api.campaign("ventas")
    refused(await operator.post("/api/campaigns", json={"name": "ventas"}, headers=key), 409, "name_taken")
    accepted(await operator.delete(f"/api/campaigns/{taken.id}"), 204)
    accepted(await operator.post("/api/campaigns", json={"name": "ventas"}, headers=key), 201)


@pytest.mark.parametrize(
    ("act", "desired"),
    [("start", "running"), ("pause", "paused"), ("drain", "draining"), ("stop", "stopped")],
)
async def test_a_supervisor_runs_the_campaigns_assigned_and_no_other(
    api: Api, act: str, desired: str
) -> None:
    mine, other = await api.campaign("mine"), await api.campaign("other")
    supervisor = await api.as_role(Role.SUPERVISOR, watches=(mine.id,))
    async with api.bus.subscribe(WAKE) as woken:
        changed = accepted(await supervisor.post(f"/api/campaigns/{mine.id}/{act}"))
        assert changed["desired"] == desired
        assert isinstance(await anext(woken), Message)
    refused(await supervisor.post(f"/api/campaigns/{other.id}/{act}"), 403, "campaign_not_yours")
    listed = accepted(await supervisor.get("/api/campaigns"))
    assert [campaign["name"] for campaign in listed["items"]] == ["mine"]


async def test_a_live_change_keeps_every_other_setting(api: Api) -> None:
    campaign = await api.campaign(mode="power", ratio=1.5, channels=10)
    supervisor = await api.as_role(Role.SUPERVISOR, watches=(campaign.id,))
    address = f"/api/campaigns/{campaign.id}/live"
    changed = accepted(await supervisor.patch(address, json={"ratio": 2.5}))["settings"]
    assert (changed["ratio"], changed["channels"], changed["mode"]) == (2.5, 10, "power")
    refused(await supervisor.patch(address, json={}), 422, "nothing_to_change")
    refused(await supervisor.patch(address, json={"ratio": 99}), 422, "invalid_request")


async def test_figures_are_zero_before_the_first_call(api: Api, operator: httpx.AsyncClient) -> None:
    campaign = await api.campaign()
    response = await operator.get(f"/api/campaigns/{campaign.id}/figures?since=2026-03-01T00:00:00Z")
    assert accepted(response) == {
        "campaign_id": str(campaign.id),
        "since": "2026-03-01T00:00:00Z",
        **dict.fromkeys(("attempts", "answered", "machines", "connected", "abandoned", "gone"), 0),
        "abandonment": None,
    }


async def test_presets_come_with_their_date_and_source(operator: httpx.AsyncClient) -> None:
    found = {
        preset["name"]: preset for preset in accepted(await operator.get("/api/campaigns/presets"))["items"]
    }
    assert "off" in found
    assert all(preset["as_of"] for preset in found.values())


async def test_a_trunk_in_use_stays(api: Api, operator: httpx.AsyncClient) -> None:
    trunk = accepted(await operator.post("/api/trunks", json=TRUNK), 201)
    body = {"name": "ventas", "settings": {"trunks": [trunk["id"]]}}
    campaign = accepted(await operator.post("/api/campaigns", json=body), 201)
    params = refused(await operator.delete(f"/api/trunks/{trunk['id']}"), 409, "trunk_in_use")
    assert params["campaigns"] == ["ventas"]
    accepted(await operator.delete(f"/api/campaigns/{campaign['id']}"), 204)
    edited = accepted(await operator.put(f"/api/trunks/{trunk['id']}", json=TRUNK | {"channels": 7}))
    assert edited["channels"] == 7
    accepted(await operator.post(f"/api/trunks/{trunk['id']}/resume"))
    accepted(await operator.delete(f"/api/trunks/{trunk['id']}"), 204)
    assert accepted(await operator.get("/api/trunks"))["items"] == []


async def test_agents_are_made_moved_and_listed_by_campaign(api: Api, operator: httpx.AsyncClient) -> None:
    mine, other = await api.campaign("mine"), await api.campaign("other")
    made = accepted(await operator.post("/api/agents", json=AGENT | {"campaign_ids": [str(mine.id)]}), 201)
    refused(await operator.post("/api/agents", json=AGENT), 409, "name_taken")
    watcher = await api.as_role(Role.SUPERVISOR, watches=(mine.id,))
    assert [a["code"] for a in accepted(await watcher.get("/api/agents"))["items"]] == ["1001"]
    moved = accepted(
        await operator.put(f"/api/agents/{made['id']}/campaigns", json={"campaign_ids": [str(other.id)]})
    )
    assert moved["campaign_ids"] == [str(other.id)]
    assert accepted(await watcher.get("/api/agents"))["items"] == []
    refused(await watcher.post(f"/api/agents/{made['id']}/login"), 403, "agent_not_yours")
    edited = accepted(await operator.put(f"/api/agents/{made['id']}", json=AGENT | {"name": "Ana B"}))
    assert edited["name"] == "Ana B"


@pytest.mark.parametrize(
    ("act", "body", "kind", "payload"),
    [
        ("login", None, commands.Kind.AGENT_LOGIN, {}),
        ("logout", None, commands.Kind.AGENT_LOGOUT, {}),
        ("ready", None, commands.Kind.AGENT_READY, {}),
        ("pause", {"reason": "lunch"}, commands.Kind.AGENT_PAUSE, {"reason": "lunch"}),
        ("wrapup/extend", {"seconds": 30}, commands.Kind.AGENT_WRAPUP_EXTEND, {"seconds": 30}),
        ("finishing", None, commands.Kind.AGENT_FINISHING, {}),
        ("finishing", {"attempt_id": NOBODY}, commands.Kind.AGENT_FINISHING, {"attempt_id": NOBODY}),
    ],
)
async def test_an_agent_asks_the_engine_for_itself_once_per_key_and_for_nobody_else(
    api: Api, act: str, body: dict[str, Any] | None, kind: commands.Kind, payload: dict[str, Any]
) -> None:
    me, other = await api.agent(), await api.agent()
    client = await api.as_role(Role.AGENT, agent_id=me.id)
    key = {"Idempotency-Key": "1"}
    async with api.bus.subscribe(WAKE) as woken:
        first = accepted(await client.post(f"/api/agents/{me.id}/{act}", json=body, headers=key), 202)
        await anext(woken)
    again = accepted(await client.post(f"/api/agents/{me.id}/{act}", json=body, headers=key), 202)
    assert first == again
    async with api.db.connection() as conn:
        queued = await commands.queued(conn)
    assert [(one.kind, one.target, dict(one.payload)) for one in queued] == [(kind, me.id, payload)]
    refused(await client.post(f"/api/agents/{other.id}/{act}", json=body), 403, "agent_not_yours")


async def test_a_command_answers_to_its_owner_and_to_supervisors(api: Api) -> None:
    campaign = await api.campaign()
    me = await api.agent(campaign.id)
    client = await api.as_role(Role.AGENT, agent_id=me.id)
    command = accepted(await client.post(f"/api/agents/{me.id}/login"), 202)
    address = f"/api/commands/{command['id']}"
    assert accepted(await client.get(address))["state"] == "queued"
    async with api.db.transaction() as conn:
        [queued] = await commands.queued(conn)
        answer = commands.Done(queued.id, {"error_id": "no_line"}, refused=True)
        await commands.answer(conn, [answer], now=api.clock.now())
    told = accepted(await client.get(f"{address}?wait_s=1"))
    assert (told["state"], told["result"]) == ("refused", {"error_id": "no_line"})
    refused(await (await api.as_role(Role.AGENT)).get(address), 404, "command_not_found")
    watcher = await api.as_role(Role.SUPERVISOR, watches=(campaign.id,))
    assert accepted(await watcher.get(address)) == told
    refused(await (await api.as_role(Role.SUPERVISOR)).get(address), 404, "command_not_found")


async def test_an_emergency_stop_is_a_command(api: Api, operator: httpx.AsyncClient) -> None:
    campaign = await api.campaign()
    accepted(await operator.post(f"/api/campaigns/{campaign.id}/emergency-stop"), 202)
    async with api.db.connection() as conn:
        [queued] = await commands.queued(conn)
    assert (queued.kind, queued.target) == (commands.Kind.EMERGENCY_STOP, campaign.id)


async def test_nobody_is_woken_before_the_row_can_be_read(api: Api, operator: httpx.AsyncClient) -> None:
    campaign = await api.campaign()
    seen: list[campaigns.Desired] = []

    async with api.bus.subscribe(WAKE) as woken:
        accepted(await operator.post(f"/api/campaigns/{campaign.id}/start"))
        await anext(woken)
        async with api.db.connection() as conn:
            seen.append((await campaigns.get(conn, campaign.id)).desired)
    await until(lambda: seen == [campaigns.Desired.RUNNING], deadline=1)
