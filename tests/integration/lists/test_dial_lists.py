"""Bases and dial lists."""

import csv
import io
from datetime import timedelta
from uuid import uuid4

import pytest

from lists import contacts, customers, dial_lists, do_not_call
from lists.contacts import Record, ScheduledRelease
from lists.errors import NotFound, Refused
from lists.model import ContactState, Retry, Schedule
from tests.integration.lists.world import World, ids, number


async def test_lists_are_answered_in_the_order_they_are_dialled(world: World) -> None:
    late = await world.list_("late", priority=50)
    early = await world.list_("early", priority=1)
    assert [found.id for found in await dial_lists.of_campaign(world.conn, world.campaign_id)] == [
        early,
        late,
    ]

    await dial_lists.set_priority(world.conn, late, 0)

    assert [found.id for found in await dial_lists.of_campaign(world.conn, world.campaign_id)] == [
        late,
        early,
    ]


async def test_a_name_is_taken_once_per_campaign_until_its_list_is_deleted(world: World) -> None:
    first = await world.list_("march")
    with pytest.raises(Refused) as refused:
        await world.list_("march")
    assert refused.value.error_id == "list_name_taken"

    async with world.conn.transaction():
        await dial_lists.delete(world.conn, first, world.now)

    assert await world.list_("march")


async def test_deleting_a_list_ends_who_waits_and_lets_live_calls_finish(world: World) -> None:
    dial_list = await world.list_()
    live = await world.contact(dial_list, number(0))
    begin = await world.begun()
    waiting = await world.contact(dial_list, number(1))

    async with world.conn.transaction():
        assert await dial_lists.delete(world.conn, dial_list, world.now) == 1

    assert await world.state(waiting) is ContactState.REMOVED
    assert await world.state(live) is ContactState.LIVE
    await world.close(begin)
    assert (await world.settle(live, Retry(world.now))).state is ContactState.REMOVED


async def test_contacts_of_an_expired_list_end(world: World) -> None:
    dial_list = await world.list_(expires_at=world.now + timedelta(hours=1))
    contact = await world.contact(dial_list, number(0))
    assert await dial_lists.expire_due(world.conn, world.now) == 0

    world.later(hours=1)

    assert await dial_lists.expire_due(world.conn, world.now) == 1
    assert await world.state(contact) is ContactState.EXPIRED


async def test_deleting_a_base_ends_its_contacts_hides_its_customers_and_keeps_do_not_call(
    world: World,
) -> None:
    customer = await world.customer(number(0))
    contact = await world.queue(await world.list_(), customer.id)
    async with world.conn.transaction():
        await do_not_call.add(
            world.conn,
            numbers=[number(9)],
            campaign_id=None,
            source=do_not_call.Source.AGENT,
            now=world.now,
        )
        assert await dial_lists.delete_base(world.conn, world.base_id, world.now) == 1

    assert await world.state(contact) is ContactState.REMOVED
    assert await customers.by_phone(world.conn, number(0)) == []
    assert await dial_lists.bases(world.conn) == []
    assert await do_not_call.blocked(world.conn, number(9), None)
    with pytest.raises(NotFound):
        await dial_lists.delete_base(world.conn, world.base_id, world.now)


async def test_progress_tells_untouched_from_retried_and_ended_by_reason(world: World) -> None:
    dial_list = await world.list_()
    await world.contact(dial_list, number(0))
    await world.contact(dial_list, number(1), attempts=2)
    await world.contact(dial_list, number(2), state="done", final_reason="sold")

    progress = await dial_lists.list_progress(world.conn, dial_list)

    assert (progress.total, progress.untouched, progress.in_retry) == (3, 1, 1)
    assert progress.by_state == {ContactState.PENDING: 2, ContactState.DONE: 1}
    assert progress.by_reason == {"sold": 1}


async def test_an_export_holds_every_contact_and_no_formula(world: World) -> None:
    dial_list = await world.list_()
    customer = await world.customer(number(0), number(1), name="=cmd()", data={"age": 40, "note": "-x"})
    await world.queue(dial_list, customer.id)
    await world.contact(dial_list, number(2))

    async with world.conn.transaction():
        text = b"".join([piece async for piece in dial_lists.export(world.conn, dial_list)])

    header, first, second = csv.reader(io.StringIO(text.decode("utf-8-sig")), delimiter=";")
    row = dict(zip(header, first, strict=True))
    assert (row["name"], row["age"], row["note"]) == ("'=cmd()", "40", "'-x")
    assert row["phones"].lstrip("'") == f"{number(0)} {number(1)}"
    assert second[header.index("state")] == "pending"


