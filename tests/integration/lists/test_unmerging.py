"""A merge undone: each has its own again; what happened since stays with the one that stayed."""

from uuid import UUID, uuid4

import pytest

from lists import customers, merging, unmerging
from lists.customers import CustomerEdit
from lists.errors import NotFound, Refused
from lists.model import ContactState, PhoneState, Retry, Schedule
from lists.unmerging import Undone
from tests.integration.lists.world import World, number


async def merged(world: World, kept: UUID, gone: UUID) -> UUID:
    async with world.conn.transaction():
        plan = await merging.plan(world.conn, kept, gone)
        done = await merging.merge(world.conn, kept, gone, confirm=plan.token, user_id=None, now=world.now)
    world.later(minutes=1)
    return done.merge_id


async def undone(world: World, customer: UUID, merge: UUID, *scheduled: UUID) -> Undone:
    async with world.conn.transaction():
        found = await unmerging.begin(world.conn, customer, merge)
        return await unmerging.undo(world.conn, found, scheduled=scheduled, user_id=uuid4(), now=world.now)


async def refusal(world: World, customer: UUID, merge: UUID) -> str:
    with pytest.raises(Refused) as told:
        await undone(world, customer, merge)
    return told.value.error_id


async def test_each_has_its_own_numbers_contacts_attempts_and_fields_again(world: World) -> None:
    kept = await world.customer(number(0), number(1), name="Ana", data={"plan": "oro"})
    gone = await world.customer(number(2), number(1), name="Ana B", document="7", data={"saldo": "5"})
    one = await world.list_("one")
    contact = await world.queue(one, gone.id, cursor=1)
    await world.close(await world.begun())
    await world.settle(contact, Retry(world.now))
    merge = await merged(world, kept.id, gone.id)
    done = await undone(world, kept.id, merge)
    assert done == Undone(phones=1, contacts=1, reopened=0, attempts=1, fields=("data.saldo", "document"))
    stayed, back = await customers.cards(world.conn, [kept.id, gone.id])
    assert [(p.e164, p.position) for p in stayed.phones] == [(number(0), 0), (number(1), 1)]
    assert [(p.e164, p.position) for p in back.phones] == [(number(2), 0), (number(1), 1)]
    assert (stayed.name, stayed.document, stayed.data) == ("Ana", "", {"plan": "oro"})
    assert (back.name, back.document, back.data) == ("Ana B", "7", {"saldo": "5"})
    row = await world.row(contact)
    assert (row["customer_id"], row["cursor"], row["attempts"]) == (gone.id, 1, 1)
    (lent,) = await world.reserve()
    assert (lent.customer_id, lent.e164) == (gone.id, number(1))
    calls = await world.conn.fetchval("SELECT count(*) FROM attempt WHERE customer_id = $1", gone.id)
    assert calls == 1


async def test_what_was_added_or_edited_since_stays_with_the_one_that_stayed(world: World) -> None:
    kept, gone = await world.customer(number(0)), await world.customer(number(1), document="7", name="B")
    merge = await merged(world, kept.id, gone.id)
    await customers.edit(world.conn, kept.id, CustomerEdit(document="8"), world.now)
    await customers.add_phone(world.conn, kept.id, customers.NewPhone(number(5)), world.now)
    await world.queue(await world.list_(), kept.id)
    await world.close(await world.begun())
    done = await undone(world, gone.id, merge)
    assert done == Undone(phones=1, contacts=0, reopened=0, attempts=0, fields=("name",))
    stayed = await customers.card(world.conn, kept.id)
    assert (stayed.document, [p.e164 for p in stayed.phones]) == ("8", [number(0), number(5)])
    calls = await world.conn.fetchval("SELECT count(*) FROM attempt WHERE customer_id = $1", kept.id)
    assert calls == 1


async def test_a_contact_the_merge_had_ended_waits_again_with_its_own_attempts(world: World) -> None:
    kept, gone = await world.customer(number(0)), await world.customer(number(1))
    mine = await world.queue(await world.list_("one"), kept.id, attempts=1)
    theirs = await world.queue(await world.list_("two"), gone.id, attempts=2)
    merge = await merged(world, kept.id, gone.id)
    assert (await world.row(mine))["attempts"] == 3
    done = await undone(world, kept.id, merge)
    assert done.reopened == 1
    rows = [await world.row(one) for one in (mine, theirs)]
    assert [(row["customer_id"], row["state"], row["attempts"]) for row in rows] == [
        (kept.id, "pending", 1),
        (gone.id, "pending", 2),
    ]


