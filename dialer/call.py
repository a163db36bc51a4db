"""One call, from the originate to its end: what it is now, what happened, what is to be done.

    Sent → Ringing → Answered → Waiting → Joining → Talking → Over
                                   │          │        └→ Elsewhere (handed over) → Waiting, Over
                                   │          └→ Waiting (the agent could not be joined)
                                   └→ Closed (nobody came in time: hears the message) → Over

`step(state, event, now)` is the whole machine. Answered means answered by somebody or something; Waiting
means it may be joined to an agent. A pair (state, event) that should not occur changes nothing and is
reported as `Unexpected`: late events are normal life, so none may do harm.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

MACHINE = "MACHINE"
CUSTOMER, AGENT, DIALER, NETWORK = "customer", "agent", "dialer", "network"


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a call. `dialer.outcome` makes the verdict of it."""

    begun_at: datetime
    ringing_at: datetime | None = None
    early_media_at: datetime | None = None
    """The network spoke before the answer."""
    answered_at: datetime | None = None
    waiting_at: datetime | None = None
    """From here on an agent could have been joined."""
    connected_at: datetime | None = None
    ended_at: datetime | None = None
    amd: str = ""
    closed: bool = False
    opted_out: bool = False
    pressed: str = ""
    """A broadcast's keys, in order."""
    played: bool = False
    """A broadcast's audio, to its end."""
    left_message: bool = False
    out_of_hours: bool = False
    """A caller turned away by the campaign's hours."""
    refused: bool = False
    """The originate did not go out: certainly no call."""
    vanished: bool = False
    """Its end was missed; nobody knows how it ended."""
    originate_reason: int | None = None
    cause: int | None = None
    """Q.850; None and 0: not told."""
    sip_status: int = 0
    hung_up_by: str = ""
    agent_id: UUID | None = None
    """The first agent it was joined to."""
    reason: str = ""


# --- states ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class State:
    facts: Facts


@dataclass(frozen=True, slots=True)
class Sent(State):
    """Stored and handed to Asterisk, perhaps: what is not known counts as sent."""


@dataclass(frozen=True, slots=True)
class Ringing(State):
    pass


@dataclass(frozen=True, slots=True)
class Answered(State):
    """Somebody or something answered; machine detection may still listen."""


@dataclass(frozen=True, slots=True)
class Waiting(State):
    since: datetime
    rescued: bool = False
    """Its agent's line broke in the conversation."""


@dataclass(frozen=True, slots=True)
class Joining(State):
    """An agent is being joined to it (or rung for it)."""

    since: datetime
    agent_id: UUID
    rescued: bool = False


@dataclass(frozen=True, slots=True)
class Talking(State):
    agent_id: UUID


@dataclass(frozen=True, slots=True)
class Elsewhere(State):
    """Handed over: the customer talks with a third party, or is on the way there or back to the agents."""


IN_TALK = (Talking, Elsewhere)
"""The customer talks with somebody: no call of ours is hung up over their heads."""


@dataclass(frozen=True, slots=True)
class Closed(State):
    """Nobody came in time: it can no longer be joined."""


@dataclass(frozen=True, slots=True)
class Failing(State):
    """Not answered and over; either its cause or the originate's own answer is still to come."""


@dataclass(frozen=True, slots=True)
class Over(State):
    pass


# --- events ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Event:
    pass


@dataclass(frozen=True, slots=True)
class OriginateRefused(Event):
    """Asterisk said no, or the action was never written: there is no call."""

    reason: str


@dataclass(frozen=True, slots=True)
class OriginateFailed(Event):
    """The originate's own answer: it failed. Where there was a channel its `Hangup` tells the cause, and may
    come later, even where not one event of that channel has come yet: the two take different ways."""

    reason: int


@dataclass(frozen=True, slots=True)
class Rang(Event):
    pass


@dataclass(frozen=True, slots=True)
class EarlyMedia(Event):
    """Sound before the answer (183): the network's own ringing, or an announcement. Nobody is there yet."""


@dataclass(frozen=True, slots=True)
class PickedUp(Event):
    pass


