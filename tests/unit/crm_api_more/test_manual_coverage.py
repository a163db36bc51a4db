"""docs/manual-coverage.md names a test for every sentence of the manual, and each of them exists."""

import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
ROW = re.compile(r"^\| (\d+) \| (.+?) \| (.+) \|$", re.MULTILINE)
NAMED = re.compile(r"`([a-z0-9_/]+)::(test_[a-z0-9_]+)`")
TEXT = (ROOT / "docs" / "manual-coverage.md").read_text(encoding="utf-8")
ROWS = ROW.findall(TEXT)
SENTENCES = 92


@cache
def _tests_of(file: str) -> frozenset[str]:
    path = ROOT / "tests" / f"{file}.py"
    source = path.read_text(encoding="utf-8") if path.is_file() else ""
    return frozenset(re.findall(r"^(?:async )?def (test_\w+)\(", source, re.MULTILINE))


def test_the_sentences_are_numbered_without_a_gap() -> None:
    assert [int(number) for number, _, _ in ROWS] == list(range(1, SENTENCES + 1))


@pytest.mark.parametrize(("number", "sentence", "proof"), ROWS, ids=[number for number, _, _ in ROWS])
def test_every_sentence_has_a_test_that_exists(number: str, sentence: str, proof: str) -> None:
    named = NAMED.findall(proof)
    assert named, f"{number}, {sentence}: nothing proves it"
    for file, name in named:
        assert name in _tests_of(file), f"{number}: tests/{file}.py has no {name}"
