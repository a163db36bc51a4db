"""Why a contact is not being dialled: each thing that can stand in the way is named, with its times."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID, uuid4

import pytest

from lists import dial_lists, explaining, queue
from lists.errors import NotFound
from lists.explaining import Reason
from lists.model import Caps, ContactState, Finish, Retry
from storage.ids import uuid7
from tests.integration.lists.world import NO_GAPS, World, number


async def _words(world: World, contact_id: UUID) -> list[str]:
    return [one.reason for one in (await explaining.why_not(world.conn, contact_id, world.now)).reasons]


async def _capped(world: World, contact_id: UUID, caps: Caps) -> list[Reason]:
    found = await explaining.why_not(world.conn, contact_id, world.now)
    return list(explaining.capped(found, caps, world.now))


async def _dialled(world: World, contact_id: UUID, times: Sequence[datetime]) -> None:
    for at in times:
        world.now = at
        await world.close(await world.begun())
        await world.conn.execute(
            "UPDATE contact SET state = 'pending', next_at = $2 WHERE id = $1", contact_id, at
        )


async def test_why_not_names_everything_that_stands_in_the_way_with_its_times(world: World) -> None:
    dial_list = await world.list_()
    until = world.now + timedelta(hours=1)
    contact = await world.contact(dial_list, number(0), next_at=until, agent_id=uuid4())
    async with world.conn.transaction():
        await dial_lists.pause(world.conn, dial_list, True)
    await world.conn.execute(
        "INSERT INTO do_not_call (id, e164, source, created_at) VALUES ($1, $2, 'file', $3)",
        uuid4(), number(0), world.now,
    )  # fmt: skip
    why = await explaining.why_not(world.conn, contact, world.now)
    assert why.reasons == (
        Reason("list_paused"),
        Reason("do_not_call", since=world.now),
        Reason("waits", until=until),
        Reason("agent_only"),
    )
    assert why.zones == ("Europe/Paris",)


async def test_why_not_has_nothing_to_say_of_a_contact_that_is_due(world: World) -> None:
    contact = await world.contact(await world.list_(), number(0))
    assert await _words(world, contact) == []
    assert await _capped(world, contact, Caps()) == []
    with pytest.raises(NotFound):
        await explaining.why_not(world.conn, uuid4(), world.now)


async def test_why_not_tells_a_live_call_from_a_customer_who_talks_elsewhere(world: World) -> None:
    contact = await world.contact(await world.list_(), number(0))
    begin = await world.begun()
    assert await _words(world, contact) == ["live"]
    other = await world.list_("other", campaign_id=uuid4())
    assert begin.customer_id is not None
    waiting = await world.queue(other, begin.customer_id)
    why = await explaining.why_not(world.conn, waiting, world.now)
    assert why.reasons == (Reason("live_elsewhere", since=begin.begun_at),)
    await world.conn.execute("UPDATE live_attempt SET state = 'connected'")
    assert await _words(world, waiting) == ["customer_talking"]


async def test_why_not_says_when_a_contact_has_ended_and_why(world: World) -> None:
    contact = await world.contact(await world.list_(), number(0), state="live")
    await world.settle(contact, Finish(ContactState.DONE, "sold"))
    why = await explaining.why_not(world.conn, contact, world.now)
    assert (why.reasons, why.final_reason) == ((Reason("ended", since=world.now),), "sold")


async def test_why_not_looks_at_the_phone_that_would_be_called_next(world: World) -> None:
    contact = await world.contact(await world.list_(), number(0), number(1), cursor=7)
    assert (await explaining.why_not(world.conn, contact, world.now)).e164 == number(0)
    await world.conn.execute("UPDATE phone SET state = 'bad'")
    assert await _words(world, contact) == ["bad_phone"]
    await world.conn.execute("DELETE FROM phone")
    assert await _words(world, contact) == ["no_phone"]


async def _forbidden(world: World, e164: str) -> None:
    await world.conn.execute(
        "INSERT INTO do_not_call (id, e164, source, created_at) VALUES ($1, $2, 'file', $3)",
        uuid4(), e164, world.now,
    )  # fmt: skip


async def test_why_not_passes_over_numbers_that_may_not_be_called_as_the_dialer_does(world: World) -> None:
    """And the list shows the same number, and the dialer calls it."""
    dial_list = await world.list_()
    contact = await world.contact(dial_list, *(number(n) for n in range(5)), cursor=1)
    await world.conn.execute("UPDATE phone SET state = 'bad' WHERE e164 = $1", number(1))
    await _forbidden(world, number(2))
    await world.conn.execute("INSERT INTO contact_phone VALUES ($1, $2, 3)", contact, number(3))

    async def said() -> tuple[str | None, list[str]]:
        why = await explaining.why_not(world.conn, contact, world.now, NO_GAPS)
        return why.e164, [one.reason for one in why.reasons]

    assert await said() == (number(4), [])
    (shown,) = await queue.upcoming(world.conn, world.campaign_id, at=world.now)
    assert shown.e164 == number(3), "a list looks at no caps"
    (lent,) = await world.reserve()
    assert (await world.begin(world.attempt(lent)))[0] is not None, "which leads to the next number"
    (lent,) = await world.reserve()
    assert (lent.e164, await world.begin(world.attempt(lent))) == (number(4), [None])


async def test_why_not_names_what_keeps_the_last_number_from_being_called(world: World) -> None:
    contact = await world.contact(await world.list_(), number(0), number(1))
    await world.conn.execute("UPDATE phone SET state = 'bad' WHERE e164 = $1", number(1))
    await _forbidden(world, number(0))
    why = await explaining.why_not(world.conn, contact, world.now)
    assert (why.e164, why.reasons) == (number(0), (Reason("do_not_call", since=world.now),))


@pytest.mark.parametrize(
    ("attempts", "phone", "said"),
    [
        (6, "good", ["ended", "attempts_used"]),
        (1, "bad", ["ended", "bad_phone"]),
        (1, "spent", ["ended", "number_attempts_used"]),
        (1, "forbidden", ["ended", "do_not_call"]),
    ],
)
async def test_why_not_says_of_an_ended_contact_what_ended_it(
    world: World, attempts: int, phone: str, said: list[str]
) -> None:
    contact = await world.contact(await world.list_(), number(0), attempts=attempts, state="live")
    if phone == "bad":
        await world.conn.execute("UPDATE phone SET state = 'bad'")
    elif phone == "spent":
        await world.conn.execute("INSERT INTO contact_phone VALUES ($1, $2, 3)", contact, number(0))
    elif phone == "forbidden":
        await _forbidden(world, number(0))
    await world.settle(contact, Retry(world.now))
    assert await _words(world, contact) == said


async def test_why_not_names_each_cap_with_the_moment_it_ends(world: World) -> None:
    contact = await world.contact(await world.list_(), number(0))
    first, second = world.now, world.now + timedelta(hours=2)
    await _dialled(world, contact, [first, second])
    world.now = second + timedelta(minutes=1)
    half = second + timedelta(minutes=30)
    assert await _capped(world, contact, Caps()) == [
        Reason("number_gap", until=half),
        Reason("customer_gap", until=half),
    ]
    tight = Caps(per_contact=2, per_number=2, number_gap_s=0, customer_gap_s=0, number_per_24h=2)
    assert await _capped(world, contact, tight) == [
        Reason("attempts_used"),
        Reason("number_attempts_used"),
        Reason("number_24h", until=first + timedelta(hours=24)),
    ]
    week = Caps(number_gap_s=0, customer_gap_s=0, customer_per_7d=1)
    assert await _capped(world, contact, week) == [Reason("customer_7d", until=second + timedelta(days=7))]
    await world.conn.execute("UPDATE customer_use SET conversation_at = $1", second)
    quiet = Caps(number_gap_s=0, customer_gap_s=0, quiet_days_after_conversation=7)
    assert await _capped(world, contact, quiet) == [
        Reason("quiet_after_conversation", until=second + timedelta(days=7))
    ]


async def test_why_not_holds_no_gap_against_a_contact_bound_to_an_agent(world: World) -> None:
    contact = await world.contact(await world.list_(), number(0))
    await _dialled(world, contact, [world.now])
    await world.conn.execute("UPDATE contact SET agent_id = $2 WHERE id = $1", contact, uuid7(world.now))
    assert await _capped(world, contact, Caps()) == []
    assert await _capped(world, contact, NO_GAPS) == []
