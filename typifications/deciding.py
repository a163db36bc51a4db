"""From the chosen results to what follows: pure, total, and refused with a reason where it may not be.

Order of effects, kept by `typifications.interactions`: interaction, flags, action, new event, so that
"delete earlier events" never deletes the new one.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from lists.model import ContactState, Decision, Finish, Retry, Schedule
from typifications.errors import Refused
from typifications.local_time import instant
from typifications.model import (
    Action,
    CampaignKind,
    DoNotCallScope,
    Result,
    ResultClass,
    ScheduleRequest,
)

DEFAULT_RECALL_WAIT_S = 1800
FARTHEST = timedelta(days=366)


@dataclass(frozen=True, slots=True)
class Context:
    """What the decision depends on besides the results."""

    now: datetime
    """When the effects happen: at once, or at the hang-up."""
    typed_at: datetime
    kind: CampaignKind = CampaignKind.DIALER
    agent_id: UUID | None = None
    recall_wait_s: int = DEFAULT_RECALL_WAIT_S
    numbers: frozenset[str] | None = None
    """The customer's; None: no customer is known, any number will do."""
    legal: Callable[[datetime], str | None] = lambda at: None
    """Why the scheduled number may not be called at that instant, or None."""


@dataclass(frozen=True, slots=True)
class NewEvent:
    due_at: datetime
    zone: str
    e164: str
    agent_id: UUID | None
    note: str


@dataclass(frozen=True, slots=True)
class Effects:
    action: Action | None
    """The one that decides; None: no level carried any."""
    deletes_events: bool
    removes_from_lists: bool
    decision: Decision | None
    """For the contact, where there is one. None: a voice campaign's result moves no contact."""
    do_not_call: DoNotCallScope | None
    wrong_number: bool
    new_event: NewEvent | None


def decide(path: Sequence[Result], schedule: ScheduleRequest | None, context: Context) -> Effects:
    """Flags are ORed over the levels; the deepest level with an action or scheduling decides.

    Raises `Refused`.
    """
    deciding = next((result for result in reversed(path) if result.action is not None), None)
    opted_out = next((result for result in reversed(path) if ResultClass.OPT_OUT in result.classes), None)
    ruling, action = deciding, deciding.action if deciding else None
    if opted_out is not None and action is not Action.DO_NOT_CALL:
        # The law stands above the supervisor's choice: who opts out is not called, whatever else was picked.
        ruling, action = opted_out, Action.DO_NOT_CALL
    if action is Action.SCHEDULE:
        event = _event(schedule, context)
    elif schedule is not None and action is not Action.DO_NOT_CALL:
        raise Refused("schedule_not_allowed", "this result does not allow scheduling")
    else:
        event = None
    scope = ruling.do_not_call_scope if ruling and action is Action.DO_NOT_CALL else None
    return Effects(
        action=action,
        deletes_events=any(result.deletes_events for result in path),
        removes_from_lists=any(result.removes_from_lists for result in path),
        decision=_decision(action, ruling, context) if context.kind is CampaignKind.DIALER else None,
        do_not_call=scope,
        wrong_number=any(ResultClass.WRONG_NUMBER in result.classes for result in path),
        new_event=event,
    )


def _decision(action: Action | None, ruling: Result | None, context: Context) -> Decision:
    if action is Action.SCHEDULE:
        return Schedule()
    if action is Action.RECALL:
        return Retry(_recall_at(ruling, context), phone="same", to_end=True)
    if action is Action.RECALL_ALTERNATE:
        return Retry(_recall_at(ruling, context), phone="next", to_end=True)
    if action is Action.DO_NOT_CALL:
        if ruling is not None and ruling.do_not_call_scope is DoNotCallScope.NUMBER_ONLY:
            return Retry(_recall_at(ruling, context), phone="next", to_end=True)
        return Finish(ContactState.DO_NOT_CALL, "typified")
    return Finish(ContactState.DONE, "typified")


def _recall_at(ruling: Result | None, context: Context) -> datetime:
    own = ruling.recall_wait_s if ruling else None
    return context.now + timedelta(seconds=context.recall_wait_s if own is None else own)


def _event(schedule: ScheduleRequest | None, context: Context) -> NewEvent:
    if schedule is None:
        raise Refused("schedule_missing", "this result needs a date and a time")
    if schedule.mine and context.kind is not CampaignKind.DIALER:
        raise Refused("mine_needs_dialer", "only a dialer campaign keeps a call-back for one agent")
    if schedule.mine and context.agent_id is None:
        raise Refused("mine_needs_agent", "nobody is there to keep the call-back for")
    if context.numbers is not None and schedule.e164 not in context.numbers:
        raise Refused("phone_unknown", "this is none of the customer's numbers: add it first")
    due = due_at(schedule.local, schedule.zone, typed_at=context.typed_at)
    if why := context.legal(due):
        raise Refused("illegal_hour", "the customer may not be called at that hour", why=why)
    return NewEvent(
        due_at=due,
        zone=schedule.zone,
        e164=schedule.e164,
        agent_id=context.agent_id if schedule.mine else None,
        note=schedule.note,
    )


def due_at(local: datetime, zone: str, *, typed_at: datetime) -> datetime:
    """The instant of a typed local time. Raises `Refused`: no zone, the past, more than a year ahead."""
    try:
        due = instant(local.replace(tzinfo=None), ZoneInfo(zone))
    except (KeyError, ValueError, OSError, OverflowError) as error:
        raise Refused("zone_unknown", f"{zone!r} is no time zone", zone=zone) from error
    if due <= typed_at:
        raise Refused("in_the_past", "that time is over already")
    if due > typed_at + FARTHEST:
        raise Refused("too_far_ahead", "a call is scheduled at most a year ahead")
    return due
