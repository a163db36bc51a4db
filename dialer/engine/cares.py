"""Calls under control: which channels belong to each, and where they are. Kept by what Asterisk tells."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from dialer.agents import HELD, Stay
from dialer.commands import Done
from dialer.engine.agents import LiveAgent
from dialer.engine.calls import LiveCall
from dialer.engine.writes import Writer
from dialer.handling import REST_ROOMS, Handling, Places, handling
from storage.clock import Clock, TimerHandle


@dataclass(slots=True, eq=False)
class Third:
    """Whom the agent consults."""

    label: str
    """A number, or an agent's code."""
    agent: LiveAgent | None = None
    """One of ours, on the held line."""
    channel: str = ""


@dataclass(frozen=True, slots=True)
class Asked:
    """A command that is answered when Asterisk has shown how the conversation stands."""

    command_id: UUID
    wants: Handling
    deadline: TimerHandle


@dataclass(slots=True, eq=False)
class Care:
    """One call under control."""

    call: LiveCall
    agent: LiveAgent
    leg: str
    """The agent's side: the held line, or the phone that was rung."""
    at: dict[str, str] = field(default_factory=dict)
    """Where each channel is (`handling.Places`)."""
    third: Third | None = None
    stands: Handling = Handling.TALKING
    """As it was last told."""
    asked: Asked | None = None
    held_since: datetime | None = None
    """Since when the customer hears music."""
    then: Callable[[], None] | None = None
    """What follows when the customer is held and the agent's side at rest."""

    @property
    def seen(self) -> Handling | None:
        third = self.third
        places = Places(
            customer=self.at.get(self.call.channel, ""),
            agent=self.at.get(self.leg, ""),
            third=self.at.get(third.channel, "") if third else "",
            has_third=third is not None,
        )
        return handling(places)

    @property
    def at_rest(self) -> bool:
        """The agent's side waits: it can be joined to somebody."""
        return self.at.get(self.leg, "") in REST_ROOMS

    @property
    def third_answered(self) -> bool:
        """Agent and third party talk."""
        room = self.at.get(self.third.channel, "") if self.third else ""
        return room != "" and room not in REST_ROOMS and room == self.at.get(self.leg)


class Cares:
    def __init__(self, writer: Writer, clock: Clock) -> None:
        self._writer = writer
        self._clock = clock
        self._by_call: dict[UUID, Care] = {}
        self._by_channel: dict[str, Care] = {}

    def __len__(self) -> int:
        return len(self._by_call)

    def __iter__(self) -> Iterator[Care]:
        return iter(tuple(self._by_call.values()))

    def get(self, attempt_id: UUID) -> Care | None:
        return self._by_call.get(attempt_id)

    def on(self, channel: str) -> Care | None:
        return self._by_channel.get(channel)

    def add(self, care: Care) -> None:
        self._by_call[care.call.id] = care
        for channel in (care.call.channel, care.leg):
            self._by_channel[channel] = care

    def third(self, care: Care, channel: str, at: str = "") -> None:
        """This is the third party's channel."""
        assert care.third is not None
        care.third.channel = channel
        care.at[channel] = at
        self._by_channel[channel] = care

    def drop_third(self, care: Care) -> None:
        if care.third is not None:
            self._by_channel.pop(care.third.channel, None)
            care.at.pop(care.third.channel, None)
            care.third = None

    def stand(self, care: Care, stands: Handling) -> None:
        """From now on it stands so. A hold is logged when it ends; a consultation is one."""
        care.stands = stands
        if stands in (Handling.HELD, Handling.CONSULTING):
            care.held_since = care.held_since or self._clock.now()
        else:
            self._book_hold(care)

    def _book_hold(self, care: Care) -> None:
        since, care.held_since = care.held_since, None
        if since is not None:
            now = self._clock.now()
            self._writer.stay(Stay(care.agent.id, HELD, "", care.call.campaign_id, since, now))

    def forget(self, care: Care, why: str) -> None:
        """Nothing more is done about it; what was asked and not seen is refused with `why`."""
        self._book_hold(care)
        self._by_call.pop(care.call.id, None)
        for channel in [channel for channel, its in self._by_channel.items() if its is care]:
            del self._by_channel[channel]
        self.refuse(care, why, "the call is over, or no longer the agent's")

    # --- answers --------------------------------------------------------------------------------------

    def answer(self, care: Care) -> None:
        """Where it stands as somebody wanted it, say so."""
        asked = care.asked
        if asked is not None and asked.wants is care.stands:
            care.asked = None
            asked.deadline.cancel()
            self._writer.answer(Done(asked.command_id, {"state": care.stands}))

    def refuse(self, care: Care, error_id: str, message: str) -> None:
        asked, care.asked, care.then = care.asked, None, None
        if asked is not None:
            asked.deadline.cancel()
            refusal = {"error_id": error_id, "message": message, "params": {}}
            self._writer.answer(Done(asked.command_id, refusal, refused=True))
