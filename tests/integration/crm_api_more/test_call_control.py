"""Call control through the API: whose calls, what is asked of the engine, and every refusal before it."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

import httpx
import pytest

from crm_api.access import Role
from dialer import agents, campaigns, commands, standing
from dialer.agents import Agent, AgentFields, Line, Presence, save_presences
from dialer.campaigns import Campaign, Desired
from lists import attempts, customers, dial_lists, do_not_call
from lists.customers import NewPhone
from lists.do_not_call import Source
from lists.model import BeginInbound, LiveState, Progress
from storage.ids import uuid7
from storage.partitions import ensure_partitions
from tests.integration.crm_api.asking import OPERATIONS
from tests.integration.crm_api.given import NOW, Api, accepted, refused

NOBODY = "00000000-0000-7000-8000-000000000000"
PHONE, THIRD = "+34612345678", "+34911222333"
ACTS = ("end", "hold", "resume", "keys", "transfer", "consult", "complete", "cancel", "conference")
BODIES: dict[str, Any] = {
    "keys": {"keys": "1*"},
    "transfer": {"extension": "7010"},
    "consult": {"extension": "7010"},
    "listen": {"how": "whisper"},
}


@dataclass
class Talk:
    """An agent in conversation with a customer, and who watches."""

    campaign: Campaign
    agent: Agent
    client: httpx.AsyncClient
    supervisor: httpx.AsyncClient
    boss: Agent
    attempt: UUID

    def at(self, act: str) -> str:
        return f"/api/calls/{self.attempt}/{act}"


@pytest.fixture
async def talk(api: Api) -> Talk:
    campaign = await api.campaign("ventas", region="ES")
    agent, boss = await api.agent(campaign.id), await api.agent(campaign.id)
    attempt = uuid7(NOW)
    async with api.db.transaction() as conn:
        await ensure_partitions(conn, "attempt", NOW, 0)
        call = BeginInbound(attempt, NOW, campaign.id, None, PHONE, "carrier", "main", "w")
        assert await attempts.begin_inbound(conn, call) is None
        await attempts.progress(conn, [Progress(attempt, LiveState.CONNECTED, NOW, agent.id)])
    return Talk(
        campaign,
        agent,
        await api.as_role(Role.AGENT, agent_id=agent.id),
        await api.as_role(Role.SUPERVISOR, agent_id=boss.id, watches=(campaign.id,)),
        boss,
        attempt,
    )


async def queued(api: Api) -> list[commands.Command]:
    async with api.db.connection() as conn:
        return await commands.queued(conn)


@pytest.mark.parametrize("act", ACTS)
async def test_an_act_on_ones_own_call_becomes_a_command_that_names_whose_it_must_still_be(
    api: Api, talk: Talk, act: str
) -> None:
    answer = accepted(await talk.client.post(talk.at(act), json=BODIES.get(act)), 202)
    [asked] = await queued(api)
    assert (answer["id"], asked.target) == (str(asked.id), talk.attempt)
    assert asked.kind == ("call.hangup" if act == "end" else f"control.{act}")
    assert asked.payload == {"agent_id": str(talk.agent.id)} | BODIES.get(act, {})


async def test_each_act_on_ones_own_call_is_taken(talk: Talk) -> None:
    for act in ACTS:
        accepted(await talk.client.post(talk.at(act), json=BODIES.get(act)), 202)


async def test_a_supervisor_acts_on_the_calls_watched_and_listens_by_the_own_phone(
    api: Api, talk: Talk
) -> None:
    accepted(await talk.supervisor.post(talk.at("hold")), 202)
    accepted(await talk.supervisor.post(talk.at("listen"), json={"how": "barge"}), 202)
    accepted(await talk.supervisor.post(talk.at("unlisten")), 202)
    hold, listen, unlisten = await queued(api)
    assert hold.payload == {}
    assert listen.payload == {"supervisor": str(talk.boss.id), "how": "barge"}
    assert unlisten.payload == {"supervisor": str(talk.boss.id)}
    async with api.db.connection() as conn:
        audited = await conn.fetch("SELECT action FROM audit WHERE action LIKE 'calls.%' ORDER BY at, id")
    assert [row["action"] for row in audited] == ["calls.hold", "calls.listen", "calls.unlisten"]


@pytest.mark.parametrize("act", [*ACTS, "listen", "unlisten"])
async def test_nobody_else_acts_on_a_call(api: Api, talk: Talk, act: str) -> None:
    body = BODIES.get(act)
    stranger = await api.as_role(Role.SUPERVISOR)
    refused(await stranger.post(talk.at(act), json=body), 403, "campaign_not_yours")
    colleague = await api.as_role(Role.AGENT)
    wanted = "role_too_low" if "listen" in act else "attempt_not_yours"
    refused(await colleague.post(talk.at(act), json=body), 403, wanted)
    nothing = f"/api/calls/{NOBODY}/{act}"
    refused(await talk.supervisor.post(nothing, json=body), 404, "live_attempt_not_found")
    assert await queued(api) == []


async def test_who_listens_needs_a_phone_of_their_own(api: Api, talk: Talk) -> None:
    deaf = await api.as_role(Role.SUPERVISOR, watches=(talk.campaign.id,))
    refused(await deaf.post(talk.at("listen"), json={}), 403, "not_an_agent")


async def test_a_call_nobody_talks_on_is_not_controlled(api: Api, talk: Talk) -> None:
    async with api.db.transaction() as conn:
        await attempts.progress(conn, [Progress(talk.attempt, LiveState.RINGING, NOW, None)])
    calls = (one for one in OPERATIONS if one.name.startswith("calls_") and one.method == "POST")
    acts = [one for one in calls if one.name != "calls_end"]
    assert len(acts) > 10
    for act in acts:
        response = await act.ask(talk.supervisor, {"attempt_id": str(talk.attempt)})
        refused(response, 409, "not_talking")


@pytest.mark.parametrize(
    ("act", "body"),
    [
        ("keys", {"keys": ""}),
        ("keys", {"keys": "1" * 33}),
        ("keys", {"keys": "1,2"}),
        ("keys", {"keys": "E"}),
        ("transfer", {}),
        ("transfer", {"extension": "70", "phone": THIRD}),
        ("transfer", {"extension": "70@evil"}),
        ("transfer", {"extension": "0199001"}),
        ("consult", {"campaign_id": NOBODY}),
        ("listen", {"how": "shout"}),
    ],
)
async def test_what_does_not_fit_is_refused(talk: Talk, act: str, body: dict[str, Any]) -> None:
    refused(await talk.supervisor.post(talk.at(act), json=body), 422, "invalid_request")


async def test_whom_to_reach_is_read_and_looked_up(api: Api, talk: Talk) -> None:
    for act in ("transfer", "consult"):
        refused(await talk.client.post(talk.at(act), json={"phone": "12"}), 422, "bad_phone")
        refused(await talk.client.post(talk.at(act), json={"agent_id": NOBODY}), 404, "agent_not_found")
    unknown = {"campaign_id": NOBODY}
    refused(await talk.client.post(talk.at("transfer"), json=unknown), 404, "campaign_not_found")
    for body in (
        {"phone": "911 22 23 33"},
        {"agent_id": str(talk.boss.id)},
        {"campaign_id": str(talk.campaign.id)},
    ):
        accepted(await talk.client.post(talk.at("transfer"), json=body), 202)
    payloads = [dict(command.payload) for command in await queued(api)]
    own = {"agent_id": str(talk.agent.id)}
    assert payloads == [
        own | {"phone": THIRD},
        own | {"to_agent": str(talk.boss.id)},
        own | {"to_campaign": str(talk.campaign.id)},
    ]


async def test_an_agent_sees_to_whom_a_customer_may_be_given(api: Api, talk: Talk) -> None:
    support, asleep = await api.campaign("soporte"), await api.campaign("de noche")
    phone = await api.agent(support.id)
    paused, away = await api.agent(), await api.agent(asleep.id)
    async with api.db.transaction() as conn:
        for one in (support, talk.campaign):
            await campaigns.set_desired(conn, one.id, Desired.RUNNING)
        fields = AgentFields(code="9", name="Phone", dial="PJSIP/9", line=Line.RINGING)
        await agents.edit(conn, phone.id, fields)
        await save_presences(
            conn,
            [
                Presence(talk.agent.id, "talking", NOW, channel="a", attempt_id=talk.attempt, attempt_at=NOW),
                Presence(talk.boss.id, "ready", NOW, channel="b"),
                Presence(phone.id, "ready", NOW),
                Presence(paused.id, "paused", NOW, channel="c"),
                Presence(away.id, "logged_out", NOW),
            ],
        )
    shown = accepted(await talk.client.get("/api/calls/targets?sort=-name"))["items"]
    assert [one["name"] for one in shown] == sorted((one["name"] for one in shown), reverse=True)
    told = {one["agent_id"] or one["campaign_id"]: (one["free"], one["consult"]) for one in shown}
    assert told == {
        str(talk.boss.id): (True, True),
        str(phone.id): (True, False),
        str(paused.id): (False, False),
        str(support.id): (True, False),
        str(talk.campaign.id): (True, False),
    }
    async with api.db.transaction() as conn:
        await save_presences(conn, [Presence(phone.id, "wrapup", NOW)])
    shown = accepted(await talk.client.get("/api/calls/targets?sort=free"))["items"]
    assert [one["campaign_id"] for one in shown if one["free"]].count(str(support.id)) == 0


async def test_a_number_on_do_not_call_is_nobodys_target(api: Api, talk: Talk) -> None:
    async with api.db.transaction() as conn:
        await do_not_call.add(conn, numbers=[THIRD], campaign_id=None, source=Source.SUPERVISOR, now=NOW)
    for act in ("transfer", "consult"):
        refused(await talk.client.post(talk.at(act), json={"phone": THIRD}), 409, "do_not_call")


async def test_the_same_key_transfers_once(api: Api, talk: Talk) -> None:
    key = {"Idempotency-Key": "one transfer"}
    body = {"extension": "7010"}
    first = await talk.client.post(talk.at("transfer"), json=body, headers=key)
    again = await talk.client.post(talk.at("transfer"), json=body, headers=key)
    assert accepted(first, 202) == accepted(again, 202)
    assert len(await queued(api)) == 1


async def test_snapshots_say_how_a_call_stands(api: Api, talk: Talk) -> None:
    async with api.db.transaction() as conn:
        state = Presence(talk.agent.id, "talking", NOW, attempt_id=talk.attempt, attempt_at=NOW)
        await save_presences(conn, [state])
        await standing.save(conn, talk.attempt, talk.agent.id, "consulting", THIRD, NOW)
    own = accepted(await talk.client.get(f"/api/live/agents/{talk.agent.id}"))
    [call] = accepted(await talk.supervisor.get("/api/live/floor"))["calls"]
    assert (own["handling"], own["third"]) == (call["handling"], call["third"]) == ("consulting", THIRD)
    async with api.db.transaction() as conn:
        await standing.save(conn, talk.attempt, None, "transferred", THIRD, NOW)
    own = accepted(await talk.client.get(f"/api/live/agents/{talk.agent.id}"))
    assert own["handling"] == "", "given away: not the agent's any more"


async def test_the_customer_of_a_call_is_chosen_by_whoever_talks(api: Api, talk: Talk) -> None:
    async with api.db.transaction() as conn:
        base = await dial_lists.create_base(conn, "clientes", region="ES", now=NOW)
        ana, luis = [
            await customers.create(conn, base.id, key=name, name=name, phones=[NewPhone(PHONE)], now=NOW)
            for name in ("Ana", "Luis")
        ]
    accepted(await talk.client.post(talk.at("customer"), json={"customer_id": str(luis.id)}), 202)
    accepted(await talk.supervisor.post(talk.at("customer"), json={"customer_id": str(ana.id)}), 202)
    own, watched = await queued(api)
    assert (own.kind, own.target) == ("call.choose", talk.attempt)
    assert own.payload == {"agent_id": str(talk.agent.id), "customer_id": str(luis.id)}
    assert watched.payload == {"customer_id": str(ana.id)}


async def test_whose_call_it_is_is_not_for_everybody_to_say(api: Api, talk: Talk) -> None:
    body = {"customer_id": NOBODY}
    refused(await talk.client.post(talk.at("customer"), json=body), 404, "not_found")
    colleague = await api.as_role(Role.AGENT)
    refused(await colleague.post(talk.at("customer"), json=body), 403, "attempt_not_yours")
    gone = f"/api/calls/{NOBODY}/customer"
    refused(await talk.supervisor.post(gone, json=body), 404, "live_attempt_not_found")
    async with api.db.transaction() as conn:
        await conn.execute("UPDATE live_attempt SET contact_id = $1", uuid7(NOW))
    refused(await talk.client.post(talk.at("customer"), json=body), 409, "call_has_contact")
    assert await queued(api) == []
