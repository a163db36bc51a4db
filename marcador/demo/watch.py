"""Reads the demo's figures now and then, has them shown, and says when it is over."""

import asyncio
from collections import deque
from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID

from dialer import campaigns
from dialer.campaigns import Doing, Status
from marcador.demo import dashboard, figures
from marcador.demo.dashboard import AgentLine
from marcador.demo.desk import Desk
from marcador.demo.figures import AgentTally, Figures
from marcador.demo.screen import Screen
from storage.database import Database

REFRESH_S = 0.5


class Watch:
    """`tally` and `recent` are filled by the desks."""

    def __init__(self, db: Database, campaign_id: UUID, started: datetime) -> None:
        self.tally = AgentTally()
        self.recent: deque[str] = deque(maxlen=dashboard.RECENT)
        self._db = db
        self._campaign_id = campaign_id
        self._started = started

    async def until_over(
        self,
        desks: Sequence[Desk],
        working: Sequence["asyncio.Task[None]"],
        seconds: float | None,
        screen: Screen,
    ) -> Figures:
        """Until `seconds` have passed, nothing is left to dial, or Ctrl-C; a desk that fails ends it too."""
        while True:
            now, status = await self._read()
            elapsed = (datetime.now(UTC) - self._started).total_seconds()
            agents = [AgentLine(desk.name, desk.screen.state, desk.screen.customer) for desk in desks]
            screen.show(now, _words(status), agents, self.recent, elapsed)
            for task in working:
                if task.done():
                    task.result()
            if (seconds is not None and elapsed >= seconds) or status.doing is Doing.FINISHED:
                return now
            try:
                await asyncio.sleep(REFRESH_S)
            except asyncio.CancelledError:
                return now

    async def _read(self) -> tuple[Figures, Status]:
        async with self._db.connection() as conn:
            now = await figures.read(conn, self._campaign_id, self._started, self.tally)
            return now, (await campaigns.get(conn, self._campaign_id)).status


def _words(status: Status) -> str:
    return f"{status.doing} ({status.why})" if status.why else str(status.doing)
