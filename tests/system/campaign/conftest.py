"""An Asterisk whose customers talk shortly, and contact centres on it."""

from collections.abc import AsyncIterator, Iterator

import pytest

from marcador.asterisk_config import AgentPhone
from tests.system.asterisk import ami as plain_ami
from tests.system.asterisk.ami import Ami
from tests.system.asterisk.carrier import Carrier
from tests.system.asterisk.installation import Installation
from tests.system.asterisk.running import running
from tests.system.asterisk.server import Asterisk
from tests.system.campaign.centre import Centre, open_centre

TALK_MS = 2500  # longer than the patience: who leaves while waiting is not abandoned
PHONES = tuple(AgentPhone(str(code)) for code in range(101, 105))


@pytest.fixture(scope="session")
def brief_carrier() -> Iterator[Carrier]:
    """Its customers hang up after a moment's talk."""
    with running(Carrier("brief", talk_ms=TALK_MS)) as one:
        yield one


@pytest.fixture(scope="session")
def patient_carrier() -> Iterator[Carrier]:
    """Its customers talk until they are hung up on."""
    with running(Carrier("patient")) as one:
        yield one


@pytest.fixture(scope="session")
def incoming() -> Iterator[Carrier]:
    """It brings calls in."""
    one = Carrier("incoming")
    yield one
    one.remove()


@pytest.fixture(scope="session")
def pbx(
    installation: Installation, brief_carrier: Carrier, patient_carrier: Carrier, incoming: Carrier
) -> Iterator[Asterisk]:
    """The Asterisk of these tests; a test that kills one takes its own."""
    carriers = (brief_carrier, patient_carrier, incoming)
    with running(Asterisk(installation, tuple(carrier.trunk for carrier in carriers), PHONES)) as one:
        yield one


@pytest.fixture
async def far_end(pbx: Asterisk) -> AsyncIterator[Ami]:
    """A plain AMI client beside the dialer's: it sees what Asterisk does. Afterwards no channel is left."""
    async with plain_ami.connected(pbx.config) as client:
        yield client
        await client.hang_up_everything()


@pytest.fixture
async def centre(
    far_end: Ami, pbx: Asterisk, database_dsn: str, patient_carrier: Carrier
) -> AsyncIterator[Centre]:
    """A contact centre whose customers stay on the line until somebody hangs up."""
    async with open_centre(database_dsn, pbx, patient_carrier) as one:
        yield one


@pytest.fixture
async def brief_centre(
    far_end: Ami, pbx: Asterisk, database_dsn: str, brief_carrier: Carrier
) -> AsyncIterator[Centre]:
    """A contact centre whose customers hang up after a moment's talk."""
    async with open_centre(database_dsn, pbx, brief_carrier) as one:
        yield one
