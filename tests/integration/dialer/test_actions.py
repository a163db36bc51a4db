"""What an agent says of a call, and what the engine then does with the contact."""

from datetime import timedelta
from uuid import UUID

import msgspec

from ami.simulator import Behaviour, Fate
from dialer.agents import Agent
from dialer.campaigns import Campaign
from dialer.commands import Kind
from dialer.live import Offered, decode
from lists.model import Caps
from tests.integration.dialer.house import ANSWERS, NO_GAPS, SETTINGS, House, in_virtual_time, number
from typifications.model import Action, ScheduleRequest

MAIN, FIRST, SECOND, OTHER = (number(n) for n in range(1, 5))


async def one_agent(house: House, caps: Caps = NO_GAPS) -> tuple[Campaign, Agent, UUID]:
    await house.trunk()
    campaign = await house.campaign(settings=msgspec.structs.replace(SETTINGS, caps=caps))
    ana = await house.agent("ana", campaign.id)
    return campaign, ana, await house.list_(campaign.id)


async def talked(house: House, agent_id: UUID) -> None:
    await house.until(lambda: house.state(agent_id) == "talking", 3600)
    await house.until(lambda: house.state(agent_id) == "wrapup", 600)


def test_recall_comes_back_to_the_same_phone_after_its_wait_and_behind_the_others(database_dsn: str) -> None:
    async def story(house: House) -> None:
        campaign, ana, people = await one_agent(house)
        recall = await house.result(campaign.id, Action.RECALL)
        done = await house.result(campaign.id, Action.NO_ACTION)
        for phone in (MAIN, OTHER):
            house.calls_to(phone, ANSWERS)
            await house.contact(people, phone)
        await talked(house, ana.id)
        ended = house.clock.now()
        await house.typify(ana.id, recall)
        await talked(house, ana.id)
        await house.typify(ana.id, done)
        await talked(house, ana.id)
        await house.typify(ana.id, done)
        await house.finished()
        assert house.dialled() == [MAIN, OTHER, MAIN]
        assert house.pbx.calls[2].at - ended >= timedelta(seconds=60)

    in_virtual_time(database_dsn, story)


def test_recall_alternate_moves_to_the_next_phone_and_wraps_round(database_dsn: str) -> None:
    async def story(house: House) -> None:
        campaign, ana, people = await one_agent(house)
        alternate = await house.result(campaign.id, Action.RECALL_ALTERNATE)
        for phone in (MAIN, FIRST):
            house.calls_to(phone, ANSWERS)
        contact = await house.contact(people, MAIN, FIRST)
        for _ in range(3):
            await talked(house, ana.id)
            await house.typify(ana.id, alternate)
        await house.until(lambda: len(house.dialled()) == 4, 600)
        assert house.dialled() == [MAIN, FIRST, MAIN, FIRST]
        assert (await house.contact_row(contact))["state"] == "live"

    in_virtual_time(database_dsn, story)


def test_no_action_finishes_the_contact(database_dsn: str) -> None:
    async def story(house: House) -> None:
        campaign, ana, people = await one_agent(house)
        done = await house.result(campaign.id, Action.NO_ACTION)
        house.calls_to(MAIN, ANSWERS)
        contact = await house.contact(people, MAIN)
        await talked(house, ana.id)
        await house.typify(ana.id, done)
        await house.finished()
        assert (await house.contact_row(contact))["state"] == "done"

    in_virtual_time(database_dsn, story)


def test_do_not_call_ends_the_contact_and_holds_before_the_next_dial(database_dsn: str) -> None:
    async def story(house: House) -> None:
        campaign, ana, people = await one_agent(house)
        never = await house.result(campaign.id, Action.DO_NOT_CALL)
        house.calls_to(MAIN, ANSWERS)
        contact = await house.contact(people, MAIN, FIRST)
        await talked(house, ana.id)
        shared = await house.contact(people, FIRST)  # the alternative is another customer's main number
        await house.typify(ana.id, never)
        await house.finished()
        assert (await house.contact_row(contact))["state"] == "do_not_call"
        assert (await house.contact_row(shared))["state"] == "do_not_call"
        assert house.dialled() == [MAIN]

    in_virtual_time(database_dsn, story)


