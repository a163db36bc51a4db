"""The command `marcador` as a process of its own, as an operator or a service manager would start it."""

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from tests.helpers import until_sync

ROOT = Path(__file__).parents[3]
DEADLINE_S = 90.0
_OURS = ("MARCADOR_", "DATABASE_URL", "REDIS_URL")


@dataclass(frozen=True, slots=True)
class Ran:
    """A command that has ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Standard output, which must be one JSON value and nothing else."""
        return json.loads(self.out)

    def sentence(self) -> str:
        """What a refused command said: one line, no traceback."""
        said = [line for line in self.err.splitlines() if line.startswith("marcador: ")]
        assert len(said) == 1, self.err
        assert "Traceback" not in self.err
        return said[0]


class Running:
    """A command under way; its log is in a file, so that no full pipe can stop it."""

    def __init__(self, process: subprocess.Popen[str], out: IO[str], err: IO[str]) -> None:
        self.process = process
        self._out, self._err = out, err

    @property
    def log(self) -> str:
        return _text(self._err)

    def until_said(self, text: str, deadline: float = DEADLINE_S) -> str:
        """The log, once `text` stands in it."""

        def said() -> bool:
            assert self.process.poll() is None or text in self.log, f"ended too early:\n{self.log}"
            return text in self.log

        until_sync(said, deadline, f"the log says {text!r}")
        return self.log

    def signal(self, number: signal.Signals) -> None:
        """To the whole group, as a terminal's Ctrl-C is sent."""
        os.killpg(self.process.pid, number)

    def ended(self, deadline: float = DEADLINE_S) -> Ran:
        code = self.process.wait(deadline)
        return Ran(code, _text(self._out), self.log)


def environment(**settings: str) -> dict[str, str]:
    """Ours, without any setting of Marcador's but these."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(_OURS)}
    return {**kept, "PYTHONPATH": str(ROOT), "COLUMNS": "200", "NO_COLOR": "1", **settings}


@contextmanager
def running(*arguments: str, cwd: Path, settings: Mapping[str, str] | None = None) -> Iterator[Running]:
    """The command in a process group of its own; whatever is left of it is killed with the block."""
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
        process = subprocess.Popen(
            [sys.executable, "-m", "marcador", *arguments],
            cwd=cwd,
            env=environment(**(settings or {})),
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=err,
            text=True,
            start_new_session=True,
            preexec_fn=_as_from_a_terminal,
        )
        try:
            yield Running(process, out, err)
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait(10)


def _as_from_a_terminal() -> None:
    """Test runs in the background ignore Ctrl-C, and what they start would inherit that."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def marcador(*arguments: str, cwd: Path, **settings: str) -> Ran:
    """The command from its start to its end."""
    with running(*arguments, cwd=cwd, settings=settings) as command:
        return command.ended()


def _text(file: IO[str]) -> str:
    """The whole file so far; the child writes through a descriptor that shares our position."""
    return os.pread(file.fileno(), 1 << 24, 0).decode()
