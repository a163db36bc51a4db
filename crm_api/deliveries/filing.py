"""A file into a folder below the configured one. Blocks: to be called in a thread."""

import os
import secrets
from pathlib import Path

from crm_api.deliveries.errors import NotDelivered


def put(root: Path, folder: str, name: str, content: bytes) -> Path:
    """Whole or not at all; the same name again replaces it. Raises NotDelivered.

    Nothing is followed out of `root`: a link below it is refused, wherever it leads.
    """
    try:
        place = root.resolve(strict=True)
        for part in folder.split("/"):
            place = place / part
            if place.is_symlink():
                raise NotDelivered("folder_is_a_link", f"{folder}: {part} is a link")
            place.mkdir(exist_ok=True)
        if not place.resolve().is_relative_to(root.resolve()):
            raise NotDelivered("folder_outside", f"{folder} lies outside the folder for reports")
        unfinished = place / f".{secrets.token_hex(8)}.part"
        try:
            with unfinished.open("xb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            unfinished.replace(place / name)
        finally:
            unfinished.unlink(missing_ok=True)
    except OSError as error:
        raise NotDelivered("folder_unwritable", f"{folder}: {error.strerror or error}", again=True) from error
    return place / name
