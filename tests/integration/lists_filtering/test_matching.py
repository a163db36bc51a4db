"""Whom a filter finds, on a real PostgreSQL."""

from datetime import timedelta
from typing import Any, Literal
from uuid import UUID, uuid4

import pytest

from lists import base_fields, customers, dial_lists, fields
from lists.errors import NotFound, Refused
from lists.fields import BadValue, FieldDefinition, FieldType
from lists.filtering import matching, saved
from lists.filtering.columns import OPS, Kind
from lists.filtering.errors import BadFilter
from lists.filtering.matching import Sort
from lists.filtering.model import Filter, from_json, to_json
from lists.folding import fold
from storage.ids import uuid7
from tests.integration.lists.world import NOON, World, number

FIELDS = (
    FieldDefinition("city"),
    FieldDefinition("amount", FieldType.NUMBER),
    FieldDefinition("due", FieldType.DATE),
)


async def found(world: World, *conditions: dict[str, Any], join: str = "all", **more: Any) -> list[str]:
    filter_ = from_json({"where": {join: list(conditions)}, "base_id": world.base_id, **more})
    page = await matching.page(world.conn, filter_, now=world.now)
    count = await matching.count(world.conn, filter_, now=world.now)
    assert count == len(page)
    return [customer.name for customer in page]


def is_(field: str, op: str, value: Any = None) -> dict[str, Any]:
    return {"field": field, "op": op, "value": value}


@pytest.fixture
async def people(world: World) -> World:
    await world.customer(
        number(1), name="Ángel", data={"city": "Córdoba", "amount": 100, "due": "2026-01-15"}
    )
    await world.customer(
        number(2), name="Berta", data={"city": "cordoba ", "amount": 99.5, "due": "2026-04-01"}
    )
    await world.customer(name="Carla", data={"city": "Sevilla", "amount": "many", "due": "soon"})
    await world.customer(number(4), name="Dora")
    await base_fields.define(world.conn, world.base_id, FIELDS)
    return world


@pytest.mark.parametrize(
    ("condition", "names"),
    [
        (is_("name", "equals", "ANGEL"), ["Ángel"]),
        (is_("name", "contains", "r"), ["Berta", "Carla", "Dora"]),
        (is_("name", "contains", "%"), []),
        (is_("data.city", "equals", "CORDOBA"), ["Ángel", "Berta"]),
        (is_("data.city", "different", "córdoba"), ["Carla", "Dora"]),
        (is_("data.city", "contains", "SEV"), ["Carla"]),
        (is_("data.city", "empty"), ["Dora"]),
        (is_("data.city", "not_empty"), ["Ángel", "Berta", "Carla"]),
        (is_("data.amount", "greater", "99.5"), ["Ángel"]),
        (is_("data.amount", "less", 100), ["Berta"]),
        (is_("data.amount", "equals", "99.50"), ["Berta"]),
        (is_("data.amount", "different", 100), ["Berta", "Carla", "Dora"]),
        (is_("data.amount", "empty"), ["Carla", "Dora"]),
        (is_("data.due", "less", "01/02/2026"), ["Ángel"]),
        (is_("data.due", "greater", {"days_ago": 0}), ["Berta"]),
        (is_("data.due", "empty"), ["Carla", "Dora"]),
        (is_("phone", "empty"), ["Carla"]),
        (is_("phone", "equals", number(2)), ["Berta"]),
        (is_("phone", "equals", "0" + number(2)[3:]), ["Berta"]),
        (is_("phone", "contains", "0004"), ["Dora"]),
        (is_("phone", "different", number(2)), ["Ángel", "Carla", "Dora"]),
        (is_("phones", "greater", 0), ["Ángel", "Berta", "Dora"]),
        (is_("created", "equals", "2026-03-02"), ["Ángel", "Berta", "Carla", "Dora"]),
        (is_("created", "greater", "2026-03-02"), []),
        (is_("attempts", "equals", 0), ["Ángel", "Berta", "Carla", "Dora"]),
        (is_("last_contact", "empty"), ["Ángel", "Berta", "Carla", "Dora"]),
    ],
)
async def test_each_comparison_finds_who_is_meant(
    people: World, condition: dict[str, Any], names: list[str]
) -> None:
    assert await found(people, condition) == names


