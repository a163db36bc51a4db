"""What a server's pid file says, and when it is not believed."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from subprocess import DEVNULL, PIPE, Popen

import pytest

from storage import postmaster
from tests.helpers import until_sync


def write(cluster: Path, pid: int, status: str = "ready   ") -> None:
    (cluster / "postmaster.pid").write_text(
        f"{pid}\n{cluster}\n1700000000\n5433\n\n127.0.0.1\n1 2\n{status}\n"
    )


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Popen[bytes]]:
    """A process that looks like this cluster's server: its command line names the folder."""
    process = Popen(
        [sys.executable, "-c", "input()", "-D", str(tmp_path)], stdin=PIPE, stdout=DEVNULL, stderr=DEVNULL
    )
    yield process
    process.communicate(b"\n", timeout=20)


def test_a_running_server_is_known_by_its_command_line(tmp_path: Path, server: Popen[bytes]) -> None:
    write(tmp_path, server.pid)
    until_sync(lambda: postmaster.running_pid(tmp_path) == server.pid)  # a moment passes from fork to exec
    assert postmaster.ready_port(tmp_path) == 5433
    postmaster.forget_stranger(tmp_path)
    assert (tmp_path / "postmaster.pid").exists()


def test_a_starting_server_has_no_port_yet(tmp_path: Path, server: Popen[bytes]) -> None:
    write(tmp_path, server.pid, "starting")
    assert postmaster.ready_port(tmp_path) is None


def test_a_pid_that_belongs_to_somebody_else_is_no_server_and_its_file_goes(tmp_path: Path) -> None:
    write(tmp_path, os.getpid())
    assert postmaster.running_pid(tmp_path) is None
    assert postmaster.ready_port(tmp_path) is None
    postmaster.forget_stranger(tmp_path)
    assert not (tmp_path / "postmaster.pid").exists()


def test_no_file_half_a_file_or_nonsense_is_no_server(tmp_path: Path) -> None:
    assert postmaster.running_pid(tmp_path) is None
    for text in ("", "not a number\n"):
        (tmp_path / "postmaster.pid").write_text(text)
        assert postmaster.running_pid(tmp_path) is None
        assert postmaster.ready_port(tmp_path) is None
