"""Results, speech, profiles, typifying, the agenda, attempts: an agent's day through the API."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest

from crm_api.access import Role
from dialer import agents, commands
from dialer.agents import Agent
from dialer.campaigns import Campaign, Kind
from lists.attempts import begin_inbound, close
from lists.model import AttemptKind, BeginInbound, Closing
from storage.ids import uuid7
from storage.partitions import ensure_partitions
from tests.integration.crm_api.given import NOW, Api, accepted, refused
from tests.integration.reports.history import History
from typifications import agenda, interactions
from typifications.model import Action, Typification

NOBODY = "00000000-0000-7000-8000-000000000000"
PHONE = "+34612345678"


def _at(local: str, phone: str = PHONE) -> dict[str, Any]:
    return {"schedule": {"local": local, "phone": phone}}


@dataclass
class Desk:
    """An agent with a campaign, a customer and a tree of results."""

    campaign: Campaign
    agent: Agent
    client: httpx.AsyncClient
    supervisor: httpx.AsyncClient
    customer_id: str
    results: dict[str, str]

    async def typify(self, *names: str, key: str = "k", **about: Any) -> httpx.Response:
        body = {
            "campaign_id": str(self.campaign.id),
            "customer_id": self.customer_id,
            "path": [self.results[name] for name in names],
        } | about
        return await self.client.post("/api/interactions", json=body, headers={"Idempotency-Key": key})


@pytest.fixture
async def desk(api: Api, operator: httpx.AsyncClient) -> Desk:
    campaign = await api.campaign("ventas", region="ES", zone="Europe/Madrid")
    agent = await api.agent(campaign.id)
    supervisor = await api.as_role(Role.SUPERVISOR, watches=(campaign.id,))
    base = accepted(await operator.post("/api/bases", json={"name": "clientes", "region": "ES"}), 201)
    customer = {"base_id": base["id"], "name": "Ana", "phones": [{"number": PHONE}]}
    made = accepted(await operator.post("/api/customers", json=customer), 201)
    found: dict[str, str] = {}
    for name, action in (("Venta", "no_action"), ("Volver", "schedule"), ("No llamar", "do_not_call")):
        body = {"name": name, "action": action, "campaign_ids": [str(campaign.id)]}
        found[name] = accepted(await supervisor.post("/api/results", json=body), 201)["id"]
    client = await api.as_role(Role.AGENT, agent_id=agent.id)
    return Desk(campaign, agent, client, supervisor, made["id"], found)


async def _call(api: Api, desk: Desk, *, ended: bool) -> UUID:
    """An inbound call of this customer, talked to by the desk's agent."""
    attempt_id = uuid7(NOW)
    async with api.db.transaction() as conn:
        await ensure_partitions(conn, "attempt", NOW, 0)
        call = BeginInbound(
            attempt_id, NOW, desk.campaign.id, UUID(desk.customer_id), PHONE, "carrier", "main", "w"
        )
        assert await begin_inbound(conn, call) is None
        if ended:
            closing = Closing(attempt_id, NOW, NOW, "connected", "none", agent_id=desk.agent.id)
            await close(conn, [closing], NOW)
    return attempt_id


async def test_a_tree_of_three_levels_is_built_edited_and_retired(desk: Desk) -> None:
    parent = desk.results["Venta"]
    body = {"name": "Plan", "parent_id": parent, "ordinal": 2}
    second = accepted(await desk.supervisor.post("/api/results", json=body), 201)
    third = accepted(
        await desk.supervisor.post("/api/results", json={"name": "Oro", "parent_id": second["id"]}), 201
    )
    assert (second["level"], third["level"]) == (2, 3)
    too_deep = {"name": "Más", "parent_id": third["id"]}
    refused(await desk.supervisor.post("/api/results", json=too_deep), 422, "too_deep")
    tree = f"/api/results?campaign_id={desk.campaign.id}"
    roots = {one["result"]["name"]: one for one in accepted(await desk.client.get(tree))["roots"]}
    assert roots["Venta"]["children"][0]["children"][0]["result"]["name"] == "Oro"
    edit = {"name": "Plan B", "classes": ["success"], "measure": "1.5"}
    edited = accepted(await desk.supervisor.put(f"/api/results/{second['id']}", json=edit))
    assert (edited["name"], edited["classes"], edited["measure"]) == ("Plan B", ["success"], "1.5")
    accepted(await desk.supervisor.delete(f"/api/results/{parent}"), 204)
    names = [one["result"]["name"] for one in accepted(await desk.client.get(tree))["roots"]]
    assert "Venta" not in names
    kept = [one["result"]["name"] for one in accepted(await desk.client.get(tree + "&all=true"))["roots"]]
    assert "Venta" in kept


