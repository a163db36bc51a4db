"""The agent's leg first, on the real Asterisk: real SIP phones that are picked up by hand."""

from typing import Any
from uuid import UUID

import pytest

from dialer.agents import Line
from dialer.campaigns import Campaign
from dialer.live import CallIs
from dialer.settings import Mode
from marcador.asterisk_config import AgentPhone
from tests.helpers import until
from tests.system.asterisk.ami import Ami
from tests.system.asterisk.calls import of
from tests.system.asterisk.carrier import Customer
from tests.system.asterisk.phone import Phone, answers, registered, rings_on
from tests.system.asterisk.server import Asterisk
from tests.system.campaign.centre import Centre, number, settings
from tests.system.campaign.conftest import PHONES
from tests.system.campaign.desk import Desk

pytestmark = pytest.mark.asterisk

MAIN, FIRST = number(1), number(2)


async def a_campaign(centre: Centre, **changes: Any) -> tuple[Campaign, UUID]:
    campaign = await centre.campaign(settings(**changes))
    return campaign, await centre.list_(campaign.id)


async def by_hand(centre: Centre, phone: AgentPhone, *campaigns: Campaign) -> Desk:
    dial = f"PJSIP/{phone.name}"
    return await centre.desk(phone.name, *campaigns, dial=dial, line=Line.RINGING, auto_answer=False)


class PickedUpWhenTold:
    """A phone that rings until the agent takes it."""

    def __init__(self) -> None:
        self.ringing: list[Any] = []

    def __call__(self, call: Any) -> None:
        self.ringing.append(call)

    async def pick_up(self) -> None:
        await until(lambda: self.ringing, 10, "the phone rings")
        answers(self.ringing.pop())


def number_shown(phone: Phone) -> str:
    return str(phone.calls[-1].request.headers["From"]["number"])


async def test_the_phone_rings_with_the_customers_number_and_the_customer_is_dialled_when_it_is_picked_up(
    centre: Centre, far_end: Ami, pbx: Asterisk
) -> None:
    campaign, people = await a_campaign(centre)
    hand = PickedUpWhenTold()
    async with registered(pbx.config, PHONES[0], hand) as phone:
        desk = await by_hand(centre, PHONES[0], campaign)
        contact = await centre.contact(people, MAIN)
        await until(lambda: hand.ringing, 10, "the phone rings")
        assert number_shown(phone) == MAIN
        shown = await desk.snapshot()
        assert shown.offer is not None
        assert (shown.offer.stage, shown.offer.contact_id) == ("ringing", contact)
        assert not await centre.attempts(), "no attempt while the phone rings"
        assert not await centre.dialled()

        await hand.pick_up()
        attempt = await desk.talks()
        assert attempt == shown.offer.attempt_id
        phone.hang_up()

        row = await centre.ended(attempt)
        assert (row["kind"], row["outcome"]) == ("agent_first", "connected")
        await desk.becomes("wrapup")
    assert await centre.dialled() == [MAIN]


async def test_a_customer_who_hangs_up_leaves_the_phone_free_for_the_next_call(
    brief_centre: Centre, pbx: Asterisk
) -> None:
    campaign, people = await a_campaign(brief_centre, wrapup_s=1)
    async with registered(pbx.config, PHONES[0]) as phone:
        desk = await by_hand(brief_centre, PHONES[0], campaign)
        for main in (MAIN, FIRST):
            await brief_centre.contact(people, main)
        first = await desk.talks(15)
        assert (await brief_centre.ended(first))["outcome"] == "connected"
        await until(lambda: len(phone.calls) == 2, 20, "the phone rings again")
        second = await desk.talks(15)
        assert second != first
    assert await brief_centre.dialled() == [MAIN, FIRST]


async def test_a_phone_that_is_not_taken_pauses_the_agent_and_nobody_was_dialled(
    centre: Centre, far_end: Ami, pbx: Asterisk
) -> None:
    campaign, people = await a_campaign(centre)
    async with registered(pbx.config, PHONES[0], rings_on):
        desk = await by_hand(centre, PHONES[0], campaign)
        contact = await centre.contact(people, MAIN)
        ringing = await far_end.event("Newchannel", 10, Channel=of(PHONES[0]))
        await far_end.action("Hangup", Channel=ringing["Channel"], Cause="19")
        paused = await desk.becomes("paused")
    assert paused.reason == "not_answering"
    assert not await centre.attempts()
    assert not await centre.dialled()
    row = await centre.contact_row(contact)
    assert (row["state"], row["attempts"], row["reserved_by"]) == ("pending", 0, None)


@pytest.mark.parametrize(
    ("customer", "outcome"), [(Customer.BUSY, "busy"), (Customer.UNKNOWN, "invalid_number")]
)
async def test_a_customer_who_is_not_reached_has_the_right_outcome_and_the_agent_is_free(
    centre: Centre, pbx: Asterisk, customer: Customer, outcome: str
) -> None:
    campaign, people = await a_campaign(centre)
    async with registered(pbx.config, PHONES[0]):
        desk = await by_hand(centre, PHONES[0], campaign)
        await centre.contact(people, number(1, customer))
        await desk.was("reserved")
        ended = await _told_the_end(desk)
        assert (await centre.ended(ended.attempt_id))["outcome"] == outcome
        await desk.becomes("ready")


async def _told_the_end(desk: Desk) -> CallIs:
    def told() -> CallIs | None:
        calls = (body for body in desk.told if isinstance(body, CallIs))
        return next((body for body in calls if body.state == "ended"), None)

    found = await until(told, 15, "the desk is told that the call is over")
    assert found is not None
    return found


async def test_held_and_ringing_agents_share_a_predictive_campaign_and_no_number_is_called_twice(
    brief_centre: Centre, far_end: Ami, pbx: Asterisk
) -> None:
    campaign, people = await a_campaign(brief_centre, mode=Mode.PREDICTIVE, wrapup_s=0)
    async with registered(pbx.config, PHONES[0]):
        ringing = await by_hand(brief_centre, PHONES[0], campaign)
        await brief_centre.desk("201", campaign)
        for n in range(1, 7):
            await brief_centre.contact(people, number(n))
        await brief_centre.finished(90, but=("awaiting_typification",))
    rows = await brief_centre.attempts()
    kinds = {row["kind"] for row in rows if row["agent_id"] == ringing.agent.id}
    assert kinds == {"agent_first"}
    dialled = await brief_centre.dialled()
    assert len(dialled) == len(set(dialled)) == 6
    assert not [row for row in rows if row["outcome"] == "abandoned" and row["kind"] == "agent_first"]
