"""Free ports of the loopback."""

import random
import socket


def free_udp_ports(count: int) -> list[int]:
    """Ports nobody holds now; they are held together while being found, so that all differ."""
    return _free(count, socket.SOCK_DGRAM)


def free_tcp_port() -> int:
    """One TCP port nobody holds now."""
    return _free(1, socket.SOCK_STREAM)[0]


def free_udp_range(length: int) -> tuple[int, int]:
    """First and last of `length` neighbouring ports, below those the system hands out by itself."""
    starts = list(range(20000, 32000, length))
    random.shuffle(starts)  # several test runs on one machine should not meet
    for first in starts:
        if _is_free(first) and _is_free(first + length - 1):
            return first, first + length - 1
    raise AssertionError("no free range of ports for RTP")


def _free(count: int, kind: socket.SocketKind) -> list[int]:
    sockets = [socket.socket(socket.AF_INET, kind) for _ in range(count)]
    try:
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]
    finally:
        for each in sockets:
            each.close()


def _is_free(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True
