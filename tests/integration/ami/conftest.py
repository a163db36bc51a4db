from collections.abc import AsyncIterator

import pytest

from tests.integration.ami.peers import Peer


@pytest.fixture
async def peer() -> AsyncIterator[Peer]:
    peer = Peer()
    await peer.start()
    yield peer
    await peer.stop()
