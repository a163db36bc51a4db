"""Free ports of the loopback, which whoever is killed and started again finds free again."""

import socket
from collections.abc import Iterator
from itertools import islice

from storage import ports


def free_udp_ports(count: int) -> list[int]:
    """So many different UDP ports nobody holds now."""
    return list(islice(_free(socket.SOCK_DGRAM), count))


def free_tcp_port() -> int:
    """One TCP port nobody holds now."""
    return next(_free(socket.SOCK_STREAM))


def free_udp_range(length: int) -> tuple[int, int]:
    """First and last of `length` neighbouring ports."""
    for first in ports.ours(first=20_000, step=length):
        last = first + length - 1
        if ports.is_free(first, socket.SOCK_DGRAM) and ports.is_free(last, socket.SOCK_DGRAM):
            return first, last
    raise AssertionError("no free range of ports for RTP")


def _free(kind: socket.SocketKind) -> Iterator[int]:
    return (port for port in ports.ours() if port < 20_000 and ports.is_free(port, kind))
