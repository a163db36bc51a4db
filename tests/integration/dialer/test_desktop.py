"""An agent's desktop on the API, with the engine behind it: it reloads, says things twice, says them late."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from ami.simulator import Behaviour, Fate
from crm_api.access import Role
from dialer import agents, campaigns
from dialer.agents import Agent
from dialer.campaigns import Campaign
from dialer.commands import Kind, State
from dialer.week import Week
from lists import customers
from tests.integration.crm_api.given import Api, StillClock, accepted, refused
from tests.integration.dialer.house import SETTINGS, House, in_virtual_time, number
from typifications.model import Action

MAIN, SECOND, STRANGE = number(1), number(2), number(3)
LONG = Behaviour(fate=Fate.ANSWER, setup_s=0.3, ring_s=3, talk_s=120)


class BusinessTime(StillClock):
    """The API's time is the house's."""

    def __init__(self, house: House) -> None:
        self._clock = house.clock

    def now(self) -> datetime:
        return self._clock.now()


class Desktop:
    """What the web application of one agent does."""

    def __init__(self, house: House, agent: Agent, client: httpx.AsyncClient) -> None:
        self._house, self.agent, self._client = house, agent, client

    async def reload(self) -> Any:
        """Everything the screen is made of."""
        return accepted(await self.get(f"/api/live/agents/{self.agent.id}"))

    async def get(self, address: str) -> httpx.Response:
        with self._house.clock.in_flight.working():
            return await self._client.get(address)

    async def read(self, address: str) -> Any:
        return accepted(await self.get(address))["items"]

    async def post(self, address: str, body: Any = None, *, key: str = "") -> httpx.Response:
        with self._house.clock.in_flight.working():
            headers = {"Idempotency-Key": key or str(uuid4())}
            return await self._client.post(address, json=body, headers=headers)

    async def typify(self, pop: Any, *, key: str = "", **more: Any) -> httpx.Response:
        """The first result of the tree the pop brought, if no other is given."""
        path = [node["result"]["id"] for node in pop["results"]["roots"][:1]]
        body = {"attempt_id": pop["call"]["attempt_id"], "path": path} | more
        return await self.post("/api/interactions", body, key=key)


@asynccontextmanager
async def desktop(house: House, agent: Agent) -> AsyncIterator[Desktop]:
    with house.clock.in_flight.working():
        nth = house.agents.index(agent)  # of its users' logins
        api = Api(house.db, bus=house.bus, clock=BusinessTime(house), made=nth)
        client = await api.as_role(Role.AGENT, agent_id=agent.id)
    try:
        yield Desktop(house, agent, client)
    finally:
        with house.clock.in_flight.working():
            await api.close()


async def a_talk(house: House) -> tuple[Campaign, Agent, UUID]:
    """A campaign with one result, an agent in talk, and the contact."""
    campaign, ana = await house.opened()
    await house.result(campaign.id, Action.NO_ACTION, "Venta")
    return campaign, ana, await house.in_talk(ana, campaign, MAIN, LONG)


def test_a_desktop_that_reloads_finds_its_call_in_talk_on_hold_and_in_the_wrap_up(database_dsn: str) -> None:
    async def story(house: House) -> None:
        _, ana, contact = await a_talk(house)
        customer = (await house.contact_row(contact))["customer_id"]
        attempt = house.live_agent(ana.id).state.attempt_id
        async with desktop(house, ana) as desk:
            await house.clock.sleep(1)
            talk = await desk.reload()
            await desk.post(f"/api/calls/{attempt}/hold")
            await house.clock.sleep(2)
            held = await desk.reload()
            await house.until(lambda: house.state(ana.id) == "wrapup", 200)
            await house.clock.sleep(1)
            wrapup = await desk.reload()
            for seen, state, handling in (
                (talk, "talking", ""),
                (held, "talking", "held"),
                (wrapup, "wrapup", ""),
            ):
                assert (seen["agent"]["state"], seen["handling"]) == (state, handling)
                assert seen["agent"]["attempt_id"] == seen["pop"]["call"]["attempt_id"] == str(attempt)
                assert seen["pop"]["customer"]["id"] == str(customer)
                assert seen["pop"]["call"]["contact_id"] == str(contact)
                assert [node["result"]["name"] for node in seen["pop"]["results"]["roots"]] == ["Venta"]
            assert wrapup["agent"]["wrapup_until"] is not None
            accepted(await desk.typify(wrapup["pop"]), 201)
            await house.until(lambda: house.state(ana.id) == "ready")
            await house.clock.sleep(1)
            assert (await desk.reload())["pop"] is None

    in_virtual_time(database_dsn, story)


def test_a_reload_after_typifying_in_the_talk_shows_what_was_said_and_it_may_be_said_anew(
    database_dsn: str,
) -> None:
    async def story(house: House) -> None:
        _, ana, contact = await a_talk(house)
        async with desktop(house, ana) as desk:
            await house.clock.sleep(1)
            first = accepted(await desk.typify((await desk.reload())["pop"], note="one"), 201)
            assert not first["applied"]
            [said] = (await desk.reload())["pop"]["history"]
            assert (said["note"], said["applied_at"]) == ("one", None)
            second = accepted(await desk.typify((await desk.reload())["pop"], note="two"), 201)
            assert second["interaction_id"] == first["interaction_id"]
            await house.until(lambda: house.state(ana.id) == "ready", 200)
            await house.clock.sleep(1)
            [said] = await desk.read(f"/api/interactions?customer_id={said['customer_id']}")
            assert said["note"] == "two"
            assert said["applied_at"] is not None
        assert (await house.contact_row(contact))["state"] == "done"

    in_virtual_time(database_dsn, story)


def test_a_typification_sent_again_changes_nothing_and_another_one_is_refused(database_dsn: str) -> None:
    async def story(house: House) -> None:
        _, ana, _ = await a_talk(house)
        async with desktop(house, ana) as desk:
            await house.until(lambda: house.state(ana.id) == "wrapup", 200)
            await house.clock.sleep(1)
            pop = (await desk.reload())["pop"]
            first = await desk.typify(pop, key="draft", note="one")
            again = await desk.typify(pop, key="draft", note="one")
            assert accepted(again, 201) == accepted(first, 201)
            assert again.headers["Idempotent-Replayed"] == "true"
            refused(await desk.typify(pop, key="draft", note="two"), 422, "idempotency_key_reused")
            refused(await desk.typify(pop, note="two"), 409, "already_typified")
        assert [row["note"] for row in await house.rows("SELECT note FROM interaction")] == ["one"]

    in_virtual_time(database_dsn, story)


def test_what_is_said_after_the_wrap_up_timed_out_completes_that_call_and_not_the_next(
    database_dsn: str,
) -> None:
    async def story(house: House) -> None:
        campaign, ana, contact = await a_talk(house)
        async with desktop(house, ana) as desk:
            await house.until(lambda: house.state(ana.id) == "wrapup", 200)
            await house.clock.sleep(1)
            late = (await desk.reload())["pop"]
            await house.until(lambda: house.state(ana.id) == "ready", 60)
            await house.clock.sleep(1)
            assert (await house.contact_row(contact))["state"] == "awaiting_typification"
            await house.in_talk(ana, campaign, SECOND, LONG)
            await house.clock.sleep(1)
            accepted(await desk.typify(late), 201)
            await house.clock.sleep(5)
            assert house.state(ana.id) == "talking"
            now = await desk.reload()
            assert now["pop"]["call"]["e164"] == SECOND
            assert now["pop"]["history"] == []
        assert (await house.contact_row(contact))["state"] == "done"
        [said] = await house.rows("SELECT state, e164 FROM interaction")
        assert (said["state"], said["e164"]) == ("typified", MAIN)

    in_virtual_time(database_dsn, story)


def test_who_took_a_customer_over_from_another_campaign_has_the_pop_and_the_word(database_dsn: str) -> None:
    """The call stays its campaign's, in which the agent who has it now does not work."""

    async def story(house: House) -> None:
        sales, ana, contact = await a_talk(house)
        support = await house.campaign("support")
        bea = await house.agent("bea", support.id)
        attempt = house.live_agent(ana.id).state.attempt_id
        async with desktop(house, ana) as first, desktop(house, bea) as desk:
            await first.post(f"/api/calls/{attempt}/transfer", {"campaign_id": str(support.id)})
            await house.until(lambda: house.state(bea.id) == "talking")
            await house.clock.sleep(1)
            pop = (await desk.reload())["pop"]
            assert (pop["campaign"]["id"], pop["call"]["contact_id"]) == (str(sales.id), str(contact))
            assert pop["call"]["transferred"]
            consulted = await desk.post(f"/api/calls/{attempt}/consult", {"phone": STRANGE})
            assert accepted(consulted, 202)["state"] == "queued"
            await desk.post(f"/api/calls/{attempt}/end")
            await house.until(lambda: house.state(bea.id) == "wrapup")
            await house.clock.sleep(1)
            accepted(await desk.typify((await desk.reload())["pop"]), 201)
            await house.until(lambda: house.state(bea.id) == "ready", 5)
        assert (await house.contact_row(contact))["state"] == "done"

    in_virtual_time(database_dsn, story)


