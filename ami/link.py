"""One Asterisk, as the rest of the house sees it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from ami.actions import Action
from ami.events import BridgeListed, ChannelListed, Event

Handler = Callable[[Event], None]
Unsubscribe = Callable[[], None]


@dataclass(frozen=True, slots=True)
class Response:
    """A successful answer. `items` are the list events that followed it, for actions that list."""

    message: str
    fields: Mapping[str, str] = field(default_factory=dict)
    """Every header of the answer, names in lower case."""
    items: tuple[Event, ...] = ()


class Link(Protocol):
    @property
    def name(self) -> str: ...

    @property
    def connected(self) -> bool:
        """Logged in, and heard of lately."""
        ...

    @property
    def generation(self) -> int:
        """Grows by one at each log-in; 0 before the first."""
        ...

    async def start(self) -> None:
        """Begin to connect, for ever, and return at once: Asterisk may come up later."""
        ...

    async def stop(self) -> None:
        """Log off and end everything that waits with `LinkLost`."""
        ...

    async def send(self, action: Action, *, deadline: float = 5.0) -> Response:
        """Send once, never again, and wait for the answer, `deadline` seconds at most.

        Raises `LinkLost` or `ActionTimeout` (where their `sent` is true, nobody knows whether it was done),
        `ActionRefused` (it was not) or `BadAction` (it never left).
        """
        ...

    async def list_channels(self, *, deadline: float = 5.0) -> tuple[ChannelListed, ...]: ...

    async def list_bridges(self, *, deadline: float = 5.0) -> tuple[BridgeListed, ...]:
        """Every bridge with its members."""
        ...

    def subscribe(self, handler: Handler) -> Unsubscribe:
        """Call `handler` with every event, in order of arrival, at once and on the loop: it must be quick.

        `LinkUp` comes before any event of its session, `LinkDown` after the last one.
        """
        ...
