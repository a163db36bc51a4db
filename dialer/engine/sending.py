"""Sending to Asterisk without waiting for it: what answers, answers later; what fails, is told."""

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence

from ami.actions import Action
from ami.errors import AmiError
from ami.link import Link

log = logging.getLogger(__name__)

Failed = Callable[[AmiError], None]


class Sender:
    def __init__(self, links: Mapping[str, Link], *, deadline: float = 5.0) -> None:
        self.links = links
        self._deadline = deadline
        self._tasks: set[asyncio.Task[None]] = set()
        self._reconciled: dict[str, int] = {}
        self._closed = False

    def up(self, server: str) -> bool:
        link = self.links.get(server)
        return link is not None and link.connected

    def ready(self, server: str) -> bool:
        """Up, and what it has is known: before that nobody may be dialled or joined there."""
        return self.up(server) and self._reconciled.get(server) == self.generation(server)

    def reconciled(self, server: str, generation: int) -> None:
        self._reconciled[server] = generation

    def generation(self, server: str) -> int:
        link = self.links.get(server)
        return link.generation if link is not None else 0

    def post(self, server: str, actions: Action | Sequence[Action], failed: Failed | None = None) -> None:
        """Send at once, several one after the other; `failed` hears of the first that went wrong."""
        if self._closed:
            return
        batch = (actions,) if isinstance(actions, Action) else tuple(actions)
        task = asyncio.get_running_loop().create_task(self._send(server, batch, failed))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def do(self, server: str, *actions: Action) -> bool:
        """One after the other, and wait for each: for what must have happened before the next step."""
        errors: list[AmiError] = []
        await self._send(server, actions, errors.append)
        return not errors

    async def _send(self, server: str, actions: Sequence[Action], failed: Failed | None) -> None:
        link = self.links[server]
        try:
            for action in actions:
                await link.send(action, deadline=self._deadline)
        except AmiError as error:
            log.info("%s: %s: %s", server, action.NAME, error)
            if failed is not None:
                failed(error)

    async def close(self) -> None:
        """Wait for what is under way: each action has its deadline. Nothing more is sent: a timer that
        still runs knows nothing of the next owner."""
        self._closed = True
        if self._tasks:
            await asyncio.wait(tuple(self._tasks))
