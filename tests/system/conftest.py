"""A real Asterisk and a carrier for every system test; without them the tests are left out, and say why."""

import os
from collections.abc import AsyncIterator, Iterator

import pytest

from marcador.asterisk_config import AgentPhone, Trunk
from tests.system.asterisk import ami as plain_ami
from tests.system.asterisk.ami import Ami
from tests.system.asterisk.carrier import Carrier
from tests.system.asterisk.installation import Installation, find, why_not
from tests.system.asterisk.running import running
from tests.system.asterisk.server import Asterisk


@pytest.fixture(scope="session")
def installation() -> Installation:
    """The machine's Asterisk 22. With CI set its absence is a failure, not a gap."""
    if reason := why_not():
        if os.environ.get("CI"):
            pytest.fail(reason, pytrace=False)
        pytest.skip(reason)
    found = find()
    assert found
    return found


@pytest.fixture(scope="session")
def carrier() -> Iterator[Carrier]:
    """One carrier for all tests; see `Customer` for what its customers do."""
    with running(Carrier()) as one:
        yield one


@pytest.fixture(scope="session")
def second_carrier() -> Iterator[Carrier]:
    """A carrier that answers nothing: it brings inbound calls."""
    one = Carrier("inbound")
    yield one
    one.remove()


@pytest.fixture(scope="session")
def phones() -> tuple[AgentPhone, ...]:
    """Agents whose phones may register."""
    return tuple(AgentPhone(name) for name in ("101", "102", "103"))


@pytest.fixture(scope="session")
def asterisk(
    installation: Installation, carrier: Carrier, second_carrier: Carrier, phones: tuple[AgentPhone, ...]
) -> Iterator[Asterisk]:
    """A running Asterisk under the project's own configuration. A test that kills it starts it again."""
    with_account = Trunk(
        "account", "127.0.0.1", carrier.trunk.port, username="marcador", secret="of-the-test"
    )
    with running(Asterisk(installation, (carrier.trunk, second_carrier.trunk, with_account), phones)) as one:
        yield one


@pytest.fixture
async def ami(asterisk: Asterisk) -> AsyncIterator[Ami]:
    """A logged-in plain AMI client; afterwards no channel of the test is left."""
    async with plain_ami.connected(asterisk.config) as client:
        yield client
        await client.hang_up_everything()