async def test_conditions_join_by_and_with_groups_of_or_and_of_none(people: World) -> None:
    cordoba = is_("data.city", "equals", "Córdoba")
    either = {"any": [is_("data.amount", "greater", 99), is_("name", "equals", "dora")]}
    assert await found(people, cordoba, is_("data.amount", "less", 100)) == ["Berta"]
    assert await found(people, either) == ["Ángel", "Berta", "Dora"]
    assert await found(people, cordoba, either) == ["Ángel", "Berta"]
    assert await found(people, {"none": [cordoba]}, either) == ["Dora"]
    # Turned round, a comparison with a missing value is true: nobody falls between the two.
    assert await found(people, {"none": [is_("data.amount", "greater", 0)]}) == ["Carla", "Dora"]


async def test_without_any_condition_everybody_matches_up_to_the_maximum_oldest_first(people: World) -> None:
    assert await found(people) == ["Ángel", "Berta", "Carla", "Dora"]
    assert await found(people, maximum=2) == ["Ángel", "Berta"]


async def test_all_assigned_or_unassigned_and_by_agent(people: World) -> None:
    agent = uuid4()
    _, berta, *_ = await matching.page(people.conn, Filter(base_id=people.base_id), now=people.now)
    await customers.assign(people.conn, [berta.id], agent, people.now)
    assert await found(people, assigned="assigned") == ["Berta"]
    assert await found(people, assigned="unassigned") == ["Ángel", "Carla", "Dora"]
    assert await found(people, owner_ids=[str(agent)]) == ["Berta"]
    assert await found(people, is_("owner", "equals", str(agent))) == ["Berta"]
    assert await found(people, is_("owner", "different", str(agent))) == ["Ángel", "Carla", "Dora"]


async def test_every_field_can_be_asked_everything_its_kind_knows(people: World) -> None:
    sound: dict[Kind, Any] = {
        Kind.TEXT: "x",
        Kind.NUMBER: 3,
        Kind.DATE: "2026-03-02",
        Kind.MOMENT: {"days_ago": 3},
        Kind.ID: str(uuid4()),
        Kind.PHONE: number(1),
        Kind.RESULT: str(uuid4()),
    }
    for column in (await matching.catalogue(people.conn, people.base_id)).columns.values():
        for op in OPS[column.kind]:
            yes = is_(column.name, op, sound[column.kind] if op.takes_value else None)
            matching_ones, others = await found(people, yes), await found(people, {"none": [yes]})
            assert sorted(matching_ones + others) == ["Berta", "Carla", "Dora", "Ángel"], (column.name, op)


async def interaction(world: World, customer_id: UUID, *path: UUID, state: str = "typified") -> None:
    await world.conn.execute(
        "INSERT INTO interaction (id, customer_id, state, result_ids, created_at)"
        " VALUES ($1, $2, $3, $4, $5)",
        uuid7(world.now),
        customer_id,
        state,
        list(path),
        world.now,
    )


async def test_the_last_typification_counts_at_any_level_and_earlier_ones_do_not(people: World) -> None:
    everybody = await matching.page(people.conn, Filter(base_id=people.base_id), now=people.now)
    berta, carla = everybody[1], everybody[2]
    interested, not_now, sold = uuid4(), uuid4(), uuid4()
    await interaction(people, berta.id, interested, sold)
    await interaction(people, carla.id, interested, sold)
    people.later(days=1)
    await interaction(people, carla.id, interested, not_now)
    people.later(days=1)
    await interaction(people, berta.id, state="untypified")

    assert await found(people, is_("last_typification", "equals", str(interested))) == ["Berta", "Carla"]
    assert await found(people, is_("last_typification", "equals", str(sold))) == ["Berta"]
    assert await found(people, is_("last_typification", "different", str(sold))) == ["Ángel", "Carla", "Dora"]
    assert await found(people, is_("last_typification", "empty")) == ["Ángel", "Dora"]
    assert await found(people, is_("last_typified", "less", {"days_ago": 1})) == ["Berta"]


