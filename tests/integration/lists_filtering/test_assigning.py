"""Customers dealt out to agents, and taken back."""

from collections import Counter
from uuid import UUID, uuid4

import pytest

from lists import assigning
from lists.errors import Refused
from lists.filtering import matching
from lists.filtering.model import Assigned, Filter
from tests.integration.lists.world import World

AGENTS = [UUID(int=n) for n in range(1, 6)]


async def people(world: World, count: int) -> Filter:
    for n in range(count):
        await world.customer(key=f"{n:03}", name=f"customer {n:03}")
    return Filter(base_id=world.base_id)


async def owners(world: World) -> dict[str, UUID]:
    rows = await world.conn.fetch("SELECT key, owner_id FROM customer WHERE owner_id IS NOT NULL")
    return {row["key"]: row["owner_id"] for row in rows}


async def test_a_hundred_customers_for_five_agents_are_twenty_each(world: World) -> None:
    everybody = await people(world, 100)
    done = await assigning.assign(world.conn, everybody, AGENTS, seed="a", now=world.now)
    assert done == assigning.Assigned(100, dict.fromkeys(AGENTS, 20))
    assert Counter((await owners(world)).values()) == done.per_agent


async def test_shares_differ_by_at_most_one(world: World) -> None:
    everybody = await people(world, 23)
    done = await assigning.assign(world.conn, everybody, AGENTS, seed="a", now=world.now)
    assert sorted(done.per_agent.values()) == [4, 4, 5, 5, 5]
    assert Counter((await owners(world)).values()) == done.per_agent


async def test_the_same_seed_deals_the_same_again_and_another_one_differently(world: World) -> None:
    everybody = await people(world, 40)
    dealt = []
    for seed in ("a", "b", "a"):
        await assigning.assign(world.conn, everybody, AGENTS, seed=seed, now=world.now)
        dealt.append(await owners(world))
    assert dealt[0] == dealt[2] != dealt[1]


async def test_who_gets_whom_does_not_follow_the_order_of_the_list(world: World) -> None:
    everybody = await people(world, 40)
    await assigning.assign(world.conn, everybody, AGENTS[:2], seed="a", now=world.now)
    in_order = [owner for _, owner in sorted((await owners(world)).items())]
    assert len(set(in_order[:20])) == 2
    assert in_order != in_order[:2] * 20


async def test_more_agents_than_one_deal_is_for_are_refused(world: World) -> None:
    many = [UUID(int=n) for n in range(assigning.MAX_AGENTS + 1)]
    with pytest.raises(Refused) as refused:
        await assigning.assign(world.conn, Filter(), many, seed="a", now=world.now)
    assert refused.value.error_id == "too_many_agents"


async def test_fewer_customers_than_agents_are_refused_and_nobody_is_assigned(world: World) -> None:
    everybody = await people(world, 4)
    with pytest.raises(Refused) as refused:
        await assigning.assign(world.conn, everybody, AGENTS, seed="a", now=world.now)
    assert refused.value.error_id == "fewer_customers_than_agents"
    assert await owners(world) == {}


async def test_no_agents_are_refused(world: World) -> None:
    with pytest.raises(Refused) as refused:
        await assigning.assign(world.conn, Filter(), [], seed="a", now=world.now)
    assert refused.value.error_id == "no_agents"


async def test_the_maximum_bounds_what_is_dealt(world: World) -> None:
    await people(world, 20)
    some = Filter(base_id=world.base_id, maximum=10)
    done = await assigning.assign(world.conn, some, AGENTS, seed="a", now=world.now)
    assert done.customers == 10
    assert sorted(await owners(world)) == [f"{n:03}" for n in range(10)]


async def test_unassigned_ones_alone_can_be_dealt_and_taken_back(world: World) -> None:
    await people(world, 20)
    first = Filter(base_id=world.base_id, maximum=5)
    await assigning.assign(world.conn, first, AGENTS[:1], seed="a", now=world.now)
    free = Filter(base_id=world.base_id, assigned=Assigned.UNASSIGNED)
    done = await assigning.assign(world.conn, free, AGENTS[1:], seed="a", now=world.now)
    assert done.customers == 15

    of_first = Filter(base_id=world.base_id, owner_ids=(AGENTS[0],))
    assert await matching.count(world.conn, of_first, now=world.now) == 5
    assert await assigning.unassign(world.conn, of_first, now=world.now) == 5
    assert await assigning.unassign(world.conn, Filter(owner_ids=(uuid4(),)), now=world.now) == 0
    assert await assigning.unassign(world.conn, Filter(base_id=world.base_id), now=world.now) == 15
    assert await owners(world) == {}