async def test_an_action_for_voice_and_dialer_campaigns_asks_to_be_confirmed(
    api: Api, operator: httpx.AsyncClient, desk: Desk
) -> None:
    voice = await api.campaign("voz", kind=Kind.VOICE)
    body = {
        "name": "Rellamar",
        "action": "recall",
        "campaign_ids": [str(desk.campaign.id), str(voice.id)],
    }
    refused(await operator.post("/api/results", json=body), 409, "mixed_campaigns")
    accepted(await operator.post("/api/results", json=body | {"confirm": True}), 201)
    refused(await desk.supervisor.post("/api/results", json=body | {"name": "x"}), 403, "campaign_not_yours")


async def test_the_actions_are_explained_in_both_languages(desk: Desk) -> None:
    explained = accepted(await desk.client.get("/api/results/actions"))["items"]
    assert {one["action"] for one in explained} == {
        "recall", "recall_alternate", "no_action", "do_not_call", "schedule"
    }  # fmt: skip
    assert all(one["es"] and one["en"] for one in explained)
    tree = accepted(await desk.client.get(f"/api/results?campaign_id={desk.campaign.id}"))
    assert tree["actions"] == sorted(explained, key=lambda one: [*Action].index(one["action"]))


async def test_a_first_level_says_which_campaigns_it_belongs_to(api: Api, desk: Desk) -> None:
    other = await api.campaign("otra")
    operator = await api.as_role(Role.OPERATOR)
    both = sorted((str(desk.campaign.id), str(other.id)))
    made = accepted(await operator.post("/api/results", json={"name": "Ambas", "campaign_ids": both}), 201)
    assert made["campaign_ids"] == both
    child = {"name": "Debajo", "parent_id": made["id"]}
    assert accepted(await operator.post("/api/results", json=child), 201)["campaign_ids"] == []
    roots = accepted(await operator.get(f"/api/results?campaign_id={other.id}"))["roots"]
    assert [(one["result"]["name"], one["campaign_ids"]) for one in roots] == [("Ambas", both)]
    fewer = accepted(
        await operator.put(f"/api/results/{made['id']}", json={"name": "Ambas", "campaign_ids": both[:1]})
    )
    assert fewer["campaign_ids"] == both[:1]


async def test_speech_and_profiles_are_written_by_supervisors_and_read_by_agents(desk: Desk) -> None:
    campaign = str(desk.campaign.id)
    body = {"campaign_id": campaign, "title": "Hola", "body": "Buenos días"}
    made = accepted(await desk.supervisor.post("/api/speech", json=body), 201)
    address = f"/api/speech/{campaign}/{made['id']}"
    accepted(await desk.supervisor.put(address, json={"body": "Buenas tardes"}))
    read = accepted(await desk.client.get(f"/api/speech?campaign_id={campaign}"))["items"]
    assert [one["body"] for one in read] == ["Buenas tardes"]
    refused(await desk.supervisor.delete(f"/api/speech/{campaign}/{NOBODY}"), 404, "speech_not_found")
    accepted(await desk.supervisor.delete(address), 204)
    profile = {
        "name": "Familia",
        "fields": [{"name": "hijos", "type": "number"}],
        "campaign_ids": [campaign],
    }
    made = accepted(await desk.supervisor.post("/api/profiles", json=profile), 201)
    refused(await desk.supervisor.post("/api/profiles", json=profile), 409, "name_taken")
    read = accepted(await desk.client.get(f"/api/profiles/of-campaign/{campaign}"))["items"]
    assert read == [made]
    assert accepted(await desk.supervisor.get("/api/profiles"))["total"] == 1
    edited = accepted(await desk.supervisor.put(f"/api/profiles/{made['id']}", json=profile | {"fields": []}))
    assert edited["fields"] == []
    accepted(await desk.supervisor.delete(f"/api/profiles/{made['id']}"), 204)


