"""Uploads on disk: what a killed process leaves is cleared away, and nothing else."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import cast

import pytest
from fastapi import Request

from crm_api.loads import spool

HOLDS = """
import asyncio, sys
from pathlib import Path
from crm_api.loads.spool import spooled

class Upload:
    async def stream(self):
        yield b"telefono"

print(asyncio.run(spooled(Upload(), Path(sys.argv[1]))), flush=True)
sys.stdin.read()
"""


class Upload:
    async def stream(self) -> AsyncIterator[bytes]:
        yield b"telefono"


@pytest.fixture
def another_process(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """Another API process, with an upload it works on."""
    command = [sys.executable, "-c", HOLDS, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield process
        process.kill()


def left_long_ago(path: Path) -> None:
    before = time.time() - 2 * spool.LEFT_S
    os.utime(path, (before, before))


def test_an_upload_is_another_processs_until_that_is_killed(
    tmp_path: Path, another_process: subprocess.Popen[str]
) -> None:
    assert another_process.stdout is not None
    upload = Path(another_process.stdout.readline().strip())
    left_long_ago(upload)
    assert spool.clear_away(tmp_path) == 0
    assert upload.read_bytes() == b"telefono"
    another_process.send_signal(signal.SIGKILL)
    another_process.wait(10)
    assert spool.clear_away(tmp_path) == 1
    assert not upload.exists()


async def test_an_own_upload_stays_until_it_is_removed(tmp_path: Path) -> None:
    upload = await spool.spooled(cast(Request, Upload()), tmp_path)
    assert upload.read_bytes() == b"telefono"
    left_long_ago(upload)
    assert spool.clear_away(tmp_path) == 0
    spool.remove(upload)
    assert not os.listdir(tmp_path)
    assert upload not in spool._locked


def test_what_is_young_no_file_or_named_otherwise_stays(tmp_path: Path) -> None:
    young, other, aim = (tmp_path / name for name in (spool.PREFIX + "young", "report.csv", "aim"))
    for path in (young, other, aim):
        path.write_bytes(b"x")
    (tmp_path / (spool.PREFIX + "folder")).mkdir()
    (tmp_path / (spool.PREFIX + "link")).symlink_to(aim)
    for path in tmp_path.iterdir():
        if path != young:
            left_long_ago(path)
    assert spool.clear_away(tmp_path) == 0
    assert len(list(tmp_path.iterdir())) == 5
