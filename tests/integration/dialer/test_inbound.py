"""Calls that come in, and calls an agent places by hand."""

from uuid import UUID

from ami.simulator import Behaviour, Fate
from dialer.agents import Agent
from dialer.campaigns import Campaign
from dialer.commands import Kind, State
from dialer.live import Offered, decode
from tests.integration.dialer.house import ANSWERS, SILENT, House, in_virtual_time, number
from typifications.model import Action

MAIN, FIRST, UNKNOWN = number(1), number(2), number(99)


async def one_agent(house: House) -> tuple[Campaign, Agent, UUID]:
    await house.trunk()
    campaign = await house.campaign()
    return campaign, await house.agent("ana", campaign.id), await house.list_(campaign.id)


async def offer_of(house: House, agent: Agent, number_shown: str) -> Offered:
    """What the desktop is told when somebody with this CallerID calls."""
    async with house.bus.subscribe(f"agent.{agent.id}") as desktop:
        house.pbx.pbx.inbound(number_shown, "5550000", behaviour=ANSWERS)
        await house.until(lambda: house.state(agent.id) == "talking")
        await house.clock.sleep(1)
        bodies = [decode(message.payload).body for message in desktop._items]
    (offer,) = [body for body in bodies if isinstance(body, Offered)]
    return offer


def test_a_caller_shown_internationally_is_found_by_number(database_dsn: str) -> None:
    async def story(house: House) -> None:
        _, ana, people = await one_agent(house)
        contact = await house.contact(people, MAIN, agent_id=ana.id, state="done")
        offer = await offer_of(house, ana, MAIN)
        assert offer.customer_id == (await house.contact_row(contact))["customer_id"]
        assert (offer.e164, offer.direction) == (MAIN, "in")

    in_virtual_time(database_dsn, story)


def test_a_caller_shown_in_national_form_is_found_by_number(database_dsn: str) -> None:
    async def story(house: House) -> None:
        campaign, ana, people = await one_agent(house)
        await house.change(campaign.id, region="FR")
        contact = await house.contact(people, MAIN, state="done")
        offer = await offer_of(house, ana, "0" + MAIN.removeprefix("+33"))
        assert offer.customer_id == (await house.contact_row(contact))["customer_id"]
        assert offer.e164 == MAIN

    in_virtual_time(database_dsn, story)


def test_an_unknown_caller_is_offered_with_the_number_alone(database_dsn: str) -> None:
    async def story(house: House) -> None:
        _, ana, _ = await one_agent(house)
        offer = await offer_of(house, ana, UNKNOWN)
        assert (offer.customer_id, offer.e164) == (None, UNKNOWN)

    in_virtual_time(database_dsn, story)


def test_a_hidden_caller_is_served_too(database_dsn: str) -> None:
    async def story(house: House) -> None:
        _, ana, _ = await one_agent(house)
        offer = await offer_of(house, ana, "anonymous")
        assert (offer.customer_id, offer.e164) == (None, "")
        await house.until(lambda: house.state(ana.id) == "wrapup")
        row = await house.row("SELECT kind, outcome, agent_id FROM attempt")
        assert row == {"kind": "inbound", "outcome": "connected", "agent_id": ana.id}

    in_virtual_time(database_dsn, story)


def test_who_calls_back_comes_to_the_campaign_that_dialled_and_the_agent_who_talked(
    database_dsn: str,
) -> None:
    async def story(house: House) -> None:
        campaign, ana, people = await one_agent(house)
        done = await house.result(campaign.id, Action.NO_ACTION)
        house.calls_to(MAIN, ANSWERS)
        await house.contact(people, MAIN)
        await house.until(lambda: house.state(ana.id) == "wrapup")
        bea = await house.agent("bea", campaign.id)  # idle longer than Ana will be
        await house.typify(ana.id, done)
        offer = await offer_of(house, ana, MAIN)
        assert offer.campaign_id == campaign.id
        assert house.state(bea.id) == "ready"

    in_virtual_time(database_dsn, story)


def test_a_call_ringing_to_a_customer_who_calls_in_is_cancelled(database_dsn: str) -> None:
    async def story(house: House) -> None:
        _, ana, people = await one_agent(house)
        house.calls_to(MAIN, SILENT)
        await house.contact(people, MAIN)
        await house.until(lambda: house.dialled())
        await house.clock.sleep(2)
        offer = await offer_of(house, ana, MAIN)
        assert offer.e164 == MAIN
        assert (await house.outcomes())["cancelled"] == 1

    in_virtual_time(database_dsn, story)


