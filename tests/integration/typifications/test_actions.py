"""The five actions and the flags, from the agent's word to the contact's row."""

from dataclasses import replace
from datetime import timedelta

import pytest

from lists import do_not_call
from lists.model import Caps, ContactState, PhoneState
from tests.integration.lists.world import number
from tests.integration.typifications.desk import FIRST, MAIN, SECOND, Desk
from typifications import agenda, interactions
from typifications.errors import Refused
from typifications.interactions import Rules
from typifications.model import Action, DoNotCallScope, EventFields, EventState, ResultClass, Typification


async def test_recall_puts_the_contact_last_in_its_list_on_the_same_phone_after_the_wait(desk: Desk) -> None:
    talked_to = await desk.contact()
    behind = await desk.contact(number(7))
    begun = await desk.talked()
    await desk.say(begun, await desk.result(Action.RECALL))
    row, other = await desk.world.row(talked_to), await desk.world.row(behind)
    assert (row["state"], row["cursor"]) == ("pending", 0)
    assert row["position"] > other["position"]
    assert row["next_at"] == desk.now + timedelta(minutes=30)


async def test_recall_alternate_moves_to_the_next_phone_and_wraps_round(desk: Desk) -> None:
    contact = await desk.contact()
    alternate = await desk.result(Action.RECALL_ALTERNATE, recall_wait_s=0)
    called = []
    for _ in range(4):
        begun = await desk.talked()
        called.append(begun.e164)
        await desk.say(begun, alternate)
    assert called == [MAIN, FIRST, SECOND, MAIN]
    assert await desk.world.state(contact) is ContactState.PENDING


async def test_a_recall_counts_towards_the_cap(desk: Desk) -> None:
    contact = await desk.contact()
    desk.rules = Rules(caps=Caps(per_contact=1))
    await desk.say(await desk.talked(), await desk.result(Action.RECALL))
    assert await desk.world.state(contact) is ContactState.EXHAUSTED


@pytest.mark.parametrize("action", [Action.NO_ACTION, None])
async def test_no_action_finishes_the_contact(desk: Desk, action: Action | None) -> None:
    contact = await desk.contact()
    applied = await desk.say(await desk.talked(), await desk.result(action))
    assert applied.applied
    assert await desk.world.state(contact) is ContactState.DONE


async def test_do_not_call_forbids_all_the_customers_phones_in_this_campaign(desk: Desk) -> None:
    contact = await desk.contact()
    await desk.say(await desk.talked(), await desk.result(Action.DO_NOT_CALL))
    assert await desk.world.state(contact) is ContactState.DO_NOT_CALL
    for phone in (MAIN, FIRST, SECOND):
        assert await do_not_call.blocked(desk.conn, phone, desk.world.campaign_id)
        assert not await do_not_call.blocked(desk.conn, phone, None)


async def test_do_not_call_of_all_campaigns_forbids_them_everywhere(desk: Desk) -> None:
    await desk.contact()
    everywhere = await desk.result(Action.DO_NOT_CALL, do_not_call_scope=DoNotCallScope.ALL_CAMPAIGNS)
    await desk.say(await desk.talked(), everywhere)
    assert await do_not_call.blocked(desk.conn, SECOND, None)


async def test_do_not_call_of_this_number_only_goes_on_with_the_next_phone(desk: Desk) -> None:
    contact = await desk.contact()
    only = await desk.result(Action.DO_NOT_CALL, do_not_call_scope=DoNotCallScope.NUMBER_ONLY)
    await desk.say(await desk.talked(), only)
    row = await desk.world.row(contact)
    assert (row["state"], row["cursor"]) == ("pending", 1)
    assert await do_not_call.blocked(desk.conn, MAIN, desk.world.campaign_id)
    assert not await do_not_call.blocked(desk.conn, FIRST, desk.world.campaign_id)


async def test_do_not_call_hangs_up_what_still_rings_to_the_customers_numbers(desk: Desk) -> None:
    await desk.contact()
    begun = await desk.talked()
    await desk.contact(FIRST)
    ringing = await desk.world.begun()
    applied = await desk.say(begun, await desk.result(Action.DO_NOT_CALL))
    assert applied.hang_up == (ringing.attempt_id,)


async def test_do_not_call_removes_the_customers_events_of_its_campaign(desk: Desk) -> None:
    contact = await desk.contact()
    customer = await desk.customer_of(contact)
    begun = await desk.talked()
    due = desk.now + timedelta(days=1)
    fields = EventFields(customer_id=customer.id, e164=MAIN, due_at=due, zone="UTC")
    here = await agenda.create(desk.conn, replace(fields, campaign_id=desk.world.campaign_id), now=desk.now)
    elsewhere = await agenda.create(desk.conn, replace(fields, campaign_id=customer.id), now=desk.now)
    await desk.say(begun, await desk.result(Action.DO_NOT_CALL))
    assert (await agenda.get(desk.conn, here.event.id)).state is EventState.REMOVED
    assert (await agenda.get(desk.conn, elsewhere.event.id)).state is EventState.PENDING


async def test_scheduling_keeps_the_contact_for_its_event(desk: Desk) -> None:
    contact = await desk.contact()
    begun = await desk.talked()
    applied = await desk.say(
        begun, await desk.result(Action.SCHEDULE), schedule=desk.call_back(e164=FIRST, hours=3)
    )
    assert applied.event_id is not None
    event = await agenda.get(desk.conn, applied.event_id)
    assert (event.contact_id, event.e164, event.agent_id) == (contact, FIRST, None)
    assert event.due_at == desk.now + timedelta(hours=3)
    assert await desk.world.state(contact) is ContactState.SCHEDULED


