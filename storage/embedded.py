"""The embedded PostgreSQL: a private server in a folder, started by us, no installation and no questions.

It listens on 127.0.0.1 only, asks for a random password (SCRAM) and runs as an unprivileged user. Several
processes may use the same folder at once: the first starts the server, the last one stops it. A server whose
Marcador was killed is taken over by the next one.
"""

import asyncio
import contextlib
import os
import secrets
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import IO
from urllib.parse import quote

from storage import ports, postmaster
from storage.errors import EmbeddedError
from storage.filelock import FileLock
from storage.postgres_binaries import Binaries, ServerUser, server_user, wheel_binaries

ROLE = "marcador"
DATABASE = "marcador"

_START_S = 30.0  # a crashed server replays its log first
_STOP_S = 20.0
_POLL_S = 0.01
_PORT_TRIES = 5

_COMMON = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "max_connections": "200",
    "logging_collector": "off",
    "log_min_messages": "warning",
    "recovery_init_sync_method": "syncfs",  # after a crash: one call, instead of seconds of one per file
}
_FAST = signal.SIGINT  # rolls back what is open and writes everything to disk
_IMMEDIATE = signal.SIGQUIT

# Durability is for data somebody wants back.
_THROW_AWAY = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "max_wal_size": "256MB",
}


