"""What Asterisk tells us, as values. Names are Asterisk's own; fields are the field's words.

Every event of a channel carries `uniqueid` (for our originates: the attempt's id), `linkedid` (the uniqueid
of the conversation's first channel) and `channel` (its name).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum


class ChannelState(IntEnum):
    """Asterisk's own numbers (`enum ast_channel_state`)."""

    DOWN = 0
    RESERVED = 1
    OFFHOOK = 2
    DIALING = 3
    RING = 4
    """An inbound channel that waits for our answer."""
    RINGING = 5
    """The far end rings (180)."""
    UP = 6
    BUSY = 7
    DIALING_OFFHOOK = 8
    PRERING = 9


@dataclass(frozen=True, slots=True)
class Event:
    """Root of everything a `Link` hands to its subscribers."""


# --- the link itself ----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class LinkUp(Event):
    """Logged in. Events between the last `LinkDown` and this were missed: reconcile by listing."""

    link: str
    generation: int


@dataclass(frozen=True, slots=True)
class LinkDown(Event):
    link: str
    generation: int
    """The session that ended."""
    reason: str


@dataclass(frozen=True, slots=True)
class FullyBooted(Event):
    """Asterisk takes calls. Comes after each login, at once where it was booted already."""

    uptime_s: int
    status: str


@dataclass(frozen=True, slots=True)
class Shutdown(Event):
    """Asterisk is going down; the connection is about to close."""

    restart: bool


# --- channels -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ChannelEvent(Event):
    uniqueid: str
    linkedid: str
    channel: str


@dataclass(frozen=True, slots=True)
class Newchannel(ChannelEvent):
    state: ChannelState
    caller_number: str
    caller_name: str
    context: str
    exten: str


@dataclass(frozen=True, slots=True)
class Newstate(ChannelEvent):
    """`RINGING` is the far end's 180; early media (183) shows as `DialState` "PROGRESS" only."""

    state: ChannelState
    connected_number: str


@dataclass(frozen=True, slots=True)
class DialBegin(ChannelEvent):
    """The INVITE goes out. The channel is the dialled one; `caller_*` is empty for an originate."""

    caller_uniqueid: str
    caller_channel: str
    dial_string: str


@dataclass(frozen=True, slots=True)
class DialState(ChannelEvent):
    """Progress: `status` is RINGING (180), PROGRESS (183) or PROCEEDING (100)."""

    caller_uniqueid: str
    caller_channel: str
    status: str


@dataclass(frozen=True, slots=True)
class DialEnd(ChannelEvent):
    """`status` is ANSWER, BUSY, NOANSWER, CANCEL, CONGESTION, CHANUNAVAIL, ..."""

    caller_uniqueid: str
    caller_channel: str
    status: str


@dataclass(frozen=True, slots=True)
class HangupRequest(ChannelEvent):
    """The far end hung up (a BYE came in); a `Hangup` without one before it was ours or Asterisk's."""

    cause: int


@dataclass(frozen=True, slots=True)
class SoftHangupRequest(ChannelEvent):
    """Somebody on our side asked for the hang-up: an action, the dialplan, a transfer."""

    cause: int


@dataclass(frozen=True, slots=True)
class Hangup(ChannelEvent):
    """The channel is gone. `cause` is Q.850 (0 where Asterisk knows none)."""

    cause: int
    cause_txt: str
    state: ChannelState
    """The state it died in: `UP` only if it had been answered."""
    tech_cause: int
    """The SIP status, where Asterisk tells it (0: it does not)."""


@dataclass(frozen=True, slots=True)
class Hold(ChannelEvent):
    """The far end put us on hold."""

    music_class: str


@dataclass(frozen=True, slots=True)
class Unhold(ChannelEvent):
    pass


@dataclass(frozen=True, slots=True)
class DtmfEnd(ChannelEvent):
    digit: str
    duration_ms: int
    received: bool
    """False: a digit we sent."""


@dataclass(frozen=True, slots=True)
class Rename(ChannelEvent):
    """A masquerade: the same uniqueid goes by another name from now on."""

    new_name: str


@dataclass(frozen=True, slots=True)
class VarSet(ChannelEvent):
    variable: str
    value: str


# --- originate ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class OriginateResponse(Event):
    """How an asynchronous originate ended. `uniqueid` is our channel id, also where no channel was made."""

    uniqueid: str
    channel: str
    success: bool
    reason: int
    """0 failed, 1 hung up, 3 no answer (timeout), 4 answered, 5 busy, 8 congestion."""
    action_id: str


# --- bridges ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class BridgeCreate(Event):
    bridge: str
    kind: str
    creator: str
    name: str


@dataclass(frozen=True, slots=True)
class BridgeEnter(ChannelEvent):
    bridge: str
    kind: str
    """`basic`: a conversation. `base`: a waiting room, a conference."""
    creator: str
    """`BridgeWait` for a waiting room, `ConfBridge` for the room of the closed; empty for a conversation."""
    name: str
    """The waiting room's: `marcador-customers`, `marcador-agents`."""
    channels: int
    """How many are in it now."""


@dataclass(frozen=True, slots=True)
class BridgeLeave(ChannelEvent):
    bridge: str
    kind: str
    creator: str
    name: str
    channels: int


