"""The bus over a real Redis that may be lost."""

import asyncio

import pytest
from structlog.testing import capture_logs

from storage.bus import Gap, Message, Subscription, open_bus
from storage.redis_bus import RedisBus
from tests.helpers import until
from tests.helpers.proxy import proxied
from tests.helpers.redis_server import RedisServer

pytestmark = pytest.mark.redis


async def next_of(reader: Subscription) -> Message | Gap:
    return await asyncio.wait_for(anext(reader), 10)


async def test_a_message_reaches_the_other_process_and_comes_back_to_nobody(
    redis_server: RedisServer,
) -> None:
    async with open_bus(redis_server.url) as one, open_bus(redis_server.url) as two:
        assert one.healthy
        assert two.healthy
        async with one.subscribe("calls") as here, two.subscribe("calls") as there:
            one.publish("calls", b"1")
            one.publish("other", b"x")
            two.publish("calls", b"2")
            assert [await next_of(here), await next_of(here)] == [
                Message("calls", b"1"),
                Message("calls", b"2"),
            ]
            assert {await next_of(there), await next_of(there)} == {
                Message("calls", b"1"),
                Message("calls", b"2"),
            }
            one.publish("calls", b"last")
            assert await next_of(there) == Message("calls", b"last")
            assert await next_of(here) == Message("calls", b"last")


async def test_many_messages_keep_their_order(redis_server: RedisServer) -> None:
    sent = [str(number).encode() for number in range(1000)]
    async with (
        open_bus(redis_server.url) as one,
        open_bus(redis_server.url) as two,
        two.subscribe("calls") as there,
    ):
        for payload in sent:
            one.publish("calls", payload)
        assert [await next_of(there) for _ in sent] == [Message("calls", payload) for payload in sent]


async def test_installations_that_share_a_redis_do_not_hear_each_other(redis_server: RedisServer) -> None:
    async with (
        open_bus(redis_server.url, prefix="here") as one,
        open_bus(redis_server.url, prefix="there") as two,
        two.subscribe("calls") as other,
        open_bus(redis_server.url, prefix="there") as three,
    ):
        one.publish("calls", b"1")
        three.publish("calls", b"2")
        assert await next_of(other) == Message("calls", b"2")


async def test_a_lost_redis_stops_nobody_and_leaves_a_gap_when_it_is_back(redis_server: RedisServer) -> None:
    async with (
        open_bus(redis_server.url) as one,
        open_bus(redis_server.url) as two,
        one.subscribe("calls") as here,
        two.subscribe("calls") as there,
    ):
        await asyncio.to_thread(redis_server.stop)
        await until(lambda: not one.healthy and not two.healthy)
        one.publish("calls", b"at home")
        assert await next_of(here) == Message("calls", b"at home")

        await asyncio.to_thread(redis_server.start)
        await until(lambda: one.healthy and two.healthy, 10)
        assert await next_of(there) == Gap()
        one.publish("calls", b"again")
        assert await next_of(there) == Message("calls", b"again")


@pytest.mark.parametrize("published", [0, 10_000])
async def test_a_redis_that_falls_silent_is_noticed(redis_server: RedisServer, published: int) -> None:
    async with (
        proxied("127.0.0.1", redis_server.port) as proxy,
        open_bus(f"redis://127.0.0.1:{proxy.port}/0") as bus,
    ):
        assert bus.healthy
        proxy.stall()
        for _ in range(published):
            bus.publish("calls", b"into silence")
        await until(lambda: not bus.healthy, 15, "the silence was noticed")
        proxy.mend()
        await until(lambda: bus.healthy, 15, "the link is back")


async def test_a_bus_opens_without_redis_and_serves_its_own_process(redis_server: RedisServer) -> None:
    redis_server.stop()
    bus = await RedisBus.open(redis_server.url)
    try:
        assert not bus.healthy
        async with bus.subscribe("calls") as here:
            bus.publish("calls", b"1")
            assert await next_of(here) == Message("calls", b"1")
        await asyncio.to_thread(redis_server.start)
        await until(lambda: bus.healthy, 10)
    finally:
        await bus.close()


async def test_a_redis_that_was_never_there_is_told_once() -> None:
    with capture_logs() as logs:
        bus = await RedisBus.open("redis://127.0.0.1:1")
        try:
            assert not bus.healthy
        finally:
            await bus.close()
    assert [log["event"] for log in logs] == ["no redis"]
