"""Bytes to messages. Pure.

A message is decoded when it is whole, so that a character split across two reads survives (panoramisk decodes
each read by itself and loses it). Reading a message's headers is panoramisk's.
"""

from collections.abc import Iterator

from panoramisk.message import Message

from ami.errors import BadPeer

BANNER = b"Asterisk Call Manager/"
MAX_MESSAGE = 1 << 20
"""Bytes. A peer that sends more without an empty line is not Asterisk, or is ill."""

_END = b"\r\n\r\n"


class Frames:
    """Cuts a stream into the texts of whole messages."""

    def __init__(self) -> None:
        self._rest = b""
        self.version = ""
        """The protocol's version, from the banner; empty until it came."""

    def feed(self, data: bytes) -> Iterator[str]:
        """The messages this read completed. Raises `BadPeer` where the stream cannot be AMI."""
        self._rest += data
        if not self.version and not self._banner():
            return
        *whole, self._rest = self._rest.split(_END)
        if len(self._rest) > MAX_MESSAGE:
            raise BadPeer(f"a message of more than {MAX_MESSAGE} bytes")
        for message in whole:
            yield message.decode("utf-8", "replace").strip()

    def _banner(self) -> bool:
        line, found, rest = self._rest.partition(b"\r\n")
        expected = BANNER if found else BANNER[: len(line)]
        if not line.startswith(expected) or len(line) > 200:
            raise BadPeer(f"does not speak AMI: {line[:40]!r}")
        if not found:
            return False
        self.version = line[len(BANNER) :].decode("ascii", "replace").strip() or "unknown"
        self._rest = rest
        return True


Fields = dict[str, str]
"""One message's headers, names in lower case. Of a header given twice the first counts."""


class _Headers(Message):  # type: ignore[misc]  # panoramisk has no types
    """panoramisk's parser with a plain dict as its result: its own mapping costs twice the parsing."""

    def __new__(cls, headers: dict[str, str | list[str]], _body: str = "") -> Fields:  # type: ignore[misc]
        return {name.lower(): v if isinstance(v, str) else v[0] for name, v in headers.items()}


def read(text: str) -> Fields | None:
    """A message's headers, or None where it is neither a response nor an event."""
    fields: Fields | None = _Headers.from_line(text)
    return fields
