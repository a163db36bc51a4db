"""Beginning attempts: every rule asked again, the database as referee."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest

from lists import attempts, contacts, dial_lists, do_not_call, reserving
from lists.model import (
    AttemptKind,
    Begin,
    BeginInbound,
    Caps,
    ContactState,
    PhoneState,
    Refusal,
    RefusalReason,
    Retry,
)
from storage.database import Database
from storage.ids import uuid7
from tests.integration.lists.world import NO_GAPS, World, number

Reason = RefusalReason


def reasons(refusals: list[Refusal | None]) -> list[RefusalReason | None]:
    return [refusal.reason if refusal else None for refusal in refusals]


async def test_a_begun_attempt_is_stored_live_and_counted_before_anything_is_sent(world: World) -> None:
    contact = await world.contact(await world.list_(), number(0))

    begin = await world.begun()

    row = await world.row(contact)
    assert (row["state"], row["attempts"], row["reserved_by"]) == ("live", 1, None)
    (live,) = await attempts.live(world.conn)
    assert await attempts.live_one(world.conn, live.attempt_id) == live
    assert await attempts.live_one(world.conn, uuid4()) is None
    assert (live.attempt_id, live.kind, live.contact_id) == (begin.attempt_id, AttemptKind.DIALLED, contact)
    stored = await world.conn.fetchrow("SELECT * FROM attempt WHERE id = $1", begin.attempt_id)
    assert stored is not None
    assert (stored["e164"], stored["ended_at"]) == (number(0), None)


async def test_a_batch_begins_what_may_begin_and_says_why_of_the_rest_in_order(world: World) -> None:
    dial_list = await world.list_()
    for n in range(3):
        await world.contact(dial_list, number(n), position=n)
    first, second, third = await world.reserve()
    await world.conn.execute(
        "INSERT INTO do_not_call (id, e164, source, created_at) VALUES ($1, $2, 'file', $3)",
        uuid4(), second.e164, world.now,
    )  # fmt: skip

    refusals = await world.begin(*(world.attempt(c) for c in (first, second, third)))

    assert reasons(refusals) == [None, Reason.DO_NOT_CALL, None]


@pytest.mark.parametrize("scope", ["this campaign", "every campaign"])
async def test_a_number_on_the_do_not_call_list_is_never_begun(world: World, scope: str) -> None:
    contact = await world.contact(await world.list_(), number(0))
    (reserved,) = await world.reserve()
    await world.conn.execute(
        "INSERT INTO do_not_call (id, e164, campaign_id, source, created_at) VALUES ($1, $2, $3, 'file', $4)",
        uuid4(), number(0), world.campaign_id if scope == "this campaign" else None, world.now,
    )  # fmt: skip

    assert reasons(await world.begin(world.attempt(reserved))) == [Reason.DO_NOT_CALL]
    assert await world.state(contact) is ContactState.DO_NOT_CALL
    assert await attempts.live(world.conn) == []


async def test_another_campaigns_do_not_call_does_not_count_here(world: World) -> None:
    await world.contact(await world.list_(), number(0))
    (reserved,) = await world.reserve()
    async with world.conn.transaction():
        await do_not_call.add(
            world.conn,
            numbers=[number(0)],
            campaign_id=uuid4(),
            source=do_not_call.Source.FILE,
            now=world.now,
        )

    assert await world.begin(world.attempt(reserved)) == [None]


async def test_a_refused_do_not_call_number_gives_way_to_the_next_good_phone(world: World) -> None:
    contact = await world.contact(await world.list_(), number(0), number(1))
    (reserved,) = await world.reserve()
    async with world.conn.transaction():
        await do_not_call.add(
            world.conn, numbers=[number(0)], campaign_id=None, source=do_not_call.Source.FILE, now=world.now
        )

    assert reasons(await world.begin(world.attempt(reserved))) == [Reason.DO_NOT_CALL]
    (again,) = await world.reserve()
    assert (again.contact_id, again.e164) == (contact, number(1))


async def test_the_same_number_through_two_lists_is_refused_while_the_first_call_lives(world: World) -> None:
    for name in ("one", "two"):
        await world.contact(await world.list_(name), number(0))
    first, second = await world.reserve()

    refusals = await world.begin(world.attempt(first), world.attempt(second))

    assert reasons(refusals) == [None, Reason.LIVE_NUMBER]
    assert (await world.row(second.contact_id))["next_at"] == world.now + timedelta(minutes=1)


async def test_of_two_workers_beginning_the_same_number_at_once_exactly_one_may(
    world: World, db: Database
) -> None:
    other = replace(world, campaign_id=uuid4())
    await attempts.fence(world.conn, other.campaign_id, 1, True)
    for n in range(20):
        await world.contact(await world.list_(f"a{n}"), number(n))
        await world.contact(await other.list_(f"b{n}"), number(n))
    mine, theirs = await world.reserve(20), await other.reserve(20)

    async def begin(begins: list[Begin]) -> list[Refusal | None]:
        async with db.connection() as conn:
            caps = {b.campaign_id: NO_GAPS for b in begins}
            return await attempts.begin(conn, begins, caps, world.now)

    answers = await asyncio.gather(
        begin([world.attempt(c) for c in mine]), begin([other.attempt(c) for c in reversed(theirs)])
    )

    by_number = {c.e164: [a, b] for c, a, b in zip(mine, answers[0], reversed(answers[1]), strict=True)}
    for pair in by_number.values():
        assert sorted(r.reason if r else "begun" for r in pair) == ["begun", Reason.LIVE_NUMBER]
    assert len(await attempts.live(world.conn)) == 20


async def test_a_customer_in_one_call_is_not_called_on_another_number_through_another_campaign(
    world: World,
) -> None:
    other = replace(world, campaign_id=uuid4())
    await attempts.fence(world.conn, other.campaign_id, 1, True)
    customer = await world.customer(number(0), number(1))
    await world.queue(await world.list_(), customer.id)
    await world.queue(await other.list_(), customer.id, cursor=1)
    (first,), (second,) = await world.reserve(), await other.reserve()
    assert await world.begin(world.attempt(first)) == [None]

    assert reasons(await other.begin(other.attempt(second))) == [Reason.LIVE_CUSTOMER]


async def test_an_attempt_of_an_older_epoch_or_a_closed_campaign_is_fenced_and_given_back(
    world: World,
) -> None:
    contact = await world.contact(await world.list_(), number(0))
    (reserved,) = await world.reserve()
    assert await attempts.fence(world.conn, world.campaign_id, 2, True)
    assert reasons(await world.begin(world.attempt(reserved, epoch=1))) == [Reason.FENCED]
    assert (await world.row(contact))["reserved_by"] is None

    (reserved,) = await world.reserve()
    assert await attempts.fence(world.conn, world.campaign_id, 2, False)
    assert reasons(await world.begin(world.attempt(reserved, epoch=2))) == [Reason.FENCED]
    assert await world.state(contact) is ContactState.PENDING


async def test_a_fence_never_goes_back_to_an_older_epoch(world: World) -> None:
    assert await attempts.fence(world.conn, world.campaign_id, 5, True)

    assert not await attempts.fence(world.conn, world.campaign_id, 4, True)


async def test_a_list_paused_or_deleted_after_the_reservation_begins_nothing(world: World) -> None:
    paused, deleted = await world.list_("paused"), await world.list_("deleted")
    await world.contact(paused, number(0))
    await world.contact(deleted, number(1))
    reserved = await world.reserve()
    async with world.conn.transaction():
        await dial_lists.pause(world.conn, paused, True)
        await dial_lists.delete(world.conn, deleted, world.now)

    refusals = await world.begin(*(world.attempt(c) for c in reserved))

    assert reasons(refusals) == [Reason.LIST_CLOSED, Reason.LIST_CLOSED]


async def test_a_reservation_another_worker_took_over_begins_nothing(world: World) -> None:
    await world.contact(await world.list_(), number(0))
    (mine,) = await world.reserve(lease_s=0)
    await world.reserve(worker="another")

    assert reasons(await world.begin(world.attempt(mine))) == [Reason.LOST_RESERVATION]


async def test_the_gap_of_a_number_holds_over_customers_and_lists_and_postpones_the_contact(
    world: World,
) -> None:
    await world.contact(await world.list_("one"), number(0))
    begin = await world.begun()
    await world.close(begin)
    await world.contact(await world.list_("two"), number(0))
    (other,) = await world.reserve()
    world.later(minutes=1)

    refusals = await world.begin(world.attempt(other), caps=Caps(number_gap_s=1800))

    assert reasons(refusals) == [Reason.NUMBER_GAP]
    assert (await world.row(other.contact_id))["next_at"] == begin.begun_at + timedelta(minutes=30)


async def test_the_gap_of_a_customer_holds_over_their_numbers(world: World) -> None:
    contact = await world.contact(await world.list_(), number(0), number(1))
    await world.close(await world.begun())
    await world.settle(contact, Retry(world.now, phone="next"))
    world.later(minutes=1)
    (again,) = await world.reserve()

    assert again.e164 == number(1)
    assert reasons(await world.begin(world.attempt(again), caps=Caps())) == [Reason.CUSTOMER_GAP]
    assert (await world.row(contact))["next_at"] == world.now + timedelta(minutes=29)


@pytest.mark.parametrize("kind", [AttemptKind.MANUAL, AttemptKind.AGENT_BOUND])
async def test_calls_whose_moment_a_person_chose_pass_the_gaps(world: World, kind: AttemptKind) -> None:
    contact = await world.contact(await world.list_(), number(0))
    await world.close(await world.begun())
    await world.settle(contact, Retry(world.now))
    (again,) = await world.reserve()

    assert await world.begin(world.attempt(again, kind=kind), caps=Caps()) == [None]


async def test_a_contact_whose_attempts_are_used_up_is_exhausted_at_the_next_begin(world: World) -> None:
    contact = await world.contact(await world.list_(), number(0), attempts=6)
    (reserved,) = await world.reserve()

    assert reasons(await world.begin(world.attempt(reserved))) == [Reason.CONTACT_CAP]
    assert await world.state(contact) is ContactState.EXHAUSTED


async def test_a_number_whose_attempts_are_used_up_gives_way_to_the_next(world: World) -> None:
    contact = await world.contact(await world.list_(), number(0), number(1))
    (reserved,) = await world.reserve()
    await world.conn.execute("INSERT INTO contact_phone VALUES ($1, $2, 3)", contact, number(0))

    assert reasons(await world.begin(world.attempt(reserved))) == [Reason.NUMBER_CAP]
    (again,) = await world.reserve()
    assert again.e164 == number(1)


async def test_three_attempts_in_24_hours_hold_a_number_until_the_first_is_a_day_old(world: World) -> None:
    caps = Caps(number_gap_s=0, customer_gap_s=0, number_per_24h=3, per_number=9, per_contact=9)
    contact = await world.contact(await world.list_(), number(0))
    started = world.now
    for _ in range(3):
        await world.close(await world.begun(caps=caps))
        world.later(hours=1)
        await world.settle(contact, Retry(world.now), caps)
    (reserved,) = await world.reserve()

    assert reasons(await world.begin(world.attempt(reserved), caps=caps)) == [Reason.NUMBER_24H]
    assert (await world.row(contact))["next_at"] == started + timedelta(hours=24)
    world.now = started + timedelta(hours=24)
    await world.begun(caps=caps)


async def test_after_a_conversation_the_customer_has_quiet_days(world: World) -> None:
    caps = Caps(number_gap_s=0, customer_gap_s=0, quiet_days_after_conversation=7)
    contact = await world.contact(await world.list_(), number(0))
    begin = await world.begun(caps=caps)
    await world.close(begin, outcome="connected", connected_at=world.now)
    await world.settle(contact, Retry(world.now), caps)
    (reserved,) = await world.reserve()

    refusals = await world.begin(world.attempt(reserved), caps=caps)

    assert reasons(refusals) == [Reason.QUIET_AFTER_CONVERSATION]
    assert (await world.row(contact))["next_at"] == world.now + timedelta(days=7)


async def test_a_phone_found_bad_since_is_not_begun(world: World) -> None:
    contact = await world.contact(await world.list_(), number(0), number(1))
    (reserved,) = await world.reserve()
    await world.conn.execute("UPDATE phone SET state = 'bad' WHERE id = $1", reserved.phone_id)

    assert reasons(await world.begin(world.attempt(reserved))) == [Reason.PHONE_UNUSABLE]
    assert (await world.row(contact))["cursor"] == 1


async def test_closing_frees_number_and_customer_and_happens_once(world: World) -> None:
    await world.contact(await world.list_(), number(0))
    begin = await world.begun()

    closed = [await world.close(begin, outcome="busy"), await world.close(begin, outcome="no_answer")]

    assert closed == [[begin.attempt_id], []]
    assert await attempts.live(world.conn) == []
    outcome = await world.conn.fetchval("SELECT outcome FROM attempt WHERE id = $1", begin.attempt_id)
    assert outcome == "busy"


async def test_a_closing_stays_on_its_page_so_that_no_index_hears_of_it(world: World) -> None:
    dial_list = await world.list_()
    for n in range(60):  # more than one page of attempts
        await world.contact(dial_list, number(n), position=n)
    begins = [world.attempt(contact) for contact in await world.reserve(60)]
    await world.begin(*begins)
    page_of_the_first = "SELECT (ctid::text::point)[0] FROM attempt WHERE id = $1"
    before = await world.conn.fetchval(page_of_the_first, begins[0].attempt_id)

    await world.close(begins[0])

    assert await world.conn.fetchval(page_of_the_first, begins[0].attempt_id) == before


async def test_a_trunks_fault_gives_every_counter_back(world: World) -> None:
    contact = await world.contact(await world.list_(), number(0))
    begin = await world.begun()
    await world.close(begin, outcome="failed_trunk", fault="trunk", costs_attempt=False)
    await world.settle(contact, Retry(world.now))

    (again,) = await world.reserve()
    assert (again.attempts, again.number_attempts) == (0, 0)
    strict = Caps(number_per_24h=1, customer_per_7d=1)
    assert await world.begin(world.attempt(again), caps=strict) == [None]


async def test_what_the_network_said_of_a_phone_is_kept_with_the_customer(world: World) -> None:
    await world.contact(await world.list_(), number(0))
    begin = await world.begun()

    await world.close(begin, outcome="invalid_number", phone_state=PhoneState.BAD)

    state = await world.conn.fetchval("SELECT state FROM phone WHERE id = $1", begin.phone_id)
    assert state == "bad"


async def test_progress_moves_live_calls_and_ignores_closed_ones(world: World) -> None:
    from lists.model import LiveState, Progress

    await world.contact(await world.list_(), number(0))
    begin = await world.begun()
    agent = uuid4()
    steps = [
        Progress(begin.attempt_id, LiveState.RINGING, world.now),
        Progress(begin.attempt_id, LiveState.CONNECTED, world.now, agent),
    ]

    await attempts.progress(world.conn, steps)
    (live,) = await attempts.live(world.conn, worker=begin.worker, campaign_id=begin.campaign_id)
    assert (live.state, live.agent_id) == (LiveState.CONNECTED, agent)

    await world.close(begin)
    await attempts.progress(world.conn, steps)
    assert await attempts.live(world.conn) == []


async def test_an_inbound_call_holds_its_number_against_dialling_but_spends_no_attempt(
    world: World,
) -> None:
    await world.contact(await world.list_(), number(0))
    (reserved,) = await world.reserve()
    call = BeginInbound(
        uuid7(world.now), world.now, world.campaign_id, reserved.customer_id, number(0), "t", "main", "w"
    )

    assert await attempts.begin_inbound(world.conn, call) is None
    assert reasons(await world.begin(world.attempt(reserved))) == [Reason.LIVE_NUMBER]
    again = await attempts.begin_inbound(world.conn, replace(call, attempt_id=uuid7(world.now)))
    assert again is not None
    assert again.reason is Reason.LIVE_NUMBER
    assert await world.conn.fetchval("SELECT count(*) FROM number_use") == 0


async def test_hidden_inbound_numbers_do_not_hold_each_other(world: World) -> None:
    for _ in range(2):
        call = BeginInbound(uuid7(world.now), world.now, None, None, None, "t", "main", "w")
        assert await attempts.begin_inbound(world.conn, call) is None


async def test_a_manual_call_outside_any_list_is_held_to_do_not_call(world: World) -> None:
    manual = Begin(
        uuid7(world.now), world.now, AttemptKind.MANUAL, world.campaign_id, None, None, None, number(0),
        "t", "main", "", 0, "w",
    )  # fmt: skip
    assert await world.begin(manual) == [None]
    await world.close(manual)
    async with world.conn.transaction():
        await do_not_call.add(
            world.conn, numbers=[number(0)], campaign_id=None, source=do_not_call.Source.AGENT, now=world.now
        )

    again = replace(manual, attempt_id=uuid7(world.now))
    assert reasons(await world.begin(again)) == [Reason.DO_NOT_CALL]


async def test_a_new_owner_adopts_the_calls_of_a_dead_worker(world: World) -> None:
    await world.contact(await world.list_(), number(0))
    begin = await world.begun()

    assert await attempts.adopt(world.conn, [begin.attempt_id], "heir") == 1
    assert [live.attempt_id for live in await attempts.live(world.conn, worker="heir")] == [begin.attempt_id]


async def test_a_contact_closed_but_never_settled_is_found_stranded(world: World) -> None:
    contact = await world.contact(await world.list_(), number(0))
    begin = await world.begun()
    assert await contacts.stranded(world.conn, world.campaign_id) == []

    await world.close(begin)

    assert await contacts.stranded(world.conn, world.campaign_id) == [contact]


async def test_a_single_contact_can_be_reserved_before_its_time_by_one_only(world: World) -> None:
    contact = await world.contact(await world.list_(), number(0), next_at=world.now + timedelta(hours=3))

    lent = await reserving.reserve_one(world.conn, contact, worker="w", lease_s=60, now=world.now)

    assert lent is not None
    assert await reserving.reserve_one(world.conn, contact, worker="w2", lease_s=60, now=world.now) is None
    assert await world.begin(world.attempt(lent, worker="w")) == [None]


async def test_a_scheduled_contact_may_be_called_before_its_time_only_by_hand(
    world: World,
) -> None:
    contact = await world.contact(await world.list_(), number(0), state="scheduled")
    lent = await reserving.reserve_one(world.conn, contact, worker="w", lease_s=60, now=world.now)
    assert lent is not None

    assert reasons(await world.begin(world.attempt(lent, worker="w"))) == [Reason.LOST_RESERVATION]
    assert await world.begin(world.attempt(lent, worker="w", kind=AttemptKind.MANUAL)) == [None]
    assert await world.state(contact) is ContactState.LIVE


async def test_a_refused_call_by_hand_leaves_its_contact_as_it_was(world: World) -> None:
    contact = await world.contact(await world.list_(), number(0), number(1), state="scheduled")
    lent = await reserving.reserve_one(world.conn, contact, worker="w", lease_s=60, now=world.now)
    assert lent is not None
    async with world.conn.transaction():
        await do_not_call.add(
            world.conn, numbers=[number(0)], campaign_id=None, source=do_not_call.Source.FILE, now=world.now
        )

    manual = world.attempt(lent, worker="w", kind=AttemptKind.MANUAL)
    assert reasons(await world.begin(manual)) == [Reason.DO_NOT_CALL]

    row = await world.row(contact)
    assert (row["state"], row["cursor"], row["reserved_by"]) == ("scheduled", 0, None)
