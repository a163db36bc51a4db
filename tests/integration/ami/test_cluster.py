"""Several Asterisks: one that fails, hangs or babbles delays no other."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from ami import actions
from ami import events as e
from ami.cluster import Cluster
from ami.connection import AsteriskLink, Server
from ami.errors import ActionTimeout, AmiError
from ami.link import Link
from tests.helpers import until
from tests.integration.ami.peers import FAST, Peer, success


@pytest.fixture
async def other() -> AsyncIterator[Peer]:
    peer = Peer()
    await peer.start()
    yield peer
    await peer.stop()


def _link(name: str, peer: Peer) -> AsteriskLink:
    return AsteriskLink(Server(name, "127.0.0.1", peer.port, "u", "s"), timing=FAST)


async def test_a_server_that_never_answers_delays_no_other(peer: Peer, other: Peer) -> None:
    peer.answers = success
    cluster = Cluster(_link("good", peer), _link("bad", other))
    heard: list[tuple[str, e.Event]] = []
    cluster.subscribe(lambda link, event: heard.append((link.name, event)))
    await cluster.start()
    await until(lambda: len(cluster.up()) == 2)
    stuck = asyncio.create_task(cluster["bad"].send(actions.Ping(), deadline=0.5))
    for _ in range(20):
        await cluster["good"].send(actions.Ping(), deadline=0.5)
    assert not stuck.done()
    with pytest.raises(ActionTimeout):
        await stuck
    other.cut()
    await until(lambda: _down(heard))
    assert cluster["good"].generation == 1
    await cluster.stop()
    assert ("good", e.LinkUp("good", 1)) in heard


def _down(heard: list[tuple[str, e.Event]]) -> bool:
    return any(name == "bad" and isinstance(event, e.LinkDown) for name, event in heard)


async def test_a_server_that_is_down_does_not_hold_up_the_others_start(peer: Peer, other: Peer) -> None:
    await other.stop()
    cluster = Cluster(_link("down", other), _link("good", peer))
    await cluster.start()
    await until(lambda: cluster["good"].connected)
    assert [link.name for link in cluster.up()] == ["good"]
    await other.start()
    await until(lambda: len(cluster.up()) == 2)
    await cluster.stop()


async def test_two_servers_of_one_name_are_refused(peer: Peer) -> None:
    one: Link = _link("same", peer)
    with pytest.raises(AmiError, match="same name"):
        Cluster(one, _link("same", peer))
