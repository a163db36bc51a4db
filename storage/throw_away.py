"""A PostgreSQL for one run of the tests or of the demo: fast, not durable, gone afterwards."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from storage.embedded import EmbeddedPostgres
from storage.postgres_binaries import Binaries

# Waits for the end of its input, which comes with ours even after a kill -9, and cleans up after us.
_WATCH = """
read -r _
kill -QUIT "$(head -n 1 "$1/cluster/postmaster.pid")" 2>/dev/null && sleep 0.5
rm -rf "$1"
"""


_MEMORY = Path("/dev/shm")
_MEMORY_BYTES = 2 << 30


def _memory() -> Path | None:
    """Where files cost nothing: cloning a database of 9 MB takes 12 ms there, and 350 ms on a slow disk."""
    try:
        roomy = shutil.disk_usage(_MEMORY).free > _MEMORY_BYTES and os.access(_MEMORY, os.W_OK | os.X_OK)
    except OSError:
        return None
    return _MEMORY if roomy else None


@contextmanager
def throw_away_postgres(binaries: Binaries | None = None) -> Iterator[EmbeddedPostgres]:
    """A running server in a folder of its own; both end with the block, or with this process."""
    folder = Path(tempfile.mkdtemp(prefix="marcador-pg-", dir=_memory()))
    watcher = subprocess.Popen(
        ["/bin/sh", "-c", _WATCH, "sh", str(folder)], stdin=subprocess.PIPE, cwd="/", start_new_session=True
    )
    try:
        with EmbeddedPostgres(folder, binaries=binaries, throw_away=True) as server:
            yield server
    finally:
        watcher.kill()
        watcher.communicate()
        shutil.rmtree(folder, ignore_errors=True)
