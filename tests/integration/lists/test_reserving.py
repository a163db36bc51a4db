"""Lending contacts to workers."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from lists import dial_lists, reserving
from lists.model import ContactState
from storage.database import Database
from tests.integration.lists.world import World, ids, number


async def test_due_contacts_come_by_list_then_priority_then_due_time_then_position(world: World) -> None:
    second, first = await world.list_("second", priority=20), await world.list_("first", priority=10)
    of_second = await world.contact(second, number(0), priority=1)
    later = await world.contact(first, number(1), priority=5, position=1)
    last = await world.contact(first, number(2), priority=5, position=9, next_at=world.now)
    before = await world.contact(first, number(3), priority=5, next_at=world.now - timedelta(hours=1))
    urgent = await world.contact(first, number(4), priority=1, position=99)

    assert ids(await world.reserve()) == [urgent, before, later, last, of_second]


async def test_a_reservation_ends_with_its_limit_and_goes_on_where_it_stopped(world: World) -> None:
    dial_list = await world.list_()
    made = [await world.contact(dial_list, number(n), position=n) for n in range(5)]

    assert ids(await world.reserve(2)) == made[:2]
    assert ids(await world.reserve(10)) == made[2:]
    assert await world.reserve(10) == []


async def test_contacts_that_wait_or_are_bound_or_ended_are_not_lent(world: World) -> None:
    dial_list = await world.list_()
    await world.contact(dial_list, number(0), next_at=world.now + timedelta(seconds=1))
    await world.contact(dial_list, number(1), agent_id=uuid4())
    await world.contact(dial_list, number(2), state="done")

    assert await world.reserve() == []


async def test_lists_that_are_loading_paused_deleted_or_expired_lend_nothing(world: World) -> None:
    kinds: list[dict[str, Any]] = [{"ready": False}, {"expires_at": world.now}, {}, {}]
    for n, options in enumerate(kinds):
        dial_list = await world.list_(f"list {n}", **options)
        await world.contact(dial_list, number(n))
        if n == 2:
            await dial_lists.pause(world.conn, dial_list, True)
        if n == 3:
            await dial_lists.delete(world.conn, dial_list, world.now)

    assert await world.reserve() == []


async def test_a_lease_that_ran_out_frees_the_contact(world: World) -> None:
    contact = await world.contact(await world.list_(), number(0))

    assert ids(await world.reserve(lease_s=0)) == [contact]
    assert ids(await world.reserve(worker="another", lease_s=60)) == [contact]
    assert await world.reserve() == []


async def test_a_released_contact_is_due_again_but_only_its_holder_may_release_it(world: World) -> None:
    contact = await world.contact(await world.list_(), number(0))
    await world.reserve()

    assert await reserving.release(world.conn, [contact], "another") == 0
    assert await reserving.release(world.conn, [contact], "worker-1") == 1
    assert ids(await world.reserve()) == [contact]


async def test_two_workers_reserving_at_once_never_share_a_contact(world: World, db: Database) -> None:
    dial_list = await world.list_()
    made = {await world.contact(dial_list, number(n)) for n in range(60)}

    async def drain(worker: str) -> list[UUID]:
        mine: list[UUID] = []
        async with db.connection() as conn:
            while lent := await reserving.reserve(
                conn, world.campaign_id, now=world.now, limit=3, worker=worker, lease_s=60
            ):
                mine += ids(lent)
        return mine

    halves = await asyncio.gather(drain("a"), drain("b"), drain("c"))

    everything = [contact for half in halves for contact in half]
    assert len(everything) == len(set(everything))
    assert set(everything) == made


async def test_a_waiting_priority_does_not_hide_a_due_one_behind_it(world: World) -> None:
    dial_list = await world.list_()
    for n in range(5):
        await world.contact(dial_list, number(n), priority=1, next_at=world.now + timedelta(hours=1))
    due = await world.contact(dial_list, number(9), priority=2)

    assert ids(await world.reserve()) == [due]


async def test_contacts_bound_to_an_agent_are_lent_only_when_asked_for_that_agent(world: World) -> None:
    agent, other = uuid4(), uuid4()
    bound = await world.contact(await world.list_(), number(0), agent_id=agent)

    async def lent(agent_id: UUID) -> list[UUID]:
        return ids(
            await reserving.reserve_bound(
                world.conn, [agent_id], [world.campaign_id], now=world.now, limit=5, worker="w", lease_s=60
            )
        )

    assert await lent(other) == []
    assert await lent(agent) == [bound]
    assert await lent(agent) == []


async def test_a_reserved_contact_says_its_zones_customer_before_list_before_number(world: World) -> None:
    plain = await world.list_("plain")
    zoned = await world.list_("zoned", zone="Atlantic/Canary", priority=200)
    await world.contact(plain, number(0))
    await world.contact(zoned, number(1))
    own = await world.customer(number(2), zone="Asia/Tokyo")
    await world.queue(zoned, own.id)

    of_number, of_list, of_customer = await world.reserve()

    assert (of_number.zones, of_number.list_zone) == (("Europe/Paris",), None)
    assert (of_list.zones, of_list.list_zone) == (("Atlantic/Canary",), "Atlantic/Canary")
    assert (of_customer.zones, of_customer.list_zone) == (("Asia/Tokyo",), None)


async def test_a_contact_without_any_phone_ends_instead_of_jamming_the_list(world: World) -> None:
    dial_list = await world.list_()
    empty = await world.contact(dial_list)
    good = await world.contact(dial_list, number(0))

    assert ids(await world.reserve()) == [good]
    assert await world.state(empty) is ContactState.REJECTED


async def test_postponing_a_zone_moves_its_contacts_and_no_others_in_steps_of_a_bounded_size(
    world: World,
) -> None:
    dial_list = await world.list_()
    for n in range(3):
        await world.contact(dial_list, number(n), zone_key="Europe/Paris")
    elsewhere = await world.contact(dial_list, number(5), zone_key="Europe/Madrid")
    morning = world.now + timedelta(hours=8)

    moved = [
        await reserving.postpone_zone(world.conn, dial_list, "Europe/Paris", morning, limit=2)
        for _ in range(3)
    ]

    assert moved == [2, 1, 0]
    assert ids(await world.reserve()) == [elsewhere]


async def test_postponing_never_shortens_a_wait(world: World) -> None:
    tomorrow = world.now + timedelta(days=1)
    contact = await world.contact(await world.list_(), number(0), next_at=tomorrow)

    await reserving.postpone(world.conn, [contact], world.now + timedelta(hours=1))

    assert (await world.row(contact))["next_at"] == tomorrow


async def test_next_due_tells_when_the_campaign_has_something_to_dial_and_none_when_nothing_waits(
    world: World,
) -> None:
    dial_list = await world.list_()
    assert await reserving.next_due(world.conn, world.campaign_id, world.now) is None

    soon, late = world.now + timedelta(minutes=5), world.now + timedelta(hours=5)
    await world.contact(dial_list, number(0), priority=1, next_at=late)
    await world.contact(dial_list, number(1), priority=9, next_at=soon)

    assert await reserving.next_due(world.conn, world.campaign_id, world.now) == soon


async def test_remaining_counts_contacts_by_state_without_deleted_lists(world: World) -> None:
    kept, deleted = await world.list_("kept"), await world.list_("deleted")
    await world.contact(kept, number(0))
    await world.contact(kept, number(1), state="done")
    await world.contact(deleted, number(2))
    await dial_lists.delete(world.conn, deleted, world.now)

    counts = await reserving.remaining(world.conn, world.campaign_id)

    assert counts == {ContactState.PENDING: 1, ContactState.DONE: 1}
