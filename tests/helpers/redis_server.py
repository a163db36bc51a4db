"""A real Redis for tests, on a free port, that can be stopped and started again."""

import shutil
import socket
import subprocess
import tempfile
from pathlib import Path

from storage import ports
from tests.helpers.until import until_sync

_START_S = 10.0


class RedisServer:
    def __init__(self, program: str) -> None:
        self._program = program
        self._folder = Path(tempfile.mkdtemp(prefix="marcador-redis-"))
        self._process: subprocess.Popen[bytes] | None = None
        self.port = next(filter(ports.is_free, ports.ours()))

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        settings = ("--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no")
        self._process = subprocess.Popen(
            [self._program, *settings, "--dir", str(self._folder)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        until_sync(self._answers, _START_S, "redis-server answers")

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(_START_S)
            self._process = None

    def close(self) -> None:
        self.stop()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _answers(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=1) as link:
                link.sendall(b"PING\r\n")
                return link.recv(16).startswith(b"+PONG")
        except OSError:
            return False