async def test_last_contact_and_attempts_come_from_the_calls(people: World) -> None:
    everybody = await matching.page(people.conn, Filter(base_id=people.base_id), now=people.now)
    dora = next(customer for customer in everybody if customer.name == "Dora")
    await people.contact(await people.list_(), customer_id=dora.id)
    begin = await people.begun()
    await people.close(begin, outcome="connected", answered_at=people.now, connected_at=people.now)
    assert await found(people, is_("attempts", "greater", 0)) == ["Dora"]
    assert await found(people, is_("last_contact", "equals", "2026-03-02")) == ["Dora"]
    assert await found(people, is_("last_attempt", "not_empty")) == ["Dora"]
    people.later(days=31)
    assert await found(people, is_("last_contact", "less", {"days_ago": 30})) == ["Dora"]


async def test_a_moment_is_compared_by_its_day_in_the_filters_zone(world: World) -> None:
    world.now = NOON.replace(hour=23, minute=30)
    await world.customer(name="Late")
    condition = is_("created", "equals", "2026-03-03")
    assert await found(world, condition) == []
    assert await found(world, condition, zone="Europe/Madrid") == ["Late"]


async def test_columns_nobody_has_defined_are_texts(world: World) -> None:
    await world.customer(name="Eva", data={"plan básico": "Oro"})
    assert await found(world, is_("data.plan básico", "equals", "oro")) == ["Eva"]
    with pytest.raises(BadFilter, match=r"no field 'data.other'"):
        await found(world, is_("data.other", "equals", "x"))


async def test_over_all_bases_only_fields_that_mean_the_same_everywhere_can_be_asked(people: World) -> None:
    other = await dial_lists.create_base(people.conn, "other", region="FR", now=people.now)
    await base_fields.define(
        people.conn, other.id, [FieldDefinition("amount"), FieldDefinition("due", FieldType.DATE)]
    )
    await customers.create(
        people.conn, other.id, key="f", name="Fina", data={"due": "2026-01-01"}, now=people.now
    )
    assert await found(people, is_("data.due", "less", "2026-02-01"), base_id=None) == ["Ángel", "Fina"]
    with pytest.raises(BadFilter, match=r"no field 'data.amount'"):
        await found(people, is_("data.amount", "greater", 1), base_id=None)


async def test_deleted_customers_and_other_bases_are_never_found(people: World) -> None:
    other = await dial_lists.create_base(people.conn, "other", region="FR", now=people.now)
    await customers.create(people.conn, other.id, key="z", name="Zoe", now=people.now)
    await people.conn.execute("UPDATE customer SET deleted_at = $1 WHERE name = 'Dora'", people.now)
    assert await found(people) == ["Ángel", "Berta", "Carla"]


async def test_pages_are_sorted_as_asked(people: World) -> None:
    everybody = Filter(base_id=people.base_id)
    for sort in Sort:
        up = await matching.page(people.conn, everybody, sort=sort, now=people.now)
        down = await matching.page(people.conn, everybody, sort=sort, descending=True, now=people.now)
        assert [c.id for c in up] == [c.id for c in reversed(down)]
    second = await matching.page(people.conn, everybody, limit=2, offset=1, now=people.now)
    assert [c.name for c in second] == ["Berta", "Carla"]


async def test_typed_sql_is_only_ever_text(people: World) -> None:
    nasty = "x' OR '1'='1'; DROP TABLE customer; --"
    await people.customer(name=nasty, data={nasty: nasty})
    assert await found(people, is_("name", "equals", nasty)) == [nasty]
    assert await found(people, is_(f"data.{nasty}", "equals", nasty)) == [nasty]


@pytest.mark.parametrize("decimal", [".", ","])
@pytest.mark.parametrize(
    "stored",
    [
        *("12", "-12.5", "1.234", "1,234", "1.234,5", "1,234.5", " 1 234,50 ", "+7", "0,5", "12.34.5", "1e3"),
        *("", "many", "1\u00a0000", "٣", "1.2.3", 12, -0.5, 1e-7, True, None, ["1"], {"a": 1}),
    ],
)
async def test_the_database_reads_a_number_as_the_field_does(
    world: World, stored: Any, decimal: Literal[".", ","]
) -> None:
    """But for what only a spreadsheet writes, whose point is a decimal one whatever the field says."""
    expected = _read(FieldDefinition("x", FieldType.NUMBER, decimal=decimal), stored)
    found = await world.conn.fetchval("SELECT field_number($1::jsonb, $2)", stored, decimal)
    if expected is None and decimal == "," and stored == "-12.5":
        expected = -12.5
    assert (None if found is None else float(found)) == expected


