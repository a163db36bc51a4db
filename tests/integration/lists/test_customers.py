"""Customers: found, made, changed."""

import asyncio
from collections.abc import Sequence
from typing import Any
from uuid import uuid4

import pytest

from lists import customers, searching
from lists.customers import Customer, CustomerEdit, NewPhone
from lists.errors import NotFound, Refused
from lists.folding import fold, grams, word_grams
from lists.model import PhoneState
from storage.database import Connection, Database
from tests.integration.lists.world import World, number


async def test_a_customer_is_found_by_exact_number_before_any_by_last_digits(world: World) -> None:
    exact = await world.customer("+33199001234")
    same_tail = await world.customer("+34699001234")

    assert [c.id for c in await customers.by_phone(world.conn, "+33199001234")] == [exact.id]
    by_tail = await customers.by_phone(world.conn, "+99999001234")
    assert {c.id for c in by_tail} == {exact.id, same_tail.id}


async def test_several_customers_of_one_number_are_all_answered_the_last_changed_first(world: World) -> None:
    first = await world.customer(number(0))
    world.later(minutes=1)
    second = await world.customer(number(0))
    world.later(minutes=1)
    await customers.edit(world.conn, first.id, CustomerEdit(name="Ana"), world.now)

    assert [c.id for c in await customers.by_phone(world.conn, number(0))] == [first.id, second.id]


async def test_an_unknown_number_finds_nobody(world: World) -> None:
    await world.customer(number(0))

    assert await customers.by_phone(world.conn, "+33555555555") == []
    assert await customers.by_phone(world.conn, "+331") == []


async def test_a_customer_is_made_with_phones_in_order_and_known_by_document(world: World) -> None:
    made = await customers.create(
        world.conn,
        world.base_id,
        document="X-1",
        name="Óscar Ibáñez",
        phones=[NewPhone("01 99 00 00 01", "home"), NewPhone("+33199000002")],
        data={"city": "Lyon"},
        now=world.now,
    )

    assert (made.key, made.name, made.data, made.region) == ("X-1", "Óscar Ibáñez", {"city": "Lyon"}, "FR")
    assert [(p.position, p.e164, p.kind) for p in made.phones] == [
        (0, "+33199000001", "home"), (1, "+33199000002", ""),
    ]  # fmt: skip
    assert made.phones[0].zones == ("Europe/Paris",)


@pytest.mark.parametrize(
    ("fields", "error_id"),
    [
        ({"phones": [NewPhone("555")]}, "bad_number"),
        ({}, "no_key"),
        ({"document": "taken"}, "customer_exists"),
    ],
)
async def test_what_cannot_be_a_customer_is_refused_with_a_stable_id(
    world: World, fields: dict[str, Any], error_id: str
) -> None:
    await customers.create(world.conn, world.base_id, document="taken", now=world.now)

    with pytest.raises(Refused) as refused:
        await customers.create(world.conn, world.base_id, **fields, now=world.now)
    assert refused.value.error_id == error_id


async def test_an_edit_changes_what_is_given_merges_data_and_removes_what_is_none(world: World) -> None:
    made = await world.customer(number(0), name="Ana", document="1", data={"a": 1, "b": 2})

    edited = await customers.edit(
        world.conn, made.id, CustomerEdit(name="Ana María", data={"b": None, "c": 3}), world.now
    )

    assert (edited.name, edited.document, edited.data) == ("Ana María", "1", {"a": 1, "c": 3})
    with pytest.raises(NotFound):
        await customers.edit(world.conn, uuid4(), CustomerEdit(), world.now)


async def test_two_editors_of_different_fields_lose_nothing(world: World, db: Database) -> None:
    made = await world.customer(number(0))

    async def edit(field: str) -> None:
        async with db.transaction() as conn:
            await customers.edit(conn, made.id, CustomerEdit(data={field: 1}), world.now)

    await asyncio.gather(*(edit(f"field {n}") for n in range(6)))

    assert len((await customers.card(world.conn, made.id)).data) == 6