@dataclass(frozen=True, slots=True)
class BridgeDestroy(Event):
    bridge: str


# --- our dialplan's own words (docs/asterisk-guide.md) ------------------------------------------


@dataclass(frozen=True, slots=True)
class MarcadorEvent(ChannelEvent):
    """What our dialplan raises for an attempt. `at_ms` is Asterisk's clock, epoch milliseconds."""

    attempt: str


@dataclass(frozen=True, slots=True)
class MarcadorAnswered(MarcadorEvent):
    """The customer answered: the patience begins, unless machine detection comes first."""

    at_ms: int


@dataclass(frozen=True, slots=True)
class MarcadorAmd(MarcadorEvent):
    """Machine detection's verdict: HUMAN, MACHINE, NOTSURE or HANGUP. The patience begins here."""

    status: str
    cause: str
    took_ms: int


@dataclass(frozen=True, slots=True)
class MarcadorInbound(MarcadorEvent):
    """A customer calls us, and was just answered; `attempt` is the channel's uniqueid."""

    caller_number: str
    did: str
    trunk: str
    at_ms: int
    patience_ms: int = 0
    """How long the dialplan lets it wait if nobody says otherwise; 0: it did not tell."""


@dataclass(frozen=True, slots=True)
class MarcadorClosed(MarcadorEvent):
    """Nobody came within the patience: final, from here on a `Bridge` of this customer fails.

    The channel's fields are those of the message's player: go by `attempt`.
    """

    at_ms: int


@dataclass(frozen=True, slots=True)
class MarcadorOptOut(MarcadorEvent):
    """The customer pressed the opt-out key, at the abandoned-call message or a broadcast. Always before the
    hang-up."""

    number: str
    """Who called, for an inbound call; empty for a dialled one."""


@dataclass(frozen=True, slots=True)
class MarcadorKey(MarcadorEvent):
    """A key, pressed while a broadcast's audio plays or after it."""

    key: str


@dataclass(frozen=True, slots=True)
class MarcadorPlayed(MarcadorEvent):
    """A broadcast's audio was heard to its end, and no key pressed."""

    on_machine: bool
    """It was the audio for answering machines."""


@dataclass(frozen=True, slots=True)
class MarcadorRingFailed(MarcadorEvent):
    """A ringing agent did not take the call; the customer waits again. `status`: Dial's word, or CLOSED."""

    agent: str
    status: str
    cause: int


@dataclass(frozen=True, slots=True)
class MarcadorLeft(MarcadorEvent):
    """The agent's line was lost in talk: the customer waits again, with music, for a rescue."""


@dataclass(frozen=True, slots=True)
class MarcadorManual(MarcadorEvent):
    """A manual call's customer channel exists: its uniqueid stands for the attempt from here on."""

    agent: str


@dataclass(frozen=True, slots=True)
class MarcadorManualEnded(MarcadorEvent):
    """Raised on the agent's line, which goes back to hold."""

    agent: str
    status: str
    cause: int


@dataclass(frozen=True, slots=True)
class MarcadorThird(MarcadorEvent):
    """A third party is being dialled for this call; the channel is theirs."""


@dataclass(frozen=True, slots=True)
class MarcadorThirdEnded(MarcadorEvent):
    """The third party did not answer, or has gone. Raised on the channel that dialled: the agent's at a
    consultation, the customer's at a blind transfer."""

    status: str
    cause: int


@dataclass(frozen=True, slots=True)
class MarcadorSpy(MarcadorEvent):
    """A supervisor's channel: `state` is "on" (listening from now) or "off"."""

    state: str


@dataclass(frozen=True, slots=True)
class MarcadorLine(ChannelEvent):
    """An agent's held line: `state` is "up" (just opened) or "idle" (back from a conversation).

    In both cases it enters its waiting room next; assign it when that `BridgeEnter` was seen.
    """

    agent: str
    state: str


@dataclass(frozen=True, slots=True)
class MarcadorSound(ChannelEvent):
    """Whether a sound is there in this language, in any format; raised on a Local channel of its own."""

    sound: str
    language: str
    there: bool


@dataclass(frozen=True, slots=True)
class OtherUserEvent(ChannelEvent):
    """A UserEvent this room has no type for."""

    name: str
    fields: Mapping[str, str] = field(default_factory=dict)


# --- listings, for reconciliation ---------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ChannelListed(ChannelEvent):
    state: ChannelState
    context: str
    exten: str
    application: str
    duration_s: int
    bridge: str
    caller_number: str
    account_code: str


@dataclass(frozen=True, slots=True)
class BridgeMember(ChannelEvent):
    bridge: str


@dataclass(frozen=True, slots=True)
class BridgeListed(Event):
    bridge: str
    kind: str
    creator: str
    name: str
    members: tuple[BridgeMember, ...] = ()


@dataclass(frozen=True, slots=True)
class DatabaseEntry(Event):
    """One entry of Asterisk's own database, which outlives its restart."""

    family: str
    key: str
    value: str


@dataclass(frozen=True, slots=True)
class EndpointListed(Event):
    """A SIP peer: `state` is "Not in use", "In use", "Unavailable" (nobody is registered), ..."""

    name: str
    state: str
    contacts: str
    active_channels: int
