"""What a campaign has learned and keeps over restarts: its pacers' estimates, by mode, and who answers."""

import logging
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from dialer import counters
from dialer.chance import Chances, Standing, traits
from dialer.engine.calls import LiveCall
from dialer.engine.paced import GuardedPacer
from dialer.outcome import Fault, Outcome, Verdict
from dialer.settings import Settings
from lists import numbers
from lists.model import AttemptKind, Reserved
from storage.database import Connection

log = logging.getLogger(__name__)

_ANSWERED = (Outcome.CONNECTED, Outcome.ABANDONED, Outcome.GONE)
_SILENT_FAULTS = (Fault.TRUNK, Fault.OURS)
"""Whoever is at fault, the customer said nothing; an abandoned customer did."""


class Learned:
    def __init__(self, campaign_id: UUID) -> None:
        self._campaign_id = campaign_id
        self._memory: dict[str, Any] = {}
        self.chances = Chances()

    async def recall(self, conn: Connection, pacer: GuardedPacer) -> None:
        """Begin where the last run left off. Raises `StorageError`."""
        self._memory = await counters.load_memory(conn, self._campaign_id) or {}
        try:
            self.chances.restore(self._memory.get(counters.CHANCES, {}))
        except (KeyError, TypeError, ValueError):  # a damaged memory: start anew, as the pacer does
            log.exception("what was learned of who answers cannot be read")
            self.chances = Chances()
        self.warm(pacer)

    def warm(self, pacer: GuardedPacer) -> None:
        """Give a pacer what one of its mode learned before."""
        if pacer.mode in self._memory:
            pacer.restore(self._memory[pacer.mode])

    def note(self, pacer: GuardedPacer) -> None:
        self._memory[pacer.mode] = pacer.snapshot()

    async def keep(self, conn: Connection, pacer: GuardedPacer, now: datetime) -> None:
        """Raises `StorageError`."""
        self.note(pacer)
        self._memory[counters.CHANCES] = self.chances.snapshot()
        await counters.save_memory(conn, self._campaign_id, self._memory, now)

    def standing(self, settings: Settings) -> Standing:
        return self.chances.standing if settings.answer_chances == "auto" else Standing.OFF

    def meet(self, call: LiveCall, contact: Reserved, settings: Settings) -> float | None:
        """A call is placed: what is known of it, and its answer probability where that is to be believed."""
        try:
            call.traits = _traits_of(call, contact, settings)
            used = self.standing(settings) is Standing.USED
            return self.chances.predict(call.traits) if used else None
        except Exception:  # it only helps the pacer: no reason to lose sight of a call
            log.exception("nothing is known of who answers contact %s", contact.contact_id)
            return None

    def ended(self, call: LiveCall, verdict: Verdict) -> None:
        """The lesson of a call, where it says something of the customer."""
        if call.kind is not AttemptKind.DIALLED or not call.traits:
            return
        answered = verdict.outcome in _ANSWERED
        if answered or verdict.fault not in _SILENT_FAULTS:
            self.chances.learn(call.traits, answered)


def _traits_of(call: LiveCall, contact: Reserved, settings: Settings) -> tuple[str, ...]:
    zone = ZoneInfo(contact.zones[0]) if contact.zones else settings.time_zone
    return traits(
        call.begun_at,
        zone,
        attempts=contact.attempts,
        cursor=contact.cursor,
        phone=contact.phone_kind or _kind_of(contact.e164),
        past=contact.retries,
    )


def _kind_of(e164: str) -> str:
    """Of a number whose list does not say: by its country's plan."""
    number = numbers.parse(e164, "")
    if isinstance(number, numbers.BadNumber) or not number.valid:
        return ""
    return "mobile" if number.mobile else "fixed"