def test_an_agent_who_left_the_campaign_during_the_talk_still_says_what_it_was(database_dsn: str) -> None:
    async def story(house: House) -> None:
        _, ana, contact = await a_talk(house)
        async with house.db.transaction() as conn:
            await agents.set_campaigns(conn, ana.id, [])
        async with desktop(house, ana) as desk:
            await house.until(lambda: house.state(ana.id) == "wrapup", 200)
            await house.clock.sleep(1)
            accepted(await desk.typify((await desk.reload())["pop"]), 201)
        assert (await house.contact_row(contact))["state"] == "done"

    in_virtual_time(database_dsn, story)


async def clicked(house: House, desk: Desktop, body: Mapping[str, Any]) -> Any:
    """The command, answered."""
    command = accepted(await desk.post("/api/attempts/click", body), 202)
    await house.clock.sleep(2)
    return accepted(await desk.get(f"/api/commands/{command['id']}"))


def test_two_clicks_with_keys_of_their_own_are_one_call(database_dsn: str) -> None:
    async def story(house: House) -> None:
        campaign, ana = await house.opened()
        house.calls_to(MAIN, LONG)
        async with desktop(house, ana) as desk:
            body = {"campaign_id": str(campaign.id), "phone": MAIN}
            asked = [accepted(await desk.post("/api/attempts/click", body), 202) for _ in range(2)]
            await house.until(lambda: house.state(ana.id) == "talking")
            await house.clock.sleep(1)
            answers = [accepted(await desk.get(f"/api/commands/{one['id']}")) for one in asked]
        assert [one["state"] for one in answers] == ["done", "refused"]
        assert answers[1]["result"]["error_id"] == "agent_busy"
        assert house.dialled() == [MAIN]

    in_virtual_time(database_dsn, story)