@pytest.mark.parametrize("agreed_again", [True, False])
async def test_an_ended_call_back_is_agreed_on_again_only_where_its_event_is(
    world: World, agreed_again: bool
) -> None:
    kept, gone = await world.customer(number(0)), await world.customer(number(1))
    contacts = []
    for name, customer in (("one", kept), ("two", gone)):
        contact = await world.queue(await world.list_(name), customer.id, state="live")
        await world.settle(contact, Schedule())
        contacts.append(contact)
    merge = await merged(world, kept.id, gone.id)
    ended = contacts[1]
    await undone(world, kept.id, merge, *([ended] if agreed_again else []))
    wanted = ContactState.SCHEDULED if agreed_again else ContactState.PENDING
    assert await world.state(ended) is wanted
    assert await world.state(contacts[0]) is ContactState.SCHEDULED


async def test_no_contact_is_opened_where_another_came_instead(world: World) -> None:
    kept, gone = await world.customer(number(0)), await world.customer(number(1))
    mine = await world.queue(await world.list_("one"), kept.id)
    agreed = await world.queue(await world.list_("two"), gone.id, state="live")
    await world.settle(agreed, Schedule())
    merge = await merged(world, kept.id, gone.id)
    await world.conn.execute(
        "UPDATE contact SET state = 'done', finished_at = $1 WHERE id = $2", world.now, agreed
    )
    newer = await world.queue(await world.list_("three"), kept.id)
    assert (await undone(world, kept.id, merge)).reopened == 0
    assert (await world.state(mine), await world.state(newer)) == (ContactState.REMOVED, ContactState.PENDING)


async def test_a_number_found_wrong_stays_wrong_and_caps_stay_added_up(world: World) -> None:
    kept, gone = await world.customer(number(0), number(1)), await world.customer(number(1))
    await customers.retire_phone(world.conn, gone.phones[0].id, PhoneState.WRONG_NUMBER, world.now)
    await world.queue(await world.list_(), kept.id)
    await world.close(await world.begun())
    merge = await merged(world, kept.id, gone.id)
    await undone(world, kept.id, merge)
    assert (await customers.card(world.conn, kept.id)).phones[1].state is PhoneState.WRONG_NUMBER
    recent = await world.conn.fetchval("SELECT recent FROM customer_use WHERE customer_id = $1", kept.id)
    assert len(recent) == 1


async def test_who_had_been_merged_into_the_one_that_went_leads_there_again(world: World) -> None:
    first, second = await world.customer(number(0)), await world.customer(number(1))
    third = await world.customer(number(2))
    inner = await merged(world, second.id, first.id)
    outer = await merged(world, third.id, second.id)
    assert await refusal(world, second.id, inner) == "merge_not_last"
    await undone(world, third.id, outer)
    assert (await customers.card(world.conn, first.id)).id == second.id
    await undone(world, second.id, inner)
    assert [one.id for one in await customers.cards(world.conn, [first.id, second.id])] == [
        first.id,
        second.id,
    ]


async def test_a_merge_is_undone_once_and_by_one_of_its_two(world: World) -> None:
    kept, gone = await world.customer(number(0)), await world.customer(number(1))
    stranger = await world.customer(number(2))
    merge = await merged(world, kept.id, gone.id)
    for customer, other in ((stranger.id, merge), (kept.id, uuid4())):
        with pytest.raises(NotFound):
            await undone(world, customer, other)
    await undone(world, kept.id, merge)
    assert await refusal(world, kept.id, merge) == "already_undone"
    (kept_record,) = await merging.of_customer(world.conn, kept.id)
    assert kept_record.undone_at == world.now
    again = await merged(world, kept.id, gone.id)
    assert (await undone(world, kept.id, again)).phones == 1


async def test_nobody_is_parted_during_a_call_or_when_the_base_is_gone(world: World) -> None:
    kept, gone = await world.customer(number(0)), await world.customer(number(1))
    await world.queue(await world.list_(), gone.id)
    merge = await merged(world, kept.id, gone.id)
    begun = await world.begun()
    assert await refusal(world, kept.id, merge) == "customer_live"
    await world.close(begun)
    await world.conn.execute("UPDATE customer SET deleted_at = $1 WHERE id = $2", world.now, kept.id)
    assert await refusal(world, kept.id, merge) == "customer_deleted"


async def test_a_merge_of_before_that_was_recorded_leaves_its_ended_contacts_ended(world: World) -> None:
    kept, gone = await world.customer(number(0)), await world.customer(number(1))
    await world.queue(await world.list_("one"), kept.id)
    theirs = await world.queue(await world.list_("two"), gone.id)
    merge = await merged(world, kept.id, gone.id)
    await world.conn.execute("UPDATE customer_merge SET undo = undo - 'ended_was'")
    assert (await undone(world, kept.id, merge)).reopened == 0
    row = await world.row(theirs)
    assert (row["customer_id"], row["state"]) == (gone.id, "removed")
