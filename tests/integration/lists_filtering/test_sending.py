"""Send to Marcador: a filter becomes a dial list, once or on a schedule."""

from datetime import time, timedelta
from uuid import UUID, uuid4

import pytest

from lists import contacts, dial_lists, do_not_call
from lists.do_not_call import Source
from lists.errors import NotFound, Refused
from lists.filtering import sending
from lists.filtering.model import Condition, Filter, Group, Join, Op
from lists.filtering.schedule import Schedule
from lists.filtering.sending import Sent
from lists.model import ContactState, Finish, PhoneState
from tests.integration.lists.world import NO_GAPS, World, number

HOURLY = Schedule(minutes=60)


def named(world: World, name: str) -> Filter:
    return Filter(Group(Join.ALL, (Condition("name", Op.CONTAINS, name),)), base_id=world.base_id)


async def queued(world: World, dial_list_id: UUID) -> list[tuple[str, int, str]]:
    rows = await world.conn.fetch(
        "SELECT k.name, c.cursor, c.zone_key FROM contact c JOIN customer k ON k.id = c.customer_id"
        " WHERE c.dial_list_id = $1 ORDER BY c.position",
        dial_list_id,
    )
    return [(row["name"], row["cursor"], row["zone_key"]) for row in rows]


async def test_everybody_who_matches_is_queued_in_order_and_can_be_reserved(world: World) -> None:
    for n, name in enumerate(("Ana", "Ariel", "Berta")):
        await world.customer(number(n), name=name)
    list_id, sent = await sending.send(
        world.conn, named(world, "a"), world.campaign_id, "March", now=world.now
    )
    assert sent == Sent(matched=3, queued=3)
    assert [name for name, *_ in await queued(world, list_id)] == ["Ana", "Ariel", "Berta"]
    assert (await dial_lists.get(world.conn, list_id)).name == "March"
    assert len(await world.reserve()) == 3


async def test_who_cannot_be_queued_is_counted_with_the_reason(world: World) -> None:
    fine = await world.customer(number(1), name="fine")
    busy = await world.customer(number(2), name="busy")
    await world.queue(await world.list_("other"), busy.id)
    await world.customer(name="no phone")
    bad = await world.customer(number(3), name="bad phone")
    await world.conn.execute("UPDATE phone SET state = $2 WHERE customer_id = $1", bad.id, PhoneState.BAD)
    await world.customer(number(4), name="never call")
    await do_not_call.add(
        world.conn,
        numbers=[number(4)],
        campaign_id=world.campaign_id,
        source=Source.SUPERVISOR,
        reason="",
        now=world.now,
    )
    filter_ = Filter(base_id=world.base_id)
    list_id, sent = await sending.send(world.conn, filter_, world.campaign_id, "March", now=world.now)
    assert sent == Sent(matched=5, queued=1, already_open=1, do_not_call=1, no_phone=2)
    assert [name for name, *_ in await queued(world, list_id)] == [fine.name]


async def test_the_first_number_that_may_be_dialled_is_called_first_in_its_zone(world: World) -> None:
    await world.customer(number(1), number(2), name="two numbers")
    zoned = await world.customer(number(3), name="own zone", zone="America/Lima")
    await do_not_call.add(
        world.conn, numbers=[number(1)], campaign_id=None, source=Source.SUPERVISOR, reason="", now=world.now
    )
    list_id, _ = await sending.send(
        world.conn, Filter(base_id=world.base_id), world.campaign_id, "March", now=world.now
    )
    assert await queued(world, list_id) == [
        ("two numbers", 1, "Europe/Paris"),
        (zoned.name, 0, "America/Lima"),
    ]


async def test_a_ban_of_another_campaign_does_not_count(world: World) -> None:
    await world.customer(number(1), name="a")
    await do_not_call.add(
        world.conn,
        numbers=[number(1)],
        campaign_id=uuid4(),
        source=Source.SUPERVISOR,
        reason="",
        now=world.now,
    )
    _, sent = await sending.send(
        world.conn, Filter(base_id=world.base_id), world.campaign_id, "March", now=world.now
    )
    assert sent.queued == 1