def test_a_number_clicked_is_called_for_the_only_customer_who_has_it(database_dsn: str) -> None:
    """It stands in the customer's history, answered or not, and no second call reaches the same customer."""

    async def story(house: House) -> None:
        campaign, ana = await house.opened()
        people = await house.list_(campaign.id)
        row = await house.contact_row(await house.contact(people, MAIN, SECOND, state="done"))
        bea = await house.agent("bea", campaign.id)
        house.calls_to(MAIN, LONG)
        house.calls_to(SECOND, LONG)
        async with desktop(house, ana) as desk, desktop(house, bea) as other:
            body = {"campaign_id": str(campaign.id), "phone": SECOND}
            assert (await clicked(house, desk, body))["state"] == "done"
            [attempt] = await desk.read(f"/api/attempts?customer_id={row['customer_id']}")
            assert (attempt["e164"], attempt["kind"]) == (SECOND, "manual")
            twice = await clicked(house, other, body | {"phone": MAIN})
            assert (twice["state"], twice["result"]["error_id"]) == ("refused", "live_customer")
        assert house.dialled() == [SECOND]

    in_virtual_time(database_dsn, story)


def test_a_customer_in_another_zone_than_the_number_is_called_by_hand_at_their_own_hours(
    database_dsn: str,
) -> None:
    """Noon in London; the number is French, the customer is said to be in Auckland."""

    async def story(house: House) -> None:
        campaign, ana = await house.opened()
        await house.change(campaign.id, callee_hours=Week(*[("08:00-20:00",)] * 7))
        people = await house.list_(campaign.id)
        row = await house.contact_row(await house.contact(people, MAIN, state="done"))
        async with house.db.transaction() as conn:
            edit = customers.CustomerEdit(zone="Pacific/Auckland")
            await customers.edit(conn, row["customer_id"], edit, house.clock.now())
        async with desktop(house, ana) as desk:
            body = {"campaign_id": str(campaign.id), "phone": MAIN}
            refusal = await clicked(house, desk, body)
        assert (refusal["state"], refusal["result"]["error_id"]) == ("refused", "outside_hours")
        assert not house.dialled()

    in_virtual_time(database_dsn, story)