async def test_a_typification_is_applied_once_however_often_it_is_sent(api: Api, desk: Desk) -> None:
    attempt = await _call(api, desk, ended=True)
    first = accepted(await desk.typify("Venta", attempt_id=str(attempt), note="contenta"), 201)
    assert (first["action"], first["applied"]) == ("no_action", True)
    assert accepted(await desk.typify("Venta", attempt_id=str(attempt), note="contenta"), 201) == first
    refused(await desk.typify("Venta", key="other", attempt_id=str(attempt)), 409, "already_typified")
    history = accepted(await desk.client.get(f"/api/interactions?customer_id={desk.customer_id}"))["items"]
    assert [(one["result_names"], one["note"], one["e164"]) for one in history] == [
        (["Venta"], "contenta", PHONE)
    ]
    assert accepted(await desk.client.get(f"/api/interactions/{first['interaction_id']}")) == history[0]
    async with api.db.connection() as conn:
        told = [(one.kind, one.target) for one in await commands.queued(conn)]
    assert told == [(commands.Kind.AGENT_TYPIFIED, desk.agent.id)]


async def _is_in(api: Api, agent: Agent, attempt_id: UUID, state: str = "talking") -> None:
    """This call is the one before the agent now."""
    async with api.db.transaction() as conn:
        presence = agents.Presence(agent.id, state, NOW, attempt_id=attempt_id, attempt_at=NOW)
        await agents.save_presences(conn, [presence])


async def test_what_is_typified_during_the_conversation_is_applied_at_the_hang_up(
    api: Api, desk: Desk
) -> None:
    attempt = await _call(api, desk, ended=False)
    await _is_in(api, desk.agent, attempt)
    said = accepted(await desk.typify("Venta", attempt_id=str(attempt)), 201)
    assert (said["applied"], said["action"]) == (False, "no_action")


async def test_an_agent_typifies_its_own_calls_and_a_supervisor_completes_any(api: Api, desk: Desk) -> None:
    attempt = await _call(api, desk, ended=True)
    body = {"attempt_id": str(attempt), "path": [desk.results["Venta"]]}
    other = await api.as_role(Role.AGENT, agent_id=(await api.agent(desk.campaign.id)).id)
    key = {"Idempotency-Key": "1"}
    refused(await other.post("/api/interactions", json=body, headers=key), 403, "attempt_not_yours")
    accepted(await desk.supervisor.post("/api/interactions", json=body, headers=key), 201)
    history = accepted(await desk.client.get(f"/api/interactions?customer_id={desk.customer_id}"))["items"]
    assert history[0]["agent_id"] == str(desk.agent.id)
    assert (history[0]["campaign"], history[0]["agent"]) == (desk.campaign.name, desk.agent.name)


async def test_a_conversation_that_still_runs_is_typified_by_whoever_talks(api: Api, desk: Desk) -> None:
    """The record says whose it was when it is over."""
    attempt = await _call(api, desk, ended=False)
    other = await api.agent(desk.campaign.id)
    await _is_in(api, other, attempt)
    refused(await desk.typify("Venta", attempt_id=str(attempt)), 403, "attempt_not_yours")
    await _is_in(api, desk.agent, attempt)
    accepted(await desk.typify("Venta", attempt_id=str(attempt)), 201)


async def test_a_colleague_who_took_a_call_over_typifies_it_too(api: Api, desk: Desk) -> None:
    """Its first agent stays the call's; what the colleague left without a word is the colleague's as well."""
    attempt = await _call(api, desk, ended=True)
    colleague = await api.agent(desk.campaign.id)
    client = await api.as_role(Role.AGENT, agent_id=colleague.id)
    body = {"attempt_id": str(attempt), "path": [desk.results["Venta"]]}
    key = {"Idempotency-Key": "1"}
    refused(await client.post("/api/interactions", json=body, headers=key), 403, "attempt_not_yours")
    await _is_in(api, colleague, attempt, "wrapup")
    async with api.db.transaction() as conn:
        about: dict[str, Any] = {
            "agent_id": colleague.id,
            "attempt_id": attempt,
            "attempt_at": NOW,
            "e164": PHONE,
        }
        left = Typification(campaign_id=desk.campaign.id, path=(), **about)
        assert await interactions.untypified(conn, left, now=NOW)
        await agents.save_presences(conn, [agents.Presence(colleague.id, "ready", NOW)])
    accepted(await client.post("/api/interactions", json=body, headers=key), 201)


