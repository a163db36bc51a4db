"""Work that outlives its request (loading an upload): few at a time, ended with the process."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import structlog

from crm_api.errors import ApiError

log = structlog.get_logger(__name__)
WAITING = 20  # jobs accepted beyond those running


class Jobs:
    def __init__(self, at_once: int) -> None:
        self._turn = asyncio.Semaphore(at_once)
        self._most = at_once + WAITING
        self._tasks: set[asyncio.Task[None]] = set()

    def refuse_when_full(self) -> None:
        if len(self._tasks) >= self._most:
            raise ApiError(503, "too_many_jobs", "too many uploads are waiting: try again later")

    def start(self, name: str, work: Coroutine[Any, Any, None], *, ended: Callable[[], None]) -> None:
        """Run it when its turn comes. Its errors are its own to store; what it lets out is logged. `ended` is
        called however it ends, also where the process does before its turn has come."""
        task = asyncio.create_task(self._run(name, work), name=name)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        task.add_done_callback(lambda _: ended())

    def knows(self, name: str) -> bool:
        """Is a job of this name running, or waiting for its turn?"""
        return any(task.get_name() == name for task in self._tasks)

    async def idle(self) -> None:
        """Until nothing runs any more."""
        while self._tasks:
            await asyncio.wait(set(self._tasks))

    async def stop(self) -> None:
        """End all; a job that is cancelled marks its own row."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _run(self, name: str, work: Coroutine[Any, Any, None]) -> None:
        try:
            async with self._turn:
                await work
        except Exception:
            log.exception("job_failed", job=name)
        finally:
            work.close()  # never begun when the process ended first
