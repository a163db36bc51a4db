"""What nobody tells us of, looked for: calls whose end was missed, attempts begun and never placed."""

from collections import defaultdict
from datetime import datetime, timedelta

from dialer import call as machine
from dialer.compliance import Counts
from dialer.engine.adoption import adopt_call
from dialer.engine.batch import Ending
from dialer.engine.hub import Hub
from dialer.engine.reconcile import Reconciler
from dialer.engine.rhythm import Rhythm
from dialer.engine.tools import Tools
from dialer.outcome import Fault, Outcome
from lists import attempts
from lists.model import Caps, Closing, LiveAttempt, LiveState, Retry, Settlement

LOOK_EVERY_S = 2.0
ROLL_CALL_EVERY_S = 60.0
BALANCE_EVERY_S = 2.0
ORPHANS_EVERY_S = 30.0
ORPHAN_S = 30.0
"""An attempt that is in the database and not here: its *begin* was committed, its answer lost on the way."""
REMEMBER_EVERY_S = 60.0
RETRY_S = 60.0


class Sweep:
    def __init__(self, tools: Tools, hub: Hub, reconciler: Reconciler) -> None:
        self._tools = tools
        self._hub = hub
        self._reconciler = reconciler
        self._rhythm = Rhythm(tools.clock, 1.0)

    async def sweep(self) -> None:
        """Raises `StorageError`."""
        if self._rhythm.is_due("look", LOOK_EVERY_S):
            await self._look_for_overdue()
        if self._rhythm.is_due("roll call", ROLL_CALL_EVERY_S):
            for server in self._tools.sender.links:
                if self._tools.sender.up(server):
                    await self._reconciler.roll_call(server)
        if self._rhythm.is_due("balance", BALANCE_EVERY_S):
            self._hub.homing.balance()
        # While ends are being written, a call that is over here may still live there.
        if self._tools.writer.idle and self._rhythm.is_due("orphans", ORPHANS_EVERY_S):
            await self._close_orphans()
        if self._rhythm.is_due("remember", REMEMBER_EVERY_S):
            for run in self._hub.runs.values():
                if run.hungry:
                    await run.remember()
                    await run.recall_budget()

    async def _look_for_overdue(self) -> None:
        by_server = defaultdict(list)
        for call in self._tools.calls.overdue():
            if isinstance(call.state, machine.Failing) or call.server not in self._tools.sender.links:
                self._tools.calls.happen(call, machine.Vanished())
            else:
                by_server[call.server].append(call)
        for server, overdue in by_server.items():
            if self._tools.sender.up(server):
                await self._reconciler.look_for(server, overdue)

    async def _close_orphans(self) -> None:
        now = self._tools.clock.now()
        known = {call.id for call in self._tools.calls}
        async with self._tools.db.connection() as conn:
            rows = await attempts.live(conn, worker=self._tools.worker)
        for row in rows:
            if row.attempt_id in known or now - row.updated_at < timedelta(seconds=ORPHAN_S):
                continue
            if row.state is LiveState.BEGUN:
                self._tools.writer.end(_never_placed(row, now))
            else:
                adopt_call(row, {}, self._tools, self._hub)  # the next look says what became of it


def _never_placed(row: LiveAttempt, now: datetime) -> Ending:
    """We know for certain that no originate went out: it costs nothing."""
    closing = Closing(
        attempt_id=row.attempt_id,
        begun_at=row.begun_at,
        ended_at=now,
        outcome=Outcome.REFUSED,
        fault=Fault.OURS,
        reason="never_placed",
        costs_attempt=False,
    )
    settlement = None
    if row.contact_id is not None:
        again = Retry(now + timedelta(seconds=RETRY_S), outcome=Outcome.REFUSED)
        settlement = Settlement(row.contact_id, again, Caps())
    return Ending(closing, settlement, row.campaign_id, Counts())
