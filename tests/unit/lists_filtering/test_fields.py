"""Typed custom fields: what is a number, a date, a choice; and what is not."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lists import fields
from lists.errors import Refused
from lists.fields import BadValue, FieldDefinition, FieldType, read, suggest, validate

AMOUNT = FieldDefinition("amount", FieldType.NUMBER)
MONTO = FieldDefinition("monto", FieldType.NUMBER, decimal=",")
DUE = FieldDefinition("due", FieldType.DATE)
CITY = FieldDefinition("city", FieldType.CHOICE, choices=("Córdoba", "Sevilla"))


@pytest.mark.parametrize(
    ("definition", "typed", "stored"),
    [
        (AMOUNT, "1500", 1500),
        (AMOUNT, " 1,500.25 ", 1500.25),
        (AMOUNT, "-0.10", -0.1),
        (AMOUNT, 12.5, 12.5),
        (MONTO, "1.500,25", 1500.25),
        (MONTO, "1.500", 1500),
        (MONTO, 12.5, 12.5),
        (DUE, "2026-03-02", "2026-03-02"),
        (DUE, "2/3/2026", "2026-03-02"),
        (DUE, "2026-03-02 00:00:00", "2026-03-02"),
        (DUE, "2026-03-02T00:00", "2026-03-02"),
        (DUE, "02/03/2026 0:00", "2026-03-02"),
        (CITY, "CORDOBA", "Córdoba"),
        (FieldDefinition("note"), "  hello ", "hello"),
    ],
)
def test_a_value_is_stored_in_the_form_of_its_type(
    definition: FieldDefinition, typed: Any, stored: object
) -> None:
    assert read(definition, typed) == stored


def test_the_month_stands_first_where_the_field_says_so() -> None:
    american = FieldDefinition("due", FieldType.DATE, day_first=False)
    assert read(american, "2/3/2026") == "2026-02-03"


@pytest.mark.parametrize(
    ("definition", "typed", "error_id"),
    [
        (AMOUNT, "1.500,25", "not_a_number"),
        (AMOUNT, "1,50", "not_a_number"),
        (AMOUNT, "12 euros", "not_a_number"),
        (AMOUNT, "NaN", "not_a_number"),
        (AMOUNT, float("inf"), "not_a_number"),
        (AMOUNT, True, "not_a_number"),
        (AMOUNT, "1e400", "not_a_number"),
        (AMOUNT, "1234567890123456", "too_many_digits"),
        (AMOUNT, "1000000000000000000", "too_many_digits"),
        (DUE, "31/02/2026", "not_a_date"),
        (DUE, "02-2026", "not_a_date"),
        (DUE, "2026-03-02 14:30:00", "not_a_date"),
        (DUE, "0000-01-01", "not_a_date"),
        (CITY, "Cádiz", "not_a_choice"),
        (FieldDefinition("note"), "x" * 10_001, "too_long"),
        (FieldDefinition("note", required=True), "  ", "required"),
    ],
)
def test_a_value_of_another_type_is_refused_with_its_reason(
    definition: FieldDefinition, typed: Any, error_id: str
) -> None:
    with pytest.raises(BadValue) as refused:
        read(definition, typed)
    assert refused.value.error_id == error_id
    assert refused.value.field == definition.name


@given(st.text() | st.floats() | st.integers() | st.none())
def test_whatever_is_typed_is_either_stored_or_refused(typed: object) -> None:
    for definition in (AMOUNT, MONTO, DUE, CITY, FieldDefinition("note")):
        try:
            stored = read(definition, typed)
        except BadValue:
            continue
        assert read(definition, stored) == stored


def test_validation_keeps_what_is_sound_and_names_what_is_not() -> None:
    found = validate([AMOUNT, DUE], {"amount": "12", "due": "soon", "extra": "x", "blank": ""})
    assert found.data == {"amount": 12, "extra": "x"}
    assert [(problem.field, problem.error_id) for problem in found.problems] == [("due", "not_a_date")]


@pytest.mark.parametrize(
    ("samples", "expected"),
    [
        (["1", "2.5", ""], AMOUNT),
        (["1.500,50", "3"], MONTO),
        (["2026-03-02", "31/12/2025"], DUE),
        (["007", "12"], FieldDefinition("x")),
        (["12", "n/a"], FieldDefinition("x")),
        (["12345678901234567890"], FieldDefinition("x")),
        (["", " "], FieldDefinition("x")),
    ],
)
def test_the_narrowest_type_that_fits_every_sample_is_suggested(
    samples: list[str], expected: FieldDefinition
) -> None:
    found = suggest(expected.name, samples)
    assert (found.type, found.decimal) == (expected.type, expected.decimal)


def test_a_month_first_column_is_recognised_by_a_day_beyond_twelve() -> None:
    assert not suggest("due", ["01/02/2026", "01/31/2026"]).day_first


@pytest.mark.parametrize(
    ("definitions", "error_id"),
    [
        ([FieldDefinition("a"), FieldDefinition("Á")], "field_twice"),
        ([FieldDefinition("")], "bad_field"),
        ([FieldDefinition("a\x00")], "bad_field"),
        ([FieldDefinition("a", FieldType.CHOICE)], "bad_field"),
        ([FieldDefinition("a", choices=("x",))], "bad_field"),
        ([FieldDefinition("a", FieldType.CHOICE, choices=("x", "X"))], "bad_field"),
        ([FieldDefinition(f"f{n}") for n in range(201)], "too_many_fields"),
    ],
)
def test_definitions_that_make_no_sense_are_refused(
    definitions: list[FieldDefinition], error_id: str
) -> None:
    with pytest.raises(Refused) as refused:
        fields.check(definitions)
    assert refused.value.error_id == error_id


def test_definitions_survive_their_json_form() -> None:
    given_ = (AMOUNT, MONTO, DUE, CITY, FieldDefinition("note", label="Nota", required=True))
    assert fields.from_json(fields.to_json(given_)) == given_


def test_an_unknown_type_is_refused() -> None:
    with pytest.raises(Refused, match="'money' is no type"):
        fields.from_json([{"name": "a", "type": "money"}])
