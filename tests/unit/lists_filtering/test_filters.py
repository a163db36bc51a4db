"""A filter as a value: read, refused with a reason, compiled without a value ever standing in the SQL."""

import re
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lists.fields import FieldDefinition, FieldType
from lists.filtering.columns import FIXED, OPS, Catalogue, Kind
from lists.filtering.compiling import compile_filter
from lists.filtering.errors import BadFilter
from lists.filtering.model import Assigned, Condition, DaysAgo, Filter, Group, Join, Op, from_json, to_json

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
CATALOGUE = Catalogue.of(
    [
        FieldDefinition("city"),
        FieldDefinition("amount", FieldType.NUMBER),
        FieldDefinition("due", FieldType.DATE),
    ]
)
SOMEBODY = UUID(int=7)


def where(*conditions: Condition | Group, join: Join = Join.ALL) -> Filter:
    return Filter(Group(join, conditions))


def test_a_filter_survives_its_json_form() -> None:
    nested = Group(Join.ANY, (Condition("data.due", Op.LESS, DaysAgo(30)), Condition("name", Op.EMPTY)))
    filter_ = Filter(
        Group(Join.ALL, (Condition("name", Op.CONTAINS, "garcía"), Group(Join.NONE, (nested,)))),
        base_id=uuid4(),
        assigned=Assigned.UNASSIGNED,
        owner_ids=(uuid4(),),
        maximum=10,
        zone="Europe/Madrid",
    )
    assert from_json(to_json(filter_)) == filter_


@pytest.mark.parametrize(
    ("raw", "error_id"),
    [
        ({"where": {"some": []}}, "bad_group"),
        ({"where": {"all": "x"}}, "bad_group"),
        ({"where": {"all": [], "any": []}}, "bad_group"),
        ({"where": {"all": [3]}}, "bad_group"),
        ({"where": {"all": [{"field": "name", "op": "like", "value": "x"}]}}, "unknown_op"),
        ({"where": {"all": [{"field": "name", "op": "equals", "value": ["x"]}]}}, "bad_value"),
        ({"where": {"all": [{"field": "name", "op": "equals", "value": "a\x00b"}]}}, "bad_value"),
        ({"where": {"all": [{"field": "created", "op": "less", "value": {"days_ago": -1}}]}}, "bad_value"),
        ({"where": {"all": [{"field": "name", "op": "empty", "sql": "x"}]}}, "bad_group"),
        ({"where": {"all": [{"field": "name", "op": "empty"}] * 51}}, "filter_too_large"),
        ({"where": {"all": [{"all": [{"all": [{"all": [{"all": []}]}]}]}]}}, "filter_too_large"),
        ({"assigned": "mine"}, "bad_filter"),
        ({"maximum": 0}, "bad_filter"),
        ({"maximum": True}, "bad_filter"),
        ({"base_id": "x"}, "bad_filter"),
        ({"order": "name"}, "bad_filter"),
    ],
)
def test_a_filter_that_makes_no_sense_is_refused_with_its_reason(raw: dict[str, Any], error_id: str) -> None:
    with pytest.raises(BadFilter) as refused:
        from_json(raw)
    assert refused.value.error_id == error_id


@pytest.mark.parametrize(
    ("condition", "error_id"),
    [
        (Condition("data.colour", Op.EQUALS, "red"), "unknown_field"),
        (Condition("password", Op.EQUALS, "x"), "unknown_field"),
        (Condition("name", Op.GREATER, "a"), "op_not_for_field"),
        (Condition("data.amount", Op.CONTAINS, "1"), "op_not_for_field"),
        (Condition("data.amount", Op.EQUALS, "much"), "bad_value"),
        (Condition("data.amount", Op.EQUALS, float("nan")), "bad_value"),
        (Condition("data.due", Op.LESS, "soon"), "bad_value"),
        (Condition("created", Op.LESS, "32/01/2026"), "bad_value"),
        (Condition("owner", Op.EQUALS, "me"), "bad_value"),
        (Condition("name", Op.EQUALS), "bad_value"),
        (Condition("name", Op.CONTAINS, " \t"), "bad_value"),
        (Condition("data.city", Op.CONTAINS, "\u0301"), "bad_value"),
        (Condition("name", Op.EQUALS, DaysAgo(1)), "bad_value"),
        (Condition("data.amount", Op.EQUALS, DaysAgo(1)), "bad_value"),
        (Condition("phone", Op.EQUALS, "123"), "bad_value"),
        (Condition("phone", Op.CONTAINS, "abc"), "bad_value"),
    ],
)
def test_a_condition_that_makes_no_sense_is_refused_and_names_its_field(
    condition: Condition, error_id: str
) -> None:
    with pytest.raises(BadFilter) as refused:
        compile_filter(where(condition), CATALOGUE, now=NOW)
    assert refused.value.error_id == error_id
    assert refused.value.field == condition.field


def test_an_unknown_zone_is_refused() -> None:
    with pytest.raises(BadFilter, match="no time zone 'Mars/Olympus'"):
        compile_filter(Filter(zone="Mars/Olympus"), CATALOGUE, now=NOW)


def test_the_parameters_are_numbered_from_where_the_query_leaves_off() -> None:
    compiled = compile_filter(
        Filter(Group(Join.ALL, (Condition("data.city", Op.EQUALS, "x"),)), base_id=SOMEBODY),
        CATALOGUE,
        now=NOW,
        first=4,
    )
    assert set(re.findall(r"\$(\d+)", compiled.where)) == {"4", "5", "6"}
    assert compiled.args == (SOMEBODY, "city", "x")


def test_days_ago_are_counted_in_the_filters_zone() -> None:
    late = datetime(2026, 3, 2, 23, 30, tzinfo=UTC)
    condition = Condition("data.due", Op.LESS, DaysAgo(1))
    madrid = Filter(Group(Join.ALL, (condition,)), zone="Europe/Madrid")
    assert date(2026, 3, 2) in compile_filter(madrid, CATALOGUE, now=late).args
    assert date(2026, 3, 1) in compile_filter(where(condition), CATALOGUE, now=late).args


@given(st.text(alphabet=st.characters(exclude_characters="\x00"), min_size=1))
def test_no_typed_character_reaches_the_sql(typed: str) -> None:
    marked = f"⟦{typed}⟧"
    catalogue = Catalogue.of([FieldDefinition(marked)])
    conditions = [
        Condition("name", Op.CONTAINS, marked),
        Condition(f"data.{marked}", Op.EQUALS, marked),
        Condition("phone", Op.CONTAINS, marked + "5"),
    ]
    assert "⟦" not in compile_filter(where(*conditions), catalogue, now=NOW).where


def test_every_field_compiles_with_every_op_its_kind_knows() -> None:
    sound: dict[Kind, Any] = {
        Kind.TEXT: "x",
        Kind.NUMBER: 3,
        Kind.DATE: "2026-03-02",
        Kind.MOMENT: "2026-03-02",
        Kind.ID: str(SOMEBODY),
        Kind.PHONE: "+33199001234",
        Kind.RESULT: str(SOMEBODY),
    }
    for column in [*FIXED.values(), *CATALOGUE.columns.values()]:
        for op in OPS[column.kind]:
            value = sound[column.kind] if op.takes_value else None
            compiled = compile_filter(where(Condition(column.name, op, value)), CATALOGUE, now=NOW)
            numbers = {int(n) for n in re.findall(r"\$(\d+)", compiled.where)}
            assert numbers == set(range(1, len(compiled.args) + 1))
