"""A part of the far end, up for as long as it is needed."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol, TypeVar


class Part(Protocol):
    def start(self) -> None: ...

    def remove(self) -> None: ...


P = TypeVar("P", bound=Part)


@contextmanager
def running(part: P) -> Iterator[P]:
    """Started, and removed whatever happens, a start that fails included."""
    try:
        part.start()
        yield part
    finally:
        part.remove()
