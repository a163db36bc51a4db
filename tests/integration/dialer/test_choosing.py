"""Several customers have the caller's number: the agent says during the call which of them it is."""

from contextlib import AsyncExitStack
from uuid import UUID

import pytest

from ami.simulator import Behaviour, Fate
from crm_api import sessions
from crm_api.access import Role
from dialer.agents import Agent
from dialer.commands import Kind, State
from dialer.live import agent_topic
from lists import customers
from tests.integration.crm_api.given import Api, StillClock, accepted
from tests.integration.crm_api.served import live_client, served
from tests.integration.dialer.house import NOON, SETTINGS, SILENT, House, in_virtual_time, number
from typifications import interactions
from typifications.model import Action

MAIN, SECOND = number(1), number(2)
LONG = Behaviour(fate=Fate.ANSWER, setup_s=0.3, ring_s=3, talk_s=120)


async def two_of_one_number(house: House) -> tuple[Agent, UUID, UUID, UUID]:
    """An agent in conversation with somebody of whom there are two, and the attempt."""
    await house.trunk()
    campaign = await house.campaign(settings=SETTINGS)
    people = await house.list_(campaign.id)
    one, other = [
        (await house.contact_row(await house.contact(people, MAIN, SECOND, state="done")))["customer_id"]
        for _ in range(2)
    ]
    ana = await house.agent("ana", campaign.id)
    house.pbx.pbx.inbound(MAIN, "5550000", behaviour=LONG)
    await house.until(lambda: house.state(ana.id) == "talking")
    await house.clock.sleep(1)
    attempt = await house.row("SELECT id, customer_id FROM attempt")
    assert attempt["customer_id"] is None
    return ana, one, other, attempt["id"]


def test_attempt_and_interaction_are_of_whom_the_agent_chose_and_the_pop_says_so(database_dsn: str) -> None:
    async def story(house: House) -> None:
        ana, one, other, attempt_id = await two_of_one_number(house)
        api = Api(house.db, bus=house.bus, clock=StillClock(NOON))
        desk = await api.as_role(Role.AGENT, agent_id=ana.id)
        working = house.clock.in_flight.working
        async with AsyncExitStack() as stack:
            with working():
                host = await stack.enter_async_context(served(api.app))
                cookie = desk.cookies[sessions.COOKIE]
                desktop = await stack.enter_async_context(live_client(host, cookie))
                first = (await desktop.follow(agent_topic(ana.id)))["data"]["pop"]
                asked = await desk.post(f"/api/calls/{attempt_id}/customer", json={"customer_id": str(other)})
            assert first["customer"] is None
            assert {match["id"] for match in first["matches"]} == {str(one), str(other)}
            await house.until(lambda: house.live_agent(ana.id).about.customer_id == other)
            await house.clock.sleep(1)
            with working():
                told = await desktop.next()
                while told["kind"] != "pop":
                    told = await desktop.next()
                answered = await desk.get(f"/api/commands/{accepted(asked, 202)['id']}")
                await stack.aclose()
                await api.close()
            assert told["data"]["customer"]["id"] == str(other)
            assert told["data"]["matches"] == []
            assert accepted(answered)["state"] == "done"
        done = await house.result(house.live_agent(ana.id).about.campaign_id, Action.NO_ACTION)
        await house.until(lambda: house.state(ana.id) == "wrapup", 300)
        await house.typify(ana.id, done)
        assert (await house.row("SELECT customer_id FROM attempt"))["customer_id"] == other
        assert (await house.row("SELECT customer_id FROM interaction"))["customer_id"] == other
        talked = await house.rows("SELECT customer_id FROM customer_use WHERE conversation_at IS NOT NULL")
        assert [row["customer_id"] for row in talked] == [other]

    in_virtual_time(database_dsn, story)