async def test_a_new_phone_becomes_the_last_alternative_and_a_known_one_is_answered(world: World) -> None:
    made = await world.customer(number(0))

    added = await customers.add_phone(world.conn, made.id, NewPhone("01 99 00 00 07"), world.now)
    again = await customers.add_phone(world.conn, made.id, NewPhone("+33199000007"), world.now)

    assert (added.position, added.e164) == (1, "+33199000007")
    assert again.id == added.id


async def test_a_wrong_number_is_retired_and_may_come_back(world: World) -> None:
    made = await world.customer(number(0))
    phone = made.phones[0]

    await customers.retire_phone(world.conn, phone.id, PhoneState.WRONG_NUMBER, world.now)
    assert (await customers.card(world.conn, made.id)).phones[0].state is PhoneState.WRONG_NUMBER
    await customers.retire_phone(world.conn, phone.id, PhoneState.GOOD, world.now)
    assert (await customers.card(world.conn, made.id)).phones[0].state is PhoneState.GOOD
    with pytest.raises(NotFound):
        await customers.retire_phone(world.conn, uuid4(), PhoneState.BAD, world.now)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"name": "ibanez"}, ["Óscar Ibáñez"]),
        ({"name": "IBÁÑEZ"}, ["Óscar Ibáñez"]),
        ({"name": "100%"}, ["100% Vivo"]),
        ({"document": "20"}, ["100% Vivo", "Óscar Ibáñez"]),
        ({"phone": "01 99 00 00 01"}, ["Óscar Ibáñez"]),
        ({"phone": "+33 1 99 00 00 01"}, ["Óscar Ibáñez"]),
        ({"phone": "0002"}, ["100% Vivo"]),
        ({"document": "2000", "phone": "0199000002"}, ["100% Vivo"]),
        ({"document": "2000", "name": "nobody"}, []),
        ({}, ["100% Vivo", "Óscar Ibáñez"]),
    ],
)
async def test_search_answers_whoever_meets_every_condition_by_name(
    world: World, query: dict[str, str], found: list[str]
) -> None:
    await world.customer(number(1), name="Óscar Ibáñez", document="2000001")
    await world.customer(number(2), name="100% Vivo", document="2000002")

    assert [c.name for c in await customers.search(world.conn, **query)] == found  # type: ignore[arg-type]


async def test_a_document_is_found_whatever_its_case_page_by_page(world: World) -> None:
    for n in range(3):
        await world.customer(number(n), name=f"C{n}", document=f"X123{n}A")
    await world.customer(number(9), name="D", document="x999")

    async def page(typed: str, offset: int = 0) -> list[str]:
        found = await customers.search(world.conn, document=typed, limit=2, offset=offset)
        return [customer.name for customer in found]

    assert [await page("x123"), await page("x123", 2), await page("x123", 4)] == [["C0", "C1"], ["C2"], []]
    assert await page("x1230a") == ["C0"]
    assert await page("X9") == ["D"]


async def test_search_keeps_to_an_owner_and_to_its_page(world: World) -> None:
    agent = uuid4()
    made: list[Customer] = [await world.customer(number(n), name=f"C{n}") for n in range(4)]
    assert await customers.assign(world.conn, [c.id for c in made[:3]], agent, world.now) == 3

    async def page(offset: int) -> list[str]:
        return [c.name for c in await customers.search(world.conn, owner_id=agent, limit=2, offset=offset)]

    assert await page(0) == ["C0", "C1"]
    assert await page(2) == ["C2"]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"name": "garcia"}, ["García Ana", "Ana García", "Zoe García López"]),  # who begins so comes first
        ({"name": "lopez garcia"}, ["Zoe García López"]),  # in any order
        ({"name": "arc"}, ["Ana García", "García Ana", "Zoe García López"]),
        ({"name": "lo"}, ["Zoe García López"]),  # two letters: where a word begins
        ({"name": "an"}, ["Ana García", "García Ana"]),
        ({"name": "z"}, ["Zoe García López"]),
        ({"name": "rcía  ló"}, ["Zoe García López"]),
        ({"name": "ana_garcia"}, []),
        ({"phone": "001"}, ["García Ana"]),
        ({"phone": "01"}, []),  # too little to go by
        ({"phone": "011 15 9900 0002"}, ["Ana García"]),  # written otherwise: by its last eight digits
    ],
)
async def test_search_finds_the_words_of_a_name_anywhere_and_a_number_in_any_format(
    world: World, query: dict[str, str], found: list[str]
) -> None:
    for n, name in enumerate(("Zoe García López", "García Ana", "Ana García", "Eva Ruiz")):
        await world.customer(number(n), name=name, document=str(n))

    assert [c.name for c in await customers.search(world.conn, **query)] == found  # type: ignore[arg-type]


