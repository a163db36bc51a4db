"""A lock on a file: it ends with its process, however that ends."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from storage.errors import StorageError

_POLL_S = 0.02


class FileLock:
    """Shared by many or held by one. The file stays; only the lock on it counts."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor: int | None = None

    @contextmanager
    def exclusive(self, timeout: float) -> Iterator[None]:
        self._wait(fcntl.LOCK_EX, timeout)
        try:
            yield
        finally:
            self.release()

    def share(self, timeout: float) -> None:
        self._wait(fcntl.LOCK_SH, timeout)

    def try_exclusive(self) -> bool:
        return self._try(fcntl.LOCK_EX)

    def release(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def _wait(self, how: int, timeout: float) -> None:
        end = time.monotonic() + timeout
        while not self._try(how):
            if time.monotonic() > end:
                raise StorageError(f"another process has held {self._path} for {timeout:g} s")
            time.sleep(_POLL_S)

    def _try(self, how: int) -> bool:
        if self._descriptor is not None:
            raise StorageError(f"{self._path} is already locked by this very object")
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, how | fcntl.LOCK_NB)
        except OSError:
            os.close(descriptor)
            return False
        self._descriptor = descriptor
        return True
