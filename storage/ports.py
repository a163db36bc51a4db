"""Ports of the loopback for servers that must find theirs free again after a restart.

A port the system hands out by itself (bind to 0) is a bad home: while the server is away it may be given to
anybody's outgoing connection. A client that keeps trying such a port may even be connected to itself, and
then holds the port its server is waiting for.
"""

import random
import socket
from collections.abc import Iterator
from pathlib import Path

LOWEST = 10_240
"""Below are the ports that well-known services are found on."""
_HANDED_OUT = Path("/proc/sys/net/ipv4/ip_local_port_range")
_HANDED_OUT_FROM = 32_768
"""Where the system does not say."""


def ours(first: int = LOWEST, step: int = 1) -> Iterator[int]:
    """Every `step`-th port from `first` up to those the system hands out by itself, in random order: several
    servers that start at once should not meet. Whether one is free is to be tried."""
    ports = list(range(first, _handed_out_from() - step + 1, step))
    random.shuffle(ports)
    yield from ports


def is_free(port: int, kind: socket.SocketKind = socket.SOCK_STREAM) -> bool:
    """Whether nobody holds it now."""
    with socket.socket(socket.AF_INET, kind) as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def _handed_out_from() -> int:
    try:
        lowest = int(_HANDED_OUT.read_text().split()[0])
    except (OSError, ValueError, IndexError):
        return _HANDED_OUT_FROM
    return lowest if lowest > LOWEST + 1000 else _HANDED_OUT_FROM
