"""A mail server on this machine that keeps what it is given, and refuses or breaks off where told to."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default


@dataclass
class MailBox:
    """`refuses`: recipients with the answer each gets. `at_data`: the answer to the message, or None to hang
    up when it is there."""

    refuses: dict[str, str] = field(default_factory=dict)
    at_data: str | None = "250 kept"
    kept: list[tuple[list[str], bytes]] = field(default_factory=list)
    port: int = 0

    @property
    def messages(self) -> list[EmailMessage]:
        return [message_from_bytes(text, policy=default) for _, text in self.kept]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        recipients: list[str] = []

        async def say(line: str) -> None:
            writer.write(line.encode() + b"\r\n")
            await writer.drain()

        await say("220 test")
        while line := await reader.readline():
            word = line.decode().strip()
            match word[:4].upper():
                case "EHLO" | "HELO" | "MAIL" | "RSET":
                    await say("250 test")
                case "RCPT":
                    who = word.partition("<")[2].rstrip(">")
                    if who not in self.refuses:
                        recipients.append(who)
                    await say(self.refuses.get(who, "250 fine"))
                case "DATA":
                    await say("354 go on")
                    text = await reader.readuntil(b"\r\n.\r\n")
                    self.kept.append((recipients, text[:-3]))
                    if self.at_data is None:
                        break
                    await say(self.at_data)
                case "QUIT":
                    await say("221 bye")
                    break
                case _:
                    await say("502 what?")
        writer.close()


@asynccontextmanager
async def mail_server() -> AsyncIterator[MailBox]:
    box = MailBox()
    server = await asyncio.start_server(box.serve, "127.0.0.1", 0)
    box.port = server.sockets[0].getsockname()[1]
    async with server:
        yield box
