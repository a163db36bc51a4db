"""The embedded PostgreSQL: started by us, survives what may happen to it."""

import asyncio
import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from storage.database import connect
from storage.embedded import EmbeddedPostgres
from storage.errors import EmbeddedError, WrongAddress
from storage.postgres_binaries import wheel_binaries
from storage.throw_away import throw_away_postgres
from tests.helpers import until_sync

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def folder() -> Iterator[Path]:
    """Not pytest's own: as root its folders are closed to the user the server runs as."""
    path = Path(tempfile.mkdtemp(prefix="marcador-test-"))
    path.chmod(0o711)
    yield path / "pg"
    server = EmbeddedPostgres(path / "pg")
    if server.pid is not None:
        server.start()
        server.stop()
    shutil.rmtree(path)


async def ask(dsn: str, sql: str) -> object:
    async with connect(dsn) as conn:
        return await conn.fetchval(sql)


async def test_what_was_stored_is_there_after_a_stop_and_a_start(folder: Path) -> None:
    async with EmbeddedPostgres(folder) as pg:
        assert await ask(pg.dsn, "CREATE TABLE kept AS SELECT 7 AS n") is None
        port = pg.port
    assert pg.pid is None
    async with EmbeddedPostgres(folder) as pg:
        assert await ask(pg.dsn, "SELECT n FROM kept") == 7
        assert pg.port == port  # pools that outlive a restart look for it there


async def test_it_is_private_unprivileged_durable_and_in_utc(folder: Path) -> None:
    async with EmbeddedPostgres(folder) as pg:
        pid = pg.pid
        assert pid is not None
        assert os.stat(f"/proc/{pid}").st_uid != 0
        assert stat.S_IMODE(os.stat(folder / "password").st_mode) == 0o600
        assert stat.S_IMODE(os.stat(folder / "cluster").st_mode) == 0o700
        for setting, value in {
            "listen_addresses": "127.0.0.1",
            "password_encryption": "scram-sha-256",
            "fsync": "on",
            "synchronous_commit": "on",
            "TimeZone": "UTC",
            "server_encoding": "UTF8",
            "lc_collate": "C",
        }.items():
            sql = f"SELECT coalesce(current_setting('{setting}', true), 'C')"
            assert await ask(pg.dsn, sql) == value, setting
        wrong = pg.dsn.replace(pg.dsn.split(":")[2].split("@")[0], "guessed")
        with pytest.raises(WrongAddress):
            await ask(wrong, "SELECT 1")


def test_two_users_share_one_server_and_the_last_one_stops_it(folder: Path) -> None:
    first, second = EmbeddedPostgres(folder), EmbeddedPostgres(folder)
    first.start()
    second.start()
    assert first.pid == second.pid
    assert first.dsn == second.dsn
    first.stop()
    assert second.pid is not None
    assert asyncio.run(ask(second.dsn, "SELECT 1")) == 1
    second.stop()
    assert second.pid is None


def test_a_server_whose_marcador_was_killed_is_taken_over(folder: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from storage.embedded import EmbeddedPostgres;"
        "pg = EmbeddedPostgres(Path(sys.argv[1])); pg.start(); print(pg.pid, flush=True); input()"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", program, str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT
    )
    assert parent.stdout is not None
    pid = int(parent.stdout.readline())
    parent.kill()
    parent.communicate()

    with EmbeddedPostgres(folder) as pg:
        assert pg.pid == pid
        assert asyncio.run(ask(pg.dsn, "SELECT 1")) == 1
    until_sync(
        lambda: not Path(f"/proc/{pid}/exe").exists(), message="the server that was taken over has ended"
    )


def test_a_server_killed_with_9_starts_again_with_what_was_committed(folder: Path) -> None:
    with EmbeddedPostgres(folder) as pg:
        asyncio.run(ask(pg.dsn, "CREATE TABLE kept AS SELECT 7 AS n"))
        before = pg.pid
        assert before is not None
        os.kill(before, signal.SIGKILL)
        until_sync(lambda: pg.pid is None, message="the server is dead")
        pg.restart()
        assert pg.pid not in (None, before)
        assert asyncio.run(ask(pg.dsn, "SELECT n FROM kept")) == 7


def test_a_pid_file_that_names_a_living_stranger_is_not_believed(folder: Path) -> None:
    with EmbeddedPostgres(folder) as pg:
        pg.kill()
    (folder / "cluster" / "postmaster.pid").write_text(
        f"{os.getpid()}\n{folder}/cluster\n1\n1\n\n\n1 2\nready\n"
    )
    with EmbeddedPostgres(folder) as pg:
        assert asyncio.run(ask(pg.dsn, "SELECT 1")) == 1


def test_a_port_taken_by_another_is_given_up_for_a_free_one(folder: Path) -> None:
    with EmbeddedPostgres(folder) as other_folder_made:
        assert other_folder_made.port
    with throw_away_postgres() as other:
        (folder / "port").write_text(str(other.port))
        with EmbeddedPostgres(folder) as pg:
            assert pg.port != other.port
            assert asyncio.run(ask(pg.dsn, "SELECT 1")) == 1


def test_a_cluster_of_another_version_is_refused_with_what_to_do(folder: Path) -> None:
    (folder / "cluster").mkdir(parents=True)
    (folder / "cluster" / "PG_VERSION").write_text("9\n")
    with pytest.raises(EmbeddedError, match=r"was made by PostgreSQL 9, this is PostgreSQL \d+: dump it"):
        EmbeddedPostgres(folder).start()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root's server runs as somebody else")
def test_a_folder_the_servers_user_cannot_reach_is_said_to_be_so() -> None:
    closed = Path(tempfile.mkdtemp(prefix="marcador-closed-"))
    try:
        with pytest.raises(EmbeddedError, match=r"(?s)Permission denied.*must let the user \w+ pass"):
            EmbeddedPostgres(closed / "pg").start()
    finally:
        shutil.rmtree(closed)


def test_a_throw_away_server_and_its_folder_end_even_when_we_are_killed() -> None:
    program = (
        "from storage.throw_away import throw_away_postgres\n"
        "with throw_away_postgres() as pg: print(pg.pid, pg.data_dir, flush=True); input()"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT
    )
    assert parent.stdout is not None
    pid, path = parent.stdout.readline().decode().split()
    assert Path(path).exists()
    parent.kill()
    parent.communicate()
    until_sync(lambda: not Path(path).exists(), 10, "the folder is gone")
    until_sync(lambda: not Path(f"/proc/{pid}/exe").exists(), 10, "the server is gone")


def test_the_wheels_own_start_up_is_never_imported() -> None:
    program = (
        "import sys; from storage.postgres_binaries import wheel_binaries; import storage.embedded;"
        "wheel_binaries(); sys.exit(any(name.startswith('pixeltable') for name in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=False).returncode == 0


def test_as_root_the_programs_lie_where_another_user_reaches_them() -> None:
    postgres = wheel_binaries().postgres
    if os.geteuid() == 0:
        assert postgres.is_relative_to("/var/lib/marcador")
        assert all(stat.S_IMODE(parent.stat().st_mode) & 0o005 == 0o005 for parent in postgres.parents)
    assert os.access(postgres, os.X_OK)
