"""Opt-outs pressed while nobody listened: read from Asterisk, stored as if they came now, deleted there.

The dialplan keeps each one in Asterisk's own database before it tells of it (`ami.kept`). It is deleted only
once PostgreSQL has it: one that was heard by the hub, all others here. Storing one twice does no harm.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from uuid import UUID

from ami.actions import DBDel, DBGetTree
from ami.errors import ActionRefused, AmiError
from ami.events import DatabaseEntry
from ami.kept import OPT_OUTS, KeptOptOut, opt_out
from dialer import call as machine
from dialer.broadcast import OPT_OUT_KEY
from dialer.engine.calls import LiveCall
from dialer.engine.inbound import Caller
from dialer.engine.opt_outs import forbid
from dialer.engine.tools import Tools
from lists import attempts
from lists.model import AttemptKind, Called
from storage.database import Connection
from storage.errors import StorageError

log = logging.getLogger(__name__)

EVERY_S = 60.0
AGAIN_S = 5.0
"""PostgreSQL or Asterisk was away."""
READ_S, READ_FIRST_S = 20.0, 2.0
"""Real seconds. After a log-in customers wait for the listing that comes after the first reading."""

Cancel = Callable[[Sequence[UUID]], None]
WhoCalled = Callable[[Connection, str, str], Awaitable[Caller]]
"""By the caller's number and the number of ours that was dialled."""


class KeptOptOuts:
    def __init__(self, tools: Tools, cancel: Cancel, who_called: WhoCalled) -> None:
        self._tools = tools
        self._cancel = cancel
        self._who_called = who_called
        self._due = asyncio.Event()
        self._unreadable: set[str] = set()
        """The servers that refuse to tell, each said once."""

    async def run(self) -> None:
        """A task of its own: whoever has much to store keeps no call waiting."""
        while True:
            self._due.clear()
            stored = await asyncio.gather(*map(self._store_all, self._tools.sender.links))
            wait_s = EVERY_S if all(stored) else AGAIN_S
            timer = self._tools.clock.call_later(wait_s, self._due.set)
            await self._due.wait()
            timer.cancel()

    def hurry(self) -> None:
        self._due.set()

    async def tell(self, server: str, *, deadline: float = READ_FIRST_S) -> list[KeptOptOut]:
        """Read what is kept; a call that is still with us hears of its own as it would have then. The others.

        Raises nothing: an Asterisk that does not answer, or may not, keeps nobody from being called.
        """
        others = []
        for kept in await self._read(server, deadline):
            call = self._tools.calls.named(kept.attempt)
            if call is None:
                others.append(kept)
            elif not call.state.facts.opted_out:  # else it was heard, and is being stored
                for event in _unheard(call):
                    self._tools.calls.happen(call, event)
        return others

    async def _read(self, server: str, deadline: float) -> list[KeptOptOut]:
        if not self._tools.sender.up(server):
            return []
        try:
            listed = await self._tools.sender.links[server].send(DBGetTree(OPT_OUTS), deadline=deadline)
        except ActionRefused as error:
            if server not in self._unreadable:
                self._unreadable.add(server)
                log.error("%s: opt-outs pressed while nobody listened cannot be read: %s", server, error)
            return []
        except AmiError as error:
            log.warning("%s: its kept opt-outs could not be read: %s", server, error)
            return []
        self._unreadable.discard(server)
        return [kept for item in listed.items if (kept := self._understood(server, item)) is not None]

    def _understood(self, server: str, entry: object) -> KeptOptOut | None:
        """What is no attempt's was written by another hand: it goes, and the log has it."""
        if not isinstance(entry, DatabaseEntry):
            return None
        kept = opt_out(entry)
        if kept is None:
            log.error("%s: no opt-out, and deleted: %r", server, entry)
            self._tools.sender.post(server, DBDel(OPT_OUTS, entry.key))
        return kept

    async def _store_all(self, server: str) -> bool:
        """False: to be done again soon."""
        others = await self.tell(server, deadline=READ_S)
        if others and not self._tools.writer.healthy:
            return False
        for kept in others:
            try:
                await self._store(server, kept)
            except StorageError as error:
                log.warning("%s: kept opt-outs are stored later: %s", server, error)
                return False
            except Exception:
                log.exception("%s: %r could not be stored, and stays", server, kept)
                continue
            self._tools.sender.post(server, DBDel(OPT_OUTS, kept.attempt))
        return True

    async def _store(self, server: str, kept: KeptOptOut) -> None:
        attempt_id = _attempt_id(kept.attempt)
        async with self._tools.db.transaction() as conn:
            whom = await attempts.called(conn, attempt_id) if attempt_id else None
            if whom is None and kept.number:
                caller = await self._who_called(conn, kept.number, kept.did)
                whom = Called(caller.e164 or "", caller.customer_id, caller.campaign_id)
            if whom is None or not whom.known:
                log.error("%s: %r is nobody's we know, and is dropped", server, kept)
                return
            ringing = await forbid(conn, whom, attempt_id, self._tools.clock.now())
        self._cancel(ringing)
        log.info("%s: opt-out of attempt %s stored, which nobody had heard", server, kept.attempt)


def _unheard(call: LiveCall) -> tuple[machine.Event, ...]:
    """What the dialplan had told of this call up to the key."""
    if call.kind is not AttemptKind.BROADCAST:
        return machine.PatienceEnded(), machine.OptedOut()
    missed: list[machine.Event] = []
    if isinstance(call.state, machine.Sent | machine.Ringing):
        missed.append(machine.PickedUp())
    if OPT_OUT_KEY not in call.state.facts.pressed:
        missed.append(machine.Keyed(OPT_OUT_KEY))
    return *missed, machine.OptedOut()


def _attempt_id(attempt: str) -> UUID | None:
    """None: the channel's id, of a call that came in."""
    try:
        return UUID(attempt)
    except ValueError:
        return None
