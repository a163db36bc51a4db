"""The trunks as the engine uses them: their limits now, and out of use after several faults in a row."""

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from dialer import trunks
from dialer.dialing import is_dialled_by
from dialer.engine.sending import Sender
from dialer.engine.writes import Writer
from dialer.outcome import Fault, Verdict
from dialer.rate import TrunkLimits
from dialer.trunks import Trunk

log = logging.getLogger(__name__)

FAULTS_IN_A_ROW = 5
SUSPENSIONS_S = (60, 120, 300, 900)


@dataclass(slots=True, eq=False)
class TrunkRun:
    trunk: Trunk
    limits: TrunkLimits
    faults: int = 0
    suspensions: int = 0


class Trunks:
    def __init__(self, sender: Sender, writer: Writer) -> None:
        self._sender = sender
        self._writer = writer
        self._runs: dict[UUID, TrunkRun] = {}

    def refresh(self, rows: Iterable[Trunk]) -> None:
        """Limits changed by an operator hold from the next call on; calls under way keep their channels."""
        rows = list(rows)
        for trunk in rows:
            run = self._runs.get(trunk.id)
            if run is None:
                self._runs[trunk.id] = TrunkRun(trunk, TrunkLimits(trunk.calls_per_s, trunk.channels))
            else:
                run.trunk = trunk
                run.limits.calls_per_s, run.limits.channels = trunk.calls_per_s, trunk.channels
        for gone in self._runs.keys() - {trunk.id for trunk in rows}:
            del self._runs[gone]

    def by_name(self, name: str) -> TrunkRun | None:
        return next((run for run in self._runs.values() if run.trunk.name == name), None)

    def of_channel(self, server: str, channel: str) -> TrunkRun | None:
        """The trunk a channel of this name goes through."""
        return next(
            (
                run
                for run in self._runs.values()
                if run.trunk.server == server and is_dialled_by(run.trunk.dial, channel)
            ),
            None,
        )

    def usable(self, ids: Sequence[UUID], now: datetime) -> list[TrunkRun]:
        """Those of the campaign (none named: all) that may be used now and whose Asterisk is there."""
        chosen = [self._runs[i] for i in ids if i in self._runs] if ids else list(self._runs.values())
        return [run for run in chosen if run.trunk.usable(now) and self._sender.ready(run.trunk.server)]

    def why_none(self, ids: Sequence[UUID], now: datetime) -> tuple[str, datetime | None]:
        """In a word, why nothing can be dialled: no_trunk, trunk_suspended (until then) or no_asterisk."""
        chosen = [self._runs[i] for i in ids if i in self._runs] if ids else list(self._runs.values())
        enabled = [run.trunk for run in chosen if run.trunk.enabled]
        if not enabled:
            return "no_trunk", None
        ready = [trunk for trunk in enabled if trunk.usable(now)]
        if not ready:
            return "trunk_suspended", min(t.suspended_until for t in enabled if t.suspended_until)
        return "no_asterisk", None

    def took(self, run: TrunkRun, verdict: Verdict, now: datetime) -> None:
        """A call through it is over: its channel is free, and its faults in a row are counted."""
        run.limits.give_back()
        if verdict.fault is not Fault.TRUNK:
            if verdict.fault is not Fault.OURS:
                run.faults = run.suspensions = 0
            return
        run.faults += 1
        if run.faults >= FAULTS_IN_A_ROW and run.trunk.usable(now):
            self._suspend(run, verdict, now)

    def _suspend(self, run: TrunkRun, verdict: Verdict, now: datetime) -> None:
        seconds = SUSPENSIONS_S[min(run.suspensions, len(SUSPENSIONS_S) - 1)]
        until = now + timedelta(seconds=seconds)
        run.suspensions += 1
        run.faults = FAULTS_IN_A_ROW - 1  # after the pause, one more fault is enough
        log.error(
            "trunk %s suspended for %d s after %d faults in a row (%s)",
            run.trunk.name,
            seconds,
            FAULTS_IN_A_ROW,
            verdict.reason,
        )
        trunk_id = run.trunk.id
        run.trunk = replace(run.trunk, suspended_until=until)
        self._writer.job(lambda conn, _now: trunks.suspend(conn, trunk_id, until))
