"""Files loaded into a real database."""

import csv
import io
import json
import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from lists import dial_lists, do_not_call
from lists.errors import LoadError
from lists.loading import do_not_call_file, load, sources
from lists.loading.do_not_call_file import load_do_not_call
from lists.loading.load import load_file, rejects_csv
from lists.loading.mapping import ColumnMap
from lists.loading.model import LoadResult, LoadSpec, LoadState
from lists.loading.reading import Row, Torn
from storage.database import Database
from tests.helpers.books import ods, ods_row
from tests.integration.lists.world import NOON, World, number

BASIC = "phone=phone,alternatives=others,key=doc,name=name"
Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def written(text: str, name: str = "clients.csv") -> Path:
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return path

    return written


def small(rows: int = 20) -> str:
    """A list shaped like the real one: header, CRLF-free, some rows with alternatives and extra columns."""
    lines = ["doc;phone;others;name;age"]
    for n in range(rows):
        others = f"{number(5000 + n)}:{number(6000 + n)}" if n % 3 == 0 else ""
        lines.append(f"{1000 + n};{number(n)};{others};Name {n};{20 + n}")
    return "\n".join(lines) + "\n"


async def loaded(
    db: Database, path: Path, campaign_id: UUID, mapping: str = BASIC, **options: Any
) -> LoadResult:
    options = {"region": "FR", "campaign_id": campaign_id, "mapping": ColumnMap.parse(mapping), **options}
    return await load_file(db, LoadSpec(path, **options), now=NOON)


def figures(result: LoadResult) -> tuple[int, int, int, int, int]:
    return (result.rows, result.loaded, result.rejected, result.duplicates, result.do_not_call)


async def rejects(db: Database, load_id: UUID) -> list[list[str]]:
    async with db.transaction() as conn:
        text = b"".join([piece async for piece in rejects_csv(conn, load_id)]).decode("utf-8-sig")
    return list(csv.reader(io.StringIO(text), delimiter=";"))[1:]


async def test_a_table_becomes_customers_phones_and_due_contacts(
    world: World, db: Database, write: Write
) -> None:
    result = await loaded(db, write(small()), world.campaign_id)

    assert figures(result) == (20, 20, 0, 0, 0)
    reserved = await world.reserve(50)
    assert [contact.e164 for contact in reserved] == [number(n) for n in range(20)]
    assert reserved[0].zones == ("Europe/Paris",)
    row = await world.conn.fetchrow(
        "SELECT document, name, folded, data FROM customer WHERE id = $1", reserved[3].customer_id
    )
    assert row is not None
    assert tuple(row) == ("1003", "Name 3", "name 3", {"age": "23"})
    phones = await world.conn.fetch(
        "SELECT e164 FROM phone WHERE customer_id = $1 ORDER BY position", reserved[3].customer_id
    )
    assert [phone["e164"] for phone in phones] == [number(3), number(5003), number(6003)]


async def test_the_same_file_again_does_nothing_and_tells_the_figures_of_then(
    world: World, db: Database, write: Write
) -> None:
    path = write(small())
    first = await loaded(db, path, world.campaign_id)

    again = await loaded(db, path, world.campaign_id)

    assert again.already
    assert (again.load_id, figures(again)) == (first.load_id, figures(first))
    assert await world.conn.fetchval("SELECT count(*) FROM contact") == 20


async def test_the_file_of_a_deleted_list_may_be_loaded_again(
    world: World, db: Database, write: Write
) -> None:
    path = write(small())
    first = await loaded(db, path, world.campaign_id)
    async with world.conn.transaction():
        await dial_lists.delete(world.conn, first.dial_lists[0], NOON)

    again = await loaded(db, path, world.campaign_id)

    assert (again.already, again.loaded) == (False, 20)


