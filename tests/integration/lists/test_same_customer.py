"""The same customer twice in a campaign: refused, moved, or allowed; never two calls at once."""

from pathlib import Path
from typing import Any
from unittest.mock import patch
from uuid import UUID

import pytest

from lists import contacts, dial_lists, merging
from lists.contacts import Record
from lists.errors import LoadError, Refused
from lists.filtering import sending
from lists.filtering.model import Filter
from lists.filtering.schedule import Schedule
from lists.filtering.sending import Sent
from lists.loading import load as loading
from lists.loading.load import load_file
from lists.loading.mapping import ColumnMap
from lists.loading.model import LoadResult, LoadSpec
from lists.model import Caps, ContactState, Finish, RefusalReason, SameCustomer
from lists.model import Schedule as Waits
from storage.database import Database
from tests.integration.lists.world import NOON, World, number

MOVE, ALLOW = SameCustomer.MOVE, SameCustomer.ALLOW


@pytest.fixture
def two_files(tmp_path: Path) -> tuple[Path, Path]:
    """Ana alone, then Ana and Bea."""
    first, second = tmp_path / "first.csv", tmp_path / "second.csv"
    first.write_text(f"doc;phone\n1;{number(1)}\n", encoding="utf-8")
    second.write_text(f"doc;phone;order\n1;{number(1)};7\n2;{number(2)};8\n", encoding="utf-8")
    return first, second


async def load(db: Database, path: Path, world: World, choice: SameCustomer, **more: Any) -> LoadResult:
    mapping = ColumnMap.parse("phone=phone,key=doc")
    spec = LoadSpec(
        path, "FR", campaign_id=world.campaign_id, mapping=mapping, base="b", same_customer=choice, **more
    )
    return await load_file(db, spec, now=world.now)


async def open_in(world: World, list_id: UUID) -> list[dict[str, Any]]:
    rows = await world.conn.fetch(
        "SELECT c.*, k.key FROM contact c JOIN customer k ON k.id = c.customer_id"
        " WHERE c.dial_list_id = $1 AND c.finished_at IS NULL ORDER BY c.position",
        list_id,
    )
    return [dict(row) for row in rows]


async def test_a_contact_that_moves_brings_its_attempts_its_wait_and_its_id(
    world: World, db: Database, two_files: tuple[Path, Path]
) -> None:
    first = await load(db, two_files[0], world, SameCustomer.REFUSE)
    (ana,) = await open_in(world, first.dial_lists[0])
    tomorrow = world.later(days=1)
    await world.conn.execute("UPDATE contact SET attempts = 2, next_at = $1", tomorrow)
    world.now = NOON
    second = await load(db, two_files[1], world, MOVE, priority=5)
    assert (second.rows, second.loaded, second.moved, second.duplicates) == (2, 1, 1, 0)
    assert await open_in(world, first.dial_lists[0]) == []
    moved, bea = await open_in(world, second.dial_lists[0])
    assert (moved["id"], moved["attempts"], moved["next_at"]) == (ana["id"], 2, tomorrow)
    assert (moved["key"], bea["key"], moved["priority"]) == ("1", "2", bea["priority"])


async def test_who_is_in_a_call_or_about_to_be_stays_and_is_refused(
    world: World, db: Database, two_files: tuple[Path, Path]
) -> None:
    await load(db, two_files[0], world, SameCustomer.REFUSE)
    await world.reserve()
    second = await load(db, two_files[1], world, MOVE)
    assert (second.loaded, second.moved, second.duplicates) == (1, 0, 1)
    reasons = await world.conn.fetch("SELECT line, reason FROM load_reject")
    assert [tuple(row) for row in reasons] == [(2, "already_in_campaign")]


async def test_a_customer_allowed_twice_is_called_from_one_list_at_a_time(
    world: World, db: Database, two_files: tuple[Path, Path]
) -> None:
    await load(db, two_files[0], world, SameCustomer.REFUSE)
    second = await load(db, two_files[1], world, ALLOW)
    assert (second.loaded, second.moved, second.duplicates) == (2, 0, 0)
    lent = await world.reserve()
    assert sorted(one.e164 for one in lent) == [number(1), number(1), number(2)]
    begins = [world.attempt(one) for one in lent]
    refusals = [refusal.reason for refusal in await world.begin(*begins) if refusal]
    assert refusals == [RefusalReason.LIVE_NUMBER]
    live = await world.conn.fetch("SELECT customer_id FROM live_attempt")
    assert len({row["customer_id"] for row in live}) == len(live) == 2


