"""Everything the engine writes behind the calls: one transaction for all that has gathered, then the news.

What may never wait for the database (joining a customer to an agent) happens first; its record follows within
milliseconds. While PostgreSQL is away the records wait here, in order, up to a bound, and nothing is dialled.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from dialer import agents, commands, counters
from dialer.agents import Presence, Stay
from dialer.compliance import Counts
from dialer.live import Body, Publisher
from lists import attempts, contacts
from lists.model import Closing, Progress, Settlement
from storage.clock import Clock
from storage.database import Connection, Database
from storage.errors import DatabaseDown, DeadlinePassed, RetryTransaction
from typifications import interactions

log = logging.getLogger(__name__)

LIMIT = 20_000
"""Records kept while PostgreSQL is away. The calls of a whole floor, many times over."""
RETRY_S = 0.25
WRITE_GAP_S = 0.02
"""Between two transactions: the first record is written at once, those that follow wait so long."""
LONGEST_GAP_S = 0.1
"""After a slow transaction the next one waits twice its time, up to this: a statement costs much the same for
one record as for ten, so under load fewer and larger ones leave the processors to the calls."""
_AWAY = (DatabaseDown, DeadlinePassed, RetryTransaction)

Job = Callable[[Connection, datetime], Awaitable[object]]
"""A write of its own. It may be run again after a failure, so a second run must do no harm."""


@dataclass(frozen=True, slots=True)
class Ending:
    """A closed call, what becomes of its contact, and what it adds to the campaign's hour."""

    closing: Closing
    settlement: Settlement | None
    campaign_id: UUID | None
    counts: Counts
    after: Job | None = None
    """More to do in the same transaction, if the call had not been closed before."""
    if_typified: Job | None = None
    """Instead of the settlement, where the agent has already said what the talk was."""


@dataclass(frozen=True, slots=True)
class News:
    topics: tuple[str, ...]
    body: Body
    at: datetime


@dataclass(slots=True)
class Batch:
    progress: dict[UUID, Progress] = field(default_factory=dict)
    """The last step of each call."""
    first_jobs: list[Job] = field(default_factory=list)
    endings: list[Ending] = field(default_factory=list)
    presences: dict[UUID, Presence] = field(default_factory=dict)
    stays: list[Stay] = field(default_factory=list)
    jobs: list[Job] = field(default_factory=list)
    answers: list[commands.Done] = field(default_factory=list)
    news: list[News] = field(default_factory=list)

    def __len__(self) -> int:
        return (
            len(self.progress)
            + len(self.first_jobs)
            + len(self.endings)
            + len(self.presences)
            + len(self.stays)
            + len(self.jobs)
            + len(self.answers)
        )

    async def write(self, conn: Connection, now: datetime) -> None:
        for job in self.first_jobs:
            await job(conn, now)
        if self.progress:
            await attempts.progress(conn, list(self.progress.values()))
        if self.endings:
            await _end(conn, self.endings, now)
        if self.presences:
            await agents.save_presences(conn, list(self.presences.values()))
        if self.stays:
            await agents.log(conn, self.stays)
        for job in self.jobs:
            await job(conn, now)
        if self.answers:
            await commands.answer(conn, self.answers, now=now)

    def pieces(self) -> "list[Batch]":
        """The same work in the smallest parts, in the same order."""
        return [
            *(Batch(first_jobs=[job]) for job in self.first_jobs),
            *(Batch(progress={key: step}) for key, step in self.progress.items()),
            *(Batch(endings=[ending]) for ending in self.endings),
            *(Batch(presences={key: presence}) for key, presence in self.presences.items()),
            *(Batch(stays=[stay]) for stay in self.stays),
            *(Batch(jobs=[job]) for job in self.jobs),
            *(Batch(answers=[answer]) for answer in self.answers),
        ]


async def _end(conn: Connection, endings: Sequence[Ending], now: datetime) -> None:
    """Close, then settle and count those that were not closed before: told twice, counted once."""
    closed = set(await attempts.close(conn, [ending.closing for ending in endings], now))
    fresh = [ending for ending in endings if ending.closing.attempt_id in closed]
    talks = [ending.closing.attempt_id for ending in fresh if ending.if_typified is not None]
    typified = await interactions.typified(conn, talks)
    settlements: list[Settlement] = []
    jobs: list[Job] = []
    for ending in fresh:
        if ending.after is not None:
            jobs.append(ending.after)
        if ending.if_typified is not None and ending.closing.attempt_id in typified:
            jobs.append(ending.if_typified)
        elif ending.settlement is not None:
            settlements.append(ending.settlement)
    await contacts.settle_many(conn, settlements, now)
    for job in jobs:
        await job(conn, now)
    sums: dict[tuple[UUID, datetime], Counts] = {}
    for ending in fresh:
        if ending.campaign_id is not None and ending.counts.attempts:
            hour = ending.closing.begun_at.replace(minute=0, second=0, microsecond=0)
            key = (ending.campaign_id, hour)
            sums[key] = sums.get(key, Counts()) + ending.counts
    if sums:
        await counters.add(conn, sums)


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

    @property
    def healthy(self) -> bool:
        """False while PostgreSQL is away, or the writes are far behind: nothing may be dialled."""
        return not self._away and len(self._batch) < LIMIT

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

    def job(self, job: Job, *, first: bool = False) -> None:
        """`first`: before the closings of the same transaction."""
        (self._batch.first_jobs if first else self._batch.jobs).append(job)
        self._touch()

    def answer(self, done: commands.Done) -> None:
        self._batch.answers.append(done)
        self._touch()

    def tell(self, topics: Sequence[str], body: Body) -> None:
        self._batch.news.append(News(tuple(topics), body, self._clock.now()))
        self._touch()

    async def run(self) -> None:
        while True:
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
        for news in batch.news:
            self._publisher.publish(news.topics, news.body, news.at)
        if not self._due.is_set():
            self._idle.set()

    async def _insist(self, batch: Batch) -> None:
        while True:
            if await self._written(batch):
                return
            await asyncio.sleep(RETRY_S)

    async def _written(self, batch: Batch) -> bool:
        """False: try again. A record PostgreSQL refuses is dropped alone, and never jams the others."""
        try:
            async with self._db.transaction() as conn:
                await batch.write(conn, self._clock.now())
        except _AWAY as error:
            if not self._away:
                log.error("PostgreSQL is away, nothing is dialled meanwhile: %s", error)
            self._away = not isinstance(error, RetryTransaction)
            return False
        except Exception as error:
            pieces = batch.pieces()
            if len(pieces) == 1:
                log.exception("a record was refused and is lost: %r", batch)
                return True
            log.warning("%d records are written one by one: %s", len(pieces), error)
            for piece in pieces:
                await self._insist(piece)
        if self._away:
            log.warning("PostgreSQL is back")
        self._away = False
        return True
