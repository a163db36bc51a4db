"""Speech as the agent reads it, preferences, reminders on the live socket, calendar feeds."""

import asyncio
from datetime import timedelta
from typing import Any

import httpx
import pytest
from structlog.testing import capture_logs

from crm_api.access import Role
from crm_api.calendars import service as calendars
from crm_api.live import pop
from crm_api.live.reminders import EVERY_S
from dialer.agents import Agent
from dialer.campaigns import Kind
from dialer.live import Offered
from storage.ids import uuid7
from tests.helpers.until import until
from tests.integration.crm_api.given import NOW, Api, accepted, refused
from tests.integration.crm_api.served import LiveClient, live_client, served
from tests.integration.crm_api_more.people import NOBODY, People
from typifications.taking import HOLD_S


@pytest.fixture
async def people(api: Api) -> People:
    return await People.given(api)


async def _event(people: People, *, minutes: int, **about: Any) -> str:
    local = (NOW + timedelta(hours=1, minutes=minutes)).replace(tzinfo=None)  # Madrid in winter
    body = {
        "campaign_id": str(people.campaign.id),
        "phone": "+34600000001",
        "local": local.isoformat(),
        "zone": "Europe/Madrid",
        "customer_name": "Ana, de Lugo",
        "agent_id": str(people.agents[0].id),
    }
    event_id: str = accepted(await people.operator.post("/api/agenda", json=body | about), 201)["event"]["id"]
    return event_id


async def test_a_speech_is_made_safe_and_holds_the_customers_fields(people: People) -> None:
    customer = await people.customer("Ana <b>", data={"saldo": "120"})
    body = {
        "campaign_id": str(people.campaign.id),
        "body": "<p onclick=x()>Hola {{nombre}}, debe {{data.saldo}}.</p><script>x()</script>{{agente}}",
    }
    made = accepted(await people.supervisor.post("/api/speech", json=body), 201)
    assert made["body"] == "<p>Hola {{nombre}}, debe {{data.saldo}}.</p>{{agente}}"
    asked = f"/api/speech/rendered?campaign_id={people.campaign.id}&customer_id={customer}"
    agent = people.agents[0].name
    said = f"<p>Hola Ana &lt;b&gt;, debe 120.</p>{agent}"
    assert accepted(await people.agent.get(asked))["body"] == said
    offered = Offered(
        people.agents[0].id, uuid7(NOW), NOW, "out", "+34600000001", people.campaign.id, customer_id=None
    )
    async with people.api.db.connection() as conn:
        popped = await pop.compose(conn, offered)
    assert popped.speech is not None
    assert popped.speech.body == said  # found by the number


@pytest.mark.parametrize(
    ("body", "error_id"),
    [("<script>x()</script>", "body_missing"), ("{{customer.shoe}}", "placeholder_unknown")],
)
async def test_a_speech_that_says_nothing_or_asks_for_what_is_not_there_is_refused(
    people: People, body: str, error_id: str
) -> None:
    given = {"campaign_id": str(people.campaign.id), "body": body}
    refused(await people.supervisor.post("/api/speech", json=given), 422, error_id)


async def test_what_a_speech_may_hold_is_listed_and_none_is_rendered_where_there_is_none(
    people: People,
) -> None:
    names = accepted(await people.supervisor.get("/api/speech/placeholders"))["names"]
    assert "customer.name" in names
    customer = await people.customer()
    asked = f"/api/speech/rendered?campaign_id={people.campaign.id}&customer_id={customer}"
    refused(await people.agent.get(asked), 404, "speech_not_found")


async def test_place_labels_and_the_notification_period_are_changed_by_a_supervisor(people: People) -> None:
    before = accepted(await people.agent.get("/api/preferences"))
    assert before["notification_minutes"] == 10
    change = {"place_labels": {"region": "Provincia"}, "notification_minutes": 5}
    accepted(await people.supervisor.patch("/api/preferences", json=change))
    after = accepted(await people.agent.get("/api/preferences"))
    assert after["notification_minutes"] == 5
    assert after["place_labels"] == before["place_labels"] | {"region": "Provincia"}
    for wrong in (
        {"notification_minutes": -1},
        {"notification_minutes": 24 * 60 + 1},
        {"notification_minutes": "diez"},
        {"place_labels": {"region": " "}},
        {"place_labels": {"region": "x" * 61}},
        {"place_labels": {"planet": "Marte"}},
        {"volume": 11},
    ):
        refused(await people.supervisor.patch("/api/preferences", json=wrong), 422, "invalid_request")


