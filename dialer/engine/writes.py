"""Everything the engine writes behind the calls: one transaction for all that has gathered, then the news.

What may never wait for the database (joining a customer to an agent) happens first; its record follows within
milliseconds. While PostgreSQL is away the records wait here, in order, up to a bound, and nothing is dialled.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta

from dialer import commands
from dialer.agents import Presence, Stay
from dialer.engine.batch import Batch, Ending, Job, News, Told
from dialer.live import Body, Publisher
from lists.model import Progress
from storage.clock import Clock
from storage.database import Database
from storage.errors import DatabaseDown, DeadlinePassed, RetryTransaction

log = logging.getLogger(__name__)

LIMIT = 20_000
"""Records kept while PostgreSQL is away. The calls of a whole floor, many times over."""
RETRY_S = 0.25
LATE_S = 30.0
"""A record that could not be written within its deadline, and may come late, is tried again so often."""
WRITE_GAP_S = 0.02
"""Between two transactions: the first record is written at once, those that follow wait so long."""
LONGEST_GAP_S = 0.1
"""After a slow transaction the next one waits twice its time, up to this: a statement costs much the same for
one record as for ten, so under load fewer and larger ones leave the processors to the calls."""


class Writer:
    """Gathers while a transaction is under way, so its size follows the load by itself."""

    def __init__(
        self, db: Database, clock: Clock, publisher: Publisher, *, gap_s: float = WRITE_GAP_S
    ) -> None:
        self._db = db
        self._clock = clock
        self._publisher = publisher
        self._gap_s = gap_s
        self._batch = Batch()
        self._due = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self._away = False
        self._late: deque[Batch] = deque()
        self._late_at = 0.0
        """When the next of them is tried: the loop's seconds."""

    @property
    def healthy(self) -> bool:
        """False while PostgreSQL is away, or the writes are far behind: nothing may be dialled."""
        return not self._away and len(self._batch) + len(self._late) < LIMIT

    @property
    def late(self) -> int:
        """Records of calls that are over, which PostgreSQL was too slow for: they come later."""
        return len(self._late)

    @property
    def idle(self) -> bool:
        """Everything is written."""
        return self._idle.is_set()

    def progress(self, step: Progress) -> None:
        self._batch.progress[step.attempt_id] = step
        self._touch()

    def end(self, ending: Ending) -> None:
        self._batch.progress.pop(ending.closing.attempt_id, None)
        self._batch.endings.append(ending)
        self._touch()

    def presence(self, presence: Presence, stay: Stay | None) -> None:
        self._batch.presences[presence.agent_id] = presence
        if stay is not None:
            self._batch.stays.append(stay)
        self._touch()

    def stay(self, stay: Stay) -> None:
        self._batch.stays.append(stay)
        self._touch()

    def job(self, job: Job) -> None:
        self._batch.jobs.append(job)
        self._touch()

    def first_job(self, job: Job, *, written: Told | None = None) -> None:
        """Before the closings of the same transaction. `written` is called once it is committed; never, if
        PostgreSQL refuses it."""
        self._batch.first_jobs.append(job)
        if written is not None:
            self._batch.written[job] = written
        self._touch()

    def afterwards(self, job: Job) -> None:
        """About a call that is over: it may come late, and only what is `afterwards` too may build on it."""
        self._batch.afterwards.append(job)
        self._touch()

    def answer(self, done: commands.Done) -> None:
        self._batch.answers.append(done)
        self._touch()

    def tell(self, topics: Sequence[str], body: Body) -> None:
        self._batch.news.append(News(tuple(topics), body, self._clock.now()))
        self._touch()

    async def run(self) -> None:
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(LATE_S if self._late else None):
                    await self._due.wait()
            begun = self._clock.now()
            await self._flush()
            took_s = (self._clock.now() - begun) / timedelta(seconds=1)
            await self._clock.sleep(max(self._gap_s, min(2 * took_s, LONGEST_GAP_S)))

    async def drain(self, deadline: float) -> None:
        """Everything written, or `TimeoutError`: real seconds."""
        async with asyncio.timeout(deadline):
            await self._idle.wait()

    def _touch(self) -> None:
        self._due.set()
        self._idle.clear()

    async def _flush(self) -> None:
        batch, self._batch = self._batch, Batch()
        self._due.clear()
        if len(batch):
            await self._insist(batch)
        if self._late and asyncio.get_running_loop().time() >= self._late_at:
            await self._make_up()
        for news in batch.news:
            self._publisher.publish(news.topics, news.body, news.at)
        if not self._due.is_set() and not self._late:
            self._idle.set()

    async def _insist(self, batch: Batch) -> None:
        while True:
            if await self._written(batch):
                return
            await asyncio.sleep(RETRY_S)

    async def _make_up(self) -> None:
        """Each late record in its turn; one that is late again goes behind the others, and they wait for the
        next time: a deadline that passes is all that the newer records are kept waiting for."""
        for record in tuple(self._late):
            self._late.popleft()
            await self._insist(record)
            if record in self._late:
                return

    async def _written(self, batch: Batch) -> bool:
        """False: try again. What cannot be done in one transaction is done in two, so that one record that is
        refused is dropped alone, one that waits for somebody's lock waits alone, and none jams the others."""
        try:
            async with self._db.transaction() as conn:
                await batch.write(conn, self._clock.now())
        except (DatabaseDown, RetryTransaction) as error:
            if isinstance(error, DatabaseDown):
                self._is_away(error)
            return False
        except Exception as error:
            if isinstance(error, DeadlinePassed):
                self._is_away(error)
            if len(batch) > 1:
                log.warning("%d records are written in two parts: %s", len(batch), error)
                for half in batch.halves():
                    await self._insist(half)
            elif not isinstance(error, DeadlinePassed):
                log.exception("a record was refused and is lost: %r", batch)
            elif not self._put_aside(batch):
                return False
        else:
            for told in batch.written.values():
                told()
        if self._away:
            log.warning("PostgreSQL is back")
        self._away = False
        return True

    def _put_aside(self, record: Batch) -> bool:
        """Too slow alone. False: what comes after it may build on it, so everything waits for it."""
        if record.may_be_late:
            log.error("a record could not be written in time, and comes later: %r", record)
            self._late.append(record)
            self._late_at = asyncio.get_running_loop().time() + LATE_S
        return record.may_be_late

    def _is_away(self, error: Exception) -> None:
        if not self._away:
            log.error("PostgreSQL is away, nothing is dialled meanwhile: %s", error)
        self._away = True
