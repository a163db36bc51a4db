"""Rows of a file, one by one."""

from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lists.errors import LoadError
from lists.loading.mapping import ColumnMap, Columns, locate
from lists.loading.reading import Row
from lists.loading.rows import Prepared, Rejected, Rules, list_reader, named_values, table_reader
from lists.loading.staging import cells_of, raw_of
from lists.loading.workbook_child import text_of
from lists.tables import safe_cell

CAMPAIGN, AGENT = uuid4(), uuid4()
RULES = Rules("FR", {"": CAMPAIGN, "ventas": CAMPAIGN}, {"1001": AGENT})
HEADER = ["Documento", "Teléfono", "Otros", "Nombre", "Zona", "Prioridad", "Agente", "Ciudad"]
MAP = ColumnMap.parse(
    "phone=telefono,alternatives=otros,key=documento,name=nombre,zone=zona,priority=prioridad,agent=agente"
)
MAIN = "0199000001"


def read(*cells: str, rules: Rules = RULES, columns: Columns | None = None) -> Prepared | Rejected:
    return table_reader(columns or locate(MAP, HEADER), rules)(Row(2, list(cells)))


def prepared(*cells: str, **options: Any) -> Prepared:
    found = read(*cells, **options)
    assert isinstance(found, Prepared), found
    return found


def numbers(row: Prepared) -> list[str]:
    return [phone.number.e164.removeprefix("+331990000") for phone in row.phones]


def test_columns_are_found_whatever_their_case_and_accents_and_the_rest_is_data() -> None:
    row = prepared("7", MAIN, "", "Ana", "Europe/Madrid", "5", "1001", "Lyon")

    assert (row.key, row.document, row.name, row.zone) == ("7", "7", "Ana", "Europe/Madrid")
    assert (row.priority, row.agent_id, row.data) == (5, AGENT, {"Ciudad": "Lyon"})


def test_short_rows_are_filled_up_and_empty_cells_too_many_are_forgiven() -> None:
    assert prepared("7", MAIN).data == {}
    assert prepared("7", MAIN, "", "", "", "", "", "", "", "").key == "7"


@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        (["7", "555"], "bad_phone"),
        (["", MAIN], "missing_key"),
        (["7", MAIN, "", "", "Mars/Base"], "unknown_zone"),
        (["7", MAIN, "", "", "", "high"], "bad_priority"),
        (["7", MAIN, "", "", "", "9" * 12], "bad_priority"),
        (["7", MAIN, "", "", "", "", "2002"], "unknown_agent"),
        (["7", MAIN, "", "x" * 10_001], "cell_too_long"),
        (["7", MAIN, "", "a\0b"], "nul_character"),
        (["", "", ""], "empty_row"),
        ([*["7", MAIN, "", "", "", "", "", ""], "more"], "too_many_columns"),
    ],
)
def test_a_row_that_cannot_be_taken_says_why(cells: list[str], reason: str) -> None:
    found = read(*cells)

    assert isinstance(found, Rejected)
    assert (found.reason, found.cells) == (reason, cells)


@pytest.mark.parametrize(
    "cell",
    [
        "0199000002:0199000003",
        "0199000002/0199000003",
        "0199000002|0199000003",
        "0199000002,0199000003",
        "0199000002 0199000003",
        "01 99 00 00 02 : 01 99 00 00 03",
        "0199000002;;+33199000003",
        "0199000002:0199000001:0199000003:0199000002",
    ],
)
def test_several_alternatives_in_one_cell_are_taken_apart_without_repeats(cell: str) -> None:
    assert numbers(prepared("7", MAIN, cell)) == ["01", "02", "03"]


def test_a_bad_alternative_is_left_out_and_counted() -> None:
    row = prepared("7", MAIN, "0199000002:no tiene:12")

    assert numbers(row) == ["01", "02"]
    assert row.bad_alternatives == 3  # "no", "tiene" and "12"


def test_a_letter_before_a_number_says_its_kind_and_p_comes_first_and_u_last() -> None:
    row = prepared("7", MAIN, "U0199000005:M0199000002:P0199000003:H0199000004")

    assert numbers(row) == ["01", "03", "02", "04", "05"]
    assert [phone.kind for phone in row.phones] == ["", "", "mobile", "home", ""]


def test_numbers_in_no_known_range_are_taken_or_rejected_as_asked() -> None:
    strict = Rules("FR", RULES.campaigns, {}, reject_invalid=True)

    assert prepared("7", "0639980011").phones[0].number.valid is False
    assert isinstance(read("7", "0639980011", rules=strict), Rejected)