async def _ended(api: Api, desk: Desk, outcome: str, agent_id: UUID | None = None) -> str:
    """A call of the campaign's that nobody talked on; made for this agent, if one is given."""
    async with api.db.transaction() as conn:
        await ensure_partitions(conn, "attempt", NOW, 0)
        kind = AttemptKind.AGENT_BOUND if agent_id else AttemptKind.DIALLED
        past = History(conn, campaign_id=desk.campaign.id)
        customer_id = UUID(desk.customer_id)
        call = await past.call(NOW, outcome, agent_id=agent_id, kind=kind, customer_id=customer_id)
    return str(call)


@pytest.mark.parametrize("outcome", ["abandoned", "no_answer"])
async def test_a_call_nobody_talked_on_is_typified_by_supervisors_only(
    api: Api, desk: Desk, outcome: str
) -> None:
    """Its contact waits for its next try: whoever clicked on it in the history would end it."""
    attempt = await _ended(api, desk, outcome)
    refused(await desk.typify("Venta", attempt_id=attempt), 403, "attempt_not_yours")
    body = {"attempt_id": attempt, "path": [desk.results["Venta"]]}
    key = {"Idempotency-Key": "1"}
    accepted(await desk.supervisor.post("/api/interactions", json=body, headers=key), 201)


async def test_a_call_back_that_was_not_answered_is_its_agents_to_typify(api: Api, desk: Desk) -> None:
    mine = await _ended(api, desk, "no_answer", desk.agent.id)
    accepted(await desk.typify("Venta", attempt_id=mine), 201)
    theirs = await _ended(api, desk, "no_answer", (await api.agent(desk.campaign.id)).id)
    refused(await desk.typify("Venta", key="2", attempt_id=theirs), 403, "attempt_not_yours")


@pytest.mark.parametrize(
    ("names", "about", "status", "error_id"),
    [
        (("Venta",), {"campaign_id": None}, 422, "campaign_missing"),
        (("Venta",), {"customer_id": NOBODY}, 404, "not_found"),
        (("Venta",), {"attempt_id": NOBODY}, 404, "attempt_not_found"),
        (("Venta",), {"path": []}, 422, "invalid_request"),
        (("Venta",), {"path": [NOBODY]}, 422, "result_unknown"),
        (("Venta",), {"profile_data": {"hijos": 2}}, 422, "field_unknown"),
        (("Venta",), _at("2026-03-03T10:00:00"), 422, "schedule_not_allowed"),
        (("Volver",), {}, 422, "schedule_missing"),
        (("Volver",), _at("2026-03-01T10:00:00"), 422, "in_the_past"),
        (("Volver",), _at("2028-03-01T10:00:00"), 422, "too_far_ahead"),
        (("Volver",), _at("2026-03-03T10:00:00", phone="+34600000000"), 422, "phone_unknown"),
        (("Volver",), _at("2026-03-03T10:00:00", phone="12"), 422, "bad_phone"),
        (("Volver",), _at("2026-03-03T10:00:00Z"), 422, "invalid_request"),
    ],
)  # fmt: skip
async def test_what_cannot_be_typified_says_why(
    desk: Desk, names: tuple[str, ...], about: dict[str, Any], status: int, error_id: str
) -> None:
    refused(await desk.typify(*names, **about), status, error_id)


async def test_typifying_needs_a_key(desk: Desk) -> None:
    body = {"campaign_id": str(desk.campaign.id), "path": [desk.results["Venta"]]}
    refused(await desk.client.post("/api/interactions", json=body), 400, "idempotency_key_required")


async def test_para_mi_schedules_in_the_customer_s_time_for_this_agent(api: Api, desk: Desk) -> None:
    schedule = {"local": "2026-03-03T10:00:00", "phone": "612 345 678", "mine": True}
    said = accepted(await desk.typify("Volver", schedule=schedule), 201)
    event = accepted(await desk.client.get(f"/api/agenda/{said['event_id']}"))
    assert (event["due_at"], event["zone"]) == ("2026-03-03T09:00:00Z", "Europe/Madrid")
    assert (event["agent_id"], event["e164"]) == (str(desk.agent.id), PHONE)
    pending = accepted(await desk.client.get(f"/api/customers/{desk.customer_id}/events"))["items"]
    assert pending == [event]


