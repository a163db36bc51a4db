"""Who calls in on the real Asterisk is found by the number shown, and is on the agent's screen at once."""

from collections.abc import Iterator
from uuid import UUID

import pytest

from crm_api.live import pop
from crm_api.live.schemas import Pop
from tests.helpers import until
from tests.system.asterisk.ami import Ami
from tests.system.asterisk.calls import of
from tests.system.asterisk.carrier import Carrier
from tests.system.asterisk.phone import registered, rings_on
from tests.system.asterisk.server import Asterisk
from tests.system.campaign.centre import Centre, number, settings
from tests.system.campaign.conftest import PHONES
from tests.system.campaign.desk import Desk
from tests.system.campaign.test_agent_first import PickedUpWhenTold, by_hand

pytestmark = pytest.mark.asterisk

KNOWN, STRANGER = number(1), number(99)
DID = "199005500"


@pytest.fixture
def caller(incoming: Carrier) -> Iterator[Carrier]:
    """Calls in; the last call of a test does not outlive it."""
    yield incoming
    incoming.stop()


async def popped(centre: Centre, desk: Desk) -> Pop:
    """What the agent's screen shows when the call is offered."""
    await until(lambda: desk.offers, message="the call is offered")
    (offer,) = desk.offers
    async with centre.db.connection() as conn:
        return await pop.compose(conn, offer)


async def a_customer_and_a_desk(centre: Centre) -> tuple[UUID, Desk]:
    campaign = await centre.campaign(settings(region="FR"))
    return await centre.customer(KNOWN), await centre.desk("201", campaign)


@pytest.mark.parametrize(
    "shown",
    [KNOWN, KNOWN.removeprefix("+"), KNOWN.replace("+33", "0033"), KNOWN.replace("+33", "0")],
    ids=["plus", "international", "international_with_prefix", "national"],
)
async def test_a_known_caller_pops_up_whatever_form_the_number_is_shown_in(
    centre: Centre, pbx: Asterisk, caller: Carrier, shown: str
) -> None:
    customer_id, desk = await a_customer_and_a_desk(centre)

    caller.calls_in(pbx.config.sip_port, did=DID, caller=shown)
    screen = await popped(centre, desk)

    assert screen.customer is not None
    assert (screen.customer.id, screen.number, screen.call.direction) == (customer_id, KNOWN, "in")
    assert not screen.matches
    assert await desk.talks() == screen.call.attempt_id


async def test_an_unknown_caller_pops_up_as_an_empty_form_with_the_number(
    centre: Centre, pbx: Asterisk, caller: Carrier
) -> None:
    _, desk = await a_customer_and_a_desk(centre)

    caller.calls_in(pbx.config.sip_port, did=DID, caller=STRANGER)
    screen = await popped(centre, desk)

    assert (screen.customer, screen.matches, screen.number) == (None, [], STRANGER)


async def test_a_number_of_two_customers_pops_up_as_a_choice(
    centre: Centre, pbx: Asterisk, caller: Carrier
) -> None:
    customer_id, desk = await a_customer_and_a_desk(centre)
    other_id = await centre.customer(KNOWN)

    caller.calls_in(pbx.config.sip_port, did=DID, caller=KNOWN)
    screen = await popped(centre, desk)

    assert screen.customer is None
    assert {match.id for match in screen.matches} == {customer_id, other_id}


async def test_an_inbound_call_waits_with_music_until_an_agent_is_free(
    centre: Centre, pbx: Asterisk, caller: Carrier
) -> None:
    campaign = await centre.campaign(settings(region="FR"))
    caller.calls_in(pbx.config.sip_port, did=DID, caller=KNOWN)
    waiting = await until(lambda: _live(centre), message="the call is taken in", every=0.02)

    desk = await centre.desk("201", campaign)

    assert await desk.talks() == waiting
    caller.stop()
    await desk.hang_up()
    row = await centre.ended(waiting)
    assert (row["kind"], row["outcome"], row["agent_id"]) == ("inbound", "connected", desk.agent.id)


async def test_a_caller_rings_a_phone_that_is_picked_up_by_hand_and_the_next_where_nobody_does(
    centre: Centre, pbx: Asterisk, far_end: Ami, caller: Carrier
) -> None:
    campaign = await centre.campaign(settings(region="FR"))
    hand = PickedUpWhenTold()
    async with registered(pbx.config, PHONES[0], rings_on), registered(pbx.config, PHONES[1], hand) as phone:
        away = await by_hand(centre, PHONES[0], campaign)
        desk = await by_hand(centre, PHONES[1], campaign)
        caller.calls_in(pbx.config.sip_port, did=DID, caller=KNOWN)
        ringing = await far_end.event("Newchannel", 10, Channel=of(PHONES[0]))
        await far_end.action("Hangup", Channel=ringing["Channel"], Cause="19")
        assert (await away.becomes("paused")).reason == "not_answering"
        await hand.pick_up()
        attempt = await desk.talks()
        phone.hang_up()
        row = await centre.ended(attempt)
    assert (row["kind"], row["outcome"], row["agent_id"]) == ("inbound", "connected", desk.agent.id)


async def _live(centre: Centre) -> UUID | None:
    found = await centre.rows("SELECT attempt_id FROM live_attempt")
    return found[0]["attempt_id"] if found else None