async def test_a_list_needs_somebody_a_new_name_and_customers_of_one_base(world: World) -> None:
    with pytest.raises(Refused, match="No customer matches"):
        await sending.send(world.conn, named(world, "nobody"), world.campaign_id, "March", now=world.now)
    await world.customer(number(1), name="a")
    await world.list_("taken")
    with pytest.raises(Refused, match="already has a list named taken"):
        await sending.send(world.conn, named(world, "a"), world.campaign_id, "taken", now=world.now)
    other = await World.made(world.conn)
    await other.customer(number(2), name="a")
    with pytest.raises(Refused) as refused:
        await sending.send(world.conn, Filter(), world.campaign_id, "March", now=world.now)
    assert refused.value.error_id == "several_bases"
    with pytest.raises(Refused) as refused:
        await sending.append(
            world.conn, await other.list_("theirs"), Filter(base_id=world.base_id), now=world.now
        )
    assert refused.value.error_id == "other_base"


async def test_a_list_longer_than_a_piece_is_sent_whole(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "PIECE", 3)
    names = [f"customer {n:02}" for n in range(10)]
    for n, name in enumerate(names):
        await world.customer(number(n), name=name)
    some = Filter(base_id=world.base_id, maximum=8)
    list_id, sent = await sending.send(world.conn, some, world.campaign_id, "March", now=world.now)
    assert sent == Sent(matched=8, queued=8)
    assert [name for name, *_ in await queued(world, list_id)] == names[:8]


async def test_a_refresh_adds_who_has_come_and_calls_nobody_again(world: World) -> None:
    await world.customer(number(1), name="a first")
    list_id, _ = await sending.send(
        world.conn, named(world, "a"), world.campaign_id, "March", schedule=HOURLY, now=world.now
    )
    (contact,) = await world.reserve()
    await contacts.settle(
        world.conn, contact.contact_id, Finish(ContactState.DONE, "typified"), NO_GAPS, world.now
    )
    await world.customer(number(2), name="a second")

    assert await sending.refresh_due(world.conn, world.now + timedelta(minutes=59)) == {}
    later = world.later(hours=1)
    assert await sending.refresh_due(world.conn, later) == {
        list_id: Sent(matched=2, queued=1, already_in_list=1)
    }
    assert await sending.refresh_due(world.conn, later) == {}
    kept = await sending.refresh_of(world.conn, list_id)
    assert kept is not None
    assert (kept.last_at, kept.next_at) == (later, later + timedelta(hours=1))
    assert kept.last_sent == Sent(matched=2, queued=1, already_in_list=1)


async def test_a_schedule_may_begin_with_nobody(world: World) -> None:
    list_id, sent = await sending.send(
        world.conn,
        named(world, "a"),
        world.campaign_id,
        "March",
        schedule=Schedule(at=time(7), zone="Europe/Madrid"),
        now=world.now,
    )
    assert sent == Sent()
    await world.customer(number(1), name="a")
    assert await sending.refresh_due(world.conn, world.later(days=1)) == {list_id: Sent(matched=1, queued=1)}


async def test_a_stopped_refresh_does_nothing_more(world: World) -> None:
    await world.customer(number(1), name="a")
    list_id, _ = await sending.send(
        world.conn, named(world, "a"), world.campaign_id, "March", schedule=HOURLY, now=world.now
    )
    await sending.stop(world.conn, list_id)
    assert await sending.refresh_due(world.conn, world.later(days=1)) == {}
    with pytest.raises(NotFound):
        await sending.stop(world.conn, await world.list_("never refreshed"))


async def test_one_refresh_that_fails_holds_up_no_other_and_says_why(world: World) -> None:
    await world.customer(number(1), name="a", data={"city": "Lugo"})
    by_city = Filter(Group(Join.ALL, (Condition("data.city", Op.EQUALS, "Lugo"),)), base_id=world.base_id)
    broken, _ = await sending.send(
        world.conn, by_city, world.campaign_id, "broken", schedule=HOURLY, now=world.now
    )
    fine, _ = await sending.send(
        world.conn, named(world, "b"), world.campaign_id, "fine", schedule=HOURLY, now=world.now
    )
    gone, _ = await sending.send(
        world.conn, named(world, "b"), world.campaign_id, "gone", schedule=HOURLY, now=world.now
    )
    await dial_lists.delete(world.conn, gone, world.now)
    await world.conn.execute("UPDATE base SET columns = '{}'")  # as if nobody had had a city
    await world.customer(number(2), name="b")

    done = await sending.refresh_due(world.conn, world.later(hours=1))
    assert done[fine] == Sent(matched=1, queued=1)
    assert done[broken] == "There is no field 'data.city' to filter by."
    assert "there is no dial list" in str(done[gone])
    broken_now = await sending.refresh_of(world.conn, broken)
    gone_now = await sending.refresh_of(world.conn, gone)
    assert broken_now is not None
    assert gone_now is not None
    assert broken_now.error == done[broken]
    assert broken_now.next_at is not None
    assert gone_now.next_at is None
