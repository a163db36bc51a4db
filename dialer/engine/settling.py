"""From a call that is over to its record: the verdict, what becomes of the contact, what is counted."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from dialer import call as machine
from dialer.compliance import counts
from dialer.engine.batch import Ending, Job
from dialer.engine.broadcast import listened
from dialer.engine.callbacks import call_back
from dialer.engine.calls import LiveCall
from dialer.outcome import CallFacts, Outcome, Verdict, verdict
from dialer.retry import after_call, agenda_retry
from dialer.settings import Settings
from lists import contacts
from lists.model import AttemptKind, AwaitTypification, Closing, PhoneState, Retry, Schedule, Settlement
from storage.database import Connection
from typifications import agenda, interactions
from typifications.interactions import Rules

Cancel = Callable[[Sequence[UUID]], None]


def ending_of(
    call: LiveCall, settings: Settings | None, now: datetime, cancel: Cancel
) -> tuple[Ending, Verdict]:
    """`cancel` hangs up calls that ring to numbers the agent has just put on do-not-call."""
    settings = settings or Settings()
    facts = call_facts(call.state.facts)
    if call.kind is AttemptKind.BROADCAST:
        facts = replace(facts, listened=listened(call.state.facts, settings.broadcast))
    found = verdict(facts)
    closing = _closing(call, found, now)
    settlement: Settlement | None = None
    after: Job | None = None
    if_typified: Job | None = None
    if found.outcome is Outcome.CONNECTED:
        if_typified = _as_typified(call, settings, cancel)
        if call.contact_id is not None:
            settlement = Settlement(call.contact_id, AwaitTypification(), settings.effective_caps)
    elif call.kind is AttemptKind.INBOUND:
        after = call_back(call, settings)
    elif call.contact_id is not None:
        decision = after_call(found, settings, call.retries, now)
        settlement = Settlement(call.contact_id, decision, settings.effective_caps)
        if call.kind in (AttemptKind.AGENT_BOUND, AttemptKind.MANUAL):
            after = _after_call_of_event(settlement, found, settings)
            settlement = None
    counted = counts(call.kind, found)
    return Ending(closing, settlement, call.campaign_id, counted, after, if_typified), found


def call_facts(facts: machine.Facts) -> CallFacts:
    return CallFacts(
        cause=facts.cause or 0,
        sip_status=facts.sip_status,
        originate_reason=facts.originate_reason,
        amd=facts.amd,
        ringing_at=facts.ringing_at,
        answered_at=facts.answered_at,
        connected_at=facts.connected_at,
        closed=facts.closed,
        hung_up_by=facts.hung_up_by,
        cancelled=facts.hung_up_by in (machine.DIALER, machine.AGENT) and facts.answered_at is None,
        refused=facts.refused,
        lost=facts.vanished,
        out_of_hours=facts.out_of_hours,
    )


def rules_of(settings: Settings) -> Rules:
    return Rules(recall_wait_s=settings.recall_wait_s, caps=settings.effective_caps)


def _closing(call: LiveCall, found: Verdict, now: datetime) -> Closing:
    facts = call.state.facts
    return Closing(
        attempt_id=call.id,
        begun_at=call.begun_at,
        ended_at=facts.ended_at or now,
        outcome=found.outcome,
        fault=found.fault,
        cause=facts.cause,
        reason=found.reason,
        amd=facts.amd,
        hung_up_by=facts.hung_up_by,
        ringing_at=facts.ringing_at,
        early_media_at=facts.early_media_at,
        answered_at=facts.answered_at,
        connected_at=facts.connected_at,
        agent_id=facts.agent_id,
        costs_attempt=found.costs_attempt,
        phone_state=PhoneState.BAD if found.bad_number else None,
    )


def _as_typified(call: LiveCall, settings: Settings, cancel: Cancel) -> Job:
    """What the agent said during the conversation holds from its end on."""
    rules = rules_of(settings)

    async def apply(conn: Connection, now: datetime) -> None:
        applied = await interactions.at_hang_up(conn, call.id, rules, now=now)
        if applied is not None:
            cancel(applied.hang_up)

    return apply


def _after_call_of_event(ordinary: Settlement, found: Verdict, settings: Settings) -> Job:
    """A call for an agenda event is tried again soon, a few times; then the contact is its list's again. One
    made by hand before the time that was agreed on leaves that time as it is."""

    async def apply(conn: Connection, now: datetime) -> None:
        contact_id, decision = ordinary.contact_id, ordinary.decision
        tries = await agenda.tried(conn, contact_id, now) if found.costs_attempt else None
        if tries is not None:
            again = agenda_retry(found, settings, tries, now)
            if again is not None:
                decision = again
            else:
                await agenda.give_up(conn, contact_id, now)
                if isinstance(decision, Retry):
                    decision = Retry(
                        decision.not_before, decision.phone, outcome=decision.outcome, unbind=True
                    )
        elif await agenda.agreed(conn, contact_id, now):
            decision = Schedule()
        await contacts.settle_many(conn, [Settlement(contact_id, decision, settings.effective_caps)], now)

    return apply
