"""A plain AMI client for the harness: it knows nothing of the project's own, and so can bear witness."""

import asyncio
import itertools
import time
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

from marcador.asterisk_config import AsteriskConfig
from tests.helpers import until

Message = dict[str, str]


class AmiError(Exception):
    """Asterisk answered an action with an error; the text is its own."""


class Ami:
    """Sends actions, and keeps every event in the order it came."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._ids = itertools.count(1)
        self._answers: dict[str, asyncio.Future[Message]] = {}
        self.events: list[Message] = []

    async def action(self, name: str, *pairs: tuple[str, str], **headers: str) -> Message:
        """Send one action and return its answer; `pairs` are for headers that repeat."""
        action_id = f"harness-{next(self._ids)}"
        answer: asyncio.Future[Message] = asyncio.get_running_loop().create_future()
        self._answers[action_id] = answer
        lines = [f"Action: {name}", f"ActionID: {action_id}"]
        lines += [f"{key}: {value}" for key, value in [*headers.items(), *pairs]]
        self._writer.write(("\r\n".join(lines) + "\r\n\r\n").encode())
        message = await asyncio.wait_for(answer, 5)
        if message["Response"] == "Error":
            raise AmiError(message["Message"])
        return message

    async def event(
        self, name: str, deadline: float = 5.0, *, after: int = 0, **fields: str | Callable[[str], bool]
    ) -> Message:
        """The first event of this name (or UserEvent of this name) with these fields, now or soon."""
        found: list[Message] = []

        def seen() -> bool:
            found[:] = self.all(name, after=after, **fields)
            return bool(found)

        await until(seen, deadline, f"{name} {fields} after {after}")
        return found[0]

    def all(self, name: str, *, after: int = 0, **fields: str | Callable[[str], bool]) -> list[Message]:
        """Every event of this name so far, from the index `after` on."""
        return [
            event
            for event in self.events[after:]
            if name in (event["Event"], event.get("UserEvent"))
            and all(_fits(event.get(key, ""), wanted) for key, wanted in fields.items())
        ]

    def names(self, uniqueid: str = "") -> list[str]:
        """The events' names in order, of one channel or of all."""
        return [
            event.get("UserEvent", event["Event"])
            for event in self.events
            if uniqueid in ("", event.get("Uniqueid"))
        ]

    async def call(self, number: str, trunk: str, **variables: str) -> str:
        """Place one call as Marcador does; returns the attempt's id."""
        attempt = str(uuid.uuid4())
        given = {
            "MARCADOR_ATTEMPT": attempt,
            "PJSIP_HEADER(add,X-Marcador-Attempt)": attempt,
            **variables,
        }
        await self.action(
            "Originate",
            *(("Variable", f"{name}={value}") for name, value in given.items()),
            Channel=f"PJSIP/{number}@{trunk}",
            ChannelId=attempt,
            Context="marcador-customer",
            Exten="answered",
            Priority="1",
            Timeout="15000",
            CallerID="5550100",
            Async="true",
        )
        return attempt

    async def agent_line(self, agent: str, channel: str = "", deadline: float = 5.0) -> str:
        """Open an agent's held line (a Local phone unless told); returns its uniqueid, once it is on hold."""
        line = str(uuid.uuid4())
        await self.action(
            "Originate",
            Channel=channel or f"Local/{agent}@phone/n",
            ChannelId=line,
            # Not an extension of `line`: Asterisk finds channels by the beginning of their id, too.
            OtherChannelId=f"phone-{line}",
            Context="marcador-agent",
            Exten="line",
            Priority="1",
            Variable=f"MARCADOR_AGENT={agent}",
            Async="true",
        )
        await self.event("BridgeEnter", deadline, Uniqueid=line, BridgeName=of_agents)
        return line

    async def waiting(self, attempt: str) -> None:
        """Wait until this customer is in the holding bridge."""
        await self.event("BridgeEnter", Uniqueid=attempt, BridgeName="marcador-customers")

    async def bridge(self, line: str, attempt: str) -> Message:
        """Join an agent's line and a customer, as Marcador does."""
        return await self.action("Bridge", Channel1=line, Channel2=attempt)

    def joined(self, line: str, attempt: str) -> bool:
        """Whether both legs entered one conversation."""
        talks = [
            {event["BridgeUniqueid"] for event in self.all("BridgeEnter", Uniqueid=leg, BridgeType="basic")}
            for leg in (line, attempt)
        ]
        return bool(talks[0] & talks[1])

    async def channels(self) -> list[Message]:
        """Every channel there is."""
        before = len(self.events)
        await self.action("CoreShowChannels")
        await self.event("CoreShowChannelsComplete", after=before)
        return self.all("CoreShowChannel", after=before)

    async def hang_up_everything(self) -> None:
        """End every call, and wait until none is left."""

        async def none_left() -> bool:
            channels = await self.channels()
            for channel in channels:
                with suppress(AmiError):
                    await self.action("Hangup", Channel=channel["Channel"], Cause="16")
            return not channels

        await until(none_left, 10, "no channel is left", every=0.05)

    async def read(self) -> None:
        """Take in messages until the connection ends."""
        while block := await self._block():
            message = dict(_header(line) for line in block)
            if "Event" in message:
                self.events.append(message | {"Seen": f"{time.time():.3f}"})
            elif answer := self._answers.pop(message.get("ActionID", ""), None):
                answer.set_result(message)

    async def _block(self) -> list[str]:
        lines: list[str] = []
        while line := (await self._reader.readline()).decode(errors="replace"):
            if line == "\r\n":
                return lines
            if not line.startswith("Asterisk Call Manager"):
                lines.append(line.rstrip("\r\n"))
        return []


@asynccontextmanager
async def connected(config: AsteriskConfig) -> AsyncIterator[Ami]:
    """Log in, and wait until Asterisk says it is fully booted."""
    reader, writer = await asyncio.open_connection(config.ami_host, config.ami_port)
    ami = Ami(reader, writer)
    reading = asyncio.create_task(ami.read())
    try:
        await ami.action("Login", Username=config.ami_user, Secret=config.ami_secret)
        await ami.event("FullyBooted", 30)
        yield ami
    finally:
        reading.cancel()
        writer.close()
        await asyncio.gather(reading, return_exceptions=True)


def _header(line: str) -> tuple[str, str]:
    name, _, value = line.partition(":")
    return name, value.strip()


def of_agents(room: str) -> bool:
    """Is it where an agent's line holds?"""
    return room.startswith("marcador-agents:")


def _fits(value: str, wanted: str | Callable[[str], bool]) -> bool:
    return value == wanted if isinstance(wanted, str) else wanted(value)
