"""A customer who calls in, or is called by hand, while the campaign's list still has them."""

from datetime import timedelta
from uuid import UUID

import pytest

from lists.model import ContactState
from tests.integration.lists.world import number
from tests.integration.typifications.desk import FIRST, MAIN, Desk
from typifications import agenda, interactions
from typifications.interactions import Applied, Rules
from typifications.model import Action, CampaignKind, EventState, Result, Typification


async def _called_in(desk: Desk, contact_id: UUID, *path: Result, **about: object) -> Applied:
    """Typify a conversation that was none of the list's calls."""
    customer = await desk.customer_of(contact_id)
    given: dict[str, object] = {
        "campaign_id": desk.world.campaign_id,
        "path": tuple(result.id for result in path),
        "customer_id": customer.id,
        "agent_id": desk.agent,
        "e164": MAIN,
    }
    said = Typification(**(given | about))  # type: ignore[arg-type]
    return await interactions.typify(desk.conn, said, desk.rules, now=desk.now)


@pytest.mark.parametrize(
    ("action", "state"),
    [(Action.NO_ACTION, ContactState.DONE), (Action.DO_NOT_CALL, ContactState.DO_NOT_CALL)],
)
async def test_the_action_of_an_inbound_call_ends_the_customers_open_contact(
    desk: Desk, action: Action, state: ContactState
) -> None:
    contact = await desk.contact()
    await _called_in(desk, contact, await desk.result(action))
    assert await desk.world.state(contact) is state


async def test_a_recall_typified_on_an_inbound_call_moves_the_open_contact_to_the_end(desk: Desk) -> None:
    contact = await desk.contact()
    behind = await desk.contact(number(7))
    desk.world.later(minutes=1)
    applied = await _called_in(desk, contact, await desk.result(Action.RECALL_ALTERNATE))
    row, other = await desk.world.row(contact), await desk.world.row(behind)
    assert (row["state"], row["cursor"]) == ("pending", 1)
    assert row["position"] > other["position"]
    assert row["next_at"] == desk.now + timedelta(minutes=30)
    assert applied.settled is not None
    assert applied.settled.contact_id == contact


async def test_other_campaigns_and_other_customers_are_left_alone(desk: Desk) -> None:
    contact = await desk.contact()
    other = await desk.contact(number(7))
    voice = Rules(kind=CampaignKind.VOICE)
    desk.rules = voice
    await _called_in(desk, contact, await desk.result(Action.NO_ACTION))
    assert await desk.world.state(contact) is ContactState.PENDING
    assert await desk.world.state(other) is ContactState.PENDING


async def test_a_live_contact_is_left_to_its_own_call(desk: Desk) -> None:
    contact = await desk.contact()
    begun = await desk.talking()
    await _called_in(desk, contact, await desk.result(Action.NO_ACTION))
    assert await desk.world.state(contact) is ContactState.LIVE
    await desk.hung_up(begun)


async def test_a_call_back_agreed_on_stands_when_the_customer_calls_in_and_is_to_be_recalled(
    desk: Desk,
) -> None:
    contact = await desk.contact()
    begun = await desk.talked()
    at = desk.call_back(e164=FIRST, hours=5)
    await desk.say(begun, await desk.result(Action.SCHEDULE), schedule=at)
    await _called_in(desk, contact, await desk.result(Action.RECALL))
    assert await desk.world.state(contact) is ContactState.SCHEDULED


async def test_a_call_back_goes_with_the_contact_that_ends(desk: Desk) -> None:
    contact = await desk.contact()
    begun = await desk.talked()
    applied = await desk.say(
        begun, await desk.result(Action.SCHEDULE), schedule=desk.call_back(e164=FIRST, hours=5)
    )
    await _called_in(desk, contact, await desk.result(Action.NO_ACTION))
    assert await desk.world.state(contact) is ContactState.DONE
    assert applied.event_id is not None
    assert (await agenda.get(desk.conn, applied.event_id)).state is EventState.REMOVED


async def test_scheduling_on_an_inbound_call_makes_the_open_contact_wait_for_it(desk: Desk) -> None:
    contact = await desk.contact()
    applied = await _called_in(
        desk, contact, await desk.result(Action.SCHEDULE), schedule=desk.call_back(e164=FIRST, hours=2)
    )
    assert await desk.world.state(contact) is ContactState.SCHEDULED
    assert applied.event_id is not None
    assert (await agenda.get(desk.conn, applied.event_id)).contact_id == contact