async def test_the_gap_between_two_calls_holds_across_the_lists_a_customer_is_in(
    world: World, db: Database, two_files: tuple[Path, Path]
) -> None:
    await load(db, two_files[0], world, SameCustomer.REFUSE)
    await load(db, two_files[1], world, ALLOW)
    lent = [one for one in await world.reserve() if one.e164 == number(1)]
    first, other = (world.attempt(one) for one in lent)
    assert await world.begin(first) == [None]
    await world.close(first)
    await world.settle(lent[0].contact_id, Finish(ContactState.DONE))
    world.later(minutes=5)
    (refusal,) = await world.begin(other, caps=Caps())
    assert refusal is not None
    assert refusal.reason in (RefusalReason.NUMBER_GAP, RefusalReason.CUSTOMER_GAP)


async def test_another_file_finds_who_was_allowed_twice_waiting(
    world: World, db: Database, two_files: tuple[Path, Path], tmp_path: Path
) -> None:
    await load(db, two_files[0], world, SameCustomer.REFUSE)
    await load(db, two_files[1], world, ALLOW)
    await world.conn.execute("UPDATE contact SET state = 'done', finished_at = $1 WHERE NOT again", NOON)
    third = tmp_path / "third.csv"
    third.write_text(f"doc;phone;order\n1;{number(1)};9\n", encoding="utf-8")
    result = await load(db, third, world, SameCustomer.REFUSE)
    assert (result.loaded, result.duplicates) == (0, 1)


async def test_a_file_added_to_a_list_takes_who_waits_elsewhere_and_nobody_of_its_own(
    world: World, db: Database, two_files: tuple[Path, Path], tmp_path: Path
) -> None:
    first = await load(db, two_files[0], world, SameCustomer.REFUSE)
    second = await load(db, two_files[1], world, SameCustomer.REFUSE)
    (bea,) = await open_in(world, second.dial_lists[0])
    both = tmp_path / "both.csv"
    both.write_text(f"doc;phone\n1;{number(1)}\n2;{number(2)}\n3;{number(3)}\n", encoding="utf-8")
    world.later(minutes=1)
    added = await load(db, both, world, MOVE, dial_list_id=first.dial_lists[0])
    assert (added.loaded, added.moved, added.duplicates) == (1, 1, 1)
    assert added.dial_lists == first.dial_lists
    there = await open_in(world, first.dial_lists[0])
    assert [row["key"] for row in there] == ["1", "2", "3"]
    assert there[1]["id"] == bea["id"]


async def test_what_was_ended_in_a_list_is_not_called_anew_by_adding_it_again(
    world: World, db: Database, two_files: tuple[Path, Path]
) -> None:
    first = await load(db, two_files[0], world, SameCustomer.REFUSE)
    (ana,) = await open_in(world, first.dial_lists[0])
    await world.settle(ana["id"], Finish(ContactState.DONE))
    for choice in (SameCustomer.REFUSE, MOVE, ALLOW):
        added = await load(db, two_files[1], world, choice, dial_list_id=first.dial_lists[0])
        assert added.duplicates >= 1
    assert [row["key"] for row in await open_in(world, first.dial_lists[0])] == ["2"]


async def test_a_list_deleted_while_a_file_is_added_keeps_nothing_of_it(
    world: World, db: Database, two_files: tuple[Path, Path]
) -> None:
    first = await load(db, two_files[0], world, SameCustomer.REFUSE)
    (list_id,) = first.dial_lists
    stored = loading._store_customers

    async def meanwhile(*args: Any) -> None:
        async with db.transaction() as conn:
            await dial_lists.delete(conn, list_id, world.now)
        await stored(*args)

    with (
        patch.object(loading, "_store_customers", meanwhile),
        pytest.raises(LoadError, match="deleted or moved"),
    ):
        await load(db, two_files[1], world, SameCustomer.REFUSE, dial_list_id=list_id)
    assert await open_in(world, list_id) == []
    assert await world.conn.fetchval("SELECT count(*) FROM customer WHERE key = '2'") == 0


