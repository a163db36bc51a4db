"""Who may not be called, and what a ban ends."""

import asyncio
from uuid import UUID, uuid4

import pytest

from lists import attempts, do_not_call
from lists.do_not_call import Source
from lists.errors import NotFound, Refused
from lists.model import ContactState, LiveState, Progress, RefusalReason, Retry
from storage.database import Database
from tests.integration.lists.world import World, number


async def forbid(
    world: World,
    *numbers: str,
    customer_id: UUID | None = None,
    campaign_id: UUID | None = None,
    source: Source = Source.AGENT,
) -> list[UUID]:
    async with world.conn.transaction():
        return await do_not_call.add(
            world.conn,
            numbers=numbers,
            customer_id=customer_id,
            campaign_id=campaign_id,
            source=source,
            now=world.now,
        )


async def test_a_customers_ban_covers_all_their_numbers_and_ends_their_contacts_in_scope(
    world: World,
) -> None:
    elsewhere = uuid4()
    customer = await world.customer(number(0), number(1))
    here = await world.queue(await world.list_(), customer.id)
    there = await world.queue(await world.list_(campaign_id=elsewhere), customer.id)

    await forbid(world, number(0), customer_id=customer.id, campaign_id=world.campaign_id)

    assert await world.state(here) is ContactState.DO_NOT_CALL
    assert await world.state(there) is ContactState.PENDING
    assert await do_not_call.blocked(world.conn, number(1), world.campaign_id)
    assert not await do_not_call.blocked(world.conn, number(1), elsewhere)


async def test_a_ban_for_every_campaign_ends_contacts_everywhere(world: World) -> None:
    customer = await world.customer(number(0))
    there = await world.queue(await world.list_(campaign_id=uuid4()), customer.id)

    await forbid(world, customer_id=customer.id)

    assert await world.state(there) is ContactState.DO_NOT_CALL


async def test_a_shared_phone_the_number_wins_and_others_keep_their_other_numbers(world: World) -> None:
    dial_list = await world.list_()
    only = await world.contact(dial_list, number(0))
    with_another = await world.contact(dial_list, number(0), number(1))

    await forbid(world, number(0))

    assert await world.state(only) is ContactState.DO_NOT_CALL
    assert await world.state(with_another) is ContactState.PENDING


async def test_a_ban_names_the_calls_still_ringing_and_leaves_conversations_alone(world: World) -> None:
    dial_list = await world.list_()
    for n in range(2):
        await world.contact(dial_list, number(n))
    ringing, talking = [await world.begun() for _ in range(2)]
    steps = [
        Progress(ringing.attempt_id, LiveState.RINGING, world.now),
        Progress(talking.attempt_id, LiveState.CONNECTED, world.now),
    ]
    await attempts.progress(world.conn, steps)

    assert await forbid(world, ringing.e164, talking.e164) == [ringing.attempt_id]


async def test_a_contact_forbidden_during_its_call_is_not_brought_back_by_the_calls_end(world: World) -> None:
    contact = await world.contact(await world.list_(), number(0))
    begin = await world.begun()
    assert begin.customer_id is not None
    await forbid(world, customer_id=begin.customer_id, campaign_id=world.campaign_id)

    await world.close(begin)
    settled = await world.settle(contact, Retry(world.now))

    assert (settled.changed, settled.state) == (False, ContactState.DO_NOT_CALL)


async def test_an_opt_out_holds_before_the_next_dial_even_when_it_comes_in_the_same_moment(
    world: World, db: Database
) -> None:
    """Whoever comes first: either the attempt is refused, or the ban sees it live and names it."""
    dial_list = await world.list_()
    for n in range(20):
        await world.contact(dial_list, number(n), number(100 + n))
    for contact in await world.reserve(20):
        begin = world.attempt(contact)

        async def ban(e164: str) -> list[UUID]:
            async with db.transaction() as conn:
                return await do_not_call.add(
                    conn, numbers=[e164], campaign_id=None, source=Source.OPT_OUT, now=world.now
                )

        (refusal,), ringing = await asyncio.gather(world.begin(begin), ban(contact.e164))

        if refusal is None:
            assert ringing == [begin.attempt_id]
        else:
            assert (refusal.reason, ringing) == (RefusalReason.DO_NOT_CALL, [])


async def test_a_ban_is_lifted_only_with_a_reason_and_once(world: World) -> None:
    await forbid(world, number(0))
    (entry,) = await do_not_call.page(world.conn)
    boss = uuid4()

    with pytest.raises(Refused) as refused:
        await do_not_call.lift(world.conn, entry.id, user_id=boss, reason=" ", now=world.now)
    assert refused.value.error_id == "reason_needed"
    assert await do_not_call.lift(world.conn, entry.id, user_id=boss, reason="asked us", now=world.now)
    assert not await do_not_call.lift(world.conn, entry.id, user_id=boss, reason="again", now=world.now)
    assert not await do_not_call.blocked(world.conn, number(0), None)
    with pytest.raises(NotFound):
        await do_not_call.lift(world.conn, uuid4(), user_id=boss, reason="x", now=world.now)


async def test_a_lifted_number_can_be_forbidden_again_and_its_history_stays(world: World) -> None:
    await forbid(world, number(0))
    (entry,) = await do_not_call.page(world.conn)
    await do_not_call.lift(world.conn, entry.id, user_id=None, reason="asked us", now=world.now)
    world.later(days=1)

    await forbid(world, number(0))
    await forbid(world, number(0))

    assert len(await do_not_call.page(world.conn)) == 1
    assert len(await do_not_call.page(world.conn, lifted=True)) == 2


async def test_entries_are_paged_newest_first_and_found_by_digits_and_campaign(world: World) -> None:
    for n in range(3):
        await forbid(world, number(n), campaign_id=world.campaign_id if n == 1 else None)
        world.later(minutes=1)

    async def found(**options: object) -> list[str]:
        return [e.e164 for e in await do_not_call.page(world.conn, **options)]  # type: ignore[arg-type]

    assert await found(limit=2) == [number(2), number(1)]
    assert await found(limit=2, offset=2) == [number(0)]
    assert await found(number="00 02") == [number(2)]
    assert await found(campaign_id=world.campaign_id) == [number(1)]