async def test_an_agent_is_reminded_once_by_the_notification_period_before_an_event(people: People) -> None:
    soon = await _event(people, minutes=12)
    topic = f"agent.{people.agents[0].id}"
    feed = people.api.app.state.feed
    async with served(people.api.app) as host:
        async with live_client(host, people.agent.cookies["marcador_session"]) as socket:
            assert (await socket.follow(topic))["data"]["reminders"] == []
            await feed.reminders.look()
            people.api.clock.at = NOW + timedelta(minutes=2)
            await feed.reminders.look()
            told = await socket.next()
            assert (told["kind"], told["topic"], told["data"]["id"]) == ("reminder", topic, soon)
            await feed.reminders.look()
            await socket.ask("ping")
            assert (await socket.next())["kind"] == "pong"  # not told twice
            moved = {"local": "2026-03-02T16:10:00", "zone": "Europe/Madrid"}
            accepted(await people.operator.patch(f"/api/agenda/{soon}", json=moved))
            await feed.reminders.look()
            assert (await socket.next())["data"]["due_at"] == "2026-03-02T15:10:00Z"
        async with live_client(host, people.agent.cookies["marcador_session"]) as socket:
            again = await socket.follow(topic)  # after a lost connection
            assert [one["id"] for one in again["data"]["reminders"]] == [soon]
    assert EVERY_S <= 60


async def test_who_comes_within_the_period_or_comes_back_has_the_reminder_in_the_snapshot_alone(
    people: People,
) -> None:
    soon = await _event(people, minutes=5)
    topic = f"agent.{people.agents[0].id}"
    feed = people.api.app.state.feed
    cookie = people.agent.cookies["marcador_session"]

    async def told(socket: LiveClient) -> list[str]:
        await feed.reminders.look()
        await socket.ask("ping")
        kinds = []
        while (message := await socket.next())["kind"] != "pong":
            kinds.append(f"{message['kind']} {message['data'].get('id')}")
        return kinds

    async with served(people.api.app) as host:
        for _ in range(2):
            async with live_client(host, cookie) as socket:
                shown = await socket.follow(topic)
                assert [one["id"] for one in shown["data"]["reminders"]] == [soon]
                assert await told(socket) == await told(socket) == []
            await until(lambda: not feed.clients)
            await feed.reminders.look()
        async with live_client(host, cookie) as socket:
            await socket.follow(topic)
            later = await _event(people, minutes=7)
            assert await told(socket) == [f"reminder {later}"]
            accepted(await people.operator.delete(f"/api/agenda/{soon}"), 204)
            assert await told(socket) == [f"reminder_over {soon}"]


async def test_a_voice_campaigns_event_is_every_agents_of_it_until_one_takes_it(api: Api) -> None:
    voice = await api.campaign("voz", kind=Kind.VOICE, region="ES", zone="Europe/Madrid")
    people = await People.given(api)
    team = [await api.agent(voice.id) for _ in range(2)]
    clients = [await api.as_role(Role.AGENT, agent_id=one.id) for one in team]
    event = await _event(people, minutes=5, campaign_id=str(voice.id), agent_id=None)

    async def shown(index: int) -> list[str]:
        snapshot = accepted(await clients[index].get(f"/api/live/agents/{team[index].id}"))
        return [one["id"] for one in snapshot["reminders"]]

    assert [await shown(0), await shown(1)] == [[event], [event]]
    stranger = accepted(await people.agent.get(f"/api/live/agents/{people.agents[0].id}"))
    assert stranger["reminders"] == []
    accepted(await clients[0].post(f"/api/agenda/{event}/manage"))
    refused(await clients[1].post(f"/api/agenda/{event}/manage"), 409, "event_closed")
    assert [await shown(0), await shown(1)] == [[], []]


