"""One agent's shift: what the agent is doing now, what happened, what is to be done.

    LoggedOut → Connecting → Ready ⇄ Paused
                               ├→ Previewing (a contact to decide on) → Reserved, or Ready
                               ├→ Reserved (a call is placed for this agent) ─┐
                               └→ Offered → Talking → WrapUp → Ready          │
                                     └────────────────────────────────────────┘
    any of them → LineLost → (called back) → where the agent was

A pause or a log-out asked for in a call waits (`pending`) until the wrap-up is over.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

CALL_BACK_S = (2.0, 5.0, 15.0, 30.0, 60.0)
"""A lost line is called back after these waits; then the agent is logged out."""
NOT_ANSWERING = "not_answering"


class AgentState(StrEnum):
    LOGGED_OUT = "logged_out"
    CONNECTING = "connecting"
    READY = "ready"
    PREVIEW = "preview"
    RESERVED = "reserved"
    OFFERED = "offered"
    TALKING = "talking"
    WRAPUP = "wrapup"
    PAUSED = "paused"
    LINE_LOST = "line_lost"


class Pending(StrEnum):
    NONE = ""
    PAUSE = "pause"
    LOGOUT = "logout"


# --- states ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class State:
    since: datetime
    pending: Pending = Pending.NONE
    reason: str = ""
    """Of the pause, or of the pending one."""


@dataclass(frozen=True, slots=True)
class LoggedOut(State):
    pass


@dataclass(frozen=True, slots=True)
class Connecting(State):
    """The phone rings for the held line."""


@dataclass(frozen=True, slots=True)
class Ready(State):
    """Takes the next call. With something pending: held back for a moment because answers are expected."""


@dataclass(frozen=True, slots=True)
class Paused(State):
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class OnCall(State):
    attempt_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class Previewing(OnCall):
    """Shown a contact: calls it, or skips it. There is no call yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reserved(OnCall):
    """A call is being placed for this agent alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Offered(OnCall):
    """Being joined to a customer; a ringing agent's phone rings."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Talking(OnCall):
    typified: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class WrapUp(OnCall):
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class LineLost(State):
    tries: int = 0
    was: State
    """Where the agent goes on when the line is back: Ready, Paused or WrapUp."""


# --- events ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Event:
    pass


@dataclass(frozen=True, slots=True)
class LoginAsked(Event):
    has_line: bool
    """False: a ringing agent, with no line to open."""


@dataclass(frozen=True, slots=True)
class LineOpened(Event):
    """The held line is up: asked for by us, or dialled in by the agent."""


@dataclass(frozen=True, slots=True)
class LineFailed(Event):
    """The phone did not answer our call."""


@dataclass(frozen=True, slots=True)
class LineDropped(Event):
    pass


@dataclass(frozen=True, slots=True)
class ReadyAsked(Event):
    pass


@dataclass(frozen=True, slots=True)
class PauseAsked(Event):
    reason: str
    answers_expected: bool = False
    """More answers are expected than the other agents could take: not at once."""


@dataclass(frozen=True, slots=True)
class LogoutAsked(Event):
    answers_expected: bool = False


@dataclass(frozen=True, slots=True)
class HoldBackEnded(Event):
    """The moment for which a pause was held back is over."""


@dataclass(frozen=True, slots=True)
class ContactShown(Event):
    """A contact to decide on; `attempt_id` is the one its call will have."""

    attempt_id: UUID


@dataclass(frozen=True, slots=True)
class CallReserved(Event):
    attempt_id: UUID


@dataclass(frozen=True, slots=True)
class CallOffered(Event):
    attempt_id: UUID


@dataclass(frozen=True, slots=True)
class CallTaken(Event):
    attempt_id: UUID


@dataclass(frozen=True, slots=True)
class CallWithdrawn(Event):
    """Offered or reserved, and came to nothing."""

    attempt_id: UUID
    unanswered: bool = False
    """The agent's phone rang in vain."""