async def test_do_not_call_holds_at_once(desk: Desk, api: Api) -> None:
    attempt = await _call(api, desk, ended=True)
    accepted(await desk.typify("No llamar", attempt_id=str(attempt)), 201)
    click = {"campaign_id": str(desk.campaign.id), "phone": PHONE}
    response = await desk.client.post("/api/attempts/click", json=click, headers={"Idempotency-Key": "1"})
    refused(response, 409, "do_not_call")


def _event(desk: Desk, **about: Any) -> dict[str, Any]:
    return {
        "campaign_id": str(desk.campaign.id),
        "phone": PHONE,
        "local": "2026-03-03T10:00:00",
        "zone": "Europe/Madrid",
        "customer_id": desk.customer_id,
    } | about


async def test_nobody_is_promised_a_call_that_may_not_be_made(api: Api, desk: Desk) -> None:
    made = accepted(await desk.client.post("/api/agenda", json=_event(desk)), 201)["event"]["id"]
    other = "+34612345679"
    address = f"/api/customers/{desk.customer_id}/phones"
    accepted(await desk.client.post(address, json={"number": other}), 201)
    blocked = {"numbers": [other], "campaign_id": str(desk.campaign.id), "reason": "asked for it"}
    accepted(await desk.supervisor.post("/api/do-not-call", json=blocked), 201)
    refused(await desk.typify("Volver", **_at("2026-03-03T10:00:00", other)), 409, "do_not_call")
    refused(await desk.client.post("/api/agenda", json=_event(desk, phone=other)), 409, "do_not_call")
    refused(await desk.client.patch(f"/api/agenda/{made}", json={"phone": other}), 409, "do_not_call")
    accepted(await desk.typify("Volver", **_at("2026-03-03T10:00:00")), 201)


async def test_a_new_event_wakes_the_engine(api: Api, desk: Desk) -> None:
    async with api.bus.subscribe(commands.WAKE) as woken:
        accepted(await desk.client.post("/api/agenda", json=_event(desk)), 201)
        await anext(woken)


async def test_an_event_is_made_moved_and_managed_once(desk: Desk) -> None:
    written = accepted(await desk.client.post("/api/agenda", json=_event(desk)), 201)
    event = written["event"]
    assert (written["phone_known"], event["customer_name"], event["agent_id"]) == (True, "Ana", None)
    address = f"/api/agenda/{event['id']}"
    moved = accepted(
        await desk.client.patch(
            address, json={"local": "2026-03-04T11:00:00", "zone": "Europe/Madrid", "phone": "+34600000000"}
        )
    )
    assert (moved["event"]["due_at"], moved["phone_known"]) == ("2026-03-04T10:00:00Z", False)
    refused(await desk.client.post(f"{address}/manage"), 422, "phone_unknown")
    phones = f"/api/customers/{desk.customer_id}/phones"
    accepted(await desk.client.post(phones, json={"number": "+34600000000"}), 201)
    assert accepted(await desk.client.post(f"{address}/manage"))["state"] == "managed"
    refused(await desk.client.post(f"{address}/manage"), 409, "event_closed")
    refused(await desk.client.delete(address), 409, "event_closed")


async def test_an_event_leads_to_its_customers_data_and_to_a_gestion_that_is_in_the_history(
    desk: Desk,
) -> None:
    made = accepted(await desk.client.post("/api/agenda", json=_event(desk, note="a las diez")), 201)
    event = accepted(await desk.client.get(f"/api/agenda/{made['event']['id']}"))
    assert (event["state"], event["note"], event["due_at"]) == (
        "pending",
        "a las diez",
        "2026-03-03T09:00:00Z",
    )
    customer = accepted(await desk.client.get(f"/api/customers/{event['customer_id']}"))
    assert (customer["name"], [one["e164"] for one in customer["phones"]]) == ("Ana", [PHONE])
    accepted(await desk.client.post(f"/api/agenda/{event['id']}/manage"))
    done = accepted(await desk.typify("Venta", customer_id=event["customer_id"]), 201)
    history = accepted(await desk.client.get(f"/api/interactions?customer_id={desk.customer_id}"))["items"]
    assert [(one["id"], one["result_names"]) for one in history] == [(done["interaction_id"], ["Venta"])]