def test_what_was_clicked_while_no_dialer_worked_is_not_dialled_late(database_dsn: str) -> None:
    async def story(house: House) -> None:
        campaign, ana = await house.opened()
        house.calls_to(MAIN, LONG)
        await house.kill_worker()
        async with desktop(house, ana) as desk:
            body = {"campaign_id": str(campaign.id), "phone": MAIN}
            command = accepted(await desk.post("/api/attempts/click", body), 202)
            await house.clock.sleep(30)
            await house.start_worker()
            await house.until(lambda: house.live_agent(ana.id) is not None)
            await house.clock.sleep(30)
            answer = accepted(await desk.get(f"/api/commands/{command['id']}"))
        assert (answer["state"], answer["result"]["error_id"]) == (State.REFUSED, "too_late")
        assert not house.dialled()

    in_virtual_time(database_dsn, story)


def test_a_pause_before_the_phone_is_picked_up_is_refused_by_its_true_name(database_dsn: str) -> None:
    async def story(house: House) -> None:
        _, ana = await house.opened()
        await house.ask(Kind.AGENT_LOGOUT, ana.id)
        await house.ask(Kind.AGENT_LOGIN, ana.id)
        answer = await house.ask(Kind.AGENT_PAUSE, ana.id, reason="lunch")
        assert (answer.result or {})["error_id"] == "still_connecting"

    in_virtual_time(database_dsn, story)


def test_a_call_by_hand_of_a_voice_campaign_leaves_its_call_back_to_whoever_is_ready(
    database_dsn: str,
) -> None:
    async def story(house: House) -> None:
        voice, ana, bea, customer = await a_voice_campaign(house)
        house.calls_to(MAIN, LONG)
        body = {"campaign_id": str(voice.id), "phone": MAIN, "customer_id": str(customer)}
        async with desktop(house, ana) as desk, desktop(house, bea) as other:
            assert (await clicked(house, desk, body))["state"] == "done"
            await house.until(lambda: house.state(ana.id) == "wrapup", 200)
            await house.clock.sleep(1)
            pop = (await desk.reload())["pop"]
            assert (pop["customer"]["id"], pop["call"]["direction"]) == (str(customer), "manual")
            due = house.clock.now() + timedelta(minutes=30)
            schedule = {"local": due.replace(tzinfo=None).isoformat(), "zone": "UTC", "phone": MAIN}
            refusal = await desk.typify(pop, schedule=schedule | {"mine": True})
            refused(refusal, 422, "mine_needs_dialer")
            event_id = accepted(await desk.typify(pop, schedule=schedule), 201)["event_id"]
            assert [(await one.reload())["reminders"] for one in (desk, other)] == [[], []]
            await house.clock.sleep(29 * 60)
            for one in (desk, other):
                assert [event["id"] for event in (await one.reload())["reminders"]] == [event_id]
            accepted(await other.post(f"/api/agenda/{event_id}/take"))
            refused(await desk.post(f"/api/agenda/{event_id}/take"), 409, "event_taken")
            assert (await desk.reload())["reminders"] == []
            assert (await clicked(house, other, body))["state"] == "done"
            await house.until(lambda: house.state(bea.id) == "wrapup", 200)
            await house.clock.sleep(1)
            assert [one["note"] for one in (await other.reload())["pop"]["history"]] == [""]
            accepted(await other.post(f"/api/agenda/{event_id}/manage"))
            refused(await desk.post(f"/api/agenda/{event_id}/manage"), 409, "event_closed")
        assert house.dialled() == [MAIN, MAIN]

    in_virtual_time(database_dsn, story)