@dataclass(frozen=True, slots=True)
class Judged(Event):
    """Machine detection's verdict."""

    status: str


@dataclass(frozen=True, slots=True)
class WaitEntered(Event):
    """It is in the waiting room: an agent may be joined to it."""


@dataclass(frozen=True, slots=True)
class AgentChosen(Event):
    agent_id: UUID


@dataclass(frozen=True, slots=True)
class Joined(Event):
    """Both legs entered one bridge: this, and no action's answer, is a conversation."""

    agent_id: UUID


@dataclass(frozen=True, slots=True)
class JoinFailed(Event):
    """The chosen agent could not be joined: refused, line lost, or phone not answered."""

    agent_id: UUID


@dataclass(frozen=True, slots=True)
class HandedOver(Event):
    """The agent has given the customer away, to somebody who is none of our agents or to whoever is free."""


@dataclass(frozen=True, slots=True)
class PatienceEnded(Event):
    pass


@dataclass(frozen=True, slots=True)
class OptedOut(Event):
    pass


@dataclass(frozen=True, slots=True)
class Keyed(Event):
    """A key, pressed while a broadcast's audio plays."""

    key: str


@dataclass(frozen=True, slots=True)
class AudioPlayed(Event):
    """A broadcast was heard to its end; `on_machine`: the audio for answering machines."""

    on_machine: bool = False


@dataclass(frozen=True, slots=True)
class TurnedAway(Event):
    """A caller outside the campaign's hours: hears so, and nobody is to be joined."""


@dataclass(frozen=True, slots=True)
class EndAsked(Event):
    """Somebody on our side wants it over; `by` is agent or dialer."""

    by: str


@dataclass(frozen=True, slots=True)
class EndRequested(Event):
    """The far end asked for the end (a BYE came in)."""


@dataclass(frozen=True, slots=True)
class HungUp(Event):
    cause: int
    sip_status: int = 0


@dataclass(frozen=True, slots=True)
class Vanished(Event):
    """Asterisk does not list it any more, or nothing was heard of it past every deadline."""


# --- commands -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Command:
    pass


@dataclass(frozen=True, slots=True)
class NoteProgress(Command):
    """Write to the live call's row: ringing, answered, connected."""

    state: str


@dataclass(frozen=True, slots=True)
class NoteEarlyMedia(Command):
    pass


@dataclass(frozen=True, slots=True)
class FindAgent(Command):
    pass


@dataclass(frozen=True, slots=True)
class JoinAgent(Command):
    agent_id: UUID


@dataclass(frozen=True, slots=True)
class BeginTalk(Command):
    agent_id: UUID


@dataclass(frozen=True, slots=True)
class ReleaseAgent(Command):
    """The agent has no call any more; `talked` tells a conversation from an offer that came to nothing."""

    agent_id: UUID
    talked: bool
    rescue: bool = False
    """The customer is still there and waits for the agent's line to come back."""


@dataclass(frozen=True, slots=True)
class HangUp(Command):
    pass


@dataclass(frozen=True, slots=True)
class BlockNumber(Command):
    """The customer pressed the opt-out key."""


@dataclass(frozen=True, slots=True)
class NoteKeys(Command):
    """Write down which keys have been pressed so far."""

    keys: str


@dataclass(frozen=True, slots=True)
class NoteAbandoned(Command):
    pass


@dataclass(frozen=True, slots=True)
class Settle(Command):
    """It is over: verdict, retry rules, counters."""


@dataclass(frozen=True, slots=True)
class Unexpected(Command):
    state: str
    event: str


Step = tuple[State, tuple[Command, ...]]


