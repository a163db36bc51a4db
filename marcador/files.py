"""Files a command reads and writes: what is wrong with one is said before anything is done."""

import os
from pathlib import Path

from marcador.errors import CannotGoOn


def readable(file: Path) -> Path:
    """The file, if it is one. Raises CannotGoOn."""
    if file.is_dir():
        raise CannotGoOn(f"{file} is a folder, not a file")
    if not file.is_file():
        raise CannotGoOn(f"there is no file {file}")
    if not os.access(file, os.R_OK):
        raise CannotGoOn(f"{file} may not be read by this user")
    return file


def writable(file: Path, option: str) -> Path:
    """The file, if it can be written or made. Raises CannotGoOn, which names the `option` that mends it."""
    if file.is_dir():
        raise CannotGoOn(f"{file} is a folder: name a file in it with {option}")
    if not file.parent.is_dir():
        raise CannotGoOn(f"there is no folder {file.parent} to write {file.name} into: see {option}")
    if not os.access(file if file.exists() else file.parent, os.W_OK):
        raise CannotGoOn(f"{file} may not be written by this user: name another file with {option}")
    return file
