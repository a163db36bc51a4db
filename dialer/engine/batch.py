"""What has gathered to be written, in the order it is written in: one statement a table, however much."""

from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from dialer import agents, commands, counters
from dialer.agents import Presence, Stay
from dialer.compliance import Counts
from dialer.live import Body
from lists import attempts, contacts
from lists.model import Closing, Progress, Settlement
from storage.database import Connection
from typifications import interactions

Job = Callable[[Connection, datetime], Awaitable[object]]
"""A write of its own. It may be run again after a failure, so a second run must do no harm."""
Told = Callable[[], None]


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
    written: dict[Job, Told] = field(default_factory=dict)
    """Who is told when that first job has been committed."""
    endings: list[Ending] = field(default_factory=list)
    presences: dict[UUID, Presence] = field(default_factory=dict)
    stays: list[Stay] = field(default_factory=list)
    jobs: list[Job] = field(default_factory=list)
    afterwards: list[Job] = field(default_factory=list)
    """About calls that are over, and nothing else builds on them: they may come late."""
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
            + len(self.afterwards)
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
        for job in (*self.jobs, *self.afterwards):
            await job(conn, now)
        if self.answers:
            await commands.answer(conn, self.answers, now=now)

    @property
    def may_be_late(self) -> bool:
        """Whether it is one record that may come after later ones. A closing may: till then its attempt keeps
        number, contact and customer from being dialled."""
        return len(self) == len(self.endings) + len(self.afterwards) == 1

    def halves(self) -> "tuple[Batch, Batch]":
        """The same work for two transactions, in the same order."""
        pieces = list(self._pieces())
        middle = len(pieces) // 2
        return _together(pieces[:middle]), _together(pieces[middle:])

    def _pieces(self) -> "Iterator[Batch]":
        """Record by record, in the order of `write`."""
        for job in self.first_jobs:
            told = {job: self.written[job]} if job in self.written else {}
            yield Batch(first_jobs=[job], written=told)
        yield from (Batch(progress={key: step}) for key, step in self.progress.items())
        yield from (Batch(endings=[ending]) for ending in self.endings)
        yield from (Batch(presences={key: presence}) for key, presence in self.presences.items())
        yield from (Batch(stays=[stay]) for stay in self.stays)
        yield from (Batch(jobs=[job]) for job in self.jobs)
        yield from (Batch(afterwards=[job]) for job in self.afterwards)
        yield from (Batch(answers=[answer]) for answer in self.answers)


def _together(pieces: Iterable[Batch]) -> Batch:
    whole = Batch()
    for piece in pieces:
        whole.first_jobs += piece.first_jobs
        whole.written |= piece.written
        whole.progress |= piece.progress
        whole.endings += piece.endings
        whole.presences |= piece.presences
        whole.stays += piece.stays
        whole.jobs += piece.jobs
        whole.afterwards += piece.afterwards
        whole.answers += piece.answers
    return whole


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