async def test_pages_run_on_from_names_that_begin_so_to_those_that_have_it_elsewhere(world: World) -> None:
    names = ["Ana A", "Ana B", "Ana C", "X Ana", "Y Ana", "Z Ana"]
    for n, name in enumerate(names):
        await world.customer(number(n), name=name)

    async def page(offset: int) -> list[str]:
        return [c.name for c in await customers.search(world.conn, name="ana", limit=2, offset=offset)]

    assert [await page(offset) for offset in (0, 2, 4, 6)] == [names[:2], names[2:4], names[4:], []]


async def test_a_changed_name_is_found_by_whoever_changed_it_and_no_longer_by_the_old_one(
    world: World,
) -> None:
    made = await world.customer(number(0), name="Ana")
    await world.conn.execute("UPDATE customer SET name = 'Ñoño Peña' WHERE id = $1", made.id)

    assert [c.id for c in await customers.search(world.conn, name="pen")] == [made.id]
    assert await customers.search(world.conn, name="ana") == []


@pytest.mark.parametrize(
    "name", ["", "a", "José María", "Ωμέγα Δέλτα", "Иван  Грозный", "山田 太郎", "😀😀😀 x", "ana ana"]
)
async def test_the_database_cuts_a_name_into_the_threes_that_a_load_does(world: World, name: str) -> None:
    made = await world.conn.fetchval("SELECT name_grams($1)", fold(name))

    assert sorted(made) == sorted(grams(fold(name)))


async def names(world: World, **query: Any) -> list[str]:
    return [one.name for one in await customers.search(world.conn, **query)]


async def test_words_that_many_have_are_found_among_the_newest_customers_and_shown_by_name(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await world.customer(name="Zoe García")
    world.later(minutes=1)
    for name in ("Bea García", "Ana García", "Eva Ruiz", "García Pérez"):
        await world.customer(name=name)

    async def everybody(conn: Connection, words: Sequence[str]) -> dict[int, float]:
        return {three: 1.0 for word in words for three in word_grams(word)}

    monkeypatch.setattr(searching, "_shares", everybody)
    monkeypatch.setattr(searching, "MOST_LOOKED_AT", 4)
    monkeypatch.setattr(searching, "COMMON", 2)
    assert await names(world, name="garcia") == ["García Pérez", "Ana García", "Bea García"]
    monkeypatch.setattr(searching, "COMMON", 3)  # too few among the newest: all are looked for
    assert await names(world, name="garcia") == ["García Pérez", "Ana García", "Bea García", "Zoe García"]


async def test_of_a_small_base_everybody_is_looked_at(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("Zoe García", "Bea García", "García Pérez"):
        await world.customer(name=name)
    monkeypatch.setattr(searching, "MOST_LOOKED_AT", 3)
    expected = ["García Pérez", "Bea García", "Zoe García"]
    assert await names(world, name="garcia", base_id=world.base_id) == expected
    assert await names(world, name="garcia", base_id=uuid4()) == []


async def test_pages_of_people_of_one_name_neither_repeat_nor_miss_anybody(world: World) -> None:
    ids = {(await world.customer(name="Juan Pérez")).id for _ in range(7)}
    seen = []
    for offset in range(0, 7, 2):
        page = await customers.search(world.conn, name="juan", limit=2, offset=offset)
        seen += [one.id for one in page]
    assert len(seen) == 7
    assert set(seen) == ids


async def test_the_servers_statistics_tell_which_threes_are_common(world: World) -> None:
    for _ in range(20):
        await world.customer(name="María")
    await world.conn.execute("ANALYZE customer")
    shares = await searching._shares(world.conn, ["maria", "xyzzy"])
    assert shares == dict.fromkeys(word_grams("maria"), 1.0)