def test_typified_while_talking_it_is_applied_at_the_hang_up_and_not_before(database_dsn: str) -> None:
    async def story(house: House) -> None:
        campaign, ana, people = await one_agent(house)
        done = await house.result(campaign.id, Action.NO_ACTION)
        house.calls_to(MAIN, ANSWERS)
        contact = await house.contact(people, MAIN)
        await house.until(lambda: house.state(ana.id) == "talking")
        assert not (await house.typify(ana.id, done)).applied
        assert (await house.contact_row(contact))["state"] == "live"
        await house.until(lambda: house.state(ana.id) == "ready")  # no wrap-up: it was said already
        await house.finished()
        assert (await house.contact_row(contact))["state"] == "done"

    in_virtual_time(database_dsn, story)


def test_a_wrap_up_that_runs_out_leaves_it_untypified_and_the_contact_waiting(database_dsn: str) -> None:
    async def story(house: House) -> None:
        _, ana, people = await one_agent(house)
        house.calls_to(MAIN, ANSWERS)
        contact = await house.contact(people, MAIN)
        await talked(house, ana.id)
        await house.until(lambda: house.state(ana.id) == "ready", SETTINGS.wrapup_s + 1)
        await house.clock.sleep(600)
        assert (await house.contact_row(contact))["state"] == "awaiting_typification"
        assert house.dialled() == [MAIN]
        stored = await house.row("SELECT * FROM interaction")
        assert (stored["state"], stored["agent_id"]) == ("untypified", ana.id)
        status = (await house.row("SELECT status FROM campaign"))["status"]
        assert (status["doing"], status["why"]) == ("waiting", "contacts_awaiting_typification")

    in_virtual_time(database_dsn, story)


def test_a_scheduled_call_is_dialled_when_due_and_for_whoever_is_free(database_dsn: str) -> None:
    async def story(house: House) -> None:
        campaign, ana, people = await one_agent(house)
        later = await house.result(campaign.id, Action.SCHEDULE)
        done = await house.result(campaign.id, Action.NO_ACTION)
        for phone in (MAIN, FIRST):
            house.calls_to(phone, ANSWERS)
        contact = await house.contact(people, MAIN, FIRST)
        await talked(house, ana.id)
        due = (house.clock.now() + timedelta(minutes=20)).replace(second=0, microsecond=0)
        await house.typify(ana.id, later, ScheduleRequest(due.replace(tzinfo=None), "UTC", FIRST))
        await talked(house, ana.id)
        await house.typify(ana.id, done)
        await house.finished()
        assert house.dialled() == [MAIN, FIRST]
        assert timedelta(0) <= house.pbx.calls[1].at - due < timedelta(seconds=90)
        assert (await house.contact_row(contact))["state"] == "done"
        assert (await house.row("SELECT state FROM agenda_event"))["state"] == "managed"

    in_virtual_time(database_dsn, story)


def test_para_mi_is_dialled_for_its_agent_alone_who_is_reserved_first(database_dsn: str) -> None:
    async def story(house: House) -> None:
        campaign, ana, people = await one_agent(house)
        later = await house.result(campaign.id, Action.SCHEDULE)
        house.calls_to(MAIN, ANSWERS)
        await house.contact(people, MAIN)
        await talked(house, ana.id)
        due = (house.clock.now() + timedelta(minutes=5)).replace(second=0, microsecond=0)
        await house.typify(ana.id, later, ScheduleRequest(due.replace(tzinfo=None), "UTC", MAIN, mine=True))
        bea = await house.agent("bea", campaign.id)
        await house.ask(Kind.AGENT_PAUSE, ana.id, reason="coffee")
        await house.clock.sleep(500)
        assert house.dialled() == [MAIN], "Ana is away, and Bea may not have it"
        await house.ask(Kind.AGENT_READY, ana.id)
        await house.until(lambda: house.state(ana.id) == "reserved", 30)
        await house.until(lambda: house.state(ana.id) == "talking", 30)
        assert house.state(bea.id) == "ready"
        attempt = (await house.rows("SELECT kind, agent_id FROM attempt ORDER BY begun_at"))[1]
        assert (attempt["kind"], attempt["agent_id"]) == ("agent_bound", ana.id)

    in_virtual_time(database_dsn, story)


