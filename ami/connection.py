"""A `Link` over TCP that connects again for ever, by itself, and never sends anything twice."""

import asyncio
import contextlib
import logging
import random
from collections import defaultdict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace

from ami.actions import Action, BridgeList, CoreShowChannels, Login, Logoff, Ping
from ami.clock import InFlight, NotCounted
from ami.errors import AmiError, LinkLost, LoginRefused
from ami.events import BridgeListed, BridgeMember, ChannelListed, Event, LinkDown, LinkUp
from ami.link import Handler, Response, Unsubscribe
from ami.session import Session

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Server:
    """Where one Asterisk listens, and who we are there."""

    name: str
    host: str
    port: int
    username: str
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Timing:
    """Seconds of real time: I/O deadlines never follow the business clock."""

    connect: float = 3.0
    """For TCP and the log-in together: each try is bounded."""
    boot: float = 60.0
    """From the log-in until Asterisk says it is fully booted, which it says at once when it is."""
    ping_every: float = 5.0
    ping_deadline: float = 5.0
    """A peer silent for so long is taken for dead: a cut cable says nothing by itself."""
    backoff_first: float = 0.1
    backoff_cap: float = 5.0

    def backoff(self, failures: int, luck: float) -> float:
        """The wait after so many failures in a row; `luck` (0 to 1) keeps dialers from marching in step."""
        full = min(self.backoff_cap, self.backoff_first * 2.0 ** min(failures, 30))
        return full * (0.5 + 0.5 * luck)


class AsteriskLink:
    """See `ami.link.Link`.

    In virtual time `in_flight` tells the clock what is under way, and `sleep` is the clock's own: time would
    run on during a real back-off.
    """

    def __init__(
        self,
        server: Server,
        *,
        timing: Timing | None = None,
        in_flight: InFlight | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        luck: Callable[[], float] = random.random,
    ) -> None:
        self._server = server
        self._timing = timing or Timing()
        self._in_flight = in_flight or NotCounted()
        self._sleep = sleep
        self._luck = luck
        self._handlers: list[Handler] = []
        self._session: Session | None = None
        self._task: asyncio.Task[None] | None = None
        self._generation = 0
        self.last_error = ""
        """Why it is not connected, in words for an operator."""

    @property
    def name(self) -> str:
        return self._server.name

    @property
    def connected(self) -> bool:
        return self._session is not None and self._session.up

    @property
    def generation(self) -> int:
        return self._generation

    async def start(self) -> None:
        if self._task is None:
            self._task = asyncio.create_task(self._stay_connected(), name=f"ami:{self.name}")

    async def stop(self) -> None:
        task, self._task = self._task, None
        if task is None:
            return
        if self.connected:
            with contextlib.suppress(AmiError):
                await self.send(Logoff(), deadline=1.0)
        task.cancel()
        await asyncio.wait([task])

    async def send(self, action: Action, *, deadline: float = 5.0) -> Response:
        session = self._session
        if session is None or not session.up:
            raise LinkLost(f"{action.NAME}: not connected to {self.name}: {self.last_error}", sent=False)
        return await session.request(action, deadline)

    async def list_channels(self, *, deadline: float = 5.0) -> tuple[ChannelListed, ...]:
        response = await self.send(CoreShowChannels(), deadline=deadline)
        return tuple(item for item in response.items if isinstance(item, ChannelListed))

    async def list_bridges(self, *, deadline: float = 5.0) -> tuple[BridgeListed, ...]:
        response = await self.send(BridgeList(), deadline=deadline)
        members: defaultdict[str, list[BridgeMember]] = defaultdict(list)
        # One listing of all channels, not one BridgeInfo for each of hundreds of conversations.
        for channel in await self.list_channels(deadline=deadline):
            member = BridgeMember(channel.uniqueid, channel.linkedid, channel.channel, channel.bridge)
            members[channel.bridge].append(member)
        return tuple(
            replace(bridge, members=tuple(members[bridge.bridge]))
            for bridge in response.items
            if isinstance(bridge, BridgeListed)
        )

    def subscribe(self, handler: Handler) -> Unsubscribe:
        self._handlers.append(handler)
        return lambda: self._handlers.remove(handler)

    def _emit(self, event: Event) -> None:
        for handler in tuple(self._handlers):
            try:
                handler(event)
            except Exception:
                log.exception("%s: a subscriber failed at %s", self.name, type(event).__name__)

    # --- staying connected -----------------------------------------------------------------------

    async def _stay_connected(self) -> None:
        failures = 0
        while True:
            generation = self._generation
            reason = await self._one_session()
            failures = 0 if self._generation > generation else failures + 1
            level = logging.INFO if reason == self.last_error else logging.WARNING
            log.log(level, "%s: no link to Asterisk: %s", self.name, reason)
            self.last_error = reason
            await self._sleep(self._timing.backoff(failures, self._luck()))

    async def _one_session(self) -> str:
        """Connect, log in, and stay until the connection is lost; the reason it ended."""
        session: Session | None = None
        try:
            with self._in_flight.working():
                async with asyncio.timeout(self._timing.connect):
                    session = await self._connect()
                    await session.request(self._login(), self._timing.connect)
            if not await self._booted(session):
                return (
                    f"logged in, but not fully booted within {self._timing.boot:g} s (read=system is needed)"
                )
            await self._watch(session)
            return session.lost.result()
        except LoginRefused as error:
            return f"{error} (check user, secret and permissions in manager.conf)"
        except TimeoutError:
            return f"no answer within {self._timing.connect:g} s"
        except (OSError, AmiError) as error:
            return str(error) or type(error).__name__
        finally:
            if session is not None:
                session.close("stopped")
                await asyncio.shield(session.lost)
            self._session = None

    async def _connect(self) -> Session:
        loop = asyncio.get_running_loop()
        _, session = await loop.create_connection(
            lambda: Session(self._emit, self._up, self._down, self._in_flight),
            self._server.host,
            self._server.port,
        )
        self._session = session
        return session

    async def _booted(self, session: Session) -> bool:
        """False when it takes too long; True also when the connection was lost instead."""
        try:
            async with asyncio.timeout(self._timing.boot):
                await session.settled.wait()
        except TimeoutError:
            return False
        return True

    def _login(self) -> Login:
        return Login(self._server.username, self._server.secret)

    def _up(self) -> None:
        self._generation += 1
        self.last_error = ""
        log.info("%s: logged in to Asterisk (session %d)", self.name, self._generation)
        self._emit(LinkUp(self.name, self._generation))

    def _down(self, reason: str) -> None:
        self._emit(LinkDown(self.name, self._generation, reason))

    async def _watch(self, session: Session) -> None:
        """Ping until the connection is lost. Only after the log-in: Asterisk refuses it before."""
        while True:
            done, _ = await asyncio.wait([session.lost], timeout=self._timing.ping_every)
            if done:
                return
            try:
                await session.request(Ping(), self._timing.ping_deadline)
            except LinkLost:
                return
            except AmiError as error:
                session.close(f"silent: {error}")