def step(state: State, event: Event, now: datetime) -> Step:
    match event:
        case HungUp():
            return _hung_up(state, event, now)
        case Vanished():
            return _vanished(state, now)
        case EndAsked():
            return _end_asked(state, event)
        case EndRequested():
            return _keep(state, hung_up_by=state.facts.hung_up_by or CUSTOMER), ()
        case OptedOut() if not isinstance(state, Over):
            return _keep(state, opted_out=True), (BlockNumber(),)
        case Keyed(key) if not isinstance(state, Over):
            keys = state.facts.pressed + key
            return _keep(state, pressed=keys), (NoteKeys(keys),)
        case TurnedAway() if isinstance(state, Answered | Waiting):
            return Closed(replace(state.facts, out_of_hours=True)), ()
        case AudioPlayed(on_machine) if not isinstance(state, Over):
            what = "left_message" if on_machine else "played"
            return _keep(state, hung_up_by=state.facts.hung_up_by or DIALER, **{what: True}), ()
    match state:
        case Sent() | Ringing():
            return _unanswered(state, event, now)
        case Answered() | Failing():
            return _answered(state, event, now)
        case Waiting() | Joining():
            return _waiting(state, event, now)
        case Talking():
            return _talking(state, event, now)
        case Elsewhere():
            return _elsewhere(state, event, now)
        case Closed() if isinstance(event, JoinFailed | PatienceEnded):
            return state, ()  # the deadline won; the agent was released when it did
    return _unexpected(state, event)


def _unanswered(state: State, event: Event, now: datetime) -> Step:
    match event:
        case Rang():
            ringing = Ringing(replace(state.facts, ringing_at=state.facts.ringing_at or now))
            return ringing, (NoteProgress("ringing"),) if isinstance(state, Sent) else ()
        case EarlyMedia() if state.facts.early_media_at is None:
            return _keep(state, early_media_at=now), (NoteEarlyMedia(),)
        case EarlyMedia():
            return state, ()
        case PickedUp():
            return Answered(replace(state.facts, answered_at=now)), (NoteProgress("answered"),)
        case OriginateRefused(reason):
            facts = replace(state.facts, refused=True, reason=reason, ended_at=now)
            return Over(facts), (Settle(),)
        case OriginateFailed(reason):
            return Failing(replace(state.facts, originate_reason=reason)), ()
        case Judged() | WaitEntered():  # the answer itself was missed
            answered, done = _unanswered(state, PickedUp(), now)
            after, more = _answered(answered, event, now)
            return after, (*done, *more)
        case Joined():
            answered, done = _unanswered(state, PickedUp(), now)
            after, more = _answered(answered, event, now)
            return after, (*done, *more)
        case PatienceEnded():
            answered, done = _unanswered(state, PickedUp(), now)
            after, more = _close(answered, now)
            return after, (*done, *more)
    return _unexpected(state, event)


def _answered(state: State, event: Event, now: datetime) -> Step:
    match event:
        case PickedUp() if isinstance(state, Answered):
            return state, ()  # told twice: by the channel's state and by the dialplan
        case Judged(status):
            return _keep(state, amd=status), ()
        case WaitEntered():
            waiting = Waiting(replace(state.facts, waiting_at=state.facts.waiting_at or now), now)
            return waiting, (FindAgent(),)
        case Joined(agent_id) if isinstance(state, Answered):
            return _begin_talk(state, agent_id, now)
        case OriginateFailed(reason) if isinstance(state, Failing):
            return Over(replace(state.facts, originate_reason=reason, ended_at=now)), (Settle(),)
        case PatienceEnded() if isinstance(state, Answered):
            return _close(state, now)
    return _unexpected(state, event)


def _waiting(state: Waiting | Joining, event: Event, now: datetime) -> Step:
    match state, event:
        case Waiting(), AgentChosen(agent_id):
            return Joining(state.facts, state.since, agent_id, state.rescued), (JoinAgent(agent_id),)
        case Joining(), JoinFailed(agent_id) if agent_id == state.agent_id:
            waiting = Waiting(state.facts, state.since, state.rescued)
            return waiting, (ReleaseAgent(agent_id, talked=False), FindAgent())
        case Joining(), WaitEntered():
            return state, ()  # back from a phone that was rung; `JoinFailed` says so
        case _, Joined(agent_id):
            after, done = _begin_talk(state, agent_id, now)
            if isinstance(state, Joining) and state.agent_id != agent_id:
                return after, (ReleaseAgent(state.agent_id, talked=False), *done)
            return after, done
        case _, PatienceEnded():
            return _close(state, now)
        case Waiting(), WaitEntered() | JoinFailed():
            return state, ()
        case _, PickedUp() | Judged():
            return state, ()
    return _unexpected(state, event)