async def test_bad_rows_are_rejected_with_line_reason_and_their_columns(
    world: World, db: Database, write: Write
) -> None:
    path = write(
        "doc;phone;others;name\n"
        f"1;{number(1)};;Ana\n"
        "2;555;;Bea\n"
        f";{number(3)};;Cid\n"
        f"1;{number(4)};;Dora\n"
        f"5;{number(5)};;Eva;more\n"
        f'6;{number(6)};;"Fito\n'
        f"7;{number(7)};;{'x' * 10_001}\n"
        "8;=1+1;;=HYPERLINK()\n"
        ";;;\n"
        f"9;{number(9)};no tiene;Gus\n"
    )

    result = await loaded(db, path, world.campaign_id)

    assert figures(result) == (10, 2, 7, 1, 0)
    assert result.bad_alternatives == 2
    found = await rejects(db, result.load_id)
    assert [(row[0], row[1]) for row in found] == [
        ("3", "bad_phone"), ("4", "missing_key"), ("5", "repeated_key"), ("6", "too_many_columns"),
        ("7", "bad_quotes"), ("8", "cell_too_long"), ("9", "bad_phone"), ("10", "empty_row"),
    ]  # fmt: skip
    assert found[0][2:] == ["555: too short", "2", "555", "", "Bea"]
    assert found[2][2:] == ["as in line 2", "1", number(4), "", "Dora"]
    assert found[6][4:] == ["'=1+1", "", "'=HYPERLINK()"]


async def test_a_row_all_of_whose_numbers_are_forbidden_is_counted_and_not_queued(
    world: World, db: Database, write: Write
) -> None:
    async with world.conn.transaction():
        await do_not_call.add(
            world.conn,
            numbers=[number(0), number(1), number(5000), number(6000)],
            campaign_id=None,
            source=do_not_call.Source.FILE,
            now=NOON,
        )

    result = await loaded(db, write(small(5)), world.campaign_id)

    assert figures(result) == (5, 3, 0, 0, 2)
    assert [(row[0], row[1]) for row in await rejects(db, result.load_id)] == [
        ("2", "do_not_call"), ("3", "do_not_call"),
    ]  # fmt: skip
    assert await world.conn.fetchval("SELECT count(*) FROM customer") == 5


async def test_a_number_shared_by_two_customers_is_no_duplicate(
    world: World, db: Database, write: Write
) -> None:
    path = write(f"doc;phone;others;name\n1;{number(1)};;A\n2;{number(1)};;B\n")

    assert figures(await loaded(db, path, world.campaign_id)) == (2, 2, 0, 0, 0)


async def test_a_file_into_a_base_known_before_updates_adds_and_refuses_who_still_waits(
    world: World, db: Database, write: Write
) -> None:
    await loaded(db, write(f"doc;phone;others;name\n1;{number(1)};;Ana\n"), world.campaign_id, base="b")
    text = "doc;phone;others;name;city\n" + f"1;{number(9)};;Ana B;Lyon\n2;{number(2)};;Bea;\n"

    again = await loaded(db, write(text), world.campaign_id, base="b")
    elsewhere = await loaded(db, write(text), uuid4(), base="b")

    assert figures(again) == (2, 1, 0, 1, 0)
    assert [row[1] for row in await rejects(db, again.load_id)] == ["already_in_campaign"]
    assert figures(elsewhere) == (2, 2, 0, 0, 0)
    row = await world.conn.fetchrow("SELECT id, name, data FROM customer WHERE key = '1'")
    assert row is not None
    assert (row["name"], row["data"]) == ("Ana B", {"city": "Lyon"})
    cursor = await world.conn.fetchval(
        "SELECT cursor FROM contact WHERE dial_list_id = $1 AND customer_id = $2",
        elsewhere.dial_lists[0],
        row["id"],
    )
    assert cursor == 1  # the file's main number is the customer's second


