"""Every operation has its line in `operations.txt`: who may ask, and the test that shows it succeed."""

import re
from functools import cache

import pytest

from tests.integration.crm_api.asking import OPERATIONS
from tests.integration.crm_api.witness import TABLE, TESTS, Line, table

HINT = f"add to {TABLE.name}: its name, the lowest role that may ask it, and a test that shows it succeed"


@cache
def _tests_of(file: str) -> frozenset[str]:
    path = TESTS / f"{file}.py"
    source = path.read_text(encoding="utf-8") if path.is_file() else ""
    return frozenset(re.findall(r"^async def (test_\w+)\(", source, re.MULTILINE))


def test_every_operation_says_who_may_ask_and_which_test_shows_it_succeed() -> None:
    there = {one.name for one in OPERATIONS}
    told = [line.operation for line in table()]
    assert sorted(there - set(told)) == [], HINT
    assert sorted(set(told) - there) == [], "these are no operations any more"
    assert told == sorted(set(told)), "one line for each operation, in the order of names"


def test_the_api_asks_for_the_roles_of_the_table() -> None:
    asked = {one.name: one.described["x-role"] or "public" for one in OPERATIONS}
    assert {line.operation: line.role for line in table()} == asked


@pytest.mark.parametrize("line", table(), ids=[line.operation for line in table()])
def test_the_test_that_shows_an_operation_succeed_is_there(line: Line) -> None:
    file, _, name = line.shown_by.partition("::")
    assert name in _tests_of(file), f"tests/integration/{file}.py has no {name}"
