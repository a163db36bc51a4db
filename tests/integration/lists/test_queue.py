"""Who would be dialled next is who is dialled next."""

import random
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from lists import dial_lists, queue
from lists.model import Retry
from tests.integration.lists.world import World, ids, number


async def _shown(world: World, limit: int = 200) -> list[UUID]:
    found = await queue.upcoming(world.conn, world.campaign_id, at=world.now, limit=limit)
    return [one.id for one in found]


async def _crowd(world: World, luck: random.Random) -> list[UUID]:
    """Lists and contacts of few priorities, so that many are alike; some of them not to be had."""
    lists = [await world.list_(f"list {n}", priority=luck.choice([1, 2])) for n in range(4)]
    lists.append(await world.list_("gone", expires_at=world.now))
    lists.append(await world.list_("loading", ready=False))
    for n in range(60):
        await world.contact(
            luck.choice(lists),
            number(n),
            priority=luck.choice([1, 5, 100]),
            position=n,
            next_at=world.now + timedelta(minutes=luck.choice([-30, -10, 0, 10])),
            agent_id=luck.choice([None, None, None, uuid4()]),
            state=luck.choice(["pending", "pending", "scheduled", "done"]),
        )
    return lists


@pytest.mark.parametrize("seed", range(4))
async def test_what_is_shown_is_what_is_reserved_in_its_order(world: World, seed: int) -> None:
    luck = random.Random(seed)
    lists = await _crowd(world, luck)
    shown = await _shown(world)
    assert len(shown) > 5
    assert await _shown(world, 5) == shown[:5]
    (first, *_) = await world.reserve(1)
    assert first.contact_id == shown[0]
    async with world.conn.transaction():
        await dial_lists.pause(world.conn, luck.choice(lists[:4]), True)
    for list_id in lists[:4]:
        await dial_lists.set_priority(world.conn, list_id, luck.choice([1, 2, 3]))
    for contact_id in luck.sample(shown[1:], 4):
        await queue.set_priority(world.conn, contact_id, luck.choice([0, 7]))
    shown = [one for one in await _shown(world) if one != first.contact_id]
    assert ids(await world.reserve(200, worker="another")) == shown


async def test_a_recalled_contact_stands_behind_those_who_wait_already(world: World) -> None:
    dial_list = await world.list_()
    recalled, *others = [await world.contact(dial_list, number(n), position=n) for n in range(3)]
    await world.close(await world.begun())
    world.later(minutes=1)
    await world.settle(recalled, Retry(world.now + timedelta(minutes=30), to_end=True))
    assert await _shown(world) == others
    world.later(minutes=30)
    await world.conn.execute("UPDATE contact SET next_at = $1 WHERE id = ANY ($2)", world.now, others)
    assert await _shown(world) == [*others, recalled]