def test_a_caller_waits_for_the_next_agent_who_gets_free(database_dsn: str) -> None:
    async def story(house: House) -> None:
        _, ana, _ = await one_agent(house)
        await house.ask(Kind.AGENT_PAUSE, ana.id, reason="lunch")
        house.pbx.pbx.inbound(UNKNOWN, "5550000", behaviour=ANSWERS)
        await house.clock.sleep(30)
        assert house.state(ana.id) == "paused"
        await house.ask(Kind.AGENT_READY, ana.id)
        await house.until(lambda: house.state(ana.id) == "talking", 1)

    in_virtual_time(database_dsn, story)


# --- click to call --------------------------------------------------------------------------------


async def click(house: House, campaign: Campaign, ana: Agent, e164: str, **more: str) -> State:
    answer = await house.ask(Kind.CALL_CLICK, ana.id, campaign_id=str(campaign.id), e164=e164, **more)
    if answer.state is State.REFUSED:
        assert answer.result is not None
        assert answer.result["error_id"]
    return answer.state


def test_click_to_call_dials_from_the_agents_line_and_counts_as_a_conversation(database_dsn: str) -> None:
    async def story(house: House) -> None:
        campaign, ana, _ = await one_agent(house)
        house.calls_to(UNKNOWN, ANSWERS)
        assert await click(house, campaign, ana, UNKNOWN) is State.DONE
        assert house.state(ana.id) == "reserved"
        await house.until(lambda: house.state(ana.id) == "talking")
        await house.until(lambda: house.state(ana.id) == "wrapup")
        row = await house.row("SELECT id, kind, outcome, agent_id FROM attempt")
        assert (row["kind"], row["outcome"], row["agent_id"]) == ("manual", "connected", ana.id)
        assert [call.attempt for call in house.pbx.calls] == [str(row["id"])]
        await house.until(lambda: house.live_agent(ana.id).held)

    in_virtual_time(database_dsn, story)


def test_a_click_to_a_busy_number_leaves_the_agent_ready(database_dsn: str) -> None:
    async def story(house: House) -> None:
        campaign, ana, _ = await one_agent(house)
        house.calls_to(UNKNOWN, Behaviour(fate=Fate.BUSY))
        assert await click(house, campaign, ana, UNKNOWN) is State.DONE
        await house.until(lambda: house.state(ana.id) == "ready")
        await house.clock.sleep(1)
        assert (await house.outcomes()) == {"busy": 1}
        await house.until(lambda: house.live_agent(ana.id).free)

    in_virtual_time(database_dsn, story)


def test_an_agent_in_pause_may_call_and_is_in_pause_again_afterwards(database_dsn: str) -> None:
    async def story(house: House) -> None:
        campaign, ana, _ = await one_agent(house)
        await house.ask(Kind.AGENT_PAUSE, ana.id, reason="admin")
        house.calls_to(UNKNOWN, SILENT)
        assert await click(house, campaign, ana, UNKNOWN) is State.DONE
        await house.until(lambda: house.state(ana.id) == "paused")

    in_virtual_time(database_dsn, story)


def test_a_number_on_do_not_call_is_refused_to_a_click_too(database_dsn: str) -> None:
    async def story(house: House) -> None:
        campaign, ana, _ = await one_agent(house)
        await house.block(UNKNOWN, campaign.id)
        assert await click(house, campaign, ana, UNKNOWN) is State.REFUSED
        assert house.state(ana.id) == "ready"
        assert not house.pbx.calls

    in_virtual_time(database_dsn, story)


def test_a_click_can_be_hung_up_while_it_rings(database_dsn: str) -> None:
    async def story(house: House) -> None:
        campaign, ana, _ = await one_agent(house)
        house.calls_to(UNKNOWN, SILENT)
        await click(house, campaign, ana, UNKNOWN)
        await house.clock.sleep(3)
        (attempt,) = await house.rows("SELECT id FROM attempt")
        await house.ask(Kind.CALL_HANGUP, attempt["id"])
        await house.until(lambda: house.state(ana.id) == "ready", 5)

    in_virtual_time(database_dsn, story)
