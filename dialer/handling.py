"""Call control, decided: how a conversation stands, from where its channels are, and what may be done now.

Nothing here is remembered: how a call stands is read off Asterisk's bridges, so that a dialer that takes over
in the middle of a hold knows as much as the one that began it.
"""

from dataclasses import dataclass
from enum import StrEnum

HELD_ROOM = "marcador-held"
REST_ROOMS = ("marcador-agents", "marcador-desks")
"""Where an agent's side waits while the customer is held: a held line, a phone that was rung."""
CONFERENCE = "talk-"
"""The beginning of a three-way conference's name."""


class Handling(StrEnum):
    """How a conversation stands. `TALKING` is the plain one: two people."""

    TALKING = "talking"
    HELD = "held"
    """The customer hears music."""
    CONSULTING = "consulting"
    """… and the agent speaks with a third party, or hears its phone ring."""
    CONFERENCE = "conference"
    TRANSFERRED = "transferred"
    """The customer is with somebody else, or on the way there."""


class Act(StrEnum):
    HOLD = "hold"
    RESUME = "resume"
    TRANSFER = "transfer"
    CONSULT = "consult"
    COMPLETE = "complete"
    """The agent leaves, customer and third party stay together."""
    CANCEL = "cancel"
    """The third party leaves, the agent goes on with the customer."""
    CONFERENCE = "conference"
    KEYS = "keys"
    SPY = "spy"


@dataclass(frozen=True, slots=True)
class Places:
    """Where the channels of one call are: a room's name, a conversation's bridge, or "" while in motion."""

    customer: str = ""
    agent: str = ""
    third: str = ""
    has_third: bool = False


_ALLOWED: dict[Act, frozenset[Handling]] = {
    Act.HOLD: frozenset({Handling.TALKING}),
    Act.RESUME: frozenset({Handling.HELD}),
    Act.TRANSFER: frozenset({Handling.TALKING, Handling.HELD}),
    Act.CONSULT: frozenset({Handling.TALKING, Handling.HELD}),
    Act.COMPLETE: frozenset({Handling.CONSULTING, Handling.CONFERENCE}),
    Act.CANCEL: frozenset({Handling.CONSULTING, Handling.CONFERENCE}),
    Act.CONFERENCE: frozenset({Handling.CONSULTING}),
    Act.KEYS: frozenset({Handling.TALKING, Handling.CONFERENCE}),
    Act.SPY: frozenset(set(Handling) - {Handling.TRANSFERRED}),
}
_NEEDS_THIRD = (Act.COMPLETE, Act.CANCEL, Act.CONFERENCE)


def handling(at: Places) -> Handling | None:
    """None: in motion, nothing to be told yet."""
    if at.customer == HELD_ROOM:
        return Handling.CONSULTING if at.has_third else Handling.HELD
    if not at.customer or at.customer not in (at.agent, at.third):
        return None
    if at.customer != at.agent:
        return Handling.TRANSFERRED
    return Handling.CONFERENCE if at.customer.startswith(CONFERENCE) else Handling.TALKING


def refusal(act: Act, now: Handling, *, third_answered: bool = False) -> str:
    """The stable error id where this may not be done now, else ""."""
    if now in _ALLOWED[act]:
        if act in (Act.COMPLETE, Act.CONFERENCE) and not third_answered:
            return "third_not_answered"
        return ""
    if now is Handling.TRANSFERRED:
        return "not_talking"
    if act in _NEEDS_THIRD and now in (Handling.TALKING, Handling.HELD):
        return "not_consulting"
    if now is Handling.TALKING:
        return "not_held"
    if now is Handling.HELD:
        return "already_held" if act is Act.HOLD else "customer_held"
    return "consulting" if now is Handling.CONSULTING else "in_conference"