def test_an_unanswered_para_mi_is_tried_three_times_and_then_belongs_to_the_list(database_dsn: str) -> None:
    async def story(house: House) -> None:
        many = Caps(per_contact=9, per_number=9, number_gap_s=0, customer_gap_s=0)
        campaign, ana, people = await one_agent(house, many)
        later = await house.result(campaign.id, Action.SCHEDULE)
        house.calls_to(MAIN, ANSWERS, Behaviour(fate=Fate.NO_ANSWER))
        contact = await house.contact(people, MAIN)
        await talked(house, ana.id)
        due = (house.clock.now() + timedelta(minutes=5)).replace(second=0, microsecond=0)
        await house.typify(ana.id, later, ScheduleRequest(due.replace(tzinfo=None), "UTC", MAIN, mine=True))
        await house.until(lambda: len(house.dialled()) == 4, 7200)
        await house.clock.sleep(60)
        kinds = [row["kind"] for row in await house.rows("SELECT kind FROM attempt ORDER BY begun_at")]
        assert kinds == ["dialled", "agent_bound", "agent_bound", "agent_bound"]
        gaps = [b.at - a.at for a, b in zip(house.pbx.calls[1:], house.pbx.calls[2:], strict=False)]
        assert all(gap >= timedelta(minutes=15) for gap in gaps)
        row = await house.contact_row(contact)
        assert row["agent_id"] is None
        assert (await house.row("SELECT state FROM agenda_event"))["state"] == "removed"

    in_virtual_time(database_dsn, story)


def test_an_event_whose_agent_stays_away_goes_to_anyone_after_the_grace(database_dsn: str) -> None:
    async def story(house: House) -> None:
        campaign, ana, people = await one_agent(house)
        later = await house.result(campaign.id, Action.SCHEDULE)
        house.calls_to(MAIN, ANSWERS)
        await house.contact(people, MAIN)
        await talked(house, ana.id)
        due = (house.clock.now() + timedelta(minutes=5)).replace(second=0, microsecond=0)
        await house.typify(ana.id, later, ScheduleRequest(due.replace(tzinfo=None), "UTC", MAIN, mine=True))
        await house.ask(Kind.AGENT_LOGOUT, ana.id)
        bea = await house.agent("bea", campaign.id)
        await house.until(lambda: house.state(bea.id) == "talking", 3600)
        waited = house.pbx.calls[1].at - due
        assert timedelta(seconds=SETTINGS.agenda_grace_s) <= waited < timedelta(seconds=1100)

    in_virtual_time(database_dsn, story)


def test_the_offer_on_the_desktop_names_call_customer_contact_and_campaign(database_dsn: str) -> None:
    async def story(house: House) -> None:
        campaign, ana, people = await one_agent(house)
        house.calls_to(MAIN, ANSWERS)
        async with house.bus.subscribe(f"agent.{ana.id}") as desktop:
            contact = await house.contact(people, MAIN)
            await house.until(lambda: house.state(ana.id) == "talking")
            await house.clock.sleep(1)
            told = [decode(message.payload) for message in desktop._items]
        offers = [live.body for live in told if isinstance(live.body, Offered)]
        row = await house.contact_row(contact)
        (offer,) = offers
        assert (offer.contact_id, offer.customer_id) == (contact, row["customer_id"])
        assert (offer.campaign_id, offer.e164, offer.direction) == (campaign.id, MAIN, "out")
        assert [live.seq for live in told] == list(range(told[0].seq, told[0].seq + len(told)))

    in_virtual_time(database_dsn, story)
