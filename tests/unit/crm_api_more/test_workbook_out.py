"""Workbooks: what is a text stays one."""

import io
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from python_calamine import CalamineWorkbook

from crm_api import workbook_out
from crm_api.errors import ApiError
from crm_api.workbook_out import MOST_ROWS, Sheet, of_rows


async def _read(*rows: list[object]) -> list[list[Any]]:
    data = b"".join([piece async for piece in of_rows(rows)])
    book = CalamineWorkbook.from_filelike(io.BytesIO(data))
    return list(book.get_sheet_by_index(0).to_python())


async def test_a_text_never_becomes_a_formula_a_link_or_a_number() -> None:
    hostile = ["=1+1", "@SUM(A1)", "https://example.com", "0034612345678", "+34612345678"]
    assert await _read(list(hostile)) == [hostile]


async def test_numbers_dates_and_nothing_are_written_as_such() -> None:
    row = [1, 2.5, Decimal("3.5"), None, date(2026, 3, 2), True]
    assert await _read(list(row)) == [[1.0, 2.5, 3.5, "", "2026-03-02", True]]


async def test_long_numbers_keep_all_their_digits_as_texts() -> None:
    assert await _read([12345678901234567890]) == [["12345678901234567890"]]


def test_more_rows_than_a_sheet_holds_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workbook_out, "MOST_ROWS", 2)
    sheet = Sheet(tmp_path / "x.xlsx")
    sheet.add([1])
    sheet.add([2])
    with pytest.raises(ApiError):
        sheet.add([3])
    sheet.close()
    assert MOST_ROWS == 1_048_576
