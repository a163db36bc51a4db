"""CSV for spreadsheets."""

import pytest

from crm_api.csv_out import line
from lists.tables import safe_cell

FORMULAS = ["=1+1", "@SUM(A1)", "+cmd|' /C calc'!A0", "-2+3", "\t=1", "\r=1", "\n=1"]


@pytest.mark.parametrize("formula", FORMULAS)
def test_what_begins_like_a_formula_is_made_text(formula: str) -> None:
    assert safe_cell(formula) == "'" + formula


@pytest.mark.parametrize("plain", ["Ana", "", "+34612345678", "-12.5", "a=b", "12"])
def test_names_numbers_and_phones_stay_as_they_are(plain: str) -> None:
    assert safe_cell(plain) == plain


def test_nothing_is_an_empty_cell_and_cells_are_parted_as_in_every_file_of_the_house() -> None:
    assert line([None, "=1", 2]) == ";'=1;2\r\n"
