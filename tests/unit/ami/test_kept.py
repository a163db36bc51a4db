"""What stands in Asterisk's database is read as it was written, and by whatever hand."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ami.events import DatabaseEntry
from ami.kept import OPT_OUTS, KeptOptOut, opt_out
from ami.parse import parse

ATTEMPT = "019cae6b-6600-7563-93c5-c394c4c1c04f"
ANYTHING = st.text(max_size=60)


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        (ATTEMPT, "1772452800123", KeptOptOut(ATTEMPT, 1772452800123)),
        (ATTEMPT, "1772452800123,,", KeptOptOut(ATTEMPT, 1772452800123)),
        (
            "marcador-1772452800.17",
            "1772452800123,+33199000001,5550000",
            KeptOptOut("marcador-1772452800.17", 1772452800123, "+33199000001", "5550000"),
        ),
        (ATTEMPT, "", KeptOptOut(ATTEMPT)),
        (ATTEMPT, "yesterday,12,34,56", KeptOptOut(ATTEMPT, 0, "12", "34")),
        (ATTEMPT, "9" * 4000, KeptOptOut(ATTEMPT)),
    ],
)
def test_an_opt_out_counts_whatever_its_value_says(key: str, value: str, expected: KeptOptOut) -> None:
    assert opt_out(DatabaseEntry(OPT_OUTS, key, value)) == expected


@pytest.mark.parametrize("key", ["", "a/b", "a b", "né", "x" * 141, "a\r\nb"])
def test_a_key_that_is_no_attempts_is_no_opt_out(key: str) -> None:
    assert opt_out(DatabaseEntry(OPT_OUTS, key, "1772452800123")) is None


def test_another_familys_entry_is_no_opt_out() -> None:
    assert opt_out(DatabaseEntry("registrar", ATTEMPT, "1772452800123")) is None


@given(key=ANYTHING, value=ANYTHING)
def test_no_entry_whatever_makes_reading_fail(key: str, value: str) -> None:
    parse({"event": "DBGetTreeResponse", "key": key, "val": value})
    opt_out(DatabaseEntry(OPT_OUTS, key, value))


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("/marcador-optout/a-1", DatabaseEntry("marcador-optout", "a-1", "v")),
        ("/marcador-optout/a/b", DatabaseEntry("marcador-optout", "a/b", "v")),
        ("/marcador-optout", None),
        ("", None),
    ],
)
def test_family_and_key_are_told_apart(key: str, expected: DatabaseEntry | None) -> None:
    assert parse({"event": "DBGetTreeResponse", "key": key, "val": "v"}) == expected
