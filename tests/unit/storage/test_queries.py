"""Named queries."""

from pathlib import Path

import pytest

from storage.errors import QueryFileError, StorageError, UnknownQuery
from storage.queries import Queries, parse

TEXT = """-- What this file is for.

-- name: first_one
-- Why it is so.
SELECT 1;

--   name:  second_one
SELECT 2
"""


def test_a_query_is_found_by_its_name_and_keeps_its_comments() -> None:
    assert parse(TEXT, source="x") == {
        "first_one": "-- Why it is so.\nSELECT 1;",
        "second_one": "SELECT 2",
    }


def test_a_query_is_reached_by_attribute_and_by_key() -> None:
    queries = Queries("x", parse(TEXT, source="x"))
    assert queries.second_one == queries["second_one"] == "SELECT 2"
    assert list(queries) == ["first_one", "second_one"]
    assert len(queries) == 2
    assert "first_one" in queries


def test_an_unknown_name_is_refused_with_the_nearest_one() -> None:
    queries = Queries("lists/queries.sql", parse(TEXT, source="x"))
    with pytest.raises(UnknownQuery, match=r"lists/queries.sql has no query 'frist_one'.*'first_one'"):
        _ = queries.frist_one
    with pytest.raises(UnknownQuery):
        _ = queries["zzz"]
    assert not hasattr(queries, "zzz")


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("-- name: a\nSELECT 1\n-- name: a\nSELECT 2", "x:3: a second query is named 'a'"),
        ("-- name: a\n-- nothing\n-- name: b\nSELECT 1", "query 'a' is empty"),
        ("SELECT 1\n-- name: a\nSELECT 1", "x:1: SQL stands before"),
        ("-- name: Two Words\nSELECT 1", "x:1: 'Two Words' is not a name"),
        ("-- name:\nSELECT 1", "x:1: '' is not a name"),
    ],
)
def test_a_slip_in_the_file_is_refused_where_it_stands(text: str, complaint: str) -> None:
    with pytest.raises(QueryFileError, match=complaint):
        parse(text, source="x")


def test_a_file_that_is_not_there_is_named() -> None:
    with pytest.raises(QueryFileError, match=r"storage/nowhere.sql"):
        Queries.load("storage", "nowhere.sql")
    with pytest.raises(QueryFileError, match=r"no_such_room/queries.sql"):
        Queries.load("no_such_room")


def test_every_sql_file_of_the_house_can_be_read() -> None:
    root = Path(__file__).resolve().parents[3]
    rooms = ("storage", "lists", "typifications", "dialer", "crm_api")
    found = [
        path for room in rooms for path in (root / room).rglob("*.sql") if "migrations" not in path.parts
    ]
    assert found
    for path in found:
        assert parse(path.read_text(encoding="utf-8"), source=str(path))


def test_its_errors_are_storage_errors() -> None:
    assert issubclass(UnknownQuery, StorageError)
    assert issubclass(QueryFileError, StorageError)
