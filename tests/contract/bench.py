"""What a scenario works with: a connected link, its events so far, and numbers that behave as asked."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from ami import actions
from ami import events as e
from ami.link import Link, Response

AGENTS, CUSTOMERS, HELD = "marcador-agents", "marcador-customers", "marcador-held"


class Number(StrEnum):
    """What a customer does. The last two digits are those of the system tests' carrier."""

    ANSWERS = "34600000010"
    BUSY = "34600000011"
    UNKNOWN = "34600000012"
    CONGESTED = "34600000013"
    SILENT = "34600000014"
    GONE_RINGING = "34600000015"
    GONE_AT_ONCE = "34600000016"
    EARLY_UNKNOWN = "34600000018"
    """183 with an announcement, then 404."""
    PRESSES_9 = "34600000029"
    PRESSES_1 = "34600000031"
    PRESSES_5 = "34600000035"
    MACHINE = "34600000022"
    BRIEF = "34600001010"
    """Answers, and hangs up `BRIEF_S` later."""

    @property
    def trunk(self) -> str:
        return BRIEF_TRUNK if self is Number.BRIEF else TRUNK


TRUNK, BRIEF_TRUNK = "patient", "brief"
BRIEF_S = 1.0
UNREGISTERED = "101"
"""An agent's phone that nobody has registered."""


class Until(Protocol):
    async def __call__(self, condition: Callable[[], object], message: str = "") -> None: ...


@dataclass(slots=True)
class Bench:
    link: Link
    until: Until
    call_in: Callable[[str, str], None]
    """A customer with this number calls that DID, and hangs up a long while later."""
    events: list[e.Event] = field(default_factory=list)

    def told(self, kind: type[e.Event], uniqueid: str) -> list[e.Event]:
        return [event for event in self.events if isinstance(event, kind) and _whose(event) == uniqueid]

    async def send(self, action: actions.Action) -> Response:
        return await self.link.send(action)

    async def call(self, number: Number, trunk: str = "", ring_ms: int = 5000) -> str:
        """Place a call; the attempt's id."""
        attempt = str(uuid.uuid4())
        await self.send(self.originate(attempt, number, trunk, ring_ms))
        return attempt

    def originate(
        self,
        attempt: str,
        number: Number,
        trunk: str = "",
        ring_ms: int = 5000,
        context: str = "marcador-customer",
        **variables: str,
    ) -> actions.Originate:
        return actions.Originate(
            actions.customer(number, trunk or number.trunk),
            attempt,
            context,
            "answered",
            timeout_ms=ring_ms,
            caller_number="34910000000",
            variables={"MARCADOR_ATTEMPT": attempt, **variables},
        )

    async def agent(self, name: str = "7", *, once: bool = False) -> str:
        """An agent's held line (a Local channel for the phone); its uniqueid, once it is on hold. `once`: a
        phone that is rung for one call."""
        line = str(uuid.uuid4())
        await self.send(
            actions.Originate(
                actions.local(name, "phone"),
                line,
                "marcador-agent",
                "line",
                other_channel_id=phone_of(line),
                variables={"MARCADOR_AGENT": name, **({"MARCADOR_ONCE": "1"} if once else {})},
            )
        )
        await self.in_room(line, AGENTS)
        return line

    async def in_room(self, uniqueid: str, room: str, times: int = 1) -> None:
        await self.until(
            lambda: story(self.events, uniqueid).count(f"in {room}") >= times, f"{uniqueid} is in {room}"
        )

    async def waiting(self, number: Number, **variables: str) -> str:
        """A customer who has answered and waits."""
        attempt = str(uuid.uuid4())
        await self.send(self.originate(attempt, number, "", 5000, **variables))
        await self.in_room(attempt, CUSTOMERS)
        return attempt

    async def talking(self, line: str, number: Number = Number.ANSWERS) -> str:
        """A customer in conversation with that agent."""
        attempt = await self.waiting(number)
        await self.send(actions.Bridge(line, attempt))
        await self.in_room(attempt, "talk")
        await self.in_room(line, "talk")
        return attempt

    async def gone(self, uniqueid: str) -> None:
        await self.until(lambda: self.told(e.Hangup, uniqueid), f"{uniqueid} is hung up")


def phone_of(line: str) -> str:
    """The other half of an agent's line."""
    return f"phone-{line}"


def _whose(event: e.Event) -> str:
    if isinstance(event, e.MarcadorClosed):
        return event.attempt
    return getattr(event, "uniqueid", "")


def story(events: list[e.Event], uniqueid: str) -> list[str]:
    """One channel's events in order, in few words. Without `OriginateResponse`: Asterisk tells it from
    another thread, before or after what the dialplan does at the answer. Without `DtmfEnd`: nobody goes by
    it, and the simulator does not tell it. And without early media, which any carrier may send or not."""
    return [words for event in events if _whose(event) == uniqueid and (words := _words(event))]


def _words(event: e.Event) -> str:
    match event:
        case e.OriginateResponse() | e.DtmfEnd() | e.DialState():
            return ""
        case e.Newstate():
            return event.state.name.lower()
        case e.BridgeEnter():
            return f"in {_place(event)}"
        case e.BridgeLeave():
            return f"out {_place(event)}"
        case e.Hangup():
            return f"hangup {event.cause}"
        case e.MarcadorLine():
            return f"line {event.state}"
        case _:
            return type(event).__name__


def _place(event: e.BridgeEnter | e.BridgeLeave) -> str:
    if event.kind == "basic":
        return "talk"
    if event.name.startswith("talk-"):
        return "conference"
    return "closed" if event.creator == "ConfBridge" else event.name