async def test_a_filter_sent_as_a_list_moves_allows_or_refuses(world: World) -> None:
    everybody = Filter(base_id=world.base_id)
    old = await world.list_("old")
    waiting = await world.contact(old, number(1))
    agreed = await world.contact(old, number(2))
    await world.settle(agreed, Waits())
    lent = await world.contact(old, number(3))
    await world.conn.execute(
        "UPDATE contact SET reserved_by = 'w', reserved_until = now() + interval '1 hour' WHERE id = $1", lent
    )
    fresh = (await world.customer(number(4))).id

    async def send(name: str, choice: SameCustomer) -> Sent:
        async with world.conn.transaction():
            _, sent = await sending.send(
                world.conn, everybody, world.campaign_id, name, same_customer=choice, now=world.now
            )
        return sent

    assert await send("again", ALLOW) == Sent(matched=4, queued=4)
    assert await send("refused", SameCustomer.REFUSE) == Sent(matched=4, already_open=4)
    await world.conn.execute("DELETE FROM contact WHERE again OR customer_id = $1", fresh)
    assert await send("moved", MOVE) == Sent(matched=4, queued=1, moved=2, already_open=1)
    made = await world.conn.fetchval("SELECT id FROM dial_list WHERE name = 'moved'")
    assert {row["id"] for row in await open_in(world, made)} >= {waiting, agreed}
    assert await world.state(agreed) is ContactState.SCHEDULED
    assert (await world.row(lent))["dial_list_id"] == old


async def test_a_list_that_fills_itself_keeps_the_choice(world: World) -> None:
    everybody = Filter(base_id=world.base_id)
    await world.contact(await world.list_("old"), number(1))
    target = await world.list_("target")
    hourly = Schedule(minutes=60)
    await sending.keep(world.conn, target, everybody, hourly, same_customer=MOVE, now=world.now)
    async with world.conn.transaction():
        done = await sending.refresh_due(world.conn, world.later(hours=1))
    assert done == {target: Sent(matched=1, moved=1)}
    kept = await sending.refresh_of(world.conn, target)
    assert kept is not None
    assert kept.same_customer is MOVE


async def test_a_record_moves_its_customers_contact_or_makes_a_further_one(world: World) -> None:
    def record(choice: SameCustomer, **more: Any) -> Record:
        return Record(world.campaign_id, number(1), "FR", same_customer=choice, **more)

    first = await contacts.add_one(world.conn, record(SameCustomer.REFUSE), world.now)
    with pytest.raises(Refused, match="already waits"):
        await contacts.add_one(world.conn, record(SameCustomer.REFUSE), world.now)
    base_id = (await dial_lists.get(world.conn, (await world.row(first))["dial_list_id"])).base_id
    urgent = await dial_lists.create(world.conn, world.campaign_id, base_id, "urgent", now=world.now)
    moved = await contacts.add_one(
        world.conn, record(MOVE, dial_list_id=urgent.id, priority=1, data={"order": 7}), world.now
    )
    row = await world.row(moved)
    assert (moved, row["dial_list_id"], row["priority"], row["data"]) == (first, urgent.id, 1, {"order": 7})
    further = await contacts.add_one(world.conn, record(ALLOW), world.now)
    assert further != first
    await world.reserve()
    with pytest.raises(Refused, match="already waits"):
        await contacts.add_one(world.conn, record(MOVE), world.now)


async def test_customers_allowed_twice_are_merged_with_all_their_contacts(world: World) -> None:
    kept, gone = await world.customer(number(1)), await world.customer(number(2))
    one, other = await world.list_("one"), await world.list_("other")
    for customer in (kept, gone):
        await world.queue(one, customer.id)
        await world.queue(other, customer.id, again=True)
    plan = await merging.plan(world.conn, kept.id, gone.id)
    done = await merging.merge(world.conn, kept.id, gone.id, confirm=plan.token, user_id=None, now=world.now)
    assert len(done.contacts) == 1
    assert (len(await open_in(world, one)), len(await open_in(world, other))) == (1, 2)