async def test_a_base_is_never_loaded_by_another_key(world: World, db: Database, write: Write) -> None:
    await loaded(db, write(small(2)), world.campaign_id, base="b")

    with pytest.raises(LoadError, match="knows its customers by doc, not by phone"):
        await loaded(db, write(small(3)), world.campaign_id, "phone=phone,key=phone", base="b")


async def test_the_file_of_a_deleted_base_may_be_loaded_again_also_one_of_several_campaigns(
    world: World, db: Database, write: Write
) -> None:
    path = write("ventas;0199000001;;;\nsoporte;0199000002;;;\n")
    spec = LoadSpec(path, "FR", campaigns={"ventas": uuid4(), "soporte": uuid4()})
    first = await load_file(db, spec, now=NOON)
    assert (await load_file(db, spec, now=NOON)).already
    async with world.conn.transaction():
        await dial_lists.delete_base(world.conn, first.base_id, NOON)

    again = await load_file(db, spec, now=NOON)

    assert (again.already, again.loaded) == (False, 2)


async def test_a_list_file_feeds_several_campaigns_and_shares_their_customers(
    world: World, db: Database, write: Write
) -> None:
    sales, support, agent = uuid4(), uuid4(), uuid4()
    path = write(
        "ventas;0199000001;NOMBRE=Rodrigo:Monto=200:HORA=10:30;0199000002:M0199000003;9999\n"
        "Soporte;0199000001;;P0199000009;1;1001\n"
        "ventas;0199000004;;;\n"
        "ventas;0199000001;;;\n"
        "nadie;0199000005;;;\n"
        "ventas;0199000006;;;high\n"
        "ventas;0199000007;;;1;nobody\n"
    )
    spec = LoadSpec(path, "FR", campaigns={"Ventas": sales, "soporte": support}, agents={"1001": agent})

    result = await load_file(db, spec, now=NOON)

    assert figures(result) == (7, 3, 3, 1, 0)
    assert len(result.dial_lists) == 2
    contacts = await world.conn.fetch(
        "SELECT c.*, k.name, k.data AS extra FROM contact c JOIN customer k ON k.id = c.customer_id"
        " ORDER BY position"
    )
    first, second, third = contacts
    assert first["customer_id"] == second["customer_id"] != third["customer_id"]
    assert (first["campaign_id"], first["priority"], first["agent_id"]) == (sales, 9999, None)
    assert (second["campaign_id"], second["priority"], second["agent_id"]) == (support, 1, agent)
    assert (first["name"], first["extra"]) == ("Rodrigo", {"Monto": "200", "HORA": "10:30"})
    phones = await world.conn.fetch(
        "SELECT e164, kind FROM phone WHERE customer_id = $1 ORDER BY position", first["customer_id"]
    )
    assert [tuple(phone) for phone in phones] == [
        ("+33199000001", ""), ("+33199000002", ""), ("+33199000003", "mobile"), ("+33199000009", ""),
    ]  # fmt: skip
    assert [row[1] for row in await rejects(db, result.load_id)] == [
        "repeated_key", "unknown_campaign", "bad_priority", "unknown_agent",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "mapping", "sentence"),
    [
        ("", BASIC, "is empty"),
        ("doc;phone;name\n1;2;A\n", BASIC, "no column named 'others'"),
        ("doc;phone;phone;others;name\n", BASIC, "Two columns"),
        ('"doc;phone\n', BASIC, "cannot be read as a header"),
    ],
)
async def test_a_file_that_cannot_be_read_says_so_in_a_sentence_and_leaves_nothing_behind(
    world: World, db: Database, write: Write, text: str, mapping: str, sentence: str
) -> None:
    with pytest.raises(LoadError, match=sentence):
        await loaded(db, write(text), world.campaign_id, mapping)

    assert await world.conn.fetchval("SELECT count(*) FROM dial_list") == 0
    assert await world.conn.fetchval("SELECT count(*) FROM base WHERE id <> $1", world.base_id) == 0


