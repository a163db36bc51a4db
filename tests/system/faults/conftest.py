"""An Asterisk that may be killed, with customers who talk shortly and customers who stay."""

from collections.abc import AsyncIterator, Iterator

import pytest

from tests.system.asterisk import ami as plain_ami
from tests.system.asterisk.ami import Ami
from tests.system.asterisk.carrier import Carrier
from tests.system.asterisk.installation import Installation
from tests.system.asterisk.running import running
from tests.system.asterisk.server import Asterisk

TALK_MS = 2500


@pytest.fixture(scope="package")
def brief() -> Iterator[Carrier]:
    """Its customers hang up after a moment's talk."""
    with running(Carrier("brief", talk_ms=TALK_MS)) as one:
        yield one


@pytest.fixture(scope="package")
def patient() -> Iterator[Carrier]:
    """Its customers talk until they are hung up on."""
    with running(Carrier("patient", talk_ms=120_000)) as one:
        yield one


@pytest.fixture(scope="package")
def frail(installation: Installation, brief: Carrier, patient: Carrier) -> Iterator[Asterisk]:
    """Started again by whoever kills it."""
    with running(Asterisk(installation, (brief.trunk, patient.trunk))) as one:
        yield one


@pytest.fixture
async def witness(frail: Asterisk) -> AsyncIterator[Ami]:
    """A plain AMI client of its own, untouched by what happens to the dialer's."""
    async with plain_ami.connected(frail.config) as client:
        yield client
        await client.hang_up_everything()
