"""The simulated PBX's only socket: a listener on 127.0.0.1, and a session for each that connects."""

import asyncio
import random
from collections.abc import Hashable
from typing import Self

from ami.clock import Clock, InFlight, NotCounted, SystemClock, connection_key
from ami.simulator import wire
from ami.simulator.manager import carry_out
from ami.simulator.pbx import Pbx, Placed, Settings
from ami.simulator.population import Population

_MAX_UNREAD = 64 << 20
"""Bytes. Asterisk too drops a session that does not read."""


class SimulatedAsterisk:
    """`async with SimulatedAsterisk() as asterisk:` and connect to `asterisk.port`.

    `clock` is the business time of every ring, patience and talk; `in_flight` is given in virtual time.
    """

    def __init__(
        self,
        population: Population | None = None,
        settings: Settings | None = None,
        *,
        clock: Clock | None = None,
        in_flight: InFlight | None = None,
        username: str = "marcador",
        secret: str = "simulated",
    ) -> None:
        self.clock = clock or SystemClock()
        self.in_flight = in_flight or NotCounted()
        self.username = username
        self.secret = secret
        self.port = 0
        self.pbx = Pbx(self.clock, population or Population(), settings or Settings(), self._tell)
        self._sessions: set[_Session] = set()
        self._server: asyncio.Server | None = None
        self._traffic: set[asyncio.Task[None]] = set()

    @property
    def calls(self) -> list[Placed]:
        """Every call to a customer that was placed, in order."""
        return self.pbx.calls

    async def start(self) -> int:
        """Listen, on the port it had before if there was one; the port."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: _Session(self), "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]
        return self.port

    async def stop(self) -> None:
        """Asterisk dies: the port closes, every session and every call with it. May be started again."""
        for task in self._traffic:
            task.cancel()
        if self._server is not None:
            self._server.close()
        self.cut()
        self.pbx.end_all()
        if self._server is not None:
            await self._server.wait_closed()
            self._server = None

    def cut(self) -> None:
        """Cut every AMI connection; calls go on."""
        for session in tuple(self._sessions):
            session.abort()

    def inbound_traffic(self, per_hour: float, did: str, *, seed: int = 0, prefix: str = "+15550") -> None:
        """From now on customers call, as a Poisson stream; ends with `stop`."""
        task = asyncio.get_running_loop().create_task(self._inbound(per_hour, did, seed, prefix))
        self._traffic.add(task)
        task.add_done_callback(self._traffic.discard)

    async def _inbound(self, per_hour: float, did: str, seed: int, prefix: str) -> None:
        luck = random.Random(f"inbound/{seed}")
        while True:
            await self.clock.sleep(luck.expovariate(per_hour / 3600))
            self.pbx.inbound(f"{prefix}{luck.randrange(10**6):06d}", did)

    def _tell(self, told: wire.Told) -> None:
        data = wire.event(told)
        for session in self._sessions:
            session.tell(data)

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self.stop()


class _Session(asyncio.BufferedProtocol):
    def __init__(self, asterisk: SimulatedAsterisk) -> None:
        self._asterisk = asterisk
        self._in_flight = asterisk.in_flight
        self._transport: asyncio.Transport | None = None
        self._key: Hashable = None
        self._rest = b""
        self._buffer = bytearray(1 << 16)
        self._out: list[bytes] = []
        self._logged_in = False

    # --- asyncio.BufferedProtocol ------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._key = connection_key(transport)
        self._asterisk._sessions.add(self)
        self._send(wire.BANNER)

    def get_buffer(self, sizehint: int) -> bytearray:
        return self._buffer

    def buffer_updated(self, nbytes: int) -> None:
        *whole, self._rest = (self._rest + memoryview(self._buffer)[:nbytes]).split(b"\r\n\r\n")
        for message in whole:
            self._take(wire.action(message.decode("utf-8", "replace")))
        self._in_flight.received(nbytes, self._key)

    def connection_lost(self, exc: Exception | None) -> None:
        self._asterisk._sessions.discard(self)
        self._in_flight.forget(self._key)
        self._transport = None

    # --- AMI -------------------------------------------------------------------------------------

    def tell(self, data: bytes) -> None:
        if self._logged_in:
            self._send(data)

    def abort(self) -> None:
        if self._transport is not None:
            self._transport.abort()

    def _take(self, asked: wire.Asked) -> None:
        action = asked["action"].lower()
        if action == "login":
            self._login(asked)
        elif not self._logged_in:
            self._answer(wire.Answer(False, "Permission denied"), asked)
        elif action == "logoff":
            self._send(wire.answer(wire.Answer(True, "Thanks for all the fish."), asked["actionid"]))
            self._close()
        else:
            self._answer(carry_out(self._asterisk.pbx, asked), asked)

    def _login(self, asked: wire.Asked) -> None:
        right = (asked["username"], asked["secret"]) == (self._asterisk.username, self._asterisk.secret)
        if not right:
            self._answer(wire.Answer(False, "Authentication failed"), asked)
            self._close()
            return
        self._logged_in = True
        self._answer(wire.Answer(True, "Authentication accepted"), asked)
        booted = {"Status": "Fully Booted", "Uptime": "1", "LastReload": "1"}
        self._send(wire.event(wire.Told("FullyBooted", booted)))

    def _answer(self, given: wire.Answer, asked: wire.Asked) -> None:
        self._send(wire.answer(given, asked["actionid"]))

    # --- writing: what one moment tells goes out together ----------------------------------------

    def _send(self, data: bytes) -> None:
        if not self._out:
            asyncio.get_running_loop().call_soon(self._flush)
        self._out.append(data)

    def _flush(self) -> None:
        data, self._out = b"".join(self._out), []
        if self._transport is None or self._transport.is_closing():
            return
        self._in_flight.sent(len(data), self._key)
        self._transport.write(data)
        if self._transport.get_write_buffer_size() > _MAX_UNREAD:
            self._transport.abort()

    def _close(self) -> None:
        self._flush()
        if self._transport is not None:
            self._transport.close()
