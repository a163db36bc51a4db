"""From contacts to calls: a trunk for each, *begin attempt* for all at once, then the originates.

Nothing is sent before its attempt is stored. What happens between the two (a crash, a database that answers
too late) leaves an attempt without a call, which the sweep closes; never a call without an attempt.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from ami.actions import Action, Originate
from ami.errors import ActionRefused, AmiError, BadAction, Unanswered
from dialer import call as machine
from dialer.dialing import caller_id, dial_string
from dialer.engine import broadcast
from dialer.engine.calls import LiveCall
from dialer.engine.tools import Tools
from dialer.engine.trunks import TrunkRun
from dialer.errors import BadValue
from dialer.settings import Settings
from lists import attempts, contacts
from lists.model import AttemptKind, Begin, ContactState, Finish, Refusal, Reserved, Settlement
from storage.ids import uuid7

log = logging.getLogger(__name__)

RESCUE_MS = 25_000
"""A customer whose agent's line broke: kept so long, with music."""


@dataclass(frozen=True, slots=True)
class Planned:
    begin: Begin
    trunk: TrunkRun
    dial: str


@dataclass(frozen=True, slots=True)
class Placed:
    calls: list[LiveCall]
    refusals: list[Refusal]
    left: list[Reserved]
    """No trunk was free for these."""


class Placer:
    def __init__(self, tools: Tools) -> None:
        self._tools = tools

    async def place(
        self,
        campaign_id: UUID,
        settings: Settings,
        found: Sequence[Reserved],
        *,
        kind: AttemptKind = AttemptKind.DIALLED,
        agent_id: UUID | None = None,
        attempt_id: UUID | None = None,
    ) -> Placed:
        """Begin and originate. Raises `StorageError`: nothing could be begun, and nothing was sent."""
        planned: list[Planned] = []
        left: list[Reserved] = []
        for contact in found:
            plan = self._plan(campaign_id, settings, contact, kind, agent_id, attempt_id)
            if plan is None:
                left.append(contact)
            elif isinstance(plan, Planned):
                planned.append(plan)
        if not planned:
            return Placed([], [], left)
        answers = await self._begin(planned, settings)
        calls, refusals = [], []
        for plan, refusal in zip(planned, answers, strict=True):
            if refusal is None:
                calls.append(self._originate(plan, settings))
            else:
                plan.trunk.limits.give_back()
                refusals.append(refusal)
        return Placed(calls, refusals, left)

    def trunk_for(self, settings: Settings, *, server: str | None = None) -> TrunkRun | None:
        """The one with most free channels, among those (of this server) whose rate allows a call now."""
        now = self._tools.clock.now()
        open_ones = [
            run
            for run in self._tools.trunks.usable(settings.trunks, now)
            if run.limits.allowed(now) > 0 and server in (None, run.trunk.server)
        ]
        return max(open_ones, key=lambda run: run.limits.channels - run.limits.in_use, default=None)

    async def begin_one(self, begin: Begin, settings: Settings) -> Refusal | None:
        async with self._tools.db.transaction() as conn:
            answers = await attempts.begin(
                conn, [begin], {begin.campaign_id: settings.effective_caps}, self._tools.clock.now()
            )
        return answers[0]

    def _plan(
        self,
        campaign_id: UUID,
        settings: Settings,
        contact: Reserved,
        kind: AttemptKind,
        agent_id: UUID | None,
        attempt_id: UUID | None,
    ) -> Planned | Finish | None:
        trunk = self.trunk_for(settings)
        if trunk is None:
            return None
        now = self._tools.clock.now()
        try:
            dial = dial_string(trunk.trunk, contact.e164)
        except BadValue as error:
            log.warning("contact %s cannot be dialled: %s", contact.contact_id, error)
            decision = Finish(ContactState.REJECTED, "not_dialable")
            settlement = Settlement(contact.contact_id, decision, settings.effective_caps)
            self._tools.writer.job(lambda conn, at: contacts.settle_many(conn, [settlement], at))
            return decision
        trunk.limits.take(now)
        begin = Begin(
            attempt_id=attempt_id or uuid7(now),
            begun_at=now,
            kind=kind,
            campaign_id=campaign_id,
            contact=contact,
            customer_id=contact.customer_id,
            phone_id=contact.phone_id,
            e164=contact.e164,
            trunk=trunk.trunk.name,
            server=trunk.trunk.server,
            caller_id=caller_id(settings.caller_ids, trunk.trunk.caller_ids, contact.e164),
            epoch=self._tools.epoch,
            worker=self._tools.worker,
            agent_id=agent_id,
        )
        return Planned(begin, trunk, dial)

    async def _begin(self, planned: Sequence[Planned], settings: Settings) -> list[Refusal | None]:
        begins = [plan.begin for plan in planned]
        caps = {begin.campaign_id: settings.effective_caps for begin in begins}
        try:
            async with self._tools.db.transaction() as conn:
                return await attempts.begin(conn, begins, caps, self._tools.clock.now())
        except BaseException:
            for plan in planned:
                plan.trunk.limits.give_back()
            raise

    def _originate(self, plan: Planned, settings: Settings) -> LiveCall:
        begin = plan.begin
        generation = self._tools.sender.generation(begin.server)
        call = LiveCall.begun(begin, plan.trunk, ring_s=settings.ring_timeout_s, generation=generation)
        call.patience_s = settings.patience_ms / 1000
        if begin.kind is AttemptKind.BROADCAST:
            call.listens_s = broadcast.LISTENS_S
        self._tools.calls.add(call)
        try:
            action: Action = originate(plan, settings)
        except BadAction as error:
            self.failed(call, error)
        else:
            self._tools.sender.post(begin.server, action, lambda error: self.failed(call, error))
        return call

    def failed(self, call: LiveCall, error: AmiError) -> None:
        """Certainly not sent, or refused: over. Otherwise nobody knows, and it counts as sent."""
        never_went = isinstance(error, ActionRefused | BadAction) or (
            isinstance(error, Unanswered) and not error.sent
        )
        if never_went and not call.over:
            self._tools.calls.happen(call, machine.OriginateRefused(str(error)))


def originate(plan: Planned, settings: Settings) -> Originate:
    attempt = str(plan.begin.attempt_id)
    variables = {
        "MARCADOR_ATTEMPT": attempt,
        "MARCADOR_PATIENCE_MS": str(settings.patience_ms),
        "MARCADOR_AMD": "1" if settings.amd else "0",
        "MARCADOR_LANG": settings.language,
        "MARCADOR_RESCUE_MS": str(RESCUE_MS),
        "PJSIP_HEADER(add,X-Marcador-Attempt)": attempt,
    }
    if settings.message:
        variables["MARCADOR_MESSAGE"] = settings.message
    context = "marcador-customer"
    if plan.begin.kind is AttemptKind.BROADCAST:
        context = broadcast.CONTEXT
        variables |= broadcast.variables(settings.broadcast)
    return Originate(
        channel=plan.dial,
        channel_id=attempt,
        context=context,
        exten="answered",
        timeout_ms=settings.ring_timeout_s * 1000,
        caller_number=plan.begin.caller_id,
        variables=variables,
    )
