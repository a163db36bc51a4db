"""The writer, where PostgreSQL is too slow for what it is given: it goes on with less."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any, cast
from unittest.mock import Mock
from uuid import uuid4

import pytest

from dialer.agents import Presence, Stay
from dialer.commands import Done
from dialer.compliance import Counts
from dialer.engine.batch import Batch, Ending, Job
from dialer.engine.writes import Writer
from dialer.outcome import Fault, Outcome
from lists.model import Closing, LiveState, Progress
from storage.clock import SystemClock
from storage.database import Connection, Database
from storage.errors import DeadlinePassed, InvalidValue
from tests.helpers import until

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


class SlowDatabase:
    """A transaction takes so many statements at most, before its deadline passes."""

    def __init__(self, at_most: int) -> None:
        self.at_most = at_most
        self.written: list[int] = []

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[list[int]]:
        done: list[int] = []
        yield done
        self.written += done

    def job(self, number: int) -> Job:
        async def write(conn: Connection, now: datetime) -> None:
            done = cast(list[int], conn)
            done.append(number)
            if len(done) > self.at_most:
                raise DeadlinePassed("too much at once")

        return write


@pytest.mark.parametrize("at_most", [1, 3, 8])
async def test_a_batch_too_slow_as_a_whole_is_written_in_parts_in_its_order(at_most: int) -> None:
    db = SlowDatabase(at_most)
    writer = writer_of(db)
    for number in range(8):
        (writer.first_job if number < 2 else writer.job)(db.job(number))
    await written(writer)
    assert db.written == list(range(8))
    assert writer.healthy


@pytest.mark.parametrize("at_most", [1, 8])
async def test_who_waits_for_a_record_is_told_once_when_it_is_stored_and_not_when_it_is_refused(
    at_most: int,
) -> None:
    async def poison(conn: Connection, now: datetime) -> None:
        raise InvalidValue("no")

    db = SlowDatabase(at_most)
    told: list[str] = []
    writer = writer_of(db)
    writer.first_job(db.job(1), written=lambda: told.append(f"1 after {db.written}"))
    writer.first_job(poison, written=lambda: told.append("poison"))
    writer.first_job(db.job(2), written=lambda: told.append(f"2 after {db.written}"))
    await written(writer)
    assert told in (["1 after [1]", "2 after [1, 2]"], ["1 after [1, 2]", "2 after [1, 2]"])


async def test_a_record_that_is_refused_among_many_is_dropped_alone() -> None:
    async def poison(conn: Connection, now: datetime) -> None:
        raise InvalidValue("no")

    db = SlowDatabase(4)
    writer = writer_of(db)
    for number in range(11):
        writer.job(db.job(number))
    writer.job(poison)
    writer.job(db.job(11))
    await written(writer)
    assert db.written == list(range(12))


async def test_a_job_that_is_too_slow_alone_is_waited_for_since_others_may_build_on_it() -> None:
    db = SlowDatabase(0)
    writer = writer_of(db)
    for number in range(2):
        writer.job(db.job(number))
    running = asyncio.create_task(writer.run())
    await until(lambda: not writer.healthy, 10)
    assert not db.written
    db.at_most = 2
    await writer.drain(10)
    running.cancel()
    assert db.written == [0, 1]


def test_the_halves_of_a_batch_are_the_batch_in_its_order() -> None:
    whole = one_of_each()
    first, second = whole.halves()
    assert len(first) + len(second) == len(whole) == 8
    assert (first.first_jobs, first.progress) == (whole.first_jobs, whole.progress)
    assert (first.endings, first.presences) == (whole.endings, whole.presences)
    assert (second.stays, second.jobs) == (whole.stays, whole.jobs)
    assert (second.afterwards, second.answers) == (whole.afterwards, whole.answers)


def one_of_each() -> Batch:
    async def nothing(conn: Connection, now: datetime) -> None:
        pass

    some = uuid4()
    closing = Closing(some, NOON, NOON, Outcome.BUSY, Fault.CUSTOMER)
    return Batch(
        progress={some: Progress(some, LiveState.RINGING, NOON)},
        first_jobs=[nothing],
        endings=[Ending(closing, None, None, Counts())],
        presences={some: Presence(some, "ready", NOON)},
        stays=[Stay(some, "ready", "", None, NOON, NOON)],
        jobs=[nothing],
        afterwards=[nothing],
        answers=[Done(some, {})],
    )


def writer_of(db: SlowDatabase) -> Writer:
    return Writer(cast(Database, db), SystemClock(), cast(Any, Mock()))


async def written(writer: Writer) -> None:
    running = asyncio.create_task(writer.run())
    await writer.drain(10)
    running.cancel()
