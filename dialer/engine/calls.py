"""The calls that live now, by attempt and by channel; their machine's commands handed to whoever acts."""

import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

from dialer import call as machine
from dialer.engine.trunks import TrunkRun
from dialer.passing import Passing
from lists.model import AttemptKind, Begin
from storage.clock import Clock

log = logging.getLogger(__name__)

RING_MARGIN_S = 15
"""Past its ring time by this, a call whose end was not heard of is looked for."""
LOOK_AGAIN_S = 60
DEADLINES_S: dict[type[machine.State], float] = {
    machine.Answered: 20,  # machine detection takes 2.5 s at most
    machine.Joining: 30,
    machine.Closed: 120,  # the message
    machine.Failing: 2,
}
FAR_FUTURE_S = 86_400
"""A conversation has no limit: the roll call finds those whose end was missed."""


@dataclass(slots=True, eq=False)
class LiveCall:
    """One attempt under way. `state` is the machine's; the rest says who and through what."""

    id: UUID
    begun_at: datetime
    kind: AttemptKind
    e164: str
    server: str
    state: machine.State
    campaign_id: UUID | None = None
    contact_id: UUID | None = None
    retries: Mapping[str, int] = field(default_factory=dict)
    """Network retries the contact has had, by outcome."""
    customer_id: UUID | None = None
    trunk: str = ""
    takes: TrunkRun | None = None
    """Whose channel it takes, by whatever name the trunk goes when the channel is given back."""
    bound_agent: UUID | None = None
    """Placed for this agent alone."""
    by_line: bool = False
    """That agent's line dials the customer: the two are together from the answer on, and before it."""
    ring_s: float = 30
    patience_s: float = 2
    channel: str = ""
    """The customer's channel: the attempt's id, but where the agent's line dials Asterisk's own."""
    has_channel: bool = False
    bridge: str = ""
    """The conversation it is in."""
    ringing_agent: UUID | None = None
    """Whose phone rings for it."""
    phone: str = ""
    """The channel of a phone that was rung for it."""
    typified_by: UUID | None = None
    """Who has said already what this conversation is, and need not after it."""
    handed: bool = False
    """Its agent has given it away: whoever gets it is not its first."""
    for_campaign: UUID | None = None
    """Transferred to the agents of this campaign; None: its own."""
    generation: int = 0
    """Of the link at the originate: an older one means that events may have been missed."""
    entries: int = 0
    """How often it has come into the waiting room."""
    closing: bool = False
    """In the conference where it hears the message: Asterisk moves nobody out of one."""
    listens_s: float = DEADLINES_S[machine.Answered]
    """From its answer, until it is looked for."""
    adopted: bool = False
    """Taken over from another worker."""
    traits: tuple[str, ...] = ()
    """What was known of it when it was placed (`dialer.chance`)."""
    check_at: datetime = field(init=False)
    """When to look whether Asterisk still has it."""

    def __post_init__(self) -> None:
        self.channel = self.channel or str(self.id)
        self.check_at = self.begun_at

    @classmethod
    def begun(cls, begin: Begin, takes: TrunkRun, *, ring_s: float, generation: int) -> "LiveCall":
        """An attempt that was begun just now; Asterisk is asked next."""
        return cls(
            id=begin.attempt_id,
            begun_at=begin.begun_at,
            kind=begin.kind,
            e164=begin.e164,
            server=begin.server,
            state=machine.Sent(machine.Facts(begin.begun_at)),
            campaign_id=begin.campaign_id,
            contact_id=begin.contact.contact_id if begin.contact else None,
            retries=begin.contact.retries if begin.contact else {},
            customer_id=begin.customer_id,
            trunk=begin.trunk,
            takes=takes,
            bound_agent=begin.agent_id,
            ring_s=ring_s,
            generation=generation,
        )

    @property
    def paced(self) -> bool:
        """Placed by its campaign's pacing, which wants to hear of it."""
        return self.kind in (AttemptKind.DIALLED, AttemptKind.BROADCAST)

    @property
    def over(self) -> bool:
        return isinstance(self.state, machine.Over)


class Actor(Protocol):
    """Who carries out what the machine commands."""

    def carry_out(self, call: LiveCall, command: machine.Command, now: datetime) -> None: ...


class Calls:
    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._passing = Passing(self._clock_set_back)
        self._by_id: dict[UUID, LiveCall] = {}
        self._by_channel: dict[str, LiveCall] = {}
        self.waiting: dict[UUID, LiveCall] = {}
        """Those an agent may be joined to now, in the order they came to wait."""
        self.actor: Actor
        self.unexpected = 0

    def __iter__(self) -> Iterator[LiveCall]:
        return iter(tuple(self._by_id.values()))

    def __len__(self) -> int:
        return len(self._by_id)

    def add(self, call: LiveCall) -> None:
        self._by_id[call.id] = call
        self._by_channel[call.channel] = call
        self._time(call, self._now())

    def get(self, attempt_id: UUID) -> LiveCall | None:
        return self._by_id.get(attempt_id)

    def on(self, channel: str) -> LiveCall | None:
        return self._by_channel.get(channel)

    def named(self, attempt: str) -> LiveCall | None:
        """As the dialplan names it: the attempt's id, or the channel's for a call that came in."""
        found = self.on(attempt)
        if found is not None or not attempt:
            return found
        try:
            return self.get(UUID(attempt))
        except ValueError:
            return None

    def move(self, call: LiveCall, channel: str) -> None:
        """The call has another channel from now on."""
        self._by_channel.pop(call.channel, None)
        call.channel = channel
        call.has_channel = True
        self._by_channel[channel] = call

    def happen(self, call: LiveCall, event: machine.Event) -> None:
        """One event, and everything that follows from it, before anything else happens."""
        now = self._now()
        call.state, commands = machine.step(call.state, event, now)
        if isinstance(call.state, machine.Waiting):
            self.waiting.setdefault(call.id, call)
        else:
            self.waiting.pop(call.id, None)
        if call.over:
            self._by_id.pop(call.id, None)
            self._by_channel.pop(call.channel, None)
        else:
            self._time(call, now)
        for command in commands:
            if isinstance(command, machine.Unexpected):
                self.unexpected += 1
                log.info("call %s: %s while %s", call.id, command.event, command.state)
            else:
                self.actor.carry_out(call, command, now)

    def look_again(self, call: LiveCall) -> None:
        """It is there after all: the next look is a minute away."""
        if not call.over:
            call.check_at = self._now() + timedelta(seconds=LOOK_AGAIN_S)

    def overdue(self) -> list[LiveCall]:
        """Those to be looked for now."""
        now = self._now()
        return [call for call in self if call.check_at <= now]

    def _now(self) -> datetime:
        now = self._clock.now()
        self._passing.at(now)
        return now

    def _clock_set_back(self, by: timedelta) -> None:
        for call in self:
            call.check_at -= by

    def _time(self, call: LiveCall, now: datetime) -> None:
        match call.state:
            case machine.Sent() | machine.Ringing():
                call.check_at = call.begun_at + timedelta(seconds=call.ring_s + RING_MARGIN_S)
            case machine.Waiting(since=since):
                call.check_at = since + timedelta(seconds=call.patience_s + RING_MARGIN_S)
            case machine.Answered():
                call.check_at = now + timedelta(seconds=call.listens_s)
            case state:
                call.check_at = now + timedelta(seconds=DEADLINES_S.get(type(state), FAR_FUTURE_S))