async def a_voice_campaign(house: House) -> tuple[Campaign, Agent, Agent, UUID]:
    """It runs, with a result that schedules, two agents and a customer."""
    await house.trunk()
    now = house.clock.now()
    async with house.db.transaction() as conn:
        made = await campaigns.create(conn, "atencion", SETTINGS, kind=campaigns.Kind.VOICE, now=now)
        voice = await campaigns.set_desired(conn, made.id, campaigns.Desired.RUNNING)
        phones = [customers.NewPhone(MAIN)]
        customer = await customers.create(conn, house.base_id, name="Ana", phones=phones, now=now)
    await house.result(voice.id, Action.SCHEDULE, "Volver")
    ana, bea = [await house.agent(code, voice.id) for code in ("ana", "bea")]
    return voice, ana, bea, customer.id


@pytest.mark.parametrize("when", ["in the talk", "in the wrap-up"])
def test_an_unknown_caller_who_is_created_and_typified_has_the_call_in_the_history(
    database_dsn: str, when: str
) -> None:
    """So the quiet after a conversation holds for that customer, too. The call was no campaign's: the agent
    says for which it is."""

    async def story(house: House) -> None:
        campaign, ana = await house.opened()
        result = await house.result(campaign.id, Action.NO_ACTION, "Venta")
        house.pbx.pbx.inbound(STRANGE, "5550000", behaviour=LONG)
        state = "talking" if when == "in the talk" else "wrapup"
        await house.until(lambda: house.state(ana.id) == state, 200)
        await house.clock.sleep(1)
        async with desktop(house, ana) as desk:
            pop = (await desk.reload())["pop"]
            assert (pop["customer"], pop["matches"], pop["number"]) == (None, [], STRANGE)
            body = {"base_id": str(house.base_id), "name": "Eva", "phones": [{"number": STRANGE}]}
            made = accepted(await desk.post("/api/customers", body), 201)["id"]
            of: dict[str, Any] = {"campaign_id": str(campaign.id), "path": [str(result.id)]}
            refused(await desk.typify(pop, path=of["path"]), 422, "campaign_missing")
            accepted(await desk.typify(pop, customer_id=made, **of), 201)
            await house.until(lambda: house.state(ana.id) == "ready", 200)
            await house.clock.sleep(1)
            [call] = await desk.read(f"/api/attempts?customer_id={made}")
            [said] = await desk.read(f"/api/interactions?customer_id={made}")
        assert call["id"] == said["attempt_id"] == pop["call"]["attempt_id"]
        assert call["typified_at"] is not None
        assert call["typified_at"] == said["applied_at"]
        use = await house.row(
            "SELECT conversation_at, recent FROM customer_use WHERE customer_id = $1", UUID(made)
        )
        assert use["conversation_at"].isoformat().replace("+00:00", "Z") == call["ended_at"]
        assert use["recent"] == [], "nobody called them"

    in_virtual_time(database_dsn, story)


def test_a_call_of_no_campaign_is_the_one_the_agent_names_however_late(database_dsn: str) -> None:
    """Left without a word it stands with one of the agent's campaigns, for want of another."""

    async def story(house: House) -> None:
        await house.trunk()
        both = [await house.campaign(name) for name in ("one", "other")]
        said = {one.id: await house.result(one.id, Action.NO_ACTION) for one in both}
        ana = await house.agent("ana", *said)
        house.pbx.pbx.inbound(STRANGE, "5550000", behaviour=LONG)
        await house.until(lambda: house.state(ana.id) == "wrapup", 200)
        await house.clock.sleep(1)
        async with desktop(house, ana) as desk:
            pop = (await desk.reload())["pop"]
            await house.until(lambda: house.state(ana.id) == "ready", 60)
            await house.clock.sleep(1)
            left = await house.row("SELECT state, campaign_id FROM interaction")
            assert left["state"] == "untypified"
            (wanted,) = said.keys() - {left["campaign_id"]}
            of: dict[str, Any] = {"campaign_id": str(wanted), "path": [str(said[wanted].id)]}
            accepted(await desk.typify(pop, **of), 201)
        row = await house.row("SELECT state, campaign_id FROM interaction")
        assert row == {"state": "typified", "campaign_id": wanted}

    in_virtual_time(database_dsn, story)