async def test_a_wrong_number_is_retired_and_its_recall_goes_to_the_next_phone(desk: Desk) -> None:
    contact = await desk.contact()
    wrong = await desk.result(Action.RECALL, classes=frozenset({ResultClass.WRONG_NUMBER}))
    await desk.say(await desk.talked(), wrong)
    phones = {phone.e164: phone.state for phone in (await desk.customer_of(contact)).phones}
    assert phones == {MAIN: PhoneState.WRONG_NUMBER, FIRST: PhoneState.GOOD, SECOND: PhoneState.GOOD}
    assert (await desk.world.row(contact))["cursor"] == 1


async def test_delete_earlier_events_spares_the_event_this_result_makes(desk: Desk) -> None:
    contact = await desk.contact()
    customer = await desk.customer_of(contact)
    old = await agenda.create(
        desk.conn,
        EventFields(customer_id=customer.id, e164=MAIN, due_at=desk.now + timedelta(days=1), zone="UTC"),
        now=desk.now,
    )
    schedule = await desk.result(Action.SCHEDULE, deletes_events=True)
    applied = await desk.say(await desk.talked(), schedule, schedule=desk.call_back(hours=5))
    assert (await agenda.get(desk.conn, old.event.id)).state is EventState.REMOVED
    assert [event.id for event in await agenda.for_customer(desk.conn, customer.id)] == [applied.event_id]


@pytest.mark.parametrize("said_before_the_hang_up", [False, True])
async def test_remove_from_lists_ends_every_waiting_contact_but_the_one_talked_about(
    desk: Desk, said_before_the_hang_up: bool
) -> None:
    talked_to = await desk.contact()
    begun = await desk.talking()
    sharing = await desk.contact(number(8), SECOND)
    stranger = await desk.contact(number(9))
    flag = await desk.result(removes_from_lists=True)
    below = await desk.result(Action.RECALL, below=flag)
    if said_before_the_hang_up:
        await desk.say(begun, flag, below)
        await desk.hung_up(begun)
    else:
        await desk.hung_up(begun)
        await desk.say(begun, flag, below)
    assert await desk.world.state(sharing) is ContactState.REMOVED
    assert await desk.world.state(stranger) is ContactState.PENDING
    assert await desk.world.state(talked_to) is ContactState.PENDING


async def test_the_action_decides_on_the_contact_talked_about_also_where_it_was_still_waiting(
    desk: Desk,
) -> None:
    """A call by hand: the list had not come to this contact yet."""
    contact = await desk.contact()
    customer = await desk.customer_of(contact)
    flagged = await desk.result(Action.RECALL, removes_from_lists=True)
    said = Typification(
        campaign_id=desk.world.campaign_id,
        path=(flagged.id,),
        customer_id=customer.id,
        contact_id=contact,
        e164=MAIN,
    )
    await interactions.typify(desk.conn, said, desk.rules, now=desk.now)
    assert await desk.world.state(contact) is ContactState.PENDING


async def test_a_contact_given_back_by_the_first_flag_is_taken_by_the_second(desk: Desk) -> None:
    """Deleting the customer's events frees a contact of another campaign, which then is on a list."""
    await desk.contact()
    begun = await desk.talked()
    elsewhere = await desk.world.list_("elsewhere", campaign_id=desk.agent)
    assert begun.customer_id is not None
    waiting = await desk.world.queue(elsewhere, begun.customer_id, state="scheduled")
    await agenda.create(
        desk.conn,
        EventFields(
            customer_id=begun.customer_id,
            contact_id=waiting,
            e164=MAIN,
            due_at=desk.now + timedelta(days=1),
            zone="UTC",
        ),
        now=desk.now,
    )
    both = await desk.result(Action.NO_ACTION, deletes_events=True, removes_from_lists=True)
    await desk.say(begun, both)
    assert await desk.world.state(waiting) is ContactState.REMOVED


async def test_a_result_of_another_campaign_is_refused_and_nothing_is_stored(desk: Desk) -> None:
    contact = await desk.contact()
    begun = await desk.talked()
    first = await desk.result(Action.RECALL)
    below = await desk.result(Action.NO_ACTION, below=first)
    for path in ((), (below,), (below, first), (first, first)):
        with pytest.raises(Refused) as refused:
            await desk.say(begun, *path)
        assert refused.value.error_id == "result_unknown"
    assert await desk.world.state(contact) is ContactState.AWAITING_TYPIFICATION
    assert await interactions.history(desk.conn, begun.customer_id or desk.agent) == []


async def test_an_illegal_hour_is_refused_and_nothing_is_stored(desk: Desk) -> None:
    contact = await desk.contact()
    begun = await desk.talked()
    desk.rules = replace(desk.rules, legal=lambda at: "outside_legal_hours")
    with pytest.raises(Refused) as refused:
        await desk.say(begun, await desk.result(Action.SCHEDULE), schedule=desk.call_back(hours=3))
    assert refused.value.error_id == "illegal_hour"
    assert await desk.world.state(contact) is ContactState.AWAITING_TYPIFICATION
    assert await interactions.history(desk.conn, begun.customer_id or desk.agent) == []
