"""A list that moves to another campaign takes its contacts along as they are."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from lists import attempts, dial_lists, moving
from lists.errors import NotFound, Refused
from lists.model import ContactState, RefusalReason, Retry, SameCustomer
from lists.moving import Moved
from tests.integration.lists.world import World, number

KEPT = ("state", "position", "next_at", "attempts", "cursor", "retries", "priority", "agent_id", "zone_key")


async def _move(
    world: World, dial_list: UUID, target: UUID, choice: SameCustomer = SameCustomer.REFUSE
) -> Moved:
    async with world.conn.transaction():
        return await moving.move(world.conn, dial_list, target, same_customer=choice, now=world.now)


async def _refusal(world: World, dial_list: UUID, target: UUID) -> str:
    with pytest.raises(Refused) as refused:
        await _move(world, dial_list, target)
    return refused.value.error_id


async def test_waits_places_and_attempts_of_a_moved_list_are_kept(world: World) -> None:
    dial_list, target = await world.list_(), uuid4()
    tried = await world.contact(dial_list, number(0), number(1))
    await world.close(await world.begun())
    await world.settle(tried, Retry(world.now + timedelta(hours=3), outcome="busy"))
    bound = await world.contact(dial_list, number(2), agent_id=uuid4(), priority=7)
    before = {contact: await world.row(contact) for contact in (tried, bound)}
    used = await world.conn.fetch("SELECT * FROM contact_phone ORDER BY contact_id, e164")

    assert await _move(world, dial_list, target) == Moved(open=2, already_open=0)

    for contact, old in before.items():
        new = await world.row(contact)
        assert new["campaign_id"] == target
        assert {name: new[name] for name in KEPT} == {name: old[name] for name in KEPT}
    assert await world.conn.fetch("SELECT * FROM contact_phone ORDER BY contact_id, e164") == used
    assert [one.id for one in await dial_lists.of_campaign(world.conn, target)] == [dial_list]
    assert await dial_lists.of_campaign(world.conn, world.campaign_id) == []


async def test_a_moved_list_is_dialled_by_its_new_campaign_only(world: World) -> None:
    dial_list, target = await world.list_(), uuid4()
    await world.contact(dial_list, number(0))
    (lent,) = await world.reserve()
    await _move(world, dial_list, target)
    (refusal,) = await world.begin(world.attempt(lent))  # the worker that had reserved it
    assert refusal is not None
    assert refusal.reason is RefusalReason.LOST_RESERVATION
    assert await world.reserve() == []
    await attempts.fence(world.conn, target, 1, True)
    world.campaign_id = target
    assert await world.begin(world.attempt((await world.reserve())[0])) == [None]


async def test_who_waits_in_the_new_campaign_already_waits_on_there_once(world: World) -> None:
    dial_list, target = await world.list_(), uuid4()
    customer = await world.customer(number(0))
    twice = await world.queue(dial_list, customer.id)
    there = await world.queue(await world.list_("there", campaign_id=target), customer.id)
    once = await world.contact(dial_list, number(1))
    assert await _move(world, dial_list, target) == Moved(open=1, already_open=1)
    row = await world.row(twice)
    assert (row["state"], row["final_reason"]) == ("removed", "already_in_campaign")
    assert await world.state(there) is ContactState.PENDING
    assert await world.state(once) is ContactState.PENDING


async def test_who_waits_in_the_new_campaign_already_comes_to_the_list_when_it_is_asked_to(
    world: World,
) -> None:
    dial_list, target = await world.list_(), uuid4()
    customer, lent = await world.customer(number(0)), await world.customer(number(1))
    there = await world.list_("there", campaign_id=target)
    ended = await world.queue(dial_list, customer.id, position=7, priority=3)
    waiting = await world.queue(there, customer.id, attempts=2)
    await world.queue(dial_list, lent.id)
    busy = await world.queue(there, lent.id)
    await world.conn.execute(
        "UPDATE contact SET reserved_by = 'w', reserved_until = now() + interval '1 hour' WHERE id = $1", busy
    )
    moved = await _move(world, dial_list, target, SameCustomer.MOVE)
    assert moved == Moved(open=0, already_open=2, taken_in=1)
    row = await world.row(waiting)
    kept = {name: row[name] for name in ("dial_list_id", "position", "priority", "attempts")}
    assert kept == {"dial_list_id": dial_list, "position": 7, "priority": 3, "attempts": 2}
    assert await world.state(ended) is ContactState.REMOVED
    assert (await world.row(busy))["dial_list_id"] == there


async def test_who_waits_in_the_new_campaign_already_may_wait_in_both_lists(world: World) -> None:
    dial_list, target = await world.list_(), uuid4()
    customer = await world.customer(number(0))
    both = [
        await world.queue(dial_list, customer.id),
        await world.queue(await world.list_("there", campaign_id=target), customer.id),
    ]
    assert await _move(world, dial_list, target, SameCustomer.ALLOW) == Moved(open=1, already_open=0)
    assert [await world.state(one) for one in both] == [ContactState.PENDING] * 2
    await attempts.fence(world.conn, target, 1, True)
    world.campaign_id = target
    refusals = await world.begin(*[world.attempt(one) for one in await world.reserve()])
    assert [refusal.reason if refusal else None for refusal in refusals].count(None) == 1


async def test_a_list_with_calls_under_way_stays_where_it_is(world: World) -> None:
    dial_list, target = await world.list_(), uuid4()
    await world.contact(dial_list, number(0))
    begun = await world.begun()
    assert await _refusal(world, dial_list, target) == "list_live"
    await world.close(begun)
    assert await _refusal(world, dial_list, target) == "list_live"  # closed, and not yet settled
    assert begun.contact is not None
    await world.settle(begun.contact.contact_id, Retry(world.now))
    assert await _move(world, dial_list, target) == Moved(open=1, already_open=0)


async def test_a_list_moves_only_where_it_can_stand(world: World) -> None:
    dial_list, target = await world.list_(), uuid4()
    assert await _refusal(world, dial_list, world.campaign_id) == "same_campaign"
    await world.list_("list", campaign_id=target)
    assert await _refusal(world, dial_list, target) == "list_name_taken"
    loading = await world.list_("loading", ready=False)
    assert await _refusal(world, loading, target) == "list_loading"
    with pytest.raises(NotFound):
        await _move(world, uuid4(), target)
