"""What only time brings about: lists expire, attempts have run out, a shift ends, a worker left work undone.

It has a task of its own: a list of a million contacts that ends must not keep the others waiting.
"""

import logging
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from uuid import UUID

from asyncpg import Record

from dialer import agent as desk
from dialer.campaigns import Desired
from dialer.engine.campaign import CampaignRun
from dialer.engine.hub import Hub
from dialer.engine.settling import rules_of
from dialer.engine.tools import Tools
from dialer.hours import day_start
from dialer.outcome import Outcome
from dialer.settings import Settings
from lists import contacts, dial_lists
from lists.model import AwaitTypification, Decision, Retry, Settlement
from storage.database import Connection
from storage.errors import StorageError
from storage.queries import Queries
from typifications import agenda, interactions, results
from typifications.deciding import Context, decide
from typifications.errors import NotFound, Refused
from typifications.interactions import Rules
from typifications.model import CampaignKind, Interaction, Typification

log = logging.getLogger(__name__)

QUERIES = Queries.load("dialer", "sql/upkeep.sql")

EVERY_S = 60.0
BATCH = 2000
OVERLAP = timedelta(minutes=5)
"""A contact's end may be committed so long after the moment it carries."""
UNKNOWN_WAIT_S = 3600
EVER = datetime(1970, 1, 1, tzinfo=UTC)

_Shift = tuple[int, datetime | None, UUID | None]
"""What a campaign's settings, its day and its default result were when nothing untypified was left."""


class Upkeep:
    def __init__(self, tools: Tools, hub: Hub) -> None:
        self._tools = tools
        self._hub = hub
        self._finished: dict[UUID, tuple[UUID, datetime]] = {}
        """Up to when a campaign's exhausted contacts have been given this final result."""
        self._shifts: dict[UUID, _Shift] = {}

    async def run(self) -> None:
        """The first look is a while after a take-over, which has more urgent things to do."""
        while True:
            await self._tools.clock.sleep(EVERY_S)
            await self._attempt("expired lists", self.expire_lists)
            for run in list(self._hub.runs.values()):
                await self._attempt("final results", partial(self.finish_exhausted, run))
                await self._attempt("default results", partial(self.end_shift, run))

    async def _attempt(self, what: str, act: Callable[[], Awaitable[None]]) -> None:
        """One part's failure never stops the others; all are done again in a minute."""
        try:
            await act()
        except StorageError as error:
            log.warning("%s: %s", what, error)
        except Exception:
            log.exception("%s failed", what)

    async def expire_lists(self) -> None:
        """Raises `StorageError`."""
        async with self._tools.db.transaction() as conn:
            ended = await dial_lists.expire_due(conn, self._tools.clock.now())
            if ended:
                await agenda.leave_expired(conn)
        if ended:
            log.info("%d contacts ended with their lists", ended)
            for run in self._hub.runs.values():
                run.more_contacts()

    async def finish_exhausted(self, run: CampaignRun) -> None:
        """Every contact whose attempts ran out has the campaign's final result, wherever it was ended: after
        a call, at *begin*, by an agent's recall. Raises `StorageError`."""
        result_id = run.settings.final_result_id
        if result_id is None:
            return
        now = self._tools.clock.now()
        given, since = self._finished.get(run.id, (result_id, EVER))
        if given != result_id:
            since = EVER
        try:
            while await self._finish_some(run.id, result_id, since):
                pass
        except NotFound:
            log.warning("campaign %s: its final result does not exist", run.campaign.name)
        else:
            self._finished[run.id] = (result_id, now - OVERLAP)

    async def _finish_some(self, campaign_id: UUID, result_id: UUID, since: datetime) -> bool:
        """True: there may be more."""
        async with self._tools.db.transaction() as conn:
            rows = await conn.fetch(QUERIES["exhausted"], campaign_id, since, BATCH)
            ids = [row["id"] for row in rows]
            given = await interactions.finish_exhausted(conn, ids, result_id, now=self._tools.clock.now())
        return len(ids) == BATCH and bool(given)

    async def end_shift(self, run: CampaignRun) -> None:
        """What nobody typified in a shift that is over gets the campaign's default result. A shift ends with
        the day in the campaign's zone, and when the campaign is stopped. Raises `StorageError`."""
        now = self._tools.clock.now()
        stopped = run.campaign.desired is Desired.STOPPED
        day = day_start(run.settings, now)
        shift = (run.campaign.revision, None if stopped else day, run.settings.default_result_id)
        if run.settings.default_result_id is None or self._shifts.get(run.id) == shift:
            return
        # Wrap-ups that still run in a stopped campaign may leave more: then it is looked at again.
        more_may_come = stopped and (self._is_busy(run) or not self._tools.writer.idle)
        path = await self._default_path(run, run.settings.default_result_id)
        while path:
            async with self._tools.db.connection() as conn:
                left = await interactions.untypified_of(conn, run.id, now if stopped else day, limit=BATCH)
            given = [await self._give_default(run, interaction, path) for interaction in left]
            if len(left) < BATCH or not any(given):
                break
        if not more_may_come:
            self._shifts[run.id] = shift

    def _is_busy(self, run: CampaignRun) -> bool:
        return bool(run.live) or any(
            agent.about is not None
            and agent.about.campaign_id == run.id
            and desk.attempt_of(agent.state) is not None
            for agent in self._tools.agents
        )

    async def _default_path(self, run: CampaignRun, result_id: UUID) -> tuple[UUID, ...]:
        """Empty where the default can be given to nobody: retired, another campaign's, or one with a date to
        choose."""
        now = self._tools.clock.now()
        async with self._tools.db.connection() as conn:
            try:
                wanted = tuple(result.id for result in await results.path_to(conn, result_id))
                path = (await results.tree(conn, run.id)).path(wanted)
                if path is None:
                    raise Refused("result_unknown", "it is none of the campaign's results")
                decide(path, None, Context(now, now))
            except (NotFound, Refused) as error:
                log.warning("campaign %s: its default result cannot be given: %s", run.campaign.name, error)
                return ()
        return wanted

    async def _give_default(self, run: CampaignRun, left: Interaction, path: tuple[UUID, ...]) -> bool:
        """Each by itself: one that is refused keeps none of the others."""
        said = Typification(
            campaign_id=run.id,
            path=path,
            attempt_id=left.attempt_id,
            attempt_at=left.attempt_at,
            customer_id=left.customer_id,
            contact_id=left.contact_id,
            e164=left.e164,
            note=left.note,
            profile_data=left.profile_data,
            idempotency_key=f"default:{left.id}",
        )
        try:
            async with self._tools.db.transaction() as conn:
                applied = await interactions.typify(conn, said, _rules(run), now=self._tools.clock.now())
        except Refused as error:
            log.warning("interaction %s stays untypified: %s", left.id, error)
            return False
        self._hub.cancel(applied.hang_up)
        if applied.settled is not None:
            run.more_contacts(applied.settled.next_at)
        return True


