"""Which operations a test has seen succeed, and conflict, beside what the tables say that it shows."""

import json
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest
from starlette.types import ASGIApp, Message, Receive, Scope, Send

TABLE = Path(__file__).with_name("operations.txt")
CLASHES = Path(__file__).with_name("conflicts.txt")
TESTS = Path(__file__).parents[1]
CONFLICT = 409


class Line(NamedTuple):
    """One operation: its name in OpenAPI, the lowest role that may ask, the test that shows it succeed."""

    operation: str
    role: str
    shown_by: str


@cache
def table() -> tuple[Line, ...]:
    lines = TABLE.read_text(encoding="utf-8").splitlines()
    return tuple(Line(*line.split()) for line in lines if line.strip() and not line.startswith("#"))


class Clash(NamedTuple):
    """One operation that conflicts with what is there: its name, the error's id, the test that shows it."""

    operation: str
    error_id: str
    shown_by: str


@cache
def clashes() -> tuple[Clash, ...]:
    lines = CLASHES.read_text(encoding="utf-8").splitlines()
    return tuple(Clash(*line.split()) for line in lines if line.strip() and not line.startswith("#"))


def check(test: pytest.Function, seen: set[str], conflicts: set[tuple[str, str]]) -> None:
    """A test that a table names (`folder/test_file::test_name`, or one of its cases) must have seen its
    operations succeed, or conflict."""
    file = test.path.relative_to(TESTS).with_suffix("")
    names = {f"{file}::{test.originalname}", f"{file}::{test.name}"}
    unseen = {line.operation for line in table() if line.shown_by in names} - seen
    assert not unseen, f"{TABLE.name} says that this test shows {', '.join(sorted(unseen))}"
    missed = {line[:2] for line in clashes() if line.shown_by in names} - conflicts
    assert not missed, f"{CLASHES.name} says that this test shows {sorted(missed)}"


class Witness:
    """Middleware that notes every operation answered with success, and every conflict."""

    def __init__(self, app: ASGIApp, seen: set[str], conflicts: set[tuple[str, str]]) -> None:
        self.app = app
        self.seen = seen
        self.conflicts = conflicts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        status, body = 0, b""

        async def told(message: Message) -> None:
            nonlocal status, body
            status = message.get("status", status)
            if status == CONFLICT:
                body += message.get("body", b"")
            await send(message)

        await self.app(scope, receive, told)
        if (route := scope.get("route")) is None:
            return
        operation = f"{route.tags[0]}_{route.name}"  # as the OpenAPI file names it
        if 200 <= status < 300:
            self.seen.add(operation)
        elif status == CONFLICT:
            self.conflicts.add((operation, json.loads(body)["error_id"]))