async def test_an_export_has_the_columns_of_every_file_that_went_into_the_list(world: World) -> None:
    """Also of one that was added to a thousand others."""
    dial_list = await world.list_()
    for n in range(1001):
        customer = await world.customer(data={"age": n})
        await world.queue(dial_list, customer.id, position=n)
    late = await world.customer(data={"city": "Lyon"})
    await world.queue(dial_list, late.id, position=9999)
    async with world.conn.transaction():
        text = b"".join([piece async for piece in dial_lists.export(world.conn, dial_list)])
    rows = list(csv.DictReader(io.StringIO(text.decode("utf-8-sig")), delimiter=";"))
    assert (len(rows), rows[0]["age"], rows[-1]["city"]) == (1002, "0", "Lyon")


async def test_a_record_added_to_a_running_campaign_is_due_at_its_call_date(world: World) -> None:
    when = world.now + timedelta(hours=2)
    record = Record(
        world.campaign_id,
        "01 99 00 00 01",
        "FR",
        alternatives=["0199000002", "no tiene"],
        calldate=when,
        name="Ana",
        data={"amount": 200},
    )

    contact = await contacts.add_one(world.conn, record, world.now)

    assert await world.reserve() == []
    world.now = when
    (reserved,) = await world.reserve()
    assert (reserved.contact_id, reserved.e164, reserved.data) == (contact, number(1), {"amount": 200})
    card = await customers.card(world.conn, reserved.customer_id)
    assert ([p.e164 for p in card.phones], card.name) == ([number(1), number(2)], "Ana")


async def test_a_record_for_an_agent_is_bound_to_the_agent(world: World) -> None:
    agent = uuid4()

    contact = await contacts.add_one(
        world.conn, Record(world.campaign_id, number(0), "FR", agent_id=agent), world.now
    )

    assert (await world.row(contact))["agent_id"] == agent
    assert await world.reserve() == []


async def test_a_record_is_refused_when_its_number_is_none_or_already_waits(world: World) -> None:
    record = Record(world.campaign_id, number(0), "FR")
    first = await contacts.add_one(world.conn, record, world.now)

    for bad, error_id in (
        (record, "already_in_campaign"),
        (Record(world.campaign_id, "5", "FR"), "bad_number"),
    ):
        with pytest.raises(Refused) as refused:
            await contacts.add_one(world.conn, bad, world.now)
        assert refused.value.error_id == error_id

    await world.conn.execute("UPDATE contact SET state = 'done' WHERE id = $1", first)
    assert await contacts.add_one(world.conn, record, world.now) != first


async def test_a_scheduled_contact_is_released_to_its_number_and_agent_when_due(world: World) -> None:
    agent = uuid4()
    contact = await world.contact(await world.list_(), number(0), number(1), state="live")
    await world.settle(contact, Schedule())
    world.later(days=1)

    unknown = ScheduledRelease(contact, "+33199009999", agent)
    assert await contacts.release_scheduled(world.conn, [unknown], world.now) == []
    due = ScheduledRelease(contact, number(1), agent)
    assert await contacts.release_scheduled(world.conn, [due], world.now) == [contact]
    assert await contacts.release_scheduled(world.conn, [due], world.now) == []

    row = await world.row(contact)
    assert (row["state"], row["cursor"], row["agent_id"]) == ("pending", 1, agent)
    assert (row["next_at"], row["zone_key"]) == (world.now, "Europe/Paris")


async def test_ids_of_reserved_contacts_follow_priority_of_lists_changed_meanwhile(world: World) -> None:
    first, second = await world.list_("a", priority=1), await world.list_("b", priority=2)
    of_first, of_second = await world.contact(first, number(0)), await world.contact(second, number(1))

    await dial_lists.set_priority(world.conn, second, 0)

    assert ids(await world.reserve()) == [of_second, of_first]
