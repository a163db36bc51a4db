"""Ports for servers that come back after a crash."""

import socket
from itertools import islice

from storage import ports


def test_no_port_is_one_the_system_hands_out_to_outgoing_connections() -> None:
    with socket.socket() as outgoing:
        outgoing.bind(("127.0.0.1", 0))
        handed_out = outgoing.getsockname()[1]
    offered = set(ports.ours())
    assert handed_out not in offered
    assert min(offered) >= ports.LOWEST


def test_a_port_somebody_holds_is_not_free_and_is_free_again_afterwards() -> None:
    port = next(filter(ports.is_free, ports.ours()))
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", port))
        assert not ports.is_free(port)
    assert ports.is_free(port)


def test_ranges_do_not_overlap_and_two_that_look_at_once_seldom_meet() -> None:
    starts = list(ports.ours(step=100))
    assert len(starts) == len(set(starts))
    assert all((start - ports.LOWEST) % 100 == 0 for start in starts)
    assert any(list(islice(ports.ours(), 5)) != list(islice(ports.ours(), 5)) for _ in range(3))