async def test_a_dialer_campaigns_event_for_anyone_is_shown_where_no_list_dials_it(
    people: People,
) -> None:
    """A caller who waits in no list is called by hand, or by nobody."""
    customer = await people.customer()
    record = {"campaign": str(people.campaign.id), "destination": "+34600000777"}
    queued = accepted(await people.operator.post("/api/records", json=record), 201)["contact_id"]
    waiting = accepted(await people.supervisor.get(f"/api/contacts/{queued}"))["customer_id"]
    callers = await _event(people, minutes=5, agent_id=None, customer_id=customer)
    strangers = await _event(people, minutes=6, agent_id=None, phone="+34600000888")
    dialled = await _event(people, minutes=5, agent_id=None, customer_id=waiting, phone="+34600000777")
    assert accepted(await people.agent.get(f"/api/agenda/{dialled}"))["contact_id"] == queued
    shown = accepted(await people.agent.get(f"/api/live/agents/{people.agents[0].id}"))["reminders"]
    assert [one["id"] for one in shown] == [callers, strangers]
    other = await people.api.agent()
    outside = await people.api.as_role(Role.AGENT, agent_id=other.id)
    assert accepted(await outside.get(f"/api/live/agents/{other.id}"))["reminders"] == []


async def _voice_team(api: Api) -> tuple[str, list[Agent], list[httpx.AsyncClient]]:
    """A due event of a voice campaign that is nobody's, and two agents of it."""
    voice = await api.campaign("voz", kind=Kind.VOICE, region="ES", zone="Europe/Madrid")
    people = await People.given(api)
    team = [await api.agent(voice.id) for _ in range(2)]
    clients = [await api.as_role(Role.AGENT, agent_id=one.id) for one in team]
    return await _event(people, minutes=5, campaign_id=str(voice.id), agent_id=None), team, clients


async def test_the_first_to_take_an_event_holds_it_and_it_leaves_the_others_screens_at_once(api: Api) -> None:
    event, team, clients = await _voice_team(api)
    async with (
        served(api.app) as host,
        live_client(host, clients[0].cookies["marcador_session"]) as first,
        live_client(host, clients[1].cookies["marcador_session"]) as second,
    ):
        for socket, agent in zip((first, second), team, strict=True):
            shown = await socket.follow(f"agent.{agent.id}")
            assert [one["id"] for one in shown["data"]["reminders"]] == [event]
        taken = accepted(await clients[0].post(f"/api/agenda/{event}/take"))
        assert taken["taken_by"] == str(team[0].id)
        over = await second.next()
        assert (over["kind"], over["data"]) == ("reminder_over", {"id": event})
        params = refused(await clients[1].post(f"/api/agenda/{event}/take"), 409, "event_taken")
        assert params["taken_by"] == str(team[0].id)
        refused(await clients[1].post(f"/api/agenda/{event}/manage"), 409, "event_taken")
        accepted(await clients[0].delete(f"/api/agenda/{event}/take"))
        again = await second.next()
        assert (again["kind"], again["data"]["id"]) == ("reminder", event)
    accepted(await clients[1].post(f"/api/agenda/{event}/take"))
    accepted(await clients[1].post(f"/api/agenda/{event}/manage"))
    refused(await clients[0].post(f"/api/agenda/{event}/take"), 409, "event_closed")


async def test_an_event_that_is_taken_and_not_managed_in_time_is_everybodys_again(api: Api) -> None:
    event, team, clients = await _voice_team(api)
    accepted(await clients[0].post(f"/api/agenda/{event}/take"))
    api.clock.at = NOW + timedelta(seconds=HOLD_S - 1)
    refused(await clients[1].post(f"/api/agenda/{event}/take"), 409, "event_taken")
    api.clock.at = NOW + timedelta(seconds=HOLD_S)
    assert accepted(await clients[1].post(f"/api/agenda/{event}/take"))["taken_by"] == str(team[1].id)
    refused(await clients[0].post(f"/api/agenda/{event}/manage"), 409, "event_taken")


