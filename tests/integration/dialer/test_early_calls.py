"""Somebody who is to be called at an agreed time is called by hand before it."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from uuid import UUID

import pytest

from ami.simulator import Behaviour
from dialer.agents import Agent
from dialer.campaigns import Campaign
from dialer.commands import Kind
from tests.integration.dialer.house import ANSWERS, BUSY, House, in_virtual_time, number
from typifications.model import Action, ScheduleRequest

MAIN = number(1)
Story = Callable[[House, Campaign, Agent, UUID, datetime], Awaitable[None]]


def agreed(dsn: str, story: Story, then: Behaviour) -> None:
    """A call-back for anyone is agreed on in two hours; after one, the agent clicks on the contact. `then`:
    what the customer does at that call."""

    async def whole(house: House) -> None:
        campaign, ana = await house.opened()
        later = await house.result(campaign.id, Action.SCHEDULE)
        contact = await house.in_talk(ana, campaign, MAIN, ANSWERS)
        await house.until(lambda: house.state(ana.id) == "wrapup")
        due = (house.clock.now() + timedelta(hours=2)).replace(second=0, microsecond=0)
        await house.typify(ana.id, later, at(due))
        await house.clock.sleep(3600)
        house.numbers[MAIN.removeprefix("+")] = [ANSWERS, then, ANSWERS]
        click = {"campaign_id": str(campaign.id), "e164": MAIN, "contact_id": str(contact)}
        await house.ask(Kind.CALL_CLICK, ana.id, **click)
        await story(house, campaign, ana, contact, due)

    in_virtual_time(dsn, whole)


def at(due: datetime) -> ScheduleRequest:
    return ScheduleRequest(due.replace(tzinfo=None), "UTC", MAIN)


async def events(house: House) -> list[tuple[str, datetime]]:
    rows = await house.rows("SELECT state, due_at FROM agenda_event ORDER BY due_at")
    return [(row["state"], row["due_at"]) for row in rows]


async def sleep_until(house: House, when: datetime) -> None:
    await house.clock.sleep((when - house.clock.now()).total_seconds())


def test_who_is_not_reached_is_called_at_the_time_agreed_on_and_not_before(database_dsn: str) -> None:
    async def story(house: House, campaign: Campaign, ana: Agent, contact: UUID, due: datetime) -> None:
        await house.until(lambda: house.state(ana.id) == "ready")
        await house.clock.sleep(5)
        assert (await house.contact_row(contact))["state"] == "scheduled"
        await sleep_until(house, due - timedelta(minutes=1))
        assert len(house.dialled()) == 2
        await house.until(lambda: house.state(ana.id) == "talking", 120)
        assert len(house.dialled()) == 3

    agreed(database_dsn, story, BUSY)


@pytest.mark.parametrize("action", [Action.NO_ACTION, Action.RECALL])
def test_who_was_talked_with_is_not_called_for_it_again(database_dsn: str, action: Action) -> None:
    async def story(house: House, campaign: Campaign, ana: Agent, contact: UUID, due: datetime) -> None:
        said = await house.result(campaign.id, action)
        await house.until(lambda: house.state(ana.id) == "wrapup")
        await house.typify(ana.id, said)
        assert await events(house) == [("managed", due)]
        row = await house.contact_row(contact)
        assert row["state"] == ("done" if action is Action.NO_ACTION else "pending")

    agreed(database_dsn, story, ANSWERS)


def test_another_time_takes_the_place_of_the_first(database_dsn: str) -> None:
    async def story(house: House, campaign: Campaign, ana: Agent, contact: UUID, due: datetime) -> None:
        later = await house.result(campaign.id, Action.SCHEDULE)
        await house.until(lambda: house.state(ana.id) == "wrapup")
        again = due + timedelta(hours=3)
        await house.typify(ana.id, later, at(again))
        assert await events(house) == [("managed", due), ("pending", again)]
        await sleep_until(house, again - timedelta(minutes=1))
        assert len(house.dialled()) == 2
        await house.until(lambda: house.state(ana.id) == "talking", 120)

    agreed(database_dsn, story, ANSWERS)
