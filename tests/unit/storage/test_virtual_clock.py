"""Virtual time: it jumps only when nothing else can happen."""

import asyncio
import contextvars
import socket
import time
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from storage.clock import Clock, VirtualClock
from storage.errors import VirtualTimeStuck

START = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)


def seconds(clock: Clock) -> float:
    return (clock.now() - START).total_seconds()


def test_a_simulated_day_of_timers_takes_moments() -> None:
    clock = VirtualClock(START)
    beats = 0

    async def day() -> None:
        nonlocal beats
        while seconds(clock) < 86_400:
            await clock.sleep(60)
            beats += 1

    began = time.monotonic()
    clock.run(day())
    assert (beats, clock.jumps) == (1440, 1440)
    assert time.monotonic() - began < 60  # a minute of real time for a day: never the day itself


def test_a_patience_of_2_s_ends_at_2_s_and_a_bridge_at_1_9_s_comes_before_it() -> None:
    clock = VirtualClock(START)
    told: list[tuple[str, float]] = []

    async def call() -> None:
        patience = clock.call_later(2.0, lambda: told.append(("closed", seconds(clock))))
        clock.call_later(2.0, lambda: told.append(("after it", seconds(clock))))
        await clock.sleep(1.9)
        told.append(("bridged", seconds(clock)))
        await clock.sleep(0.2)
        patience.cancel()  # too late, and harmless

    clock.run(call())
    assert told == [("bridged", 1.9), ("closed", 2.0), ("after it", 2.0)]


def test_a_cancelled_timer_never_fires_and_moves_no_time() -> None:
    clock = VirtualClock(START)

    async def main() -> None:
        clock.call_later(5, lambda: pytest.fail("fired")).cancel()
        sleeper = asyncio.create_task(clock.sleep(50))
        await asyncio.sleep(0)
        sleeper.cancel()
        await clock.sleep(10)

    clock.run(main())
    assert (seconds(clock), clock.jumps) == (10, 1)


def test_time_stands_still_while_bytes_are_under_way() -> None:
    clock = VirtualClock(START)

    async def main() -> None:
        near, far = socket.socketpair()
        reader, writer = await asyncio.open_connection(sock=near)
        _, other = await asyncio.open_connection(sock=far)
        fired: list[float] = []
        clock.call_later(1, lambda: fired.append(seconds(clock)))
        clock.in_flight.sent(4)
        # The bytes leave later, in real time: only the counter knows that they are coming.
        asyncio.get_running_loop().call_later(0.1, other.write, b"pong")
        assert await reader.readexactly(4) == b"pong"
        assert fired == []
        assert seconds(clock) == 0
        clock.in_flight.received(4)
        await clock.sleep(1)
        assert fired == [1]
        for end in (writer, other):
            end.close()
            await end.wait_closed()

    clock.run(main())


def test_bytes_that_have_arrived_are_read_before_time_moves_even_if_nobody_counted_them() -> None:
    clock = VirtualClock(START)

    async def main() -> None:
        near, far = socket.socketpair()
        reader, writer = await asyncio.open_connection(sock=near)
        read_at: list[float] = []

        async def read() -> None:
            await reader.readexactly(4)
            read_at.append(seconds(clock))

        reading = asyncio.create_task(read())
        clock.call_later(1, lambda: None)
        clock.call_later(2, lambda: far.send(b"pong"))
        clock.call_later(2.1, lambda: None)
        await clock.sleep(3)
        await reading
        assert read_at == [2]
        writer.close()
        await writer.wait_closed()
        far.close()

    clock.run(main())


def test_time_stands_still_while_a_thread_works_for_us() -> None:
    clock = VirtualClock(START)

    async def main() -> None:
        clock.call_later(1, lambda: None)
        with clock.in_flight.working():
            await asyncio.to_thread(time.sleep, 0.12)
        assert seconds(clock) == 0

    clock.run(main())


def test_io_deadlines_stay_real() -> None:
    clock = VirtualClock(START)

    async def main() -> None:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await asyncio.Event().wait()

    began = time.monotonic()
    clock.run(main())
    assert time.monotonic() - began >= 0.05
    assert seconds(clock) == 0


def test_work_that_never_ends_is_complained_of_and_named() -> None:
    clock = VirtualClock(START, stuck_after=0.1)

    async def main() -> None:
        clock.in_flight.sent(7, "link to the PBX")
        await clock.sleep(1)

    with pytest.raises(VirtualTimeStuck, match="7 on 'link to the PBX'"):
        clock.run(main())


def test_a_sleep_of_nothing_lets_the_others_run_and_takes_no_time() -> None:
    clock = VirtualClock(START)

    async def main() -> None:
        ran: list[int] = []
        asyncio.get_running_loop().call_soon(ran.append, 1)
        await clock.sleep(0)
        assert ran == [1]

    clock.run(main())
    assert clock.jumps == 0


def test_a_timer_runs_in_the_context_it_was_made_in() -> None:
    clock = VirtualClock(START)
    call: contextvars.ContextVar[str] = contextvars.ContextVar("call", default="none")
    seen: list[str] = []

    async def main() -> None:
        call.set("one")
        clock.call_later(1, lambda: seen.append(call.get()))
        call.set("two")
        await clock.sleep(2)

    clock.run(main())
    assert seen == ["one"]


def test_a_start_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="zone"):
        VirtualClock(START.replace(tzinfo=None))


@settings(max_examples=50, deadline=None)
@given(st.lists(st.integers(min_value=0, max_value=20), min_size=1, max_size=40))
def test_timers_fire_in_the_order_of_their_time_then_of_their_making(delays: list[int]) -> None:
    clock = VirtualClock(START)
    fired: list[tuple[float, int]] = []

    async def main() -> None:
        for index, delay in enumerate(delays):
            clock.call_later(delay, lambda index=index: fired.append((seconds(clock), index)))  # type: ignore[misc]
        await clock.sleep(21)

    clock.run(main())
    assert fired == sorted((float(delay), index) for index, delay in enumerate(delays))


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 9), st.integers(1, 9)), min_size=1, max_size=10))
def test_what_follows_from_a_timer_is_over_before_the_next_one(chains: list[tuple[int, int]]) -> None:
    clock = VirtualClock(START)
    order: list[tuple[datetime, int, str]] = []

    async def chain(index: int, first: int, second: int) -> None:
        for wait in (first, second):
            await clock.sleep(wait)
            order.append((clock.now(), index, "woke"))
            await asyncio.sleep(0)  # a few rounds of the loop belong to the same moment
            await asyncio.sleep(0)
            order.append((clock.now(), index, "done"))

    async def main() -> None:
        await asyncio.gather(*(chain(index, *waits) for index, waits in enumerate(chains)))

    clock.run(main())
    for woke, done in zip(order[::2], order[1::2], strict=True):
        assert woke == (*done[:2], "woke")
    assert [entry[0] for entry in order] == sorted(entry[0] for entry in order)


def test_the_same_run_gives_the_same_order_again() -> None:
    def once() -> list[tuple[datetime, int]]:
        clock = VirtualClock(START)
        order: list[tuple[datetime, int]] = []

        async def worker(number: int) -> None:
            for step in range(20):
                await clock.sleep((number * 7 + step * 3) % 5 + 1)
                order.append((clock.now(), number))

        async def main() -> None:
            await asyncio.gather(*(worker(number) for number in range(10)))

        clock.run(main())
        return order

    assert once() == once()
    assert once()[-1][0] > START + timedelta(seconds=20)