@dataclass(frozen=True, slots=True)
class CallEnded(Event):
    attempt_id: UUID
    wrapup_s: float


@dataclass(frozen=True, slots=True)
class Typified(Event):
    attempt_id: UUID


@dataclass(frozen=True, slots=True)
class WrapUpExtended(Event):
    seconds: float


@dataclass(frozen=True, slots=True)
class WrapUpEnded(Event):
    """The time until then ran out, whatever the clock says by now: it may have been set back."""

    until: datetime


@dataclass(frozen=True, slots=True)
class CallBackFell(Event):
    """The lost line is to be called back now."""


# --- commands -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Command:
    pass


@dataclass(frozen=True, slots=True)
class OpenLine(Command):
    pass


@dataclass(frozen=True, slots=True)
class DropLine(Command):
    pass


@dataclass(frozen=True, slots=True)
class CallBack(Command):
    after_s: float


@dataclass(frozen=True, slots=True)
class HoldBack(Command):
    """Send `HoldBackEnded` after the usual moment."""


@dataclass(frozen=True, slots=True)
class TimeWrapUp(Command):
    until: datetime


@dataclass(frozen=True, slots=True)
class LeaveUntypified(Command):
    attempt_id: UUID


@dataclass(frozen=True, slots=True)
class Refuse(Command):
    """An act the agent's state does not allow; `error_id` is stable."""

    error_id: str


@dataclass(frozen=True, slots=True)
class Unexpected(Command):
    state: str
    event: str


Step = tuple[State, tuple[Command, ...]]


def name(state: State) -> AgentState:
    return _NAMES[type(state)]


def attempt_of(state: State) -> UUID | None:
    if isinstance(state, LineLost):
        return attempt_of(state.was)
    return state.attempt_id if isinstance(state, OnCall) else None


def step(state: State, event: Event, now: datetime) -> Step:
    match event:
        case LoginAsked(has_line):
            return _log_in(state, has_line, now)
        case LineOpened():
            return _line_opened(state, now)
        case LineFailed() | LineDropped() | CallBackFell():
            return _line(state, event, now)
        case PauseAsked() | LogoutAsked() | ReadyAsked() | HoldBackEnded():
            return _asked(state, event, now)
        case Typified() | WrapUpExtended() | WrapUpEnded():
            return _wrapup(state, event, now)
    return _call(state, event, now)


# --- the line -------------------------------------------------------------------------------------


def _log_in(state: State, has_line: bool, now: datetime) -> Step:
    match state:
        case LoggedOut():
            return (Connecting(now), (OpenLine(),)) if has_line else (Ready(now), ())
        case LineLost():
            return replace(state, tries=0), (OpenLine(),)
    return replace(state, pending=Pending.NONE) if state.pending is Pending.LOGOUT else state, ()


def _line_opened(state: State, now: datetime) -> Step:
    match state:
        case Connecting() | LoggedOut():  # logged out: the agent dialled in
            return Ready(now), ()
        case LineLost(was=WrapUp() as was, pending=pending, reason=reason):
            return replace(was, since=now, pending=pending, reason=reason), ()
        case LineLost(was=Paused() as was):
            return replace(was, since=now), ()
        case LineLost(was=Talking(), pending=pending, reason=reason):
            return Ready(now, pending, reason), ()  # the customer, kept with music, comes back first
        case LineLost(pending=pending, reason=reason):
            return _free(pending, reason, now)
    return state, ()


def _line(state: State, event: Event, now: datetime) -> Step:
    match state, event:
        case Connecting(), LineFailed() | LineDropped():
            return LoggedOut(now, reason=NOT_ANSWERING), ()
        case LineLost(), LineFailed() | LineDropped():
            return _next_try(state, now)
        case LineLost(), CallBackFell():
            return state, (OpenLine(),)
        case Ready() | Paused() | WrapUp() | OnCall(), LineDropped():
            return _lost(state, now)
        case LoggedOut(), _:
            return state, ()
    return _unexpected(state, event)