def _talking(state: Talking, event: Event, now: datetime) -> Step:
    match event:
        case WaitEntered():
            waiting = Waiting(state.facts, now, rescued=True)
            return waiting, (ReleaseAgent(state.agent_id, talked=True, rescue=True), FindAgent())
        case Joined(agent_id) if agent_id == state.agent_id:
            return state, ()
        case Joined(agent_id):  # an attended transfer: the first agent has left
            after, done = _begin_talk(state, agent_id, now)
            return after, (ReleaseAgent(state.agent_id, talked=True), *done)
        case HandedOver():
            return Elsewhere(state.facts), (ReleaseAgent(state.agent_id, talked=True),)
        case PickedUp() | Judged() | JoinFailed():
            return state, ()
    return _unexpected(state, event)


def _elsewhere(state: Elsewhere, event: Event, now: datetime) -> Step:
    match event:
        case WaitEntered():  # nobody answered there, or a free agent is to take over
            return Waiting(state.facts, now, rescued=True), (FindAgent(),)
        case Joined(agent_id):
            return _begin_talk(state, agent_id, now)
        case HandedOver() | PickedUp() | Judged() | JoinFailed():
            return state, ()
    return _unexpected(state, event)


def _begin_talk(state: State, agent_id: UUID, now: datetime) -> Step:
    facts = replace(
        state.facts,
        connected_at=state.facts.connected_at or now,
        agent_id=state.facts.agent_id or agent_id,
    )
    return Talking(facts, agent_id), (NoteProgress("connected"), BeginTalk(agent_id))


def _close(state: State, now: datetime) -> Step:
    """The dialplan says who won at the deadline: from here on no join can succeed."""
    closed = Closed(replace(state.facts, closed=True))
    abandoned: tuple[Command, ...] = () if state.facts.connected_at else (NoteAbandoned(),)
    if isinstance(state, Joining):
        return closed, (ReleaseAgent(state.agent_id, talked=False), *abandoned)
    return closed, abandoned


def _end_asked(state: State, event: EndAsked) -> Step:
    if isinstance(state, Over | Failing):
        return state, ()
    return _keep(state, hung_up_by=state.facts.hung_up_by or event.by), (HangUp(),)


def _hung_up(state: State, event: HungUp, now: datetime) -> Step:
    if isinstance(state, Over):
        return state, ()
    facts = replace(
        state.facts,
        cause=event.cause,
        sip_status=event.sip_status,
        hung_up_by=state.facts.hung_up_by or _who(state),
    )
    undecided = isinstance(state, Sent | Ringing) and event.cause == 0 and facts.originate_reason is None
    if undecided and facts.hung_up_by == NETWORK:
        return Failing(facts), ()
    return _over(state, replace(facts, ended_at=now))


def _who(state: State) -> str:
    """Nobody of ours asked for it: after the answer that leaves the customer."""
    return NETWORK if isinstance(state, Sent | Ringing | Failing) else CUSTOMER


def _vanished(state: State, now: datetime) -> Step:
    if isinstance(state, Over):
        return state, ()
    known = isinstance(state, Failing | Closed)
    return _over(state, replace(state.facts, vanished=not known, ended_at=now))


def _over(state: State, facts: Facts) -> Step:
    match state:
        case Joining(agent_id=agent_id):
            return Over(facts), (ReleaseAgent(agent_id, talked=False), Settle())
        case Talking(agent_id=agent_id):
            return Over(facts), (ReleaseAgent(agent_id, talked=True), Settle())
    return Over(facts), (Settle(),)


def _keep(state: State, **changes: object) -> State:
    """The same state with more facts."""
    return replace(state, facts=replace(state.facts, **changes))  # type: ignore[arg-type]


def _unexpected(state: State, event: Event) -> Step:
    return state, (Unexpected(type(state).__name__, type(event).__name__),)
