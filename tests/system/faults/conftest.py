"""An Asterisk that may be killed, with customers who talk shortly and customers who stay."""

import os
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest

from tests.helpers.redis_server import RedisServer
from tests.system.asterisk import ami as plain_ami
from tests.system.asterisk.ami import Ami
from tests.system.asterisk.carrier import Carrier
from tests.system.asterisk.installation import Installation
from tests.system.asterisk.running import running
from tests.system.asterisk.server import Asterisk

TALK_MS = 2500
Start = Callable[[], subprocess.Popen[bytes]]


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


@pytest.fixture
def start_dialer(
    frail: Asterisk, database_dsn: str, redis_server: RedisServer, tmp_path: Path
) -> Iterator[Start]:
    """`marcador dialer` as an operator starts it; none outlives the test."""
    started: list[subprocess.Popen[bytes]] = []
    config = frail.config
    environment = {
        **os.environ,
        "DATABASE_URL": database_dsn,
        "REDIS_URL": redis_server.url,
        "MARCADOR_AMI": f"ami://{config.ami_user}:{config.ami_secret}@127.0.0.1:{config.ami_port}",
    }

    def start() -> subprocess.Popen[bytes]:
        with (tmp_path / "dialer.log").open("ab") as log:
            command = [sys.executable, "-m", "marcador", "dialer"]
            started.append(
                subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
            )
        return started[-1]

    yield start
    for process in started:
        if process.poll() is None:
            process.kill()
        process.wait(10)
