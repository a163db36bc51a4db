"""Two customers who are one person: what both have been through holds for the one that stays."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from lists import customers, merging
from lists.contacts import Record, add_one
from lists.errors import NotFound, Refused
from lists.merging import DuplicatesBy, Merged
from lists.model import Caps, ContactState, PhoneState, Retry, Schedule
from tests.integration.lists.world import World, number


async def _merge(world: World, kept: UUID, gone: UUID) -> Merged:
    async with world.conn.transaction():
        plan = await merging.plan(world.conn, kept, gone)
        return await merging.merge(world.conn, kept, gone, confirm=plan.token, user_id=None, now=world.now)


async def _refusal(world: World, kept: UUID, gone: UUID, confirm: str = "") -> str:
    try:
        async with world.conn.transaction():
            token = confirm or (await merging.plan(world.conn, kept, gone)).token
            await merging.merge(world.conn, kept, gone, confirm=token, user_id=None, now=world.now)
    except Refused as refused:
        return refused.error_id
    return "done"


async def test_the_plan_says_what_moves_and_changes_nothing(world: World) -> None:
    kept = await world.customer(number(0), number(1), name="Ana", data={"plan": "oro"})
    gone = await world.customer(number(1), number(2), name="Ana B", document="7", data={"saldo": "5"})
    await world.queue(await world.list_(), gone.id)
    async with world.conn.transaction():
        plan = await merging.plan(world.conn, kept.id, gone.id)
        again = await merging.plan(world.conn, kept.id, gone.id)
    assert (plan.phones_added, plan.phones_shared) == ((number(2),), (number(1),))
    assert (plan.contacts, plan.ended, plan.attempts) == (1, 0, 0)
    assert plan.gains == {"document": "7", "data.saldo": "5"}
    assert plan.loses == {"name": "Ana B"}
    assert again == plan
    assert len(await customers.cards(world.conn, [kept.id, gone.id])) == 2


async def test_phones_and_fields_of_both_are_one_customers(world: World) -> None:
    kept = await world.customer(number(0), number(1), name="Ana", data={"plan": "oro"})
    gone = await world.customer(number(1), number(2), name="Ana B", document="7", data={"plan": "plata"})
    await customers.retire_phone(world.conn, gone.phones[0].id, PhoneState.WRONG_NUMBER, world.now)
    await _merge(world, kept.id, gone.id)
    one = await customers.card(world.conn, kept.id)
    assert [(p.e164, p.position, p.state) for p in one.phones] == [
        (number(0), 0, "good"),
        (number(1), 1, "wrong_number"),  # of the person, whichever of the two it was said of
        (number(2), 2, "good"),
    ]
    assert (one.name, one.document, one.data) == ("Ana", "7", {"plan": "oro"})


async def test_the_one_that_went_is_found_as_the_one_that_stays(world: World) -> None:
    kept, gone = await world.customer(number(0), key="a"), await world.customer(number(1), key="b")
    third = await world.customer(number(2), key="c")
    await _merge(world, kept.id, gone.id)
    await _merge(world, third.id, kept.id)
    for customer_id in (kept.id, gone.id, third.id):
        assert (await customers.card(world.conn, customer_id)).id == third.id
    assert [one.id for one in await customers.by_phone(world.conn, number(1))] == [third.id]
    assert len(await customers.search(world.conn, base_id=world.base_id)) == 1


async def test_a_contact_goes_on_at_the_number_it_stood_at(world: World) -> None:
    kept = await world.customer(number(0), number(1))
    gone = await world.customer(number(2), number(1))
    dial_list = await world.list_()
    at_shared = await world.queue(dial_list, gone.id, cursor=1, attempts=2)
    other = await world.list_("other", campaign_id=uuid4())
    at_new = await world.queue(other, gone.id, cursor=0)
    await _merge(world, kept.id, gone.id)
    rows = [await world.row(contact) for contact in (at_shared, at_new)]
    assert [(row["customer_id"], row["cursor"]) for row in rows] == [(kept.id, 1), (kept.id, 2)]
    assert rows[0]["attempts"] == 2
    (lent,) = await world.reserve()
    assert (lent.contact_id, lent.e164) == (at_shared, number(1))


async def test_of_two_contacts_in_one_campaign_one_goes_on_with_the_attempts_of_both(world: World) -> None:
    kept, gone = await world.customer(number(0)), await world.customer(number(0))
    one, two = await world.list_("one"), await world.list_("two")
    mine = await world.queue(one, kept.id)
    await world.settle(mine, Retry(world.now))
    await world.close(await world.begun())
    await world.settle(mine, Retry(world.now + timedelta(minutes=5)))
    theirs = await world.queue(two, gone.id)
    await world.close(await world.begun())
    later = world.now + timedelta(hours=3)
    await world.settle(theirs, Retry(later))
    merged = await _merge(world, kept.id, gone.id)
    assert merged.contacts == {theirs: mine}
    row = await world.row(mine)
    assert (row["state"], row["attempts"], row["next_at"]) == ("pending", 2, later)
    ended = await world.row(theirs)
    assert (ended["state"], ended["final_reason"]) == ("removed", "merged")
    spent = await world.conn.fetchval("SELECT attempts FROM contact_phone WHERE contact_id = $1", mine)
    assert spent == 2


async def test_an_agreed_call_back_stays_whosever_it_was(world: World) -> None:
    kept, gone = await world.customer(number(0)), await world.customer(number(0))
    waiting = await world.queue(await world.list_("one"), kept.id)
    agreed = await world.queue(await world.list_("two"), gone.id, state="live")
    await world.settle(agreed, Schedule())
    merged = await _merge(world, kept.id, gone.id)
    assert merged.contacts == {waiting: agreed}
    assert await world.state(agreed) is ContactState.SCHEDULED


async def test_caps_count_what_happened_to_either(world: World) -> None:
    kept, gone = await world.customer(number(0)), await world.customer(number(1))
    first = await world.queue(await world.list_("one"), kept.id)
    await world.close(await world.begun())
    await world.settle(first, Retry(world.now))
    world.later(hours=1)
    await world.queue(await world.list_("two", campaign_id=world.campaign_id, priority=1), gone.id)
    begun = await world.begun()
    await world.close(begun)
    assert begun.contact is not None
    await world.settle(begun.contact.contact_id, Retry(world.now))
    await _merge(world, kept.id, gone.id)
    world.later(minutes=10)
    (lent,) = await world.reserve(1)
    tight = Caps(number_gap_s=0, customer_gap_s=0, customer_per_7d=2)
    (refusal,) = await world.begin(world.attempt(lent), caps=tight)
    assert refusal is not None
    assert refusal.reason == "customer_7d"
    count = await world.conn.fetchval("SELECT count(*) FROM attempt WHERE customer_id = $1", kept.id)
    assert count == 2


async def test_a_customer_in_a_call_is_not_merged(world: World) -> None:
    kept, gone = await world.customer(number(0)), await world.customer(number(1))
    await world.queue(await world.list_(), gone.id)
    begun = await world.begun()
    assert await _refusal(world, kept.id, gone.id) == "customer_live"
    assert await _refusal(world, gone.id, kept.id) == "customer_live"
    await world.close(begun)
    assert begun.contact is not None
    await world.settle(begun.contact.contact_id, Retry(world.now))
    await _merge(world, kept.id, gone.id)


async def test_what_was_not_shown_or_makes_no_sense_is_not_merged(world: World) -> None:
    kept, gone = await world.customer(number(0)), await world.customer(number(1))
    async with world.conn.transaction():
        token = (await merging.plan(world.conn, kept.id, gone.id)).token
    await customers.add_phone(world.conn, gone.id, customers.NewPhone(number(5)), world.now)
    assert await _refusal(world, kept.id, gone.id, token) == "not_as_shown"
    assert await _refusal(world, kept.id, kept.id) == "same_customer"
    with pytest.raises(NotFound):
        await _merge(world, kept.id, uuid4())
    await _merge(world, kept.id, gone.id)
    with pytest.raises(NotFound):
        await _merge(world, kept.id, gone.id)


async def test_what_a_merge_did_is_kept_so_that_it_can_be_undone(world: World) -> None:
    kept, gone = await world.customer(number(0)), await world.customer(number(1), name="Ana B", key="b")
    contact = await world.queue(await world.list_(), gone.id)
    await _merge(world, kept.id, gone.id)
    (done,) = await merging.of_customer(world.conn, kept.id)
    assert (done.kept_id, done.merged_id) == (kept.id, gone.id)
    assert (done.undo["gone"]["key"], done.undo["gone"]["name"]) == ("b", "Ana B")
    assert done.undo["contacts"] == [str(contact)]
    assert done.undo["phones"] == [[str(gone.phones[0].id), 0]]


async def test_a_record_of_a_number_that_was_merged_is_the_one_customers(world: World) -> None:
    first = await add_one(world.conn, Record(world.campaign_id, number(1), "FR"), world.now)
    base_id = await world.conn.fetchval("SELECT base_id FROM customer LIMIT 1")
    gone = (await world.row(first))["customer_id"]
    kept = await customers.create(
        world.conn, base_id, key="ana", phones=[customers.NewPhone(number(0))], now=world.now
    )
    await _merge(world, kept.id, gone)
    await world.conn.execute("UPDATE contact SET state = 'done'")
    again = await add_one(world.conn, Record(world.campaign_id, number(1), "FR"), world.now)
    row = await world.row(again)
    assert row["customer_id"] == kept.id


async def test_possible_duplicates_share_a_document_or_a_number(world: World) -> None:
    first = await world.customer(number(0), document="7")
    second = await world.customer(number(1), document="7")
    third = await world.customer(number(1), document="8")
    by_document = await merging.duplicates(world.conn, world.base_id, DuplicatesBy.DOCUMENT)
    assert [(one.value, one.customers, one.customer_ids) for one in by_document] == [
        ("7", 2, (first.id, second.id))
    ]
    by_phone = await merging.duplicates(world.conn, world.base_id, DuplicatesBy.PHONE)
    assert [(one.value, set(one.customer_ids)) for one in by_phone] == [(number(1), {second.id, third.id})]
    await _merge(world, first.id, second.id)
    assert await merging.duplicates(world.conn, world.base_id, DuplicatesBy.DOCUMENT) == []