def _lost(state: State, now: datetime) -> Step:
    """A call it breaks is ended by the call's own events; the agent may still typify it."""
    was = Ready(now) if isinstance(state, Ready | Previewing | Reserved | Offered) else state
    lost = LineLost(now, state.pending, state.reason, tries=0, was=was)
    if state.pending is Pending.LOGOUT and not isinstance(state, WrapUp | Talking):
        return LoggedOut(now), ()
    return lost, (CallBack(CALL_BACK_S[0]),)


def _next_try(state: LineLost, now: datetime) -> Step:
    tries = state.tries + 1
    if tries >= len(CALL_BACK_S):
        left = attempt_of(state)
        untypified: tuple[Command, ...] = (LeaveUntypified(left),) if left else ()
        return LoggedOut(now, reason=NOT_ANSWERING), untypified
    return replace(state, tries=tries), (CallBack(CALL_BACK_S[tries]),)


# --- what the agent asks for ----------------------------------------------------------------------


def _asked(state: State, event: Event, now: datetime) -> Step:
    match state, event:
        case Paused() | Connecting() | LoggedOut(), PauseAsked(reason):
            return (replace(state, reason=reason), ()) if isinstance(state, Paused) else _refuse(state)
        case Ready(), PauseAsked(reason, expected):
            if expected:
                return replace(state, pending=Pending.PAUSE, reason=reason), (HoldBack(),)
            return Paused(now, reason=reason), ()
        case Ready(), LogoutAsked(expected) if expected:
            return replace(state, pending=Pending.LOGOUT), (HoldBack(),)
        case Previewing(), PauseAsked(reason):  # nothing has begun: the contact is given back
            return Paused(now, reason=reason), ()
        case Ready() | Paused() | Previewing() | Connecting() | LoggedOut(), LogoutAsked():
            return LoggedOut(now), (DropLine(),)
        case LineLost(was=Ready() | Paused()), LogoutAsked():
            return LoggedOut(now), (DropLine(),)
        case _, PauseAsked(reason):
            return replace(state, pending=Pending.PAUSE, reason=reason), ()
        case _, LogoutAsked():
            return replace(state, pending=Pending.LOGOUT), ()
        case Paused(), ReadyAsked():
            return Ready(now), ()
        case LoggedOut() | Connecting(), ReadyAsked():
            return _refuse(state)
        case LineLost(was=Paused()), ReadyAsked():
            return replace(state, was=Ready(now)), ()
        case _, ReadyAsked():  # also takes back what is pending
            return replace(state, pending=Pending.NONE, reason=""), ()
        case Ready(), HoldBackEnded():
            return _free(state.pending, state.reason, now) if state.pending else (state, ())
        case _, HoldBackEnded():
            return state, ()
    return _unexpected(state, event)


# --- calls ----------------------------------------------------------------------------------------


def _call(state: State, event: Event, now: datetime) -> Step:
    match state, event:
        case Ready(), ContactShown(attempt):
            return Previewing(now, state.pending, state.reason, attempt_id=attempt), ()
        case Previewing(), CallReserved(attempt) if attempt == state.attempt_id:
            return Reserved(now, state.pending, state.reason, attempt_id=attempt), ()
        case Ready(), CallReserved(attempt):
            return Reserved(now, state.pending, state.reason, attempt_id=attempt), ()
        case Paused(), CallReserved(attempt):  # a call the agent places by hand; the pause goes on after it
            return Reserved(now, Pending.PAUSE, state.reason, attempt_id=attempt), ()
        case Ready(), CallOffered(attempt):
            return Offered(now, state.pending, state.reason, attempt_id=attempt), ()
        case Reserved(), CallOffered(attempt) if attempt == state.attempt_id:
            return Offered(now, state.pending, state.reason, attempt_id=attempt), ()
        case Offered() | Reserved() | Ready(), CallTaken(attempt):
            return Talking(now, state.pending, state.reason, attempt_id=attempt), ()
        case Previewing() | Offered() | Reserved(), CallWithdrawn(attempt, unanswered) if (
            attempt == state.attempt_id
        ):
            if unanswered and not state.pending:
                return Paused(now, reason=NOT_ANSWERING), ()
            return _free(state.pending, state.reason, state.since if not unanswered else now)
        case Talking(typified=True), CallEnded(attempt) if attempt == state.attempt_id:
            return _free(state.pending, state.reason, now)
        case Talking() | Offered() | Reserved(), CallEnded(attempt, wrapup_s) if attempt == state.attempt_id:
            return _wrap_up(state, wrapup_s, now)
        case LineLost(was=Talking() as was), CallEnded(attempt, wrapup_s) if attempt == was.attempt_id:
            after, done = (Ready(now), ()) if was.typified else _wrap_up(was, wrapup_s, now)
            return replace(state, was=replace(after, pending=Pending.NONE)), done
        case _, CallWithdrawn() | CallEnded():
            return state, ()  # it was told already, by the line or by the wrap-up
    return _unexpected(state, event)


