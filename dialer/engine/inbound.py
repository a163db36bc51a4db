"""Calls that come in: who calls, for which campaign, and then the same way as every waiting customer.

The number dialled decides the campaign, if it is one campaign's own; then whoever dialled this caller last;
then the first running voice campaign. See docs/decisions-dialer.md.
"""

import asyncio
import logging
from dataclasses import dataclass
from uuid import UUID

from ami.actions import Setvar
from ami.events import MarcadorInbound
from dialer import call as machine
from dialer import dids
from dialer.campaigns import Desired
from dialer.engine.calls import LiveCall
from dialer.engine.hub import Hub
from dialer.engine.placing import RESCUE_MS
from dialer.engine.receiving import PATIENCE_S, Receiver
from dialer.engine.tools import Tools
from lists import attempts, customers
from lists.model import AttemptKind, BeginInbound, Refusal
from lists.numbers import fold_inbound
from storage.database import Connection
from storage.errors import StorageError
from storage.ids import uuid7
from storage.queries import Queries

log = logging.getLogger(__name__)

QUERIES = Queries.load("dialer", "sql/callers.sql")
TRIES, TRY_EVERY_S = 5, 0.2


@dataclass(frozen=True, slots=True)
class Caller:
    e164: str | None
    customer_id: UUID | None
    campaign_id: UUID | None
    last_agent: UUID | None


class Inbound:
    def __init__(self, tools: Tools, hub: Hub) -> None:
        self._tools = tools
        self._hub = hub
        self._receiver = Receiver(tools, hub)
        self._tasks: set[asyncio.Task[None]] = set()

    def came_in(self, server: str, event: MarcadorInbound) -> None:
        if self._tools.epoch == 0 or self._tools.calls.on(event.uniqueid) is not None:
            return
        now = self._tools.clock.now()
        call = LiveCall(
            id=uuid7(now),
            begun_at=now,
            kind=AttemptKind.INBOUND,
            e164="",
            server=server,
            state=machine.Answered(machine.Facts(now, answered_at=now)),
            trunk=event.trunk,
            patience_s=PATIENCE_S,
            channel=event.uniqueid,
            has_channel=True,
            generation=self._tools.sender.generation(server),
        )
        self._hub.unidentified.add(call.id)
        self._tools.calls.add(call)
        kept = Setvar("MARCADOR_RESCUE_MS", str(RESCUE_MS), call.channel)
        self._tools.sender.post(server, kept)
        task = asyncio.get_running_loop().create_task(self._identify(call, event))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()

    async def _identify(self, call: LiveCall, event: MarcadorInbound) -> None:
        """Find the caller and store the attempt; without a database the caller is served all the same."""
        try:
            async with self._tools.db.connection() as conn:
                caller = await self.caller(conn, event.caller_number, event.did)
            call.e164 = caller.e164 or ""
            call.customer_id, call.campaign_id = caller.customer_id, caller.campaign_id
            await self._store(call)
            await self._receiver.receive(call, event, caller.last_agent)
        except StorageError as error:
            log.error("inbound call from %r is served unknown: %s", event.caller_number, error)
            # First: its whole conversation may be over before the database is back.
            self._tools.writer.first_job(
                lambda conn, _now: attempts.begin_inbound(conn, _begin(call, self._tools.worker))
            )
        finally:
            self._hub.unidentified.discard(call.id)
        if call.over:
            self._hub.closings.close_again(call)
        self._hub.began(call)
        self._hub.assign()

    async def caller(self, conn: Connection, number: str, did_called: str) -> Caller:
        """Who calls with this number, and whose call it is."""
        regions = [run.settings.region for run in self._hub.runs.values() if run.settings.region]
        e164 = fold_inbound(number, regions[0] if regions else "")
        did = await dids.dialled(conn, did_called, dict.fromkeys(regions))
        last = await conn.fetchrow(QUERIES["last_dialled"], e164) if e164 else None
        campaign_id = self._campaign_of(did, last["campaign_id"] if last else None)
        agent_id = await conn.fetchval(QUERIES["last_talk"], e164, campaign_id) if e164 else None
        called = last["customer_id"] if last is not None and last["campaign_id"] in self._hub.runs else None
        found = await customers.cards(conn, [called]) if called else []  # deleted since: none
        if e164 and not found:
            found = await customers.by_phone(conn, e164, limit=2)
        known = found[0].id if len(found) == 1 else None  # several matches: the agent chooses
        return Caller(e164, known, campaign_id, agent_id)

    def _campaign_of(self, did: dids.Did | None, dialled_by: UUID | None) -> UUID | None:
        """A number of one campaign's own is that campaign's, whoever calls; a shared one's callers return to
        the campaign that dialled them."""
        own = did.campaign_id if did is not None and did.campaign_id in self._hub.runs else None
        returned = dialled_by if dialled_by in self._hub.runs else None
        if own is not None and not (did is not None and did.shared and returned):
            return own
        return returned or self._default_campaign()

    def _default_campaign(self) -> UUID | None:
        """The first running voice campaign, else none: then any agent may take it."""
        voice = sorted(
            (run.campaign.name, run.id)
            for run in self._hub.runs.values()
            if run.campaign.kind == "voice" and run.campaign.desired is Desired.RUNNING
        )
        return voice[0][1] if voice else None

    async def _store(self, call: LiveCall) -> None:
        """While this customer rings through another call of ours, that one is ended first."""
        for _ in range(TRIES):
            refusal = await self._begin(call)
            if refusal is None:
                return
            self._cancel_others(call)
            await self._tools.clock.sleep(TRY_EVERY_S)
        call.customer_id = None  # somebody is talking with that customer: this one is stored as unknown
        await self._begin(call, hidden=True)

    async def _begin(self, call: LiveCall, *, hidden: bool = False) -> Refusal | None:
        async with self._tools.db.transaction() as conn:
            return await attempts.begin_inbound(conn, _begin(call, self._tools.worker, hidden=hidden))

    def _cancel_others(self, call: LiveCall) -> None:
        self._hub.cancel(
            [
                other.id
                for other in self._tools.calls
                if other is not call
                and (
                    (call.e164 and other.e164 == call.e164)
                    or (call.customer_id and other.customer_id == call.customer_id)
                )
            ]
        )


def _begin(call: LiveCall, worker: str, *, hidden: bool = False) -> BeginInbound:
    return BeginInbound(
        attempt_id=call.id,
        begun_at=call.begun_at,
        campaign_id=call.campaign_id,
        customer_id=call.customer_id,
        e164=None if hidden else call.e164 or None,
        trunk=call.trunk,
        server=call.server,
        worker=worker,
        channel=call.channel,
    )
