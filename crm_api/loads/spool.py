"""An upload goes to a file as it arrives: it never stands in memory."""

import asyncio
import os
import tempfile
from pathlib import Path
from typing import IO, Any

from fastapi import Request

from crm_api.errors import invalid

PIECE = 1 << 20
BINARY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }
}
"""What a route says of a body it reads by itself."""


async def spooled(request: Request, folder: Path | None) -> Path:
    """The body as a file of its own; whoever asked for it removes it."""
    descriptor, name = await asyncio.to_thread(tempfile.mkstemp, prefix="marcador-upload-", dir=folder)
    path = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as handle:
            await _copy(request, handle)
        return path
    except BaseException:
        remove(path)
        raise


def remove(path: Path) -> None:
    path.unlink(missing_ok=True)


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