async def test_the_calendar_shows_agents_their_own_and_nobody_s(api: Api, desk: Desk) -> None:
    mine = _event(desk, agent_id=str(desk.agent.id))
    accepted(await desk.client.post("/api/agenda", json=mine), 201)
    accepted(await desk.client.post("/api/agenda", json=_event(desk, local="2026-03-03T09:00:00")), 201)
    other = await api.agent(desk.campaign.id)
    theirs = _event(desk, agent_id=str(other.id))
    refused(await desk.client.post("/api/agenda", json=theirs), 403, "agent_not_yours")
    hidden = accepted(await desk.supervisor.post("/api/agenda", json=theirs), 201)["event"]["id"]
    span = "start=2026-03-03T00:00:00Z&end=2026-03-04T00:00:00Z"
    shown = accepted(await desk.client.get(f"/api/agenda?{span}"))["items"]
    assert [one["agent_id"] for one in shown] == [None, str(desk.agent.id)]
    assert len(accepted(await desk.client.get(f"/api/agenda?{span}&with_free=false"))["items"]) == 1
    assert accepted(await desk.supervisor.get(f"/api/agenda?{span}"))["total"] == 3
    refused(await desk.client.get(f"/api/agenda/{hidden}"), 403, "event_not_yours")
    async with api.db.transaction() as conn:
        await agenda.orphan(conn, [UUID(hidden)], api.clock.now())
    refused(await desk.client.get("/api/agenda/orphaned"), 403, "role_too_low")
    (orphan,) = accepted(await desk.supervisor.get("/api/agenda/orphaned"))["items"]
    assert (orphan["id"], orphan["orphaned_at"] is not None) == (hidden, True)
    given = {"event_ids": [hidden], "agent_id": str(desk.agent.id)}
    assert accepted(await desk.supervisor.post("/api/agenda/reassign", json=given)) == {"reassigned": 1}
    assert not accepted(await desk.supervisor.get("/api/agenda/orphaned"))["items"]
    accepted(await desk.client.delete(f"/api/agenda/{hidden}"), 204)


@pytest.mark.parametrize(
    ("about", "status", "error_id"),
    [
        ({"local": "2026-03-01T10:00:00"}, 422, "in_the_past"),
        ({"zone": "Mars/Base"}, 422, "zone_unknown"),
        ({"phone": "x"}, 422, "bad_phone"),
        ({"campaign_id": NOBODY}, 404, "campaign_not_found"),
        ({"customer_id": NOBODY}, 404, "not_found"),
    ],
)
async def test_an_event_that_cannot_be_is_refused_when_typed(
    desk: Desk, about: dict[str, Any], status: int, error_id: str
) -> None:
    refused(await desk.client.post("/api/agenda", json=_event(desk, **about)), status, error_id)


async def test_an_illegal_hour_is_refused_when_typed(api: Api, desk: Desk) -> None:
    legal = await api.campaign("legal", region="ES", preset="es")
    async with api.db.transaction() as conn:
        await agents.set_campaigns(conn, desk.agent.id, [desk.campaign.id, legal.id])
    night = _event(desk, campaign_id=str(legal.id), local="2026-03-03T03:00:00")
    params = refused(await desk.client.post("/api/agenda", json=night), 422, "illegal_hour")
    assert params["why"] == "outside_legal_hours"


async def test_a_voice_campaign_keeps_no_event_for_one_agent(
    api: Api, desk: Desk, operator: httpx.AsyncClient
) -> None:
    voice = await api.campaign("voz", kind=Kind.VOICE, region="ES")
    body = _event(desk, campaign_id=str(voice.id), agent_id=str(desk.agent.id))
    refused(await operator.post("/api/agenda", json=body), 422, "mine_needs_dialer")


async def test_a_click_dials_once_and_only_for_oneself(api: Api, desk: Desk) -> None:
    body = {"campaign_id": str(desk.campaign.id), "phone": "612345678", "customer_id": desk.customer_id}
    key = {"Idempotency-Key": "click-1"}
    first = accepted(await desk.client.post("/api/attempts/click", json=body, headers=key), 202)
    assert accepted(await desk.client.post("/api/attempts/click", json=body, headers=key), 202) == first
    async with api.db.connection() as conn:
        [queued] = await commands.queued(conn)
    assert (queued.kind, queued.target) == (commands.Kind.CALL_CLICK, desk.agent.id)
    assert (queued.payload["e164"], queued.payload["customer_id"]) == (PHONE, desk.customer_id)
    refused(await desk.client.post("/api/attempts/click", json=body), 400, "idempotency_key_required")
    other = body | {"agent_id": str((await api.agent()).id)}
    response = await desk.client.post("/api/attempts/click", json=other, headers={"Idempotency-Key": "2"})
    refused(response, 403, "agent_not_yours")
    foreign = body | {"campaign_id": str((await api.campaign("otra")).id)}
    response = await desk.client.post("/api/attempts/click", json=foreign, headers={"Idempotency-Key": "3"})
    refused(response, 403, "campaign_not_yours")


