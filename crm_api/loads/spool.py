"""An upload goes to a file as it arrives: it never stands in memory.

The file is locked as long as it is needed. A lock ends with its process, however that ends, and so tells the
files of others who still work from what a killed process has left.
"""

import asyncio
import fcntl
import os
import stat
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

from fastapi import Request

from crm_api.errors import invalid

PIECE = 1 << 20
PREFIX = "marcador-upload-"
LEFT_S = 3600.0
"""A file nobody has locked and nobody wrote to for so long was left behind."""
BINARY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }
}
"""What a route says of a body it reads by itself."""


async def spooled(request: Request, folder: Path | None) -> Path:
    """The body as a file of its own; whoever asked for it removes it."""
    descriptor, name = await asyncio.to_thread(tempfile.mkstemp, prefix=PREFIX, dir=folder)
    path = Path(name)
    handle = _locked[path] = os.fdopen(descriptor, "wb")
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        await _copy(request, handle)
        await asyncio.to_thread(handle.flush)
        return path
    except BaseException:
        remove(path)
        raise


_locked: dict[Path, IO[bytes]] = {}
"""This process's uploads: open, so that they stay locked."""


def remove(path: Path) -> None:
    path.unlink(missing_ok=True)
    handle = _locked.pop(path, None)
    if handle is not None:
        with suppress(OSError):  # a full disk: what was not written yet is not wanted any more
            handle.close()


def clear_away(folder: Path | None) -> int:
    """Remove what killed processes have left; how many files that were."""
    return sum(_removed(path) for path in Path(folder or tempfile.gettempdir()).glob(PREFIX + "*"))


def _removed(path: Path) -> bool:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:  # another's, a link, or gone meanwhile
        return False
    try:
        about = os.fstat(descriptor)
        ours = stat.S_ISREG(about.st_mode) and about.st_uid == os.geteuid()
        if not ours or time.time() - about.st_mtime < LEFT_S:
            return False
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        path.unlink()
    except OSError:  # locked: its process lives
        return False
    finally:
        os.close(descriptor)
    return True


async def _copy(request: Request, file: IO[bytes]) -> None:
    size, held = 0, bytearray()
    async for chunk in request.stream():
        held += chunk
        size += len(chunk)
        if len(held) >= PIECE:
            await asyncio.to_thread(_write, file, bytes(held))
            held.clear()
    await asyncio.to_thread(_write, file, bytes(held))
    if not size:
        raise invalid("empty_file", "the file is empty")


def _write(file: IO[bytes], data: bytes) -> None:
    file.write(data)
