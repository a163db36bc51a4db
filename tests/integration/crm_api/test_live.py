"""The live socket: snapshot and changes, the screen-pop in one message, rights that hold while it is open."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest

from crm_api import sessions
from crm_api.access import Principal, Role
from crm_api.live import topics
from crm_api.live.client import BAD_ORIGIN, NOT_LOGGED_IN, TOO_SLOW
from crm_api.live.topics import Sight, Topic, parse
from crm_api.settings import ApiSettings
from dialer import agents, live
from dialer.agents import Presence
from dialer.campaigns import Campaign
from dialer.live import FLOOR, AgentIs, CallIs, CampaignIs, Offered, Publisher, agent_topic, campaign_topic
from lists import customers, dial_lists
from lists.customers import Customer, NewPhone
from storage.database import Connection, Database
from storage.ids import uuid7
from storage.partitions import ensure_partitions
from tests.helpers.until import until
from tests.integration.crm_api.given import NOW, Api, accepted, refused
from tests.integration.crm_api.served import LiveClient, live_client, served
from typifications import agenda, profiles, results, speech
from typifications.model import Action, EventFields, ResultFields

PHONE = "+34612345678"


@pytest.fixture
async def host(api: Api) -> AsyncIterator[str]:
    async with served(api.app) as address:
        yield address


@asynccontextmanager
async def _open(host: str, client: httpx.AsyncClient) -> AsyncIterator[LiveClient]:
    async with live_client(host, client.cookies[sessions.COOKIE]) as opened:
        yield opened


def _publisher(api: Api, stream: str = "worker-1") -> Publisher:
    return Publisher(api.bus, stream)


def _agent_is(agent_id: UUID, state: str = "ready") -> AgentIs:
    return AgentIs(agent_id=agent_id, state=state, since=NOW)


def _campaign_is(campaign_id: UUID) -> CampaignIs:
    return CampaignIs(campaign_id, "dialling", "", 3, 1, 2, 1, 10, 5, 4, 1)


async def _customer(api: Api, name: str = "Ana", *phones: str) -> Customer:
    async with api.db.transaction() as conn:
        base = await dial_lists.base_by_name(conn, "clientes") or await dial_lists.create_base(
            conn, "clientes", region="ES", now=NOW
        )
        numbers = [NewPhone(one) for one in phones or (PHONE,)]
        return await customers.create(conn, base.id, document=name, name=name, phones=numbers, now=NOW)


def _offered(agent_id: UUID, campaign: Campaign | None, **about: Any) -> Offered:
    facts: dict[str, Any] = {"direction": "out", "e164": PHONE} | about
    return Offered(
        agent_id=agent_id,
        attempt_id=uuid7(NOW),
        attempt_at=NOW,
        campaign_id=campaign.id if campaign else None,
        **facts,
    )


async def _pop(api: Api, host: str, offered: Offered) -> dict[str, Any]:
    client = await api.as_role(Role.AGENT, agent_id=offered.agent_id)
    topic = agent_topic(offered.agent_id)
    async with _open(host, client) as desktop:
        assert (await desktop.follow(topic))["kind"] == "snapshot"
        _publisher(api).publish([topic], offered, NOW)
        message = await desktop.next()
    assert (message["kind"], message["topic"]) == ("pop", topic)
    data: dict[str, Any] = message["data"]
    return data


async def test_the_pop_of_a_dialled_call_carries_everything_in_one_message(api: Api, host: str) -> None:
    campaign, agent, customer = await api.campaign(), await api.agent(), await _customer(api)
    async with api.db.transaction() as conn:
        await speech.create(conn, campaign.id, title="Hola", body="Buenos días", now=NOW)
        fields = [profiles.ProfileField("hijos", "Hijos", profiles.FieldType.NUMBER)]
        await profiles.create(conn, "Familia", fields, [campaign.id], now=NOW)
        sold = ResultFields(name="Venta", action=Action.NO_ACTION)
        await results.create(conn, sold, campaigns=[campaign.id], now=NOW)
        due = NOW.replace(hour=20)
        event = EventFields(
            customer_id=customer.id, campaign_id=campaign.id, e164=PHONE, due_at=due, zone="Europe/Madrid"
        )
        await agenda.create(conn, event, now=NOW)
    pop = await _pop(api, host, _offered(agent.id, campaign, customer_id=customer.id))
    assert pop["call"]["e164"] == pop["number"] == PHONE
    assert pop["customer"]["id"] == str(customer.id)
    assert [phone["e164"] for phone in pop["customer"]["phones"]] == [PHONE]
    assert pop["matches"] == []
    assert pop["campaign"]["name"] == "ventas"
    assert pop["speech"]["body"] == "Buenos días"
    assert pop["profiles"][0]["fields"][0]["name"] == "hijos"
    assert [node["result"]["name"] for node in pop["results"]["roots"]] == ["Venta"]
    assert len(pop["events"]) == 1
    assert pop["history"] == []


@pytest.mark.parametrize(
    ("known", "caller", "customer", "matches"),
    [
        ([], PHONE, None, []),
        (["Ana"], PHONE, "Ana", []),
        (["Ana"], "+34999612345678"[:3] + "712345678", "Ana", []),  # the last eight digits agree
        (["Ana", "Luis"], PHONE, None, ["Ana", "Luis"]),
        (["Ana"], "", None, []),  # the caller hides the number
    ],
)
async def test_an_inbound_caller_is_found_by_number_offered_as_a_choice_or_begun_anew(
    api: Api, host: str, known: list[str], caller: str, customer: str | None, matches: list[str]
) -> None:
    agent = await api.agent()
    for name in known:
        await _customer(api, name)
    pop = await _pop(api, host, _offered(agent.id, None, direction="in", e164=caller))
    assert (pop["customer"] and pop["customer"]["name"]) == customer
    assert sorted(one["name"] for one in pop["matches"]) == matches
    assert (pop["number"], pop["campaign"]) == (caller, None)


async def test_a_reconnected_desktop_gets_the_pending_offer_with_its_snapshot(api: Api, host: str) -> None:
    campaign, agent, customer = await api.campaign(), await api.agent(), await _customer(api)
    attempt_id = uuid7(NOW)
    async with api.db.transaction() as conn:
        await ensure_partitions(conn, "attempt", NOW, 0)
        await conn.execute(
            "INSERT INTO attempt (id, begun_at, kind, campaign_id, customer_id, e164, agent_id)"
            " VALUES ($1, $2, 'dialled', $3, $4, $5, $6)",
            attempt_id, NOW, campaign.id, customer.id, PHONE, agent.id,
        )  # fmt: skip
        presence = Presence(agent.id, "talking", NOW, attempt_id=attempt_id, attempt_at=NOW)
        await agents.save_presences(conn, [presence])
    client = await api.as_role(Role.AGENT, agent_id=agent.id)
    async with _open(host, client) as desktop:
        data = (await desktop.follow(agent_topic(agent.id)))["data"]
    assert data["agent"]["state"] == "talking"
    assert (data["pop"]["call"]["attempt_id"], data["pop"]["customer"]["name"]) == (str(attempt_id), "Ana")
    asked_once = accepted(await client.get(f"/api/live/agents/{agent.id}"))
    assert asked_once == data


async def test_changes_follow_the_snapshot_word_for_word(api: Api, host: str) -> None:
    agent, operator = await api.agent(), await api.as_role(Role.OPERATOR)
    publisher = _publisher(api)
    async with _open(host, operator) as floor:
        first = await floor.follow(FLOOR)
        assert (first["kind"], first["data"]["agents"]) == ("snapshot", [])
        publisher.publish([FLOOR], _agent_is(agent.id), NOW)
        publisher.publish([FLOOR], _agent_is(agent.id, "talking"), NOW)
        for seq, state in ((1, "ready"), (2, "talking")):
            change = await floor.next()
            assert change["kind"] == "change"
            assert (change["data"]["seq"], change["data"]["body"]["state"]) == (seq, state)


async def _lose_one(api: Api, publisher: Publisher, agent_id: UUID) -> None:
    publisher.publish(["elsewhere"], _agent_is(agent_id), NOW)
    publisher._seq[FLOOR] += 1
    publisher.publish([FLOOR], _agent_is(agent_id), NOW)


async def _new_worker(api: Api, publisher: Publisher, agent_id: UUID) -> None:
    _publisher(api, "worker-2").publish([FLOOR], _agent_is(agent_id), NOW)


async def _gap_on_the_bus(api: Api, publisher: Publisher, agent_id: UUID) -> None:
    api.local.lose()


@pytest.mark.parametrize("lose", [_lose_one, _new_worker, _gap_on_the_bus])
async def test_where_a_message_was_lost_the_snapshot_is_sent_again(api: Api, host: str, lose: Any) -> None:
    agent, operator = await api.agent(), await api.as_role(Role.OPERATOR)
    publisher = _publisher(api)
    async with _open(host, operator) as floor:
        await floor.follow(FLOOR)
        publisher.publish([FLOOR], _agent_is(agent.id), NOW)
        await floor.next()
        async with api.db.transaction() as conn:
            await agents.save_presences(conn, [Presence(agent.id, "paused", NOW, reason="lunch")])
        await lose(api, publisher, agent.id)
        again = await floor.next()
        assert again["kind"] == "snapshot"
        assert [one["reason"] for one in again["data"]["agents"]] == ["lunch"]


async def test_a_supervisor_hears_of_the_campaigns_and_agents_watched_only(api: Api, host: str) -> None:
    mine, other = await api.campaign("mine"), await api.campaign("other")
    my_agent, other_agent = await api.agent(mine.id), await api.agent(other.id)
    supervisor = await api.as_role(Role.SUPERVISOR, watches=(mine.id,))
    publisher = _publisher(api)
    async with _open(host, supervisor) as floor:
        await floor.follow(FLOOR)
        for body in (
            _agent_is(other_agent.id),
            _campaign_is(other.id),
            _agent_is(my_agent.id),
            _campaign_is(mine.id),
        ):
            publisher.publish([FLOOR], body, NOW)
        heard = [(await floor.next())["data"]["body"] for _ in range(2)]
        assert heard[0]["agent_id"] == str(my_agent.id)
        assert heard[1]["campaign_id"] == str(mine.id)
        told = await floor.follow(campaign_topic(other.id))
        assert (told["kind"], told["data"]["error_id"]) == ("refused", "campaign_not_yours")
        told = await floor.follow(agent_topic(other_agent.id))
        assert told["data"]["error_id"] == "agent_not_yours"
        assert (await floor.follow(campaign_topic(mine.id)))["kind"] == "snapshot"


async def _call_back(conn: Connection, agent: agents.Agent, campaign: Campaign, name: str) -> None:
    about: dict[str, Any] = {"campaign_id": campaign.id, "agent_id": agent.id, "e164": PHONE}
    soon = EventFields(**about, customer_name=name, due_at=NOW + timedelta(minutes=1), zone="UTC")
    await agenda.create(conn, soon, now=NOW)


async def _talking(api: Api, agent: agents.Agent, campaign: Campaign, name: str) -> UUID:
    """The agent consults somebody about a customer of this campaign, and has to call the customer back."""
    customer, attempt_id = await _customer(api, name), uuid7(NOW)
    async with api.db.transaction() as conn:
        await ensure_partitions(conn, "attempt", NOW, 0)
        await conn.execute(
            "INSERT INTO attempt (id, begun_at, kind, campaign_id, customer_id, e164, agent_id)"
            " VALUES ($1, $2, 'dialled', $3, $4, $5, $6)",
            attempt_id, NOW, campaign.id, customer.id, PHONE, agent.id,
        )  # fmt: skip
        await conn.execute(
            "INSERT INTO call_handling (attempt_id, agent_id, state, third, since)"
            " VALUES ($1, $2, 'consulting', '+34699999999', $3)",
            attempt_id, agent.id, NOW,
        )  # fmt: skip
        await _call_back(conn, agent, campaign, name)
        presence = Presence(agent.id, "talking", NOW, attempt_id=attempt_id, attempt_at=NOW)
        await agents.save_presences(conn, [presence])
    return attempt_id


@pytest.mark.parametrize("watched", [True, False], ids=["watched", "another"])
async def test_a_supervisor_sees_the_customers_of_a_shared_agent_in_the_campaigns_watched_only(
    api: Api, host: str, watched: bool
) -> None:
    """The agent works for both campaigns: where it is may be seen, with whom it talks for the other not."""
    mine, other = await api.campaign("mine"), await api.campaign("other")
    agent = await api.agent(mine.id, other.id)
    supervisor = await api.as_role(Role.SUPERVISOR, watches=(mine.id,))
    campaign, topic = mine if watched else other, agent_topic(agent.id)
    attempt_id = await _talking(api, agent, campaign, "Ana")
    asked_once = accepted(await supervisor.get(f"/api/live/agents/{agent.id}"))
    async with _open(host, supervisor) as floor:
        snapshot = (await floor.follow(topic))["data"]
        assert snapshot == asked_once
        assert (snapshot["agent"]["state"], snapshot["agent"]["attempt_id"]) == ("talking", str(attempt_id))
        shown = [bool(snapshot[name]) for name in ("pop", "handling", "third", "reminders")]
        assert shown == [watched] * 4
        await _customer(api, "Luis", "+34612345699")
        publisher = _publisher(api)
        publisher.publish([topic], _offered(agent.id, campaign), NOW)
        publisher.publish([topic], _offered(agent.id, None, direction="in", e164="+34612345699"), NOW)
        consulted = CallIs(attempt_id, "consulting", NOW, agent.id, campaign.id, third="+34699999999")
        publisher.publish([topic], consulted, NOW)
        async with api.db.transaction() as conn:
            await _call_back(conn, agent, campaign, "Eva")  # agreed on since the snapshot
        await api.app.state.feed.reminders.look()
        publisher.publish([topic], _agent_is(agent.id), NOW)
        heard: list[dict[str, Any]] = []
        while not heard or heard[-1]["data"].get("body", {}).get("type") != "agent":
            heard.append(await floor.next())
    assert {one["kind"] for one in heard} == ({"change", "pop", "reminder"} if watched else {"change"})
    told = [one["data"]["body"]["type"] for one in heard if one["kind"] == "change"]
    assert told == (["call", "agent"] if watched else ["agent"])
    assert "Luis" not in str(heard), "a caller of no campaign is nobody's to see but those who see all"


@pytest.mark.parametrize(
    ("topic", "error_id"),
    [
        (FLOOR, "role_too_low"),
        ("campaign.00000000-0000-7000-8000-000000000000", "role_too_low"),
        ("agent.00000000-0000-7000-8000-000000000000", "agent_not_yours"),
        ("agent", "unknown_topic"),
        ("floor.00000000-0000-7000-8000-000000000000", "unknown_topic"),
        ("weather", "unknown_topic"),
        ("a" * 5000, "body_too_large"),
        ('agent."', "invalid_request"),
    ],
)
async def test_an_agent_is_refused_what_is_not_its_own(
    api: Api, host: str, topic: str, error_id: str
) -> None:
    async with _open(host, await api.as_role(Role.AGENT)) as desktop:
        told = await desktop.follow(topic)
        assert (told["kind"], told["data"]["error_id"]) == ("refused", error_id)
        await desktop.ask("ping")
        assert (await desktop.next())["kind"] == "pong"


@pytest.mark.parametrize("op", ["follow", "snapshot"])
async def test_no_question_leads_an_agent_to_the_floor_or_to_a_colleague(
    api: Api, host: str, op: str
) -> None:
    colleague = await api.agent()
    topics = [FLOOR, agent_topic(colleague.id)]
    async with _open(host, await api.as_role(Role.AGENT)) as desktop:
        for topic in topics:
            await desktop.ask(op, topic)
            assert (await desktop.next())["kind"] == "refused"
            await desktop.ask("unfollow", topic)
        _publisher(api).publish(topics, AgentIs(colleague.id, "ready", NOW), NOW)
        await desktop.ask("ping")
        assert (await desktop.next())["kind"] == "pong"


async def test_a_socket_without_a_session_or_from_another_site_is_closed(api: Api, host: str) -> None:
    async with live_client(host, None) as nobody:
        assert await nobody.closed() == NOT_LOGGED_IN
    client = await api.as_role(Role.ADMIN)
    cookie = client.cookies[sessions.COOKIE]
    async with live_client(host, cookie, Origin="http://evil.example") as foreign:
        assert await foreign.closed() == BAD_ORIGIN
    async with live_client(host, cookie, Origin=f"http://{host}") as own:
        await own.ask("ping")
        assert (await own.next())["kind"] == "pong"


async def test_a_logout_closes_the_sockets_of_its_session(api: Api, host: str) -> None:
    client = await api.as_role(Role.OPERATOR)
    async with _open(host, client) as floor:
        await floor.follow(FLOOR)
        accepted(await client.post("/api/auth/logout"), 204)
        assert await floor.closed() == NOT_LOGGED_IN


async def test_rights_taken_away_hold_on_open_sockets(api: Api, host: str, admin: httpx.AsyncClient) -> None:
    mine = await api.campaign("mine")
    supervisor = await api.as_role(Role.SUPERVISOR, watches=(mine.id,))
    user_id = supervisor.headers["X-Test-User"]
    async with _open(host, supervisor) as floor:
        await floor.follow(campaign_topic(mine.id))
        accepted(await admin.put(f"/api/users/{user_id}", json={"name": "x", "role": "supervisor"}))
        told = await floor.next()
        assert (told["kind"], told["data"]["error_id"]) == ("refused", "campaign_not_yours")
        _publisher(api).publish([campaign_topic(mine.id)], _campaign_is(mine.id), NOW)
        await floor.ask("ping")
        assert (await floor.next())["kind"] == "pong"


async def test_rights_taken_away_while_a_topic_is_asked_for_hold_too(
    api: Api, host: str, admin: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = await api.campaign("mine")
    supervisor = await api.as_role(Role.SUPERVISOR, watches=(mine.id,))
    user_id = supervisor.headers["X-Test-User"]
    sight = topics.sight

    async def meanwhile(conn: Connection, who: Principal, topic: Topic) -> Sight:
        seen = await sight(conn, who, topic)
        monkeypatch.setattr(topics, "sight", sight)
        accepted(await admin.put(f"/api/users/{user_id}", json={"name": "x", "role": "supervisor"}))
        client = next(iter(api.app.state.feed.clients))
        await until(lambda: client.who.campaigns == frozenset(), 10)
        return seen

    monkeypatch.setattr(topics, "sight", meanwhile)
    async with _open(host, supervisor) as floor:
        told = await floor.follow(campaign_topic(mine.id))
        assert (told["kind"], told["data"]["error_id"]) == ("refused", "campaign_not_yours")


async def test_a_slow_client_is_dropped_and_the_others_hear_everything(db: Database) -> None:
    api = Api(db, settings=ApiSettings(live_queue=32))
    agent, operator = await api.agent(), await api.as_role(Role.OPERATOR)
    publisher = _publisher(api)
    try:
        async with (
            served(api.app) as host,
            _open(host, operator) as quick,
            _open(host, operator) as slow,
        ):
            await quick.follow(FLOOR)
            await slow.follow(FLOOR)
            slow.socket.transport.pause_reading()
            long = _agent_is(agent.id, "x" * 60_000)
            dropped = api.app.state.feed.clients
            for _ in range(2000):
                publisher.publish([FLOOR], long, NOW)
                await quick.next()
                if len(dropped) == 1 or any(one.closing == TOO_SLOW for one in dropped):
                    break
            assert any(one.closing == TOO_SLOW for one in dropped) or len(dropped) == 1
            slow.socket.transport.abort()
    finally:
        await api.close()


async def test_the_floor_can_be_asked_for_once(api: Api) -> None:
    supervisor = await api.as_role(Role.SUPERVISOR)
    assert accepted(await supervisor.get("/api/live/floor"))["calls"] == []
    desktop = await api.as_role(Role.AGENT)
    refused(await desktop.get("/api/live/floor"), 403, "role_too_low")
    other = await api.agent()
    refused(await desktop.get(f"/api/live/agents/{other.id}"), 403, "agent_not_yours")


async def test_a_message_nobody_understands_is_a_gap_and_not_the_end(api: Api, host: str) -> None:
    async with _open(host, await api.as_role(Role.OPERATOR)) as floor:
        await floor.follow(FLOOR)
        api.bus.publish(FLOOR, b"{}")
        assert (await floor.next())["kind"] == "snapshot"
        _publisher(api).publish([FLOOR], _campaign_is(uuid7(NOW)), NOW)
        assert (await floor.next())["kind"] == "change"


async def test_many_followers_of_one_topic_share_one_subscription(api: Api, host: str) -> None:
    operator = await api.as_role(Role.OPERATOR)
    async with _open(host, operator) as one, _open(host, operator) as two:
        await asyncio.gather(one.follow(FLOOR), two.follow(FLOOR))
        assert len(api.local._readers[FLOOR]) == 1
        _publisher(api).publish([FLOOR], _campaign_is(uuid7(NOW)), NOW)
        assert (await one.next())["kind"] == (await two.next())["kind"] == "change"
        await one.ask("unfollow", FLOOR)
        await two.ask("unfollow", FLOOR)
        await two.ask("ping")
        await two.next()
        await one.ask("ping")
        await one.next()
        assert parse(FLOOR) not in api.app.state.feed.channels


def test_the_engine_s_words_for_topics_are_ours() -> None:
    assert live.FLOOR == "floor"
    assert campaign_topic(UUID(int=7)) == "campaign.00000000-0000-0000-0000-000000000007"
