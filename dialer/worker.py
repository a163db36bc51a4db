"""A dialer process: stands by until the floor is free, dials it, and hands it on.

Several workers may run on one database: one owns the floor (a lease with an epoch), the others wait and take
over within seconds when it dies. Conversations live in Asterisk and survive all of them.
"""

import asyncio
import contextlib
import logging
import secrets
from collections.abc import Mapping

from ami.link import Link
from dialer import leases
from dialer.commands import WAKE
from dialer.engine.engine import POLL_S, Engine
from dialer.engine.writes import WRITE_GAP_S
from storage.bus import Bus
from storage.clock import Clock
from storage.database import Database
from storage.errors import StorageError

log = logging.getLogger(__name__)

LEASE_S = 6.0
RENEW_S = 2.0
STAND_BY_S = 1.0


class Worker:
    """`links` are started and stopped by whoever made them; they may come up later."""

    def __init__(
        self,
        db: Database,
        links: Mapping[str, Link],
        bus: Bus,
        clock: Clock,
        *,
        name: str = "dialer",
        floor: str = "main",
        lease_s: float = LEASE_S,
        poll_s: float = POLL_S,
        write_gap_s: float = WRITE_GAP_S,
    ) -> None:
        """`poll_s`: how often commands are looked for where no bus tells of them. `write_gap_s`: business
        seconds between two transactions of the engine's records; more gathers more in one."""
        self._db = db
        self._links = links
        self._bus = bus
        self._clock = clock
        self.name = f"{name}.{secrets.token_hex(4)}"
        """Of this run alone: a process started again is another worker."""
        self._floor = f"floor.{floor}"
        self._lease_s = lease_s
        self._poll_s = poll_s
        self._write_gap_s = write_gap_s
        self._tasks: list[asyncio.Task[None]] = []
        self.engine: Engine | None = None
        """While this worker owns the floor."""

    async def start(self) -> None:
        """Returns at once; `engine` is there when the floor is ours."""
        loop = asyncio.get_running_loop()
        self._tasks = [
            loop.create_task(self._own(), name="dialer owner"),
            loop.create_task(self._listen(), name="dialer wake-up"),
        ]

    async def stop(self, drain_s: float = 0.0) -> None:
        """Begin nothing new, wait so many business seconds for what rings, and let go of the floor."""
        if self.engine is not None and drain_s > 0:
            await self.engine.drain(drain_s)
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)
        self._tasks = []

    async def _listen(self) -> None:
        async with self._bus.subscribe(WAKE) as subscription:
            async for _ in subscription:
                if self.engine is not None:
                    self.engine.wake()

    async def _own(self) -> None:
        """Take the floor, dial it as long as it is ours, and stand by again when it is lost."""
        while True:
            epoch = await self._take()
            if epoch is None:
                await asyncio.sleep(STAND_BY_S)
                continue
            engine = Engine(
                self._db,
                self._links,
                self._bus,
                self._clock,
                self.name,
                epoch,
                poll_s=self._poll_s,
                write_gap_s=self._write_gap_s,
            )
            try:
                await engine.start()
                self.engine = engine
                await self._keep(engine, epoch)
            except StorageError as error:
                log.warning("the floor could not be taken over yet: %s", error)
            except Exception:
                log.exception("the dialer failed, and takes the floor anew")
            finally:
                self.engine = None
                await asyncio.shield(self._let_go(engine, epoch))
            await asyncio.sleep(STAND_BY_S)

    async def _take(self) -> int | None:
        try:
            async with self._db.transaction() as conn:
                return await leases.take(conn, self._floor, self.name, self._lease_s)
        except StorageError as error:
            log.warning("no lease: %s", error)
            return None

    async def _keep(self, engine: Engine, epoch: int) -> None:
        """Renew until another owns the floor. While PostgreSQL is away nobody else can take it either, and
        the engine goes on with the calls it has."""
        while True:
            await asyncio.sleep(RENEW_S)
            if engine.failed is not None:
                raise RuntimeError("a part of the dialer ended") from engine.failed
            try:
                async with self._db.transaction() as conn:
                    ours = await leases.renew(conn, self._floor, self.name, epoch, self._lease_s)
            except StorageError as error:
                log.warning("the lease could not be renewed: %s", error)
                continue
            if not ours:
                log.error("another worker owns the floor now")
                return

    async def _let_go(self, engine: Engine, epoch: int) -> None:
        await engine.stop()
        with contextlib.suppress(StorageError):
            async with self._db.transaction() as conn:
                await leases.give_back(conn, self._floor, self.name, epoch)