@pytest.mark.parametrize("day_first", [True, False])
@pytest.mark.parametrize(
    "stored",
    [
        *("2026-03-02", "2026-3-2", "02/03/2026", "2.3.2026", "31/12/2026", "12-31-2026", "29/02/2028"),
        *("29/02/2026", "2026-02-30", "2026-13-01", "00/01/2026", "0000-01-01", "2026-03-02 00:00:00"),
        *("02/03/2026 0:00", " 2026-03-02 ", "soon", "", "2026-03-02 14:30", "02/03/26", "٠٢/٠٣/٢٠٢٦"),
    ],
)
async def test_the_database_reads_a_day_as_the_field_does(world: World, stored: str, day_first: bool) -> None:
    expected = _read(FieldDefinition("x", FieldType.DATE, day_first=day_first), stored)
    found = await world.conn.fetchval("SELECT field_date($1, $2)", stored, day_first)
    assert (None if found is None else found.isoformat()) == expected


def _read(definition: FieldDefinition, stored: Any) -> Any:
    try:
        return fields.read(definition, stored) if isinstance(stored, str | int | float) else None
    except BadValue:
        return None


@pytest.mark.parametrize(
    "typed",
    [
        "Óscar  IBÁÑEZ",
        " a\tb ",
        "a\t b",
        "STRASSE",
        "Straße",
        "Ødegård ŁÓDŹ",
        "ΑΘΗΝΆ",
        "МОСКВА Ёлка",
        "ﬁn",
        "",
        "x",
    ],
)
async def test_the_database_folds_text_as_the_room_does(world: World, typed: str) -> None:
    assert await world.conn.fetchval("SELECT folded($1)", typed) == fold(typed)


async def test_saved_filters_are_everybodys_or_ones_own(people: World) -> None:
    mine, theirs = uuid4(), uuid4()
    filter_ = from_json({"where": {"all": [is_("data.amount", "greater", 10)]}, "base_id": people.base_id})
    shared = await saved.create(people.conn, "shared", filter_, now=people.now)
    own = await saved.create(people.conn, "own", filter_, user_id=mine, now=people.now)
    assert [one.name for one in await saved.page(people.conn, user_id=mine)] == ["own", "shared"]
    assert [one.name for one in await saved.page(people.conn, user_id=theirs)] == ["shared"]
    with pytest.raises(NotFound):
        await saved.get(people.conn, own.id, user_id=theirs)
    again = await saved.get(people.conn, shared.id, user_id=theirs)
    assert to_json(again.filter) == to_json(filter_)

    with pytest.raises(Refused, match="already a filter named own"):
        await saved.create(people.conn, "own", filter_, user_id=mine, now=people.now)
    with pytest.raises(Refused, match="already a filter named shared"):
        await saved.create(people.conn, "shared", filter_, now=people.now)
    await saved.create(people.conn, "other", filter_, user_id=mine, now=people.now)
    with pytest.raises(Refused, match="already a filter named own"):
        await saved.edit(
            people.conn,
            (await saved.page(people.conn, user_id=mine))[0].id,
            "own",
            filter_,
            user_id=mine,
            now=people.now,
        )
    changed = await saved.edit(
        people.conn, own.id, "better", Filter(maximum=3), user_id=mine, now=people.now + timedelta(hours=1)
    )
    assert (changed.name, changed.filter) == ("better", Filter(maximum=3))
    await saved.remove(people.conn, own.id, user_id=mine)
    with pytest.raises(NotFound):
        await saved.remove(people.conn, own.id, user_id=mine)


async def test_a_filter_that_cannot_work_is_not_saved(people: World) -> None:
    wrong = from_json({"where": {"all": [is_("data.colour", "equals", "red")]}, "base_id": people.base_id})
    with pytest.raises(BadFilter):
        await saved.create(people.conn, "wrong", wrong, now=people.now)