async def test_a_load_that_breaks_off_half_way_leaves_only_its_own_failure(
    world: World, db: Database, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    load_id = uuid4()

    async def broken(*_: object) -> None:
        raise RuntimeError("the disk is gone")

    monkeypatch.setattr(load, "_keep_refused", broken)
    spec = LoadSpec(write(small()), "FR", world.campaign_id, mapping=ColumnMap.parse(BASIC))
    with pytest.raises(RuntimeError):
        await load_file(db, spec, now=NOON, load_id=load_id)

    status = await load.status(world.conn, load_id)
    assert (status.state, status.error) == (LoadState.FAILED, "The load was broken off.")
    for table in ("customer", "phone", "contact", "dial_list"):
        assert await world.conn.fetchval(f"SELECT count(*) FROM {table}") == 0


async def test_progress_can_be_seen_while_a_load_runs_but_not_its_contacts(
    world: World, db: Database, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    load_id = uuid4()
    seen: list[tuple[LoadState, int, int]] = []
    keep_refused = load._keep_refused

    async def watched(*args: Any) -> None:
        status = await load.status(world.conn, load_id)
        contacts = await world.conn.fetchval("SELECT count(*) FROM contact")
        seen.append((status.state, status.rows, contacts))
        await keep_refused(*args)

    monkeypatch.setattr(load, "_keep_refused", watched)
    spec = LoadSpec(write(small()), "FR", world.campaign_id, mapping=ColumnMap.parse(BASIC))
    await load_file(db, spec, now=NOON, load_id=load_id)

    assert seen == [(LoadState.RUNNING, 20, 0)]
    status = await load.status(world.conn, load_id)
    assert (status.state, status.loaded) == (LoadState.DONE, 20)


async def test_a_do_not_call_file_forbids_for_one_campaign_or_for_all(
    world: World, db: Database, write: Write
) -> None:
    other = uuid4()
    only = await world.contact(await world.list_(), number(1))
    path = write(f"{number(1)};ventas;\n{number(2)};;\n{number(2)};;\n555;;\n{number(3)};nadie;\n")

    result = await load_do_not_call(db, path, region="FR", campaigns={"Ventas": world.campaign_id}, now=NOON)

    assert (result.rows, result.forbidden, result.already, result.rejected) == (5, 2, 1, 2)
    assert await do_not_call.blocked(world.conn, number(1), world.campaign_id)
    assert not await do_not_call.blocked(world.conn, number(1), other)
    assert await do_not_call.blocked(world.conn, number(2), other)
    assert await world.state(only) == "do_not_call"
    assert [row[:3] for row in await rejects(db, result.load_id)] == [
        ["4", "bad_phone", "555: too short"], ["5", "unknown_campaign", "nadie"],
    ]  # fmt: skip


async def test_a_workbook_is_begun_in_a_thread_so_that_nobody_waits_for_its_sheet(
    world: World, db: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, begun_in = tmp_path / "upload", list[int]()
    path.write_bytes(ods(ods_row(number(1), "ventas")))

    def slow(_: Path) -> Iterator[Row | Torn]:
        begun_in.append(threading.get_ident())
        yield Row(1, ["ventas", number(1)])

    for module in (sources, do_not_call_file):
        monkeypatch.setattr(module, "workbook_records", slow)
    names = {"ventas": world.campaign_id}
    await load_file(db, LoadSpec(path, region="FR", campaigns=names), now=NOON)
    await load_do_not_call(db, path, region="FR", campaigns=names, now=NOON)
    assert len(begun_in) == 2
    assert threading.get_ident() not in begun_in


async def test_a_do_not_call_file_may_be_a_workbook(world: World, db: Database, tmp_path: Path) -> None:
    path = tmp_path / "upload"
    path.write_bytes(ods(ods_row(number(1), "ventas"), ods_row(number(2)), ods_row("3,4E+10")))
    result = await load_do_not_call(db, path, region="FR", campaigns={"ventas": world.campaign_id}, now=NOON)
    assert (result.rows, result.forbidden, result.rejected) == (3, 2, 1)
    assert await do_not_call.blocked(world.conn, number(1), world.campaign_id)
    assert await do_not_call.blocked(world.conn, number(2), uuid4())
    ((line, reason, detail, *_),) = await rejects(db, result.load_id)
    assert (line, reason, detail) == ("3", "bad_phone", "3,4E+10: scientific notation")


async def test_a_torn_line_of_a_do_not_call_file_stops_none_of_the_others(
    world: World, db: Database, write: Write
) -> None:
    """Also where it holds a NUL, which PostgreSQL keeps in no text."""
    path = write(f"{number(1)};;\na\0b{'x' * 140_000}\n{number(2)};;\n")
    result = await load_do_not_call(db, path, region="FR", campaigns={}, now=NOON)
    assert (result.forbidden, result.rejected) == (2, 1)
    [reject] = await rejects(db, result.load_id)
    assert (reject[:2], reject[3][:4]) == (["2", "line_too_long"], "a\ufffdbx")


def shared(name: str) -> Path:
    """A file of the data folder, which lies outside the repository."""
    root = Path(os.environ.get("MARCADOR_SHARED", Path(__file__).parents[4] / "shared"))
    path = root / "data" / name
    if not path.exists():
        reason = f"{name} is not there: set MARCADOR_SHARED to the folder that holds data/{name}"
        pytest.skip(reason)
    return path


async def test_the_real_client_list_loads_wholly(world: World, db: Database) -> None:
    result = await loaded(
        db,
        shared("clientes.csv"),
        world.campaign_id,
        "phone=telefono,alternatives=telefonos_alternativos,key=documento",
    )

    assert figures(result) == (45_211, 45_211, 0, 0, 0)
    assert result.bad_alternatives == 0
    without_zone = await world.conn.fetchval("SELECT count(*) FROM phone WHERE zones = '{}'")
    assert without_zone == result.numbers_not_in_use


async def test_the_difficult_client_list_loads_with_every_count_explained(world: World, db: Database) -> None:
    path = shared("clientes_dificil.csv")
    facts = json.loads(path.with_suffix(".facts.json").read_text())
    mapping = (
        "phone=telefono,alternatives=Alternativo 1+Alternativo 2+Alternativo 3,key=documento,name=nombre"
    )

    result = await loaded(db, path, world.campaign_id, mapping)

    with path.open(encoding="cp1252", newline="") as file:
        table = list(csv.reader(file))[1:]
    found = {int(row[0]): row[1] for row in await rejects(db, result.load_id)}
    bad = {line for line, reason in found.items() if reason == "bad_phone"}
    assert set(found.values()) == {"bad_phone", "repeated_key"}
    assert len(bad) == result.rejected == facts["bad_phone_rows"]
    # A bad main number has fewer than eight digits, or is a spreadsheet's ruin of one; nothing else is.
    for line, row in enumerate(table, start=2):
        digits = sum(c.isdigit() for c in row[2])
        assert (line in bad) == (digits < 8 or "E+" in row[2]), (line, row)
    # Repeated documents: a row counts as repeated when an earlier row of its document was loaded.
    seen: set[str] = set()
    loaded_: set[str] = set()
    repeated_in_file = 0
    for line, row in enumerate(table, start=2):
        repeated_in_file += row[0] in seen
        seen.add(row[0])
        if line in bad:
            continue
        assert (found.get(line) == "repeated_key") == (row[0] in loaded_), (line, row)
        loaded_.add(row[0])
    assert repeated_in_file == facts["repeated_documents"]
    assert result.loaded == len(loaded_) == await world.conn.fetchval("SELECT count(*) FROM contact")
    assert result.rows == facts["rows"] == result.loaded + result.rejected + result.duplicates
