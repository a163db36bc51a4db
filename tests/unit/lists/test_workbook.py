"""Workbooks: read as text, refused when they are bombs or broken."""

import zipfile
from pathlib import Path

import pytest

from lists.errors import LoadError
from lists.loading import workbook
from lists.loading.reading import Row
from lists.loading.workbook import is_workbook, workbook_records

_PARTS = {
    "[Content_Types].xml": (
        '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
        '<Override PartName="/xl/workbook.xml" ContentType='
        '"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/></Types>'
    ),
    "_rels/.rels": (
        '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
        '<Relationship Id="r1" Target="xl/workbook.xml" Type='
        '"http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument"/></Relationships>'
    ),
    "xl/workbook.xml": (
        '<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r='
        '"http://schemas.openxmlformats.org/officeDocument/2006/relationships">'
        '<sheets><sheet name="S" sheetId="1" r:id="r1"/></sheets></workbook>'
    ),
    "xl/_rels/workbook.xml.rels": (
        '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
        '<Relationship Id="r1" Target="worksheets/sheet1.xml" Type='
        '"http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet"/></Relationships>'
    ),
    "xl/worksheets/sheet1.xml": (
        '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
        '<row r="1"><c r="A1" t="inlineStr"><is><t>doc</t></is></c>'
        '<c r="B1" t="inlineStr"><is><t>teléfono</t></is></c></row>'
        '<row r="3"><c r="A3"><v>7</v></c><c r="B3"><v>33199000001</v></c></row>'
        "</sheetData></worksheet>"
    ),
}


@pytest.fixture
def book(tmp_path: Path) -> Path:
    path = tmp_path / "clients.csv"  # names lie
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in _PARTS.items():
            archive.writestr(name, text)
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
        archive.writestr("readme.txt", "no workbook")

    for path in (broken, other):
        with pytest.raises(LoadError, match=r"damaged|cannot be read"):
            list(workbook_records(path))


def test_a_table_of_text_is_no_workbook(tmp_path: Path) -> None:
    path = tmp_path / "clients.xlsx"
    path.write_text("a;b\n")

    assert not is_workbook(path)
    assert not is_workbook(tmp_path / "missing")
