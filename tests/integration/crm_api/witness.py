"""Which operations a test has seen succeed, beside what `operations.txt` says that it shows."""

from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest
from starlette.types import ASGIApp, Message, Receive, Scope, Send

TABLE = Path(__file__).with_name("operations.txt")
TESTS = Path(__file__).parents[1]


class Line(NamedTuple):
    """One operation: its name in OpenAPI, the lowest role that may ask, the test that shows it succeed."""

    operation: str
    role: str
    shown_by: str


@cache
def table() -> tuple[Line, ...]:
    lines = TABLE.read_text(encoding="utf-8").splitlines()
    return tuple(Line(*line.split()) for line in lines if line.strip() and not line.startswith("#"))


def claimed_by(test: str) -> set[str]:
    """The operations that this test (`folder/test_file::test_name`) is to show."""
    return {line.operation for line in table() if line.shown_by == test}


def check(test: pytest.Function, seen: set[str]) -> None:
    """A test that the table names must have seen its operations succeed."""
    file = test.path.relative_to(TESTS).with_suffix("")
    unseen = claimed_by(f"{file}::{test.originalname}") - seen
    assert not unseen, f"{TABLE.name} says that this test shows {', '.join(sorted(unseen))}"


class Witness:
    """Middleware that notes every operation answered with success."""

    def __init__(self, app: ASGIApp, seen: set[str]) -> None:
        self.app = app
        self.seen = seen

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        status = 0

        async def told(message: Message) -> None:
            nonlocal status
            status = message.get("status", status)
            await send(message)

        await self.app(scope, receive, told)
        if 200 <= status < 300 and (route := scope.get("route")) is not None:
            self.seen.add(f"{route.tags[0]}_{route.name}")  # as the OpenAPI file names it