def _wrap_up(state: OnCall, wrapup_s: float, now: datetime) -> Step:
    until = now + timedelta(seconds=wrapup_s)
    after = WrapUp(now, state.pending, state.reason, attempt_id=state.attempt_id, until=until)
    return after, (TimeWrapUp(until),)


def _wrapup(state: State, event: Event, now: datetime) -> Step:
    match state, event:
        case Talking(), Typified(attempt) if attempt == state.attempt_id:
            return replace(state, typified=True), ()
        case WrapUp(), Typified(attempt) if attempt == state.attempt_id:
            return _free(state.pending, state.reason, now)
        case LineLost(was=WrapUp() as was), Typified(attempt) if attempt == was.attempt_id:
            return replace(state, was=Ready(now)), ()
        case LineLost(was=Talking() as was), Typified(attempt) if attempt == was.attempt_id:
            return replace(state, was=replace(was, typified=True)), ()
        case WrapUp(), WrapUpExtended(seconds):
            until = state.until + timedelta(seconds=seconds)
            return replace(state, until=until), (TimeWrapUp(until),)
        case WrapUp(), WrapUpEnded(until) if until >= state.until:
            free, done = _free(state.pending, state.reason, now)
            return free, (LeaveUntypified(state.attempt_id), *done)
        case LineLost(was=WrapUp() as was), WrapUpEnded(until) if until >= was.until:
            return replace(state, was=Ready(now)), (LeaveUntypified(was.attempt_id),)
        case _, WrapUpExtended():
            return _refuse(state)
        case _, Typified() | WrapUpEnded():
            return state, ()  # typified later than the wrap-up, or it was extended meanwhile
    return _unexpected(state, event)


def _free(pending: Pending, reason: str, since: datetime) -> Step:
    """Done with a call: the next one, or what was asked for meanwhile."""
    match pending:
        case Pending.PAUSE:
            return Paused(since, reason=reason), ()
        case Pending.LOGOUT:
            return LoggedOut(since), (DropLine(),)
    return Ready(since), ()


def _refuse(state: State) -> Step:
    """Pause and ready need an open line, more time a wrap-up that runs."""
    match state:
        case LoggedOut():
            return state, (Refuse("not_logged_in"),)
        case Connecting():
            return state, (Refuse("still_connecting"),)
    return state, (Refuse("not_in_wrapup"),)


def _unexpected(state: State, event: Event) -> Step:
    return state, (Unexpected(type(state).__name__, type(event).__name__),)


_NAMES: dict[type[State], AgentState] = {
    LoggedOut: AgentState.LOGGED_OUT,
    Connecting: AgentState.CONNECTING,
    Ready: AgentState.READY,
    Previewing: AgentState.PREVIEW,
    Reserved: AgentState.RESERVED,
    Offered: AgentState.OFFERED,
    Talking: AgentState.TALKING,
    WrapUp: AgentState.WRAPUP,
    Paused: AgentState.PAUSED,
    LineLost: AgentState.LINE_LOST,
}