class EmbeddedPostgres:
    """`async with EmbeddedPostgres(folder) as pg: pg.dsn`, or `with`, or `start()` and `stop()` (they block).

    The folder is made when missing. It holds the cluster, the password (0600), the port and the server's log.
    `throw_away` gives up durability for speed: for tests.
    """

    def __init__(self, data_dir: Path, *, binaries: Binaries | None = None, throw_away: bool = False) -> None:
        self.data_dir = data_dir.absolute()
        self._cluster = self.data_dir / "cluster"
        self._password_file = self.data_dir / "password"
        self._port_file = self.data_dir / "port"
        self._log_file = self.data_dir / "server.log"
        self._binaries = binaries
        self._throw_away = throw_away
        self._changing = FileLock(self.data_dir / "changing.lock")
        self._using = FileLock(self.data_dir / "using.lock")
        self._process: subprocess.Popen[bytes] | None = None
        self._user: ServerUser | None = None
        self._port = 0

    @property
    def dsn(self) -> str:
        return self.dsn_of(DATABASE)

    def dsn_of(self, database: str) -> str:
        if not self._port:
            raise EmbeddedError("the embedded PostgreSQL is not running")
        password = quote(self._password_file.read_text().strip())
        return f"postgresql://{ROLE}:{password}@127.0.0.1:{self._port}/{quote(database)}"

    @property
    def port(self) -> int:
        return self._port

    @property
    def pid(self) -> int | None:
        """The server's process, None when it does not run."""
        return postmaster.running_pid(self._cluster)

    def start(self) -> None:
        """Start the server, or join the one that already runs in this folder."""
        try:
            self.data_dir.mkdir(parents=True, exist_ok=True)
            self._user = server_user(self._cluster)
        except OSError as error:
            raise EmbeddedError(f"the folder {self.data_dir} cannot be used: {error.strerror}") from error
        with self._changing.exclusive(_START_S + _STOP_S):
            self._using.share(_STOP_S)
            try:
                if not self._join():
                    self._start_anew()
            except BaseException:
                self._using.release()
                raise

    def stop(self) -> None:
        """Leave the server; the last one to leave stops it."""
        with self._changing.exclusive(_START_S + _STOP_S):
            self._using.release()
            if self._using.try_exclusive():
                try:
                    self._stop_server(_IMMEDIATE if self._throw_away else _FAST)
                finally:
                    self._using.release()
            self._forget_process()
        self._port = 0

    def restart(self) -> None:
        """Stop and start the server under everyone who uses it, on the same port."""
        with self._changing.exclusive(_START_S + _STOP_S):
            self._stop_server(_FAST)
            self._start_anew()

    def kill(self) -> None:
        """End the server as a crash would; only `restart()` or the next `start()` brings it back."""
        with self._changing.exclusive(_START_S + _STOP_S):
            self._stop_server(signal.SIGKILL)

    def __enter__(self) -> "EmbeddedPostgres":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    async def __aenter__(self) -> "EmbeddedPostgres":
        await asyncio.to_thread(self.start)
        return self

    async def __aexit__(self, *_: object) -> None:
        await asyncio.to_thread(self.stop)

    # -- starting

    def _join(self) -> bool:
        if postmaster.running_pid(self._cluster) is None:
            return False
        self._wait_until_ready(lambda: postmaster.running_pid(self._cluster) is None)
        return True

    def _start_anew(self) -> None:
        binaries = self._binaries or wheel_binaries()
        if not (self._cluster / "PG_VERSION").exists():
            self._initialise(binaries)
        self._check_version(binaries)
        postmaster.forget_stranger(self._cluster)
        end = time.monotonic() + _START_S
        last = ""
        for port in self._ports():
            while time.monotonic() < end:
                last = self._try_start(binaries, port)
                if not last:
                    self._port_file.write_text(f"{port}\n")
                    return
                if "shared memory block" not in last:
                    break
                time.sleep(_POLL_S)  # the children of a killed server need a moment to notice
            if "could not bind" not in last and "could not create any TCP" not in last:
                break
        raise EmbeddedError(f"PostgreSQL did not start in {self.data_dir}:\n{last}")

    def _ports(self) -> Iterator[int]:
        """The port of last time first: pools that outlive a restart look for the server there."""
        with contextlib.suppress(OSError, ValueError):
            yield int(self._port_file.read_text())
        yield from islice(filter(ports.is_free, ports.ours()), _PORT_TRIES)

    def _try_start(self, binaries: Binaries, port: int) -> str:
        """Empty when the server is ready; else what it said."""
        settings = {**_COMMON, **(_THROW_AWAY if self._throw_away else {}), "port": str(port)}
        options = [item for name, value in settings.items() for item in ("-c", f"{name}={value}")]
        with self._log_file.open("ab") as log:
            begin = log.tell()
            process = self._process = self._popen(
                [str(binaries.postgres), "-D", str(self._cluster), *options], log
            )
        try:
            self._wait_until_ready(lambda: process.poll() is not None)
        except EmbeddedError as error:
            if process.poll() is None:
                process.kill()
                process.wait(_STOP_S)
            self._process = None
            said = self._log_file.read_bytes()[begin:].decode(errors="replace").strip()
            return said or str(error)
        return ""

    def _wait_until_ready(self, gone: Callable[[], bool]) -> None:
        end = time.monotonic() + _START_S
        while (port := postmaster.ready_port(self._cluster)) is None:
            if gone():
                raise EmbeddedError("the server ended while it was starting")
            if time.monotonic() > end:
                raise EmbeddedError(f"the server was not ready after {_START_S:g} s")
            time.sleep(_POLL_S)
        self._port = port

    def _initialise(self, binaries: Binaries) -> None:
        """Make the cluster beside its place and move it there whole: a half-made one is never started."""
        user = self._user_of_server()
        unfinished = self.data_dir / f"cluster.{secrets.token_hex(4)}"
        self._write_password()
        os.chmod(self.data_dir, 0o711 if user.uid is not None else 0o700)
        unfinished.mkdir(mode=0o700)
        user.give(unfinished)
        done = subprocess.run(
            [
                str(binaries.initdb),
                *("-D", str(unfinished), "-U", ROLE, "--pwfile", str(self._password_file)),
                *("--auth", "scram-sha-256", "--encoding", "UTF8", "--locale", "C", "--no-instructions"),
                *(["--no-sync"] if self._throw_away else []),
            ],
            env=_environment(),
            cwd="/",
            capture_output=True,
            check=False,
            timeout=4 * _START_S,
            **user.popen_arguments(),
        )
        if done.returncode:
            said = (done.stderr or done.stdout).decode(errors="replace").strip()
            raise EmbeddedError(f"{self.data_dir} could not be made a database:\n{said}{user.advice()}")
        self._create_database(binaries, unfinished)
        unfinished.rename(self._cluster)

    def _create_database(self, binaries: Binaries, cluster: Path) -> None:
        """In single-user mode: no port, no password, no waiting."""
        done = subprocess.run(
            [str(binaries.postgres), "--single", "-D", str(cluster), "postgres"],
            input=f"CREATE DATABASE {DATABASE} OWNER {ROLE};\n".encode(),
            env=_environment(),
            cwd="/",
            capture_output=True,
            check=False,
            timeout=4 * _START_S,
            **self._user_of_server().popen_arguments(),
        )
        if done.returncode or b"ERROR" in done.stderr or b"FATAL" in done.stderr:
            raise EmbeddedError(f"no database could be made:\n{done.stderr.decode(errors='replace')}")

    def _write_password(self) -> None:
        self._password_file.unlink(missing_ok=True)
        descriptor = os.open(self._password_file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with open(descriptor, "w", encoding="ascii") as file:
            file.write(secrets.token_urlsafe(32) + "\n")
        self._user_of_server().give(self._password_file)

    def _check_version(self, binaries: Binaries) -> None:
        cluster, ours = (self._cluster / "PG_VERSION").read_text().strip(), str(binaries.major)
        if cluster != ours:
            raise EmbeddedError(
                f"{self.data_dir} was made by PostgreSQL {cluster}, this is PostgreSQL {ours}: "
                f"dump it with the old one (pg_dump) and load it into a new folder"
            )

    # -- stopping

    def _stop_server(self, how: signal.Signals) -> None:
        pid = postmaster.running_pid(self._cluster)
        if pid is None:
            self._forget_process()
            return
        for sign, patience in ((how, _STOP_S), (signal.SIGQUIT, 5.0), (signal.SIGKILL, 5.0)):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, sign)
            end = time.monotonic() + patience
            while time.monotonic() < end:
                if self._has_ended(pid):
                    return
                time.sleep(_POLL_S)
        raise EmbeddedError(f"PostgreSQL (process {pid}) does not stop")

    def _has_ended(self, pid: int) -> bool:
        if self._process is not None and self._process.pid == pid:
            return self._process.poll() is not None
        return postmaster.running_pid(self._cluster) != pid

    def _forget_process(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.returncode = 0  # others use it and will end it: Popen has nothing to warn of
        self._process = None

    def _popen(self, command: list[str], log: IO[bytes]) -> subprocess.Popen[bytes]:
        # A session of its own: a Ctrl-C in our terminal must reach us first, who stop it in order.
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            env=_environment(),
            cwd="/",
            start_new_session=True,
            **self._user_of_server().popen_arguments(),
        )

    def _user_of_server(self) -> ServerUser:
        assert self._user is not None
        return self._user


def _environment() -> dict[str, str]:
    """Nothing of ours: PGPORT, PGDATA or a locale would change the server."""
    return {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}
