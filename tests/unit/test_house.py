"""The house stands as drawn: imports run one way, and files stay readable."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MAY_IMPORT: dict[str, set[str]] = {
    "ami": set(),
    "storage": set(),
    "lists": {"storage"},
    "typifications": {"storage", "lists"},
    "dialer": {"storage", "lists", "typifications", "ami"},
    "crm_api": {"storage", "lists", "typifications", "dialer"},
    "marcador": {"storage", "lists", "typifications", "dialer", "ami", "crm_api"},
}


def _imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            yield node.module


@pytest.mark.parametrize("room", MAY_IMPORT)
def test_a_room_imports_only_the_rooms_below_it(room: str) -> None:
    forbidden = set(MAY_IMPORT) - MAY_IMPORT[room] - {room} | {"tests", "benchmarks"}
    for path in (ROOT / room).rglob("*.py"):
        for name in _imported(path):
            assert name.split(".")[0] not in forbidden, f"{path.relative_to(ROOT)} imports {name}"


def test_system_tests_never_use_the_simulated_pbx() -> None:
    for path in (ROOT / "tests" / "system").rglob("*.py"):
        assert not any(name.startswith("ami.simulator") for name in _imported(path)), path


def test_no_source_file_is_longer_than_600_lines() -> None:
    rooms = [*MAY_IMPORT, "tests", "benchmarks"]
    long = [
        f"{path.relative_to(ROOT)}: {lines}"
        for room in rooms
        for path in (ROOT / room).rglob("*.py")
        if (lines := len(path.read_text().splitlines())) > 600
    ]
    assert not long