async def settle_stranded(conn: Connection, run: CampaignRun, now: datetime) -> None:
    """At a take-over: contacts that are live without a call go on as if their last call had ended now.

    Closed and settled are one transaction, so there are none, unless PostgreSQL refused somebody's record.
    """
    ids = await contacts.stranded(conn, run.id)
    if not ids:
        return
    log.warning("campaign %s: %d contacts were live without a call", run.campaign.name, len(ids))
    calls = {row["contact_id"]: row for row in await conn.fetch(QUERIES["last_calls"], ids)}
    settlements = []
    for contact_id in ids:
        call = calls.get(contact_id)
        outcome = call["outcome"] if call is not None else None
        if call is not None and outcome == Outcome.CONNECTED:
            applied = await interactions.at_hang_up(conn, call["attempt_id"], _rules(run), now=now)
            if applied is not None:
                continue
            await interactions.untypified(conn, _about(run, call), now=now)  # for whoever completes it
        settlements.append(
            Settlement(contact_id, _after(outcome, run.settings, now), run.settings.effective_caps)
        )
    await contacts.settle_many(conn, settlements, now)


def _about(run: CampaignRun, call: Record) -> Typification:
    return Typification(
        campaign_id=run.id,
        path=(),
        attempt_id=call["attempt_id"],
        attempt_at=call["attempt_at"],
        customer_id=call["customer_id"],
        contact_id=call["contact_id"],
        agent_id=call["agent_id"],
        e164=call["e164"] or "",
    )


def _after(outcome: str | None, settings: Settings, now: datetime) -> Decision:
    if outcome == Outcome.CONNECTED:
        return AwaitTypification()
    rule = settings.retry_rule(Outcome(outcome)) if outcome in set(Outcome) else None
    wait_s = rule.wait_s if rule is not None else UNKNOWN_WAIT_S
    return Retry(now + timedelta(seconds=wait_s), outcome=outcome)


def _rules(run: CampaignRun) -> Rules:
    rules = rules_of(run.settings)
    return Rules(CampaignKind(run.campaign.kind), rules.recall_wait_s, rules.caps)