def test_an_unknown_caller_who_is_created_during_the_call_has_it_in_the_history(database_dsn: str) -> None:
    async def story(house: House) -> None:
        await house.trunk()
        campaign = await house.campaign()
        done = await house.result(campaign.id, Action.NO_ACTION)
        ana = await house.agent("ana", campaign.id)
        house.pbx.pbx.inbound(MAIN, "5550000", behaviour=LONG)
        await house.until(lambda: house.state(ana.id) == "talking")
        await house.clock.sleep(1)
        attempt_id = house.live_agent(ana.id).about.attempt_id
        async with house.db.transaction() as conn:
            phones = [customers.NewPhone(MAIN)]
            made = await customers.create(
                conn, house.base_id, name="Ana", phones=phones, now=house.clock.now()
            )
        await house.ask(Kind.CALL_CHOOSE, attempt_id, agent_id=str(ana.id), customer_id=str(made.id))
        assert (await house.offer_of(ana)).customer_id == made.id
        await house.until(lambda: house.state(ana.id) == "wrapup", 300)
        await house.typify(ana.id, done)
        async with house.db.connection() as conn:
            (said,) = await interactions.history(conn, made.id)
        assert said.attempt_id == attempt_id

    in_virtual_time(database_dsn, story)


def test_what_was_said_before_the_choice_is_of_whom_was_chosen(database_dsn: str) -> None:
    async def story(house: House) -> None:
        ana, one, other, attempt_id = await two_of_one_number(house)
        done = await house.result(house.live_agent(ana.id).about.campaign_id, Action.NO_ACTION)
        await house.ask(Kind.CALL_CHOOSE, attempt_id, customer_id=str(one))
        await house.typify(ana.id, done)
        await house.ask(Kind.CALL_CHOOSE, attempt_id, customer_id=str(other))
        await house.until(lambda: house.state(ana.id) == "ready", 300)
        assert (await house.row("SELECT customer_id FROM interaction"))["customer_id"] == other

    in_virtual_time(database_dsn, story)


def test_a_call_of_ours_that_rings_to_the_chosen_customer_is_cancelled(database_dsn: str) -> None:
    async def story(house: House) -> None:
        ana, one, _, attempt_id = await two_of_one_number(house)
        house.calls_to(SECOND, SILENT)
        bea = await house.agent("bea", house.live_agent(ana.id).about.campaign_id)
        people = await house.list_(house.live_agent(ana.id).about.campaign_id)
        ringing = await house.contact(people, customer_id=one, cursor=1)
        await house.until(lambda: house.dialled() == [SECOND])
        answer = await house.ask(Kind.CALL_CHOOSE, attempt_id, customer_id=str(one))
        assert answer.state is State.DONE
        await house.until(lambda: len(house.engine.tools.calls) == 1)
        assert house.state(bea.id) == "ready"
        assert (await house.contact_row(ringing))["last_outcome"] == "cancelled"

    in_virtual_time(database_dsn, story)


@pytest.mark.parametrize("whose", ["the contact's", "over"])
def test_a_call_made_for_a_contact_or_over_is_nobody_elses(database_dsn: str, whose: str) -> None:
    async def story(house: House) -> None:
        await house.trunk()
        campaign = await house.campaign()
        people = await house.list_(campaign.id)
        house.calls_to(MAIN, LONG)
        contact_id = await house.contact(people, MAIN)
        other = await house.contact_row(await house.contact(people, SECOND, state="done"))
        ana = await house.agent("ana", campaign.id)
        await house.until(lambda: house.state(ana.id) == "talking")
        attempt_id = house.live_agent(ana.id).about.attempt_id
        if whose == "over":
            await house.until(lambda: house.state(ana.id) == "wrapup", 300)
        answer = await house.ask(Kind.CALL_CHOOSE, attempt_id, customer_id=str(other["customer_id"]))
        wanted = "no_call" if whose == "over" else "call_has_contact"
        assert (answer.state, (answer.result or {})["error_id"]) == (State.REFUSED, wanted)
        row = await house.row("SELECT customer_id FROM attempt")
        assert row["customer_id"] == (await house.contact_row(contact_id))["customer_id"]

    in_virtual_time(database_dsn, story)