async def test_two_agents_who_take_at_once_are_one_holder_and_one_refused(api: Api) -> None:
    event, _, clients = await _voice_team(api)
    answers = await asyncio.gather(*(client.post(f"/api/agenda/{event}/take") for client in clients))
    assert sorted(answer.status_code for answer in answers) == [200, 409]


async def test_only_agents_of_its_campaign_may_take_an_event(api: Api) -> None:
    event, _, _ = await _voice_team(api)
    stranger = await api.as_role(Role.AGENT, agent_id=(await api.agent()).id)
    refused(await stranger.post(f"/api/agenda/{event}/take"), 403, "event_not_yours")
    operator = await api.as_role(Role.OPERATOR)
    refused(await operator.post(f"/api/agenda/{event}/take"), 403, "not_an_agent")


async def test_an_agents_agenda_is_a_calendar_feed_at_a_secret_address(people: People) -> None:
    await _event(people, minutes=90)
    mine = f"/api/calendars/agents/{people.agents[0].id}"
    path = accepted(await people.agent.post(mine), 201)["path"]
    nobody = people.api.client()
    answer = await nobody.get(path)
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/calendar")
    assert "SUMMARY:Ana\\, de Lugo" in answer.text
    assert answer.text.count("BEGIN:VEVENT") == 1
    newer = accepted(await people.agent.post(mine), 201)["path"]
    refused(await nobody.get(path), 404, "feed_not_found")
    assert (await nobody.get(newer)).status_code == 200
    accepted(await people.agent.delete(mine), 204)
    refused(await nobody.get(newer), 404, "feed_not_found")


async def test_a_feed_knows_an_event_by_one_id_for_ever_and_drops_what_is_over(people: People) -> None:
    events = [await _event(people, minutes=90 + n, customer_name="Ñandú " * 30) for n in range(3)]
    made = await people.agent.post(f"/api/calendars/agents/{people.agents[0].id}")
    path = accepted(made, 201)["path"]

    async def read() -> dict[str, str]:
        """When each event begins, by its id."""
        answer = await people.api.client().get(path)
        assert all(len(line) <= 75 for line in answer.content.split(b"\r\n"))
        lines = answer.text.replace("\r\n ", "").split("\r\n")
        titles = {line for line in lines if line.startswith("SUMMARY")}
        assert titles == {"SUMMARY:" + ("Ñandú " * 30).strip()}
        ids = [line.partition(":")[2] for line in lines if line.startswith("UID")]
        return dict(zip(ids, [line for line in lines if line.startswith("DTSTART")], strict=True))

    before = await read()
    assert before.keys() == {f"{one}@marcador" for one in events}
    moved = {"local": "2026-03-05T10:00:00", "zone": "Europe/Madrid"}
    accepted(await people.operator.patch(f"/api/agenda/{events[0]}", json=moved))
    accepted(await people.operator.delete(f"/api/agenda/{events[1]}"), 204)
    after = await read()
    assert after.keys() == before.keys() - {f"{events[1]}@marcador"}
    assert after[f"{events[0]}@marcador"] == "DTSTART:20260305T090000Z"
    assert after[f"{events[2]}@marcador"] == before[f"{events[2]}@marcador"]


async def test_a_feed_is_ones_own_or_a_supervisors(people: People) -> None:
    other = await people.api.agent(people.campaign.id)
    address = f"/api/calendars/agents/{other.id}"
    refused(await people.agent.post(address), 403, "agent_not_yours")
    accepted(await people.supervisor.post(address), 201)
    refused(await people.supervisor.post(f"/api/calendars/agents/{NOBODY}"), 404, "agent_not_found")


async def test_the_secret_address_of_a_calendar_stands_in_no_log(
    people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not even where reading it fails in a way nobody foresaw."""
    mine = f"/api/calendars/agents/{people.agents[0].id}"
    path = accepted(await people.agent.post(mine), 201)["path"]

    async def broken(*_: Any) -> str:
        raise ArithmeticError

    monkeypatch.setattr(calendars, "read", broken)
    with capture_logs() as logs, pytest.raises(ArithmeticError):
        await people.api.client().get(path)
    secret = path.rpartition("/")[2].removesuffix(".ics")
    assert [entry["event"] for entry in logs] == ["request_failed"]
    assert secret not in str(logs)