def test_without_a_key_the_main_phone_is_it_in_one_form() -> None:
    columns = locate(ColumnMap.parse("phone=tel"), ["tel"])

    assert prepared("01 99 00 00 01", columns=columns).key == "+33199000001"


def test_a_key_of_several_columns_is_joined() -> None:
    columns = locate(ColumnMap.parse("phone=tel,key=a+b"), ["a", "b", "tel"])

    row = prepared("x", "y", MAIN, columns=columns)
    assert (row.key, row.document) == ("x|y", "")
    assert isinstance(read("", "", MAIN, columns=columns), Rejected)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("alternatives=b", "must say which column holds the phone"),
        ("phone", "should read role=column"),
        ("phone=a,tel=b", "no role 'tel'"),
        ("phone=a+b", "Only one column can be the phone"),
        ("phone=a,phone=b", "Only one column can be the phone"),
    ],
)
def test_a_mapping_that_cannot_be_says_why(text: str, sentence: str) -> None:
    with pytest.raises(LoadError, match=sentence):
        ColumnMap.parse(text)


def test_of_a_key_of_several_columns_the_one_named_so_is_the_document_agents_search_for() -> None:
    header = ["contrato", "DNI", "tel"]
    assert locate(ColumnMap.parse("phone=tel,key=contrato+dni"), header).document == 1
    assert locate(ColumnMap.parse("phone=tel,key=contrato+tel"), header).document is None
    assert locate(ColumnMap.parse("phone=tel,key=contrato+dni,document=contrato"), header).document == 0


def test_alternatives_may_be_several_columns() -> None:
    mapping = ColumnMap.parse("phone=a, alternatives=b+c, alternatives=d")

    assert mapping.alternatives == ("b", "c", "d")


def test_a_row_of_the_list_format_is_read_as_the_manual_has_it() -> None:
    row = list_reader(RULES)(
        Row(1, ["ventas", "0199000001", "NOMBRE=Rodrigo:Monto=200", "0199000002:0199000003", "9999"])
    )

    assert isinstance(row, Prepared)
    assert (row.campaign_id, row.key, row.name, row.priority) == (CAMPAIGN, "+33199000001", "Rodrigo", 9999)
    assert (numbers(row), row.data) == (["01", "02", "03"], {"Monto": "200"})


def test_values_may_hold_the_sign_between_them() -> None:
    assert named_values("HORA=10:30:WEB=http://x") == {"HORA": "10:30", "WEB": "http://x"}


def test_a_value_without_a_name_is_bad_data() -> None:
    found = list_reader(RULES)(Row(1, ["ventas", MAIN, "Rodrigo", "", ""]))

    assert isinstance(found, Rejected)
    assert found.reason == "bad_data"


@given(cells=st.lists(st.text(st.characters(blacklist_categories=["Cs"])), min_size=1, max_size=12))
def test_any_row_is_either_taken_or_rejected_and_never_breaks_the_load(cells: list[str]) -> None:
    for reader in (table_reader(locate(MAP, HEADER), RULES), list_reader(RULES)):
        assert isinstance(reader(Row(1, cells)), Prepared | Rejected)


@given(
    cells=st.lists(
        st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\0\r\n"), max_size=30),
        min_size=1,
        max_size=6,
    )
)
def test_the_original_columns_of_a_reject_come_back_as_they_were(cells: list[str]) -> None:
    assert cells_of(raw_of(cells)) == cells


@pytest.mark.parametrize(
    ("cell", "safe"),
    [
        ("=1+1", "'=1+1"),
        ("+33199000001", "+33199000001"),
        ("-12.5", "-12.5"),
        ("-cmd", "'-cmd"),
        ("@x", "'@x"),
        ("\tx", "'\tx"),
        ("+1+cmd", "'+1+cmd"),
        ("Ana", "Ana"),
        ("", ""),
    ],
)
def test_a_cell_never_starts_a_formula(cell: str, safe: str) -> None:
    assert safe_cell(cell) == safe


@pytest.mark.parametrize(
    ("cell", "text"),
    [(33612345678.0, "33612345678"), (1.5, "1.5"), (True, "true"), (None, ""), ("x", "x")],
)
def test_a_workbooks_cell_is_read_as_it_is_shown(cell: object, text: str) -> None:
    assert text_of(cell) == text
