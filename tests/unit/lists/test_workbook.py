"""Workbooks: read as text, refused when they are bombs or broken."""

import zipfile
from pathlib import Path
from types import GeneratorType

import pytest

from lists.errors import LoadError
from lists.loading import workbook
from lists.loading.reading import Row, Torn
from lists.loading.workbook import is_workbook, workbook_records
from tests.helpers.books import cell, ods, ods_row, xlsx

HEAD = f'<row r="1">{cell("doc")}{cell("teléfono")}</row>'
ROWS = HEAD + '<row r="3"><c r="A3"><v>7</v></c><c r="B3"><v>33199000001</v></c></row>'


@pytest.fixture
def book(tmp_path: Path) -> Path:
    path = tmp_path / "clients.csv"  # names lie
    path.write_bytes(xlsx(ROWS))
    return path


def test_a_workbook_is_known_by_its_bytes_and_read_as_rows_of_text(book: Path) -> None:
    assert is_workbook(book)

    assert list(workbook_records(book)) == [Row(1, ["doc", "teléfono"]), Row(3, ["7", "33199000001"])]


def test_a_workbook_that_unpacks_to_too_much_is_refused_before_it_is_opened(
    book: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workbook, "MAX_UNPACKED", 100)

    with pytest.raises(LoadError, match="unpacks to"):
        list(workbook_records(book))


def test_a_damaged_workbook_is_told_in_a_sentence(tmp_path: Path) -> None:
    broken, other = tmp_path / "broken.xlsx", tmp_path / "other.xlsx"
    broken.write_bytes(b"PK\x03\x04 and nothing more")
    with zipfile.ZipFile(other, "w") as archive:
        archive.writestr("readme.txt", "hello")

    for path in (broken, other):
        with pytest.raises(LoadError, match=r"damaged|no workbook"):
            list(workbook_records(path))


def test_a_table_of_text_is_no_workbook(tmp_path: Path) -> None:
    path = tmp_path / "clients.xlsx"
    path.write_text("a;b\n")

    assert not is_workbook(path)
    assert not is_workbook(tmp_path / "missing")


def read(tmp_path: Path, content: bytes) -> list[Row | Torn]:
    path = tmp_path / "book"
    path.write_bytes(content)
    return list(workbook_records(path))


def test_an_open_document_is_read_the_same(tmp_path: Path) -> None:
    empty = '<table:table-row table:number-rows-repeated="1048000"><table:table-cell/></table:table-row>'
    book = ods(ods_row("doc", "teléfono"), ods_row("7", 33199000001), empty)
    assert read(tmp_path, book) == [Row(1, ["doc", "teléfono"]), Row(2, ["7", "33199000001"])]


def test_a_formula_is_what_it_came_to(tmp_path: Path) -> None:
    cells = '<c r="A2" t="str"><f>HYPERLINK("http://x")</f><v>7</v></c><c r="B2"><f>1+1</f><v>2</v></c>'
    row = f'<row r="2">{cells}</row>'
    assert read(tmp_path, xlsx(HEAD + row))[1] == Row(2, ["7", "2"])


def test_one_cell_at_the_far_end_of_a_sheet_ends_the_reader_and_not_us(tmp_path: Path) -> None:
    far = f'<row r="1">{cell("a", "A1")}</row><row r="1048576">{cell("b", "XFD1048576")}</row>'
    with pytest.raises(LoadError, match="more than can be read"):
        read(tmp_path, xlsx(far))


def test_a_row_that_is_said_a_million_times_is_refused(tmp_path: Path) -> None:
    with pytest.raises(LoadError, match="cannot be read"):
        read(tmp_path, ods(ods_row("x" * 1_000, times=1_048_576, columns=16_384)))


@pytest.mark.long
def test_cells_said_so_often_that_they_fill_the_memory_end_the_reader_and_not_us(tmp_path: Path) -> None:
    with pytest.raises(LoadError, match="more than can be read"):
        read(tmp_path, ods(ods_row("x" * 1_000, times=6_000, columns=16_384)))


def test_entities_that_multiply_are_not_followed(tmp_path: Path) -> None:
    before = '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'
    with pytest.raises(LoadError, match="cannot be read"):
        read(tmp_path, xlsx(f"<row>{cell('&b;')}</row>", before))


def test_a_cell_of_a_million_characters_costs_its_own_row(tmp_path: Path) -> None:
    rows = f'{HEAD}<row r="2">{cell("x" * 1_000_000)}</row><row r="3">{cell("7")}</row>'
    found = read(tmp_path, xlsx(rows))
    assert found[1] == Torn(2, "line_too_long", "")
    assert found[2] == Row(3, ["7", ""])


def test_an_archive_that_says_it_is_small_and_is_not_stays_within_bounds(tmp_path: Path) -> None:
    """The size in the directory is a lie: four thousand bytes, where there are sixty million."""
    rows = f"{HEAD}<row r='2'>{cell('7')}</row>" + " " * 60_000_000
    content = bytearray(xlsx(rows))
    entry = content.rindex(b"xl/worksheets/sheet1.xml") - 46
    assert content[entry : entry + 4] == b"PK\x01\x02"
    content[entry + 24 : entry + 28] = (4_000).to_bytes(4, "little")
    try:
        found = read(tmp_path, bytes(content))
    except LoadError:
        return
    assert found == [Row(1, ["doc", "teléfono"]), Row(2, ["7", ""])]


def test_an_archive_within_an_archive_is_no_workbook(tmp_path: Path) -> None:
    path = tmp_path / "outer.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("inner.xlsx", xlsx(ROWS))
    with pytest.raises(LoadError, match="no workbook"):
        read(tmp_path, path.read_bytes())


def test_looking_at_the_first_rows_leaves_no_program_behind(book: Path) -> None:
    found = workbook_records(book)
    assert isinstance(found, GeneratorType)
    next(found)
    assert found.gi_frame is not None
    child = found.gi_frame.f_locals["child"]
    found.close()
    assert child.poll() is not None
