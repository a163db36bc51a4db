"""One verdict per ended call: what happened, whose fault it was, what it costs.

Engine, retry rules, statistics and reports read the `Verdict` and nothing else. Every live answer is exactly
one of connected, abandoned, machine or gone.

Sources: ITU-T Q.850 for the causes; Asterisk's `chan_pjsip` for the cause it makes of a SIP status (404 → 1,
480 → 19, 486 → 17, 503 → 34, 487 and most others → 127); `frame.h` for the reasons of `OriginateResponse`.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Outcome(StrEnum):
    """Stored in `attempt.outcome`: a value once used is never renamed."""

    CONNECTED = "connected"
    """A live answer that was joined to an agent."""
    ABANDONED = "abandoned"
    """A live answer that no agent was joined to in time."""
    MACHINE = "machine"
    """Machine detection heard an answering machine."""
    GONE = "gone"
    """Answered, and hung up by the customer before the patience (or a broadcast's audio) was over."""
    PLAYED = "played"
    """A broadcast, heard to its end; no key."""
    PRESSED = "pressed"
    """A broadcast's question, answered by a key."""
    OPTED_OUT = "opted_out"
    """A broadcast, answered by the key for never again."""
    MESSAGE_LEFT = "message_left"
    """A broadcast's other audio, left on an answering machine."""
    UNATTENDED = "unattended"
    """A broadcast's customer asked for an agent by the key, and none came."""
    OUT_OF_HOURS = "out_of_hours"
    """Called us while the campaign was closed, and heard so."""
    BUSY = "busy"
    NO_ANSWER = "no_answer"
    DECLINED = "declined"
    """The customer's phone refused the call."""
    UNREACHABLE = "unreachable"
    """The phone is off, out of coverage or out of order."""
    CONGESTION = "congestion"
    """The network behind the trunk had no way through, just now."""
    INVALID_NUMBER = "invalid_number"
    """The network says nobody has this number."""
    FAILED_TRUNK = "failed_trunk"
    """The call did not get past our trunk: no route, 5xx, refused credentials, no channel."""
    REFUSED = "refused"
    """Never sent: Asterisk or our own checks refused to place it."""
    CANCELLED = "cancelled"
    """We hung up while it rang: an opt-out, an emergency stop, the customer on another call."""
    UNKNOWN = "unknown"
    """We lost sight of it. It counts as sent."""


class Fault(StrEnum):
    """Who ended the matter, or spoilt it."""

    NONE = "none"
    CUSTOMER = "customer"
    NETWORK = "network"
    TRUNK = "trunk"
    OURS = "ours"


@dataclass(frozen=True, slots=True)
class Listened:
    """What came of a broadcast's audio."""

    played: bool = False
    """To its end."""
    answer: str = ""
    """The key that answered its question."""
    opted_out: bool = False
    wanted_agent: bool = False
    left_message: bool = False


@dataclass(frozen=True, slots=True)
class CallFacts:
    """All that is known of an ended call. Times are business time, None: it did not happen."""

    cause: int = 0
    """Q.850, of the customer's channel (0: none known)."""
    sip_status: int = 0
    """The final SIP status, where Asterisk told it (0: it did not)."""
    originate_reason: int | None = None
    """Of `OriginateResponse` (None: none came)."""
    amd: str = ""
    """HUMAN, MACHINE, NOTSURE or HANGUP; empty: no machine detection."""
    ringing_at: datetime | None = None
    """The first 180 or 183."""
    answered_at: datetime | None = None
    connected_at: datetime | None = None
    """Both legs in one bridge, or an agent's phone answered."""
    closed: bool = False
    """The patience ran out: the dialplan said so."""
    hung_up_by: str = ""
    """customer, agent, dialer, network or nothing."""
    cancelled: bool = False
    """We asked for the hang-up before there was an answer."""
    refused: bool = False
    """The originate was refused: nothing was sent."""
    lost: bool = False
    """The end was not seen: the link was down, or Asterisk gone."""
    trunk_replied: bool = True
    """False: not one provisional answer, not even 100, came from the trunk."""
    out_of_hours: bool = False
    """An inbound call, turned away by the campaign's hours."""
    listened: Listened | None = None
    """Of a broadcast; None: a call for an agent."""


@dataclass(frozen=True, slots=True)
class Verdict:
    outcome: Outcome
    fault: Fault
    redial: bool
    """May this *number* be dialled again by itself, after its wait?"""
    costs_attempt: bool
    """False: contact and number get their attempt back."""
    bad_number: bool
    """The phone is to be marked bad."""
    reason: str
    """A short stable word for reports: `busy`, `q850_34`, `sip_503`, `patience_over`, ..."""

    @property
    def live_answer(self) -> bool:
        """A human, or not known to be a machine, and still there when an agent was due."""
        return self.outcome in (Outcome.CONNECTED, Outcome.ABANDONED)


# OriginateResponse's reasons (AST_CONTROL_*): 0 failed, 1 hung up, 2 local ring, 3 ringing (time ran out),
# 4 answered, 5 busy, 6 and 7 hook states, 8 congestion. Only those that decide something are named.
_RANG_OUT, _BUSY, _CONGESTION = 3, 5, 8

_BY_CAUSE: dict[int, Outcome] = (
    dict.fromkeys((1, 22, 28), Outcome.INVALID_NUMBER)
    | dict.fromkeys((17,), Outcome.BUSY)
    | dict.fromkeys((16, 19, 23, 26, 31), Outcome.NO_ANSWER)
    | dict.fromkeys((18, 20, 27), Outcome.UNREACHABLE)
    | dict.fromkeys((21, 24, 54, 55), Outcome.DECLINED)
    # What the trunk, our account at the carrier or our own signalling cannot do.
    | dict.fromkeys((2, 3, 5, 6, 7, 8, 9, 14, 29, 30, 34, 38, 39, 40, 43, 44, 47), Outcome.FAILED_TRUNK)
    | dict.fromkeys((49, 50, 52, 53, 57, 58, 62, 63, 65, 66, 69, 70, 79), Outcome.FAILED_TRUNK)
    | dict.fromkeys((81, 82, 83, 84, 85, 86, 87, 90, 91, 95, 96, 97, 98, 99), Outcome.FAILED_TRUNK)
    | dict.fromkeys((100, 101, 103, 110, 111), Outcome.FAILED_TRUNK)
    | dict.fromkeys((4, 25, 41, 42, 45, 46, 88, 102, 127), Outcome.CONGESTION)
)
# Where Asterisk folds several statuses into one cause, the status is the better witness.
_BY_STATUS: dict[int, Outcome] = (
    dict.fromkeys((404, 410, 484, 485, 604), Outcome.INVALID_NUMBER)
    | dict.fromkeys((486, 600), Outcome.BUSY)
    | dict.fromkeys((480, 487), Outcome.NO_ANSWER)
    | dict.fromkeys((408,), Outcome.UNREACHABLE)
    | dict.fromkeys((603, 607, 608), Outcome.DECLINED)
    | dict.fromkeys((401, 402, 403, 405, 407, 415, 420, 482, 483, 488, 493, 606), Outcome.FAILED_TRUNK)
)
_FAULT: dict[Outcome, Fault] = {
    Outcome.INVALID_NUMBER: Fault.NETWORK,
    Outcome.BUSY: Fault.CUSTOMER,
    Outcome.NO_ANSWER: Fault.CUSTOMER,
    Outcome.UNREACHABLE: Fault.NETWORK,
    Outcome.DECLINED: Fault.CUSTOMER,
    Outcome.FAILED_TRUNK: Fault.TRUNK,
    Outcome.CONGESTION: Fault.NETWORK,
    Outcome.UNKNOWN: Fault.OURS,
}


def verdict(facts: CallFacts) -> Verdict:
    """Total: every combination of facts has exactly one verdict."""
    if facts.refused:
        return _verdict(Outcome.REFUSED, Fault.OURS, "refused", facts)
    if facts.answered_at is not None or facts.connected_at is not None:
        return _answered(facts)
    if facts.cancelled:
        return _verdict(Outcome.CANCELLED, Fault.OURS, "cancelled", facts)
    if facts.lost and not facts.cause and not facts.sip_status and facts.originate_reason is None:
        return _verdict(Outcome.UNKNOWN, Fault.OURS, "lost", facts)
    return _unanswered(facts)


def _answered(facts: CallFacts) -> Verdict:
    if facts.connected_at is not None:
        return _verdict(Outcome.CONNECTED, Fault.NONE, "connected", facts)
    if facts.out_of_hours:
        return _verdict(Outcome.OUT_OF_HOURS, Fault.NONE, "out_of_hours", facts)
    if facts.listened is not None:
        return _listened(facts, facts.listened)
    if facts.amd == "MACHINE":
        return _verdict(Outcome.MACHINE, Fault.CUSTOMER, "machine", facts)
    if facts.closed:
        return _verdict(Outcome.ABANDONED, Fault.OURS, "patience_over", facts)
    if facts.amd == "HANGUP" or facts.hung_up_by == "customer":
        return _verdict(Outcome.GONE, Fault.CUSTOMER, "hung_up_before_patience", facts)
    # No agent, and not the customer's doing: never hidden from the count of abandoned calls.
    return _verdict(Outcome.ABANDONED, Fault.OURS, "lost" if facts.lost else "not_joined", facts)


def _listened(facts: CallFacts, to: Listened) -> Verdict:
    """A broadcast that reached no agent. Never again comes first: whatever else was pressed, it holds."""
    if to.opted_out:
        return _verdict(Outcome.OPTED_OUT, Fault.NONE, "opted_out", facts)
    if to.wanted_agent:
        reason = "patience_over" if facts.closed else "lost" if facts.lost else "gave_up"
        return _verdict(Outcome.UNATTENDED, Fault.OURS, reason, facts)
    if to.answer:
        return _verdict(Outcome.PRESSED, Fault.NONE, f"key_{_KEY_NAMES.get(to.answer, to.answer)}", facts)
    if to.left_message:
        return _verdict(Outcome.MESSAGE_LEFT, Fault.NONE, "message_left", facts)
    if facts.amd == "MACHINE":
        return _verdict(Outcome.MACHINE, Fault.CUSTOMER, "machine", facts)
    if to.played:
        return _verdict(Outcome.PLAYED, Fault.NONE, "played", facts)
    by_customer = facts.amd == "HANGUP" or facts.hung_up_by == "customer"
    if by_customer:
        return _verdict(Outcome.GONE, Fault.CUSTOMER, "hung_up_before_end", facts)
    return _verdict(Outcome.GONE, Fault.OURS, "lost" if facts.lost else "cut_short", facts)


def _unanswered(facts: CallFacts) -> Verdict:
    outcome, reason = _told(facts)
    if facts.ringing_at is not None and outcome in (Outcome.FAILED_TRUNK, Outcome.CONGESTION):
        # It rang, so the trunk had carried it, and the customer was disturbed: this is no free attempt.
        outcome = Outcome.NO_ANSWER if _says_nothing(facts) else Outcome.CONGESTION
    elif outcome in (Outcome.NO_ANSWER, Outcome.UNREACHABLE) and not facts.trunk_replied:
        outcome, reason = Outcome.FAILED_TRUNK, "trunk_silent"
    return _verdict(outcome, _FAULT[outcome], reason, facts)


def _told(facts: CallFacts) -> tuple[Outcome, str]:
    """By the best witness: our own ring time, the SIP status, the cause, the originate's reason."""
    if facts.originate_reason == _RANG_OUT and facts.cause in (0, 16, 19, 26, 31, 127):
        # Asterisk gives the call it cancels cause 19 and status 480, as if the far end had spoken.
        return Outcome.NO_ANSWER, "ring_time_over" if facts.ringing_at else "never_rang"
    if outcome := _BY_STATUS.get(facts.sip_status):
        return outcome, f"sip_{facts.sip_status}"
    if 500 <= facts.sip_status < 600:
        return Outcome.FAILED_TRUNK, f"sip_{facts.sip_status}"
    if facts.cause not in (0, 16, 31) and facts.cause in _BY_CAUSE:
        return _BY_CAUSE[facts.cause], f"q850_{facts.cause}"
    if facts.originate_reason == _BUSY:
        return Outcome.BUSY, "originate_busy"
    if facts.originate_reason == _CONGESTION:
        return Outcome.FAILED_TRUNK, "originate_congestion"
    if facts.cause:  # normal clearing, or a number Q.850 does not list
        return _BY_CAUSE.get(facts.cause, Outcome.CONGESTION), f"q850_{facts.cause}"
    if facts.originate_reason == 0:
        return Outcome.FAILED_TRUNK, "no_channel"
    if facts.originate_reason is not None or facts.ringing_at is not None:
        return Outcome.NO_ANSWER, "ended_unexplained"
    return Outcome.UNKNOWN, "unexplained"


def _says_nothing(facts: CallFacts) -> bool:
    """127, the cause of "anything else": after ringing, 487 and the like mean that the ringing just ended."""
    return facts.cause == 127 and not 500 <= facts.sip_status < 600


_KEY_NAMES = {"*": "star", "#": "hash"}
_NEVER_BY_ITSELF = (Outcome.CONNECTED, Outcome.INVALID_NUMBER, Outcome.OPTED_OUT)


def _verdict(outcome: Outcome, fault: Fault, reason: str, facts: CallFacts) -> Verdict:
    disturbed = facts.ringing_at is not None or facts.answered_at is not None
    free = outcome in (Outcome.FAILED_TRUNK, Outcome.REFUSED) and not disturbed
    return Verdict(
        outcome=outcome,
        fault=fault,
        redial=outcome not in _NEVER_BY_ITSELF,
        costs_attempt=not free,
        bad_number=outcome is Outcome.INVALID_NUMBER,
        reason=reason,
    )