async def test_a_supervisor_calls_outside_the_campaigns_hours_and_says_why(api: Api, desk: Desk) -> None:
    body = {
        "campaign_id": str(desk.campaign.id),
        "phone": "612345678",
        "agent_id": str(desk.agent.id),
        "override": "promised for tonight",
    }
    response = await desk.client.post("/api/attempts/click", json=body, headers={"Idempotency-Key": "1"})
    refused(response, 403, "override_not_yours")
    response = await desk.supervisor.post("/api/attempts/click", json=body, headers={"Idempotency-Key": "2"})
    accepted(response, 202)
    async with api.db.connection() as conn:
        [queued] = await commands.queued(conn)
        audited = await conn.fetchval("SELECT detail FROM audit WHERE action = 'attempts.click'")
    assert queued.payload["override"] == audited["override"] == "promised for tonight"


async def test_a_live_call_is_hung_up_by_its_agent_or_supervisor_only(api: Api, desk: Desk) -> None:
    attempt = await _call(api, desk, ended=False)
    address = f"/api/attempts/{attempt}/hangup"
    refused(await desk.client.post(address), 403, "attempt_not_yours")
    async with api.db.transaction() as conn:
        await conn.execute("UPDATE live_attempt SET agent_id = $1", desk.agent.id)
    accepted(await desk.client.post(address), 202)
    stranger = await api.as_role(Role.SUPERVISOR)
    refused(await stranger.post(address), 403, "campaign_not_yours")
    accepted(await desk.supervisor.post(address), 202)
    refused(await desk.supervisor.post(f"/api/attempts/{NOBODY}/hangup"), 404, "live_attempt_not_found")
    shown = accepted(await desk.supervisor.get("/api/attempts/live"))["items"]
    assert [one["attempt_id"] for one in shown] == [str(attempt)]
    assert accepted(await stranger.get("/api/attempts/live"))["items"] == []


async def test_attempts_are_read_by_customer_agent_and_campaign(api: Api, desk: Desk) -> None:
    attempt = await _call(api, desk, ended=True)
    for query in (f"customer_id={desk.customer_id}", f"agent_id={desk.agent.id}"):
        found = accepted(await desk.client.get(f"/api/attempts?{query}"))["items"]
        assert [(one["id"], one["outcome"]) for one in found] == [(str(attempt), "connected")], query
        assert (found[0]["campaign"], found[0]["agent"]) == (desk.campaign.name, desk.agent.name)
    refused(await desk.client.get("/api/attempts"), 403, "too_wide")
    refused(await desk.client.get(f"/api/attempts/{attempt}"), 403, "role_too_low")
    assert accepted(await desk.supervisor.get(f"/api/attempts/{attempt}"))["e164"] == PHONE
    query = f"campaign_id={desk.campaign.id}&outcome=connected&sort=begun_at"
    assert len(accepted(await desk.supervisor.get(f"/api/attempts?{query}"))["items"]) == 1
    since = NOW.strftime("%Y-%m-%dT%H:%M:%SZ")
    tallied = accepted(await desk.supervisor.get(f"/api/campaigns/{desk.campaign.id}/outcomes?since={since}"))
    assert tallied["items"] == [{"outcome": "connected", "placed": 1, "answered": 0, "connected": 0}]
    later = (NOW + timedelta(days=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    assert accepted(await desk.supervisor.get(f"/api/attempts?since={later}"))["items"] == []
    stranger = await api.as_role(Role.SUPERVISOR)
    assert accepted(await stranger.get("/api/attempts"))["items"] == []
    assert datetime.fromisoformat(accepted(await desk.supervisor.get(f"/api/attempts/{attempt}"))["begun_at"])
