"""Folders a command may keep its data in, and the shared client lists."""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.integration.marcador.command import ROOT


@pytest.fixture
def data_dir() -> Iterator[Path]:
    """For an embedded PostgreSQL: as root it runs as somebody else, who cannot enter pytest's own folders."""
    folder = Path(tempfile.mkdtemp(prefix="marcador-test-"))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def shared() -> Callable[[str], Path]:
    """A file of the shared data, or a skip that says what is missing."""

    def found(name: str) -> Path:
        root = Path(os.environ.get("MARCADOR_SHARED", ROOT.parent / "shared"))
        path = root / "data" / name
        if not path.is_file():
            pytest.skip(f"{name} is not there: set MARCADOR_SHARED to the folder that holds data/{name}")
        return path

    return found
