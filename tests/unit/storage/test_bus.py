"""The bus of one process."""

import asyncio

import pytest

from storage.bus import Gap, LocalBus, Message, Subscription, open_bus


async def test_a_reader_gets_its_topics_in_order_and_no_others() -> None:
    bus = LocalBus()
    async with bus.subscribe("calls", "agents") as reader:
        bus.publish("calls", b"1")
        bus.publish("lists", b"2")
        bus.publish("agents", b"3")
        assert await anext(reader) == Message("calls", b"1")
        assert await anext(reader) == Message("agents", b"3")


async def test_a_waiting_reader_is_woken() -> None:
    bus = LocalBus()
    async with bus.subscribe("calls") as reader:
        waiting = asyncio.ensure_future(anext(reader))
        await asyncio.sleep(0)
        bus.publish("calls", b"1")
        assert await asyncio.wait_for(waiting, 5) == Message("calls", b"1")


async def test_a_slow_reader_gets_one_gap_in_place_of_what_it_missed_and_the_newest() -> None:
    bus = LocalBus(queue_limit=3)
    async with bus.subscribe("calls") as slow, bus.subscribe("calls") as quick:
        for number in range(4):
            bus.publish("calls", str(number).encode())
            assert await anext(quick) == Message("calls", str(number).encode())
        assert await anext(slow) == Gap()
        assert await anext(slow) == Message("calls", b"3")


async def test_who_left_is_told_nothing_more_and_is_forgotten() -> None:
    bus = LocalBus()
    async with bus.subscribe("calls", "calls") as reader:
        pass
    bus.publish("calls", b"1")
    with pytest.raises(StopAsyncIteration):
        await anext(reader)
    assert bus._readers == {}


async def test_closing_the_bus_ends_every_reader_after_what_it_still_has() -> None:
    bus = LocalBus()
    async with bus.subscribe("calls") as reader:
        bus.publish("calls", b"1")
        await bus.close()
        assert [item async for item in reader] == [Message("calls", b"1")]


async def test_a_lost_stretch_is_a_gap() -> None:
    subscription = Subscription()
    subscription.offer(Message("calls", b"1"))
    subscription.lose()
    assert await anext(subscription) == Gap()


async def test_without_redis_the_bus_is_local_and_healthy() -> None:
    async with open_bus(None) as bus:
        assert isinstance(bus, LocalBus)
        assert bus.healthy
