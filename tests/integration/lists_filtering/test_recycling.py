"""Ended contacts called anew: by outcome, by typification, by period, and never against a rule."""

from datetime import timedelta
from uuid import UUID

import pytest

from lists import do_not_call, recycling
from lists.errors import Refused
from lists.model import ContactState, Finish
from lists.recycling import Ended
from tests.integration.lists.world import NO_GAPS, World, number

NO_ANSWER = Ended(outcomes=("no_answer",))


async def _ended(
    world: World, list_id: UUID, *phones: str, outcome: str = "no_answer", state: str = "exhausted"
) -> UUID:
    """A contact that was called once and has ended."""
    contact_id = await world.contact(list_id, *phones)
    begun = await world.begun(caps=NO_GAPS)
    await world.close(begun, outcome=outcome)
    await world.settle(contact_id, Finish(ContactState(state), "attempts"))
    return contact_id


async def _forbid(world: World, e164: str) -> None:
    asked = do_not_call.Source.SUPERVISOR
    await do_not_call.add(world.conn, numbers=[e164], campaign_id=None, source=asked, now=world.now)


async def test_by_outcome_they_go_to_the_end_with_their_attempts_begun_anew(world: World) -> None:
    list_id = await world.list_()
    ended = await _ended(world, list_id, number(1), number(2))
    busy = await _ended(world, list_id, number(3), outcome="busy")
    waiting = await world.contact(list_id, number(4))
    world.later(hours=1)
    assert await recycling.count(world.conn, list_id, NO_ANSWER) == 1
    assert await recycling.recycle(world.conn, list_id, NO_ANSWER, now=world.now) == 1
    row, other = await world.row(ended), await world.row(waiting)
    assert (row["state"], row["attempts"], row["cursor"], row["final_reason"]) == ("pending", 0, 0, None)
    assert row["position"] > other["position"]
    assert await world.state(busy) is ContactState.EXHAUSTED
    left = await world.conn.fetchval("SELECT count(*) FROM contact_phone WHERE contact_id = $1", ended)
    assert left == 0


async def test_a_wait_that_still_runs_is_not_shortened(world: World) -> None:
    list_id = await world.list_()
    ended = await _ended(world, list_id, number(1))
    later = world.now + timedelta(hours=5)
    await world.conn.execute("UPDATE contact SET next_at = $2 WHERE id = $1", ended, later)
    await recycling.recycle(world.conn, list_id, NO_ANSWER, now=world.now)
    assert (await world.row(ended))["next_at"] == later


async def test_who_may_not_be_called_or_is_open_elsewhere_is_left_alone(world: World) -> None:
    list_id = await world.list_()
    forbidden = await _ended(world, list_id, number(1))
    await _forbid(world, number(1))
    opted_out = await _ended(world, list_id, number(2), state="do_not_call")
    open_elsewhere = await _ended(world, list_id, number(3))
    row = await world.row(open_elsewhere)
    other = await world.list_("other")
    await world.conn.execute(
        "INSERT INTO contact (id, dial_list_id, campaign_id, customer_id, position, next_at, created_at)"
        " VALUES (gen_random_uuid(), $1, $2, $3, 1, $4, $4)",
        other,
        row["campaign_id"],
        row["customer_id"],
        world.now,
    )
    assert await recycling.recycle(world.conn, list_id, NO_ANSWER, now=world.now) == 0
    for contact in (forbidden, opted_out, open_elsewhere):
        assert not (await world.state(contact)).is_open


async def test_the_first_number_that_may_be_called_is_called_first(world: World) -> None:
    list_id = await world.list_()
    ended = await _ended(world, list_id, number(1), number(2))
    await _forbid(world, number(1))
    assert await recycling.recycle(world.conn, list_id, NO_ANSWER, now=world.now) == 1
    assert (await world.row(ended))["cursor"] == 1


async def test_by_the_last_typification_and_the_period_they_ended_in(world: World) -> None:
    list_id = await world.list_()
    early = await _ended(world, list_id, number(1), outcome="connected", state="done")
    world.later(days=1)
    late = await _ended(world, list_id, number(2), outcome="connected", state="done")
    interested, refused = UUID(int=1), UUID(int=2)
    for at, (contact, result) in enumerate(((early, refused), (early, interested), (late, interested))):
        row = await world.row(contact)
        await world.conn.execute(
            "INSERT INTO interaction (id, customer_id, campaign_id, state, result_ids, created_at)"
            " VALUES (gen_random_uuid(), $1, $2, 'typified', $3, $4)",
            row["customer_id"],
            row["campaign_id"],
            [result],
            world.now + timedelta(seconds=at),
        )
    assert await recycling.count(world.conn, list_id, Ended(result_ids=(refused,))) == 0  # not the last word
    assert await recycling.count(world.conn, list_id, Ended(result_ids=(interested,))) == 2
    recent = Ended(result_ids=(interested,), since=world.now - timedelta(hours=1))
    assert await recycling.recycle(world.conn, list_id, recent, now=world.now) == 1
    assert await world.state(late) is ContactState.PENDING
    assert await world.state(early) is ContactState.DONE


async def test_without_a_choice_nothing_is_recycled(world: World) -> None:
    with pytest.raises(Refused, match="Choose"):
        await recycling.count(world.conn, await world.list_(), Ended())
