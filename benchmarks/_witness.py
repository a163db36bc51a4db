"""Who was joined to whom and when, from the events of Asterisk alone.

It listens on the dialer's own link: every event wakes every manager session, so a second one would have its
share in what is measured. An event's time is the moment the dialer hears it, late where the dialer is: the
figures can only be worse than what the customer felt.
"""

import time
from collections import Counter
from dataclasses import dataclass, field

from ami import events as ami


@dataclass(slots=True)
class Answered:
    """A customer who answered. Epoch seconds: the answer's by the dialplan, the others the witness's own."""

    at: float
    joined: float | None = None
    passed_over_s: float = 0.0
    """The longest stretch of the wait in which there was a held line for every customer who waited."""


@dataclass(slots=True)
class Witness:
    customers: dict[str, Answered] = field(default_factory=dict)
    events: Counter[str] = field(default_factory=Counter)
    _waiting: dict[str, float] = field(default_factory=dict)
    _held: set[str] = field(default_factory=set)
    _enough_since: float | None = None
    _alone: dict[str, str] = field(default_factory=dict)
    """Conversations with one leg yet: the leg."""

    def hear(self, event: ami.Event) -> None:
        self.events[type(event).__name__] += 1
        match event:
            case ami.MarcadorAnswered():
                self.customers[event.attempt] = Answered(event.at_ms / 1000)
            case ami.BridgeEnter(kind="basic"):
                self._entered(event.uniqueid, event.bridge, time.time())
            case ami.BridgeEnter(name="marcador-customers"):
                self._waiting[event.uniqueid] = time.time()
                self._compare(time.time())
            case ami.BridgeEnter(name="marcador-agents"):
                self._held.add(event.uniqueid)
                self._compare(time.time())
            case ami.BridgeLeave():
                self._left(event.uniqueid, time.time())

    def _entered(self, leg: str, bridge: str, now: float) -> None:
        other = self._alone.pop(bridge, None)
        if other is None:
            self._alone[bridge] = leg
            return
        for each in {leg, other} & self.customers.keys():
            customer = self.customers[each]
            customer.joined = customer.joined or now

    def _left(self, leg: str, now: float) -> None:
        if leg in self._waiting:
            self._passed_over(leg, now)
            del self._waiting[leg]
        self._held.discard(leg)
        self._compare(now)

    def _compare(self, now: float) -> None:
        if len(self._held) >= len(self._waiting):
            self._enough_since = self._enough_since or now
        elif self._enough_since is not None:
            for leg in self._waiting:
                self._passed_over(leg, now)
            self._enough_since = None

    def _passed_over(self, leg: str, now: float) -> None:
        customer = self.customers.get(leg)
        if customer is not None and self._enough_since is not None:
            since = max(self._waiting[leg], self._enough_since)
            customer.passed_over_s = max(customer.passed_over_s, now - since)
