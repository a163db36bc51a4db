"""Many results from one file: what each line says, and what is wrong with it."""

from decimal import Decimal

import pytest

from lists.errors import LoadError
from tests.helpers.books import cell, ods, ods_row, xlsx
from typifications.bulk import EXAMPLE, Planned, Verdict, plan, read
from typifications.errors import Refused
from typifications.model import Action, ResultClass


def _planned(
    text: str, existing: dict[tuple[str, ...], bool] | None = None
) -> dict[tuple[str, ...], Planned]:
    return {one.path: one for one in plan(read(text.encode()), existing or {})}


def test_the_example_that_is_downloaded_is_understood_whole() -> None:
    found = plan(read("\n".join(";".join(row) for row in EXAMPLE).encode()), {})
    assert {one.verdict for one in found} == {Verdict.CREATE}
    by_path = {one.path: one.fields for one in found}
    plan_ = by_path["Venta", "Plan completo"]
    assert plan_ is not None
    assert (plan_.action, plan_.measure) == (Action.NO_ACTION, Decimal("2.5"))
    sale = by_path["Venta",]
    assert sale is not None
    assert (sale.classes, sale.deletes_events) == (frozenset({ResultClass.SUCCESS}), True)
    schedule = by_path["Volver a llamar",]
    assert schedule is not None
    assert schedule.action is Action.SCHEDULE


def test_english_headers_and_action_names_are_known_too() -> None:
    found = _planned("level_1,action,enabled\nBusy,recall_alternate,no\n")
    fields = found["Busy",].fields
    assert fields is not None
    assert (fields.action, fields.enabled) == (Action.RECALL_ALTERNATE, False)


def test_a_level_that_only_stands_above_others_is_made_without_an_action() -> None:
    found = _planned("nivel 1;nivel 2;accion\nVenta;Oro;sin accion\n")
    above = found["Venta",]
    assert (above.line, above.verdict) == (None, Verdict.CREATE)
    assert above.fields is not None
    assert above.fields.action is None


def test_levels_above_come_before_those_below() -> None:
    found = plan(read(b"nivel 1;nivel 2\nA;B\nA;\n"), {})
    assert [one.path for one in found] == [("A",), ("A", "B")]


def test_what_exists_is_left_as_it_is() -> None:
    found = _planned("nivel 1;accion\nVenta;rellamar\n", {("Venta",): True})
    assert found["Venta",].verdict is Verdict.EXISTS


@pytest.mark.parametrize(
    ("line", "error_id"),
    [
        (";Oro;;", "level_missing"),
        ("Venta;;Oro;", "level_missing"),
        ("A;;;dance", "action_unknown"),
        ("A;;;;maybe", "bad_value"),
        ("A;;;;;heavy", "bad_value"),
        ("A;;;;;;giant", "bad_value"),
        ("A;;;rellamar;;;opt_out", "opt_out_needs_do_not_call"),
        ("A;;;;;;;9999999999", "bad_value"),
        ("Taken;;;", "name_taken"),
        ("x" * 201 + ";;;", "name_missing"),
    ],
)
def test_a_line_that_cannot_be_is_refused_with_its_number(line: str, error_id: str) -> None:
    text = f"nivel 1;nivel 2;nivel 3;accion;borra eventos;medida;clases;orden\n{line}\n"
    found = plan(read(text.encode()), {("Taken",): False})
    assert [(one.line, one.verdict, one.error_id) for one in found] == [(2, Verdict.REFUSED, error_id)]


def test_the_same_result_twice_is_refused_the_second_time() -> None:
    found = plan(read(b"level_1\nA\nA\n"), {})
    assert [(one.line, one.verdict) for one in found] == [(2, Verdict.CREATE), (3, Verdict.REFUSED)]


def test_a_name_that_differs_in_case_or_accents_only_is_the_same_result() -> None:
    """Otherwise a slip would make a second tree, which no agent could tell from the first."""
    found = plan(
        read("nivel 1;nivel 2\nVENTA;Básico\nventa;basico\nventa;Oro\n".encode()), {("Venta",): True}
    )
    assert [(one.path, one.verdict, one.error_id) for one in found] == [
        (("VENTA", "Básico"), Verdict.CREATE, ""),
        (("venta", "Oro"), Verdict.CREATE, ""),
        (("venta", "basico"), Verdict.REFUSED, "twice"),
    ]


def test_a_fourth_level_is_refused_and_not_left_out() -> None:
    found = plan(read(b"nivel 1;nivel 2;nivel 3;nivel 4\nA;B;C;D\nA;B;C;\n"), {})
    assert [(one.line, one.error_id) for one in found if one.line] == [(3, ""), (2, "too_deep")]


def test_a_line_wider_than_its_header_is_refused_and_blank_ones_are_passed_over() -> None:
    found = plan(read(b"nivel 1;accion\nA;rellamar;;\nB;rellamar;si\n ; \n"), {})
    assert [(one.line, one.error_id) for one in found] == [(2, ""), (3, "too_many_columns")]


def test_a_wrong_value_names_its_column() -> None:
    (found,) = plan(read(b"nivel 1;medida\nA;mucho\n"), {})
    assert found.message == "'mucho' is nothing that measure can be"


def test_two_columns_of_one_name_are_refused() -> None:
    with pytest.raises(LoadError) as refused:
        read(b"nivel 1;accion;action\nA;;rellamar\n")
    assert refused.value.reason == "column_twice"


@pytest.mark.parametrize(
    ("data", "error_id"),
    [
        (b"", "header_missing"),
        (b"a;b\n1;2\n", "header_missing"),
        (b"nivel 1;acsion\nA;rellamar\n", "column_unknown"),
    ],
)
def test_what_is_no_such_file_is_refused_whole(data: bytes, error_id: str) -> None:
    with pytest.raises(Refused) as refused:
        read(data)
    assert refused.value.error_id == error_id


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b'level_1\nA\n"open\nB\n', "torn_line"),
        (b"%PDF-1.7\n", "no_table"),
        ("nivel 1\nAñadir\n".encode("utf-16-le"), "encoding_missing"),
        ("nivel 1\nAñadir\n".encode() + "Señal\n".encode("cp1252"), "mixed_encodings"),
    ],
)
def test_what_is_no_table_or_torn_says_why(data: bytes, reason: str) -> None:
    with pytest.raises(LoadError) as refused:
        read(data)
    assert refused.value.reason == reason


@pytest.mark.parametrize("encoding", ["cp1252", "utf-8", "utf-8-sig", "utf-16"])
def test_a_spreadsheets_own_encodings_are_read(encoding: str) -> None:
    (line,) = read("nivel 1;medida\r\nAñadir;2,5\r\n".encode(encoding))
    assert (line.number, line.cells["level_1"]) == (2, "Añadir")


@pytest.mark.parametrize("form", ["xlsx", "ods"])
def test_the_example_edited_in_a_spreadsheet_may_stay_a_workbook(form: str) -> None:
    made = {
        "xlsx": lambda: xlsx("".join(f"<row>{''.join(map(cell, row))}</row>" for row in EXAMPLE)),
        "ods": lambda: ods(*(ods_row(*row) for row in EXAMPLE)),
    }
    as_text = "\n".join(";".join(row) for row in EXAMPLE).encode()
    assert plan(read(made[form]()), {}) == plan(read(as_text), {})


def test_a_name_with_a_nul_is_refused_with_its_line() -> None:
    (found,) = plan(read(b"level_1\nA\0B\n"), {})
    assert (found.line, found.error_id) == (2, "invalid_characters")
