"""Files as rows: encodings, delimiters, torn records."""

from collections.abc import Callable
from pathlib import Path

import pytest

from lists.errors import LoadError
from lists.loading import reading
from lists.loading.reading import Format, Row, Torn, detect, records

Write = Callable[[bytes | str], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def written(content: bytes | str) -> Path:
        path = tmp_path / "file.csv"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return written


def cells(path: Path, **options: str) -> list[list[str] | str]:
    found = records(path, detect(path, **options))
    return [record.cells if isinstance(record, Row) else record.reason for record in found]


@pytest.mark.parametrize(
    ("content", "encoding"),
    [
        ("a;ñ\n".encode(), "utf-8"),
        ("a;ñ\n".encode("utf-8-sig"), "utf-8-sig"),
        ("a;ñ\n".encode("cp1252"), "cp1252"),
        ("a;ñ\n".encode("utf-16"), "utf-16"),
    ],
)
def test_the_encoding_is_found_by_mark_then_strict_utf8_then_code_page(
    write: Write, content: bytes, encoding: str
) -> None:
    path = write(content)

    assert detect(path).encoding == encoding
    assert cells(path) == [["a", "ñ"]]


def test_utf16_without_its_mark_asks_for_the_encoding_and_is_read_when_told(write: Write) -> None:
    path = write("a;ñ\nb;c\n".encode("utf-16-le"))

    with pytest.raises(LoadError, match="UTF-16"):
        detect(path)
    assert cells(path, encoding="utf-16-le") == [["a", "ñ"], ["b", "c"]]


def test_bytes_the_chosen_encoding_does_not_have_are_told_in_a_sentence(write: Write) -> None:
    path = write(b"a;\x81\x8d\n")

    with pytest.raises(LoadError, match="is not cp1252 text"):
        list(records(path, detect(path)))


@pytest.mark.parametrize("delimiter", [";", ",", "\t", "|"])
def test_the_delimiter_is_the_one_that_cuts_the_lines_evenly(write: Write, delimiter: str) -> None:
    lines = [delimiter.join(row) for row in (["name", "phone"], ["Ana, B", "1"], ["C; D", "2"])]
    quoted = "\n".join(line.replace("Ana, B", '"Ana, B"').replace("C; D", '"C; D"') for line in lines)

    assert detect(write(quoted)).delimiter == delimiter


def test_one_column_is_no_reason_to_guess(write: Write) -> None:
    assert detect(write("phone\n1\n2\n")).delimiter == ";"


def test_mixed_line_ends_and_blank_lines_leave_the_line_numbers_right(write: Write) -> None:
    path = write("a;b\r\nc;d\n\re;f\rg;h")

    found = list(records(path, Format("utf-8", ";")))

    assert [(r.line, r.cells) for r in found if isinstance(r, Row)] == [
        (1, ["a", "b"]), (2, ["c", "d"]), (4, ["e", "f"]), (5, ["g", "h"]),
    ]  # fmt: skip


def test_a_quoted_cell_may_run_over_lines_and_the_record_is_named_by_its_first(write: Write) -> None:
    path = write('a;"x\ny"\nb;c\n')

    assert list(records(path, Format("utf-8", ";"))) == [Row(1, ["a", "x\ny"]), Row(3, ["b", "c"])]


def test_a_quote_that_never_closes_costs_its_own_line_and_no_other(write: Write) -> None:
    path = write('a;b\nc;"d\n' + "e;f\n" * 500)

    found = list(records(path, Format("utf-8", ";")))

    assert found[1] == Torn(2, "bad_quotes", 'c;"d')
    assert found[2] == Row(3, ["e", "f"])
    assert len(found) == 502
    assert found[-1] == Row(502, ["e", "f"])


def test_several_stray_quotes_each_cost_one_line(write: Write) -> None:
    path = write('"a;1\nb;2\nc;x\n"d;4\ne;5\n')

    # The first quoted cell ends at the second quote, where text follows: line 1 is torn, the others are read.
    assert [(record.line, type(record)) for record in records(path, Format("utf-8", ";"))] == [
        (1, Torn), (2, Row), (3, Row), (4, Torn), (5, Row),
    ]  # fmt: skip


def test_a_line_too_long_is_torn_and_the_next_one_is_read(write: Write) -> None:
    path = write("a;b\n" + "x" * 1_000_000 + ";y\nc;d\n")

    found = list(records(path, Format("utf-8", ";")))

    assert [type(record) for record in found] == [Row, Torn, Row]
    assert (found[1].line, found[2].line) == (2, 3)
    assert isinstance(found[1], Torn)
    assert found[1].reason == "line_too_long"
    assert len(found[1].raw) <= 1000


def test_a_file_of_one_endless_line_ends_within_bounds(write: Write) -> None:
    path = write("x" * (reading.MAX_LINE * 5))

    (only,) = records(path, Format("utf-8", ";"))

    assert isinstance(only, Torn)


def test_without_quoting_a_quote_is_a_character(write: Write) -> None:
    path = write('a;"b\nc;d"\n')

    found = list(records(path, Format("utf-8", ";", quoted=False)))

    assert found == [Row(1, ["a", '"b']), Row(2, ["c", 'd"'])]


@pytest.mark.parametrize("encoding", ["base64", "rot13", "zlib", "undefined", "utf-7", "unicode_escape"])
def test_what_is_no_encoding_of_a_file_is_refused(write: Write, encoding: str) -> None:
    """Codecs of bytes, and those that can make halves of letters, which nobody can store or show."""
    with pytest.raises(LoadError, match=r"no encoding named|not what a file is written in"):
        detect(write(rb"telefono" + b"\n" + rb"+2AA-\ud800"), encoding=encoding)


def test_an_unknown_encoding_or_a_strange_delimiter_is_refused(write: Write) -> None:
    path = write("a;b\n")

    with pytest.raises(LoadError, match="no encoding named"):
        detect(path, encoding="klingon")
    with pytest.raises(LoadError, match="cannot separate"):
        detect(path, delimiter=";;")
