"""Torn, wrong and hostile files: each ends in a clear sentence or in rejects; nothing is half-loaded."""

from pathlib import Path

import pytest

from lists import customers
from lists.bases import previewing
from lists.errors import LoadError
from lists.loading import workbook
from storage.database import Database
from tests.helpers.books import cell, ods, ods_row, xlsx
from tests.integration.lists.test_loading import figures, loaded, rejects
from tests.integration.lists.world import World, number

MAPPING = "phone=phone,key=doc,name=name"
HEADER = "doc;phone;name\n"
ONE, TWO, THREE = (f"{n};{number(n)};Ana {n}" for n in (1, 2, 3))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "upload"  # as an upload is kept: its name says nothing


def write(file: Path, content: bytes | str) -> None:
    file.write_bytes(content if isinstance(content, bytes) else content.encode())


async def names(world: World) -> list[str]:
    return [one.name for one in await customers.search(world.conn)]


async def refuse(world: World, db: Database, file: Path, content: bytes, sentence: str) -> str:
    """It says so, and leaves nothing behind but the failure of its load."""
    write(file, content)
    with pytest.raises(LoadError, match=sentence) as caught:
        await loaded(db, file, world.campaign_id, MAPPING)
    for table in ("customer", "phone", "contact", "dial_list", "load_reject"):
        assert await world.conn.fetchval(f"SELECT count(*) FROM {table}") == 0, table
    assert await world.conn.fetchval("SELECT count(*) FROM base WHERE id <> $1", world.base_id) == 0
    assert await world.conn.fetchval("SELECT count(*) FROM load WHERE state <> 'failed'") == 0
    return str(caught.value)


async def reject(world: World, db: Database, file: Path, content: bytes | str) -> list[tuple[str, str, str]]:
    """Line, reason and detail of what was refused; the rows before and after it are loaded."""
    write(file, content)
    result = await loaded(db, file, world.campaign_id, MAPPING)
    found = [(line, reason, detail) for line, reason, detail, *_ in await rejects(db, result.load_id)]
    assert len(found) == result.rejected
    kept = await world.conn.fetchval(
        "SELECT count(*) FROM contact WHERE dial_list_id = ANY ($1)", list(result.dial_lists)
    )
    assert kept == result.loaded
    return found


async def test_a_file_without_a_header_is_told_what_its_first_line_looks_like(
    world: World, db: Database, file: Path
) -> None:
    said = await refuse(world, db, file, f"{ONE}\n{TWO}\n".encode(), "no column named")
    assert "put a line of names above it" in said


async def test_line_ends_of_every_kind_may_be_mixed(world: World, db: Database, file: Path) -> None:
    assert await reject(world, db, file, f"doc;phone;name\r\n{ONE}\r{TWO}\n\n{THREE}") == []
    assert await names(world) == ["Ana 1", "Ana 2", "Ana 3"]


async def test_a_nul_costs_its_row(world: World, db: Database, file: Path) -> None:
    found = await reject(world, db, file, f"{HEADER}{ONE}\n2;{number(2)};A\0na\n{THREE}\n")
    assert found == [("3", "nul_character", "")]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"doc;phone;na\0me\n1;2;3\n", "NUL characters"),
        (b"doc;phone;name;\0\n1;2;3\n", "NUL characters"),
        (b"\0" * 5_000, "UTF-16"),
        (b"\0\1\2" * 5_000, "UTF-16|NUL|no column"),
    ],
)
async def test_nuls_in_the_header_are_told_and_kept_out_of_the_database(
    world: World, db: Database, file: Path, content: bytes, sentence: str
) -> None:
    await refuse(world, db, file, content, sentence)


async def test_a_quote_that_never_closes_costs_its_row(world: World, db: Database, file: Path) -> None:
    found = await reject(world, db, file, f'{HEADER}{ONE}\n2;{number(2)};"Ana\n{THREE}\n')
    assert found == [("3", "bad_quotes", "")]
    assert await names(world) == ["Ana 1", "Ana 3"]


async def test_a_cell_of_a_million_characters_costs_its_row(world: World, db: Database, file: Path) -> None:
    endless = f"2;{number(2)};" + "x" * 1_000_000
    found = await reject(world, db, file, f"{HEADER}{ONE}\n{endless}\n{THREE}\n")
    assert found == [("3", "line_too_long", "")]
    long = f"4;{number(4)};" + "x" * 20_000
    found = await reject(world, db, file, f"{HEADER}{long}\n5;{number(5)};Ana 5\n")
    assert found == [("2", "cell_too_long", "20000 characters")]
    assert await names(world) == ["Ana 1", "Ana 3", "Ana 5"]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig", "utf-8", "cp1252"])
async def test_accents_come_through_from_every_usual_encoding(
    world: World, db: Database, file: Path, encoding: str
) -> None:
    content = f"{HEADER}1;{number(1)};José Ibáñez Güell\n".encode(encoding)
    assert await reject(world, db, file, content) == []
    assert await names(world) == ["José Ibáñez Güell"]


async def test_utf16_without_its_mark_asks_for_the_encoding_and_is_loaded_when_told(
    world: World, db: Database, file: Path
) -> None:
    content = f"{HEADER}1;{number(1)};José\n".encode("utf-16-le")
    await refuse(world, db, file, content, "say its encoding")
    result = await loaded(db, file, world.campaign_id, MAPPING, encoding="utf-16-le")
    assert figures(result) == (1, 1, 0, 0, 0)
    assert await names(world) == ["José"]


async def test_utf8_with_a_few_letters_of_a_code_page_is_no_reason_to_spoil_all_accents(
    world: World, db: Database, file: Path
) -> None:
    good = f"{HEADER}1;{number(1)};José\n".encode()
    await refuse(world, db, file, good + f"2;{number(2)};Ñandú\n".encode("cp1252"), "not in line 3")
    bad_first = f"{HEADER}2;{number(2)};Ñandú\n1;{number(1)};".encode("cp1252") + "José\n".encode()
    await refuse(world, db, file, bad_first, "not in line 2")
    write(file, bad_first)
    await loaded(db, file, world.campaign_id, MAPPING, encoding="cp1252")
    assert await names(world) == ["JosÃ©", "Ñandú"]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(4_000), "old workbook"),
        (b"%PDF-1.7\n%\xe2\xe3", "is PDF, no table"),
        (b"\x1f\x8b\x08\x00" + bytes(range(256)), "is gzip, no table"),
        (b"\r\n<HTML><table><tr><td>doc</td></tr></table>", "is HTML, no table"),
        (HEADER.encode(), "no rows"),
        (ods(ods_row("doc", "phone", "name")), "no rows"),
        (ods(), "cannot be read as a header"),
        (b"\xef\xbb\xbf", "cannot be read as a header"),
    ],
)
async def test_what_is_no_table_or_has_no_rows_is_told_so(
    world: World, db: Database, file: Path, content: bytes, sentence: str
) -> None:
    await refuse(world, db, file, content, sentence)


@pytest.mark.parametrize("form", ["xlsx", "ods"])
async def test_a_workbooks_rows_are_refused_for_the_same_reasons(
    world: World, db: Database, file: Path, form: str
) -> None:
    rows: list[tuple[str, ...]] = [
        ("doc", "phone", "name"),
        ("1", number(1), "José"),
        ("2", "3,36E+10", "Ana"),
        ("3", number(3), "x" * 20_000),
        ("4", number(4), "x" * 1_000_000),
        ("5", number(5), "=1+1"),
    ]
    made = {
        "xlsx": lambda: xlsx("".join(f"<row>{''.join(map(cell, row))}</row>" for row in rows)),
        "ods": lambda: ods(*(ods_row(*row) for row in rows)),
    }
    found = await reject(world, db, file, made[form]())
    assert found == [
        ("3", "bad_phone", "3,36E+10: scientific notation"),
        ("4", "cell_too_long", "20000 characters"),
        ("5", "line_too_long", ""),
    ]
    assert await names(world) == ["=1+1", "José"]
    headless = {
        "xlsx": xlsx(f"<row>{cell('1')}{cell(number(1))}</row>"),
        "ods": ods(ods_row("1", number(1))),
    }
    write(file, headless[form])
    with pytest.raises(LoadError, match="put a line of names above it"):
        await loaded(db, file, world.campaign_id, MAPPING)


@pytest.mark.parametrize("cut", [1, 3, 101])
async def test_utf16_that_breaks_off_in_mid_character_is_told(
    world: World, db: Database, file: Path, cut: int
) -> None:
    content = f"{HEADER}{ONE}\n{TWO}\n".encode("utf-16")[:-cut]
    await refuse(world, db, file, content, "is not utf-16 text")


async def test_a_number_that_a_spreadsheet_ruined_says_so(world: World, db: Database, file: Path) -> None:
    found = await reject(world, db, file, f"{HEADER}1;3,36E+10;Ana\n2;3.36199E+10;Eva\n{THREE}\n")
    assert [reason for _, reason, _ in found] == ["bad_phone", "bad_phone"]
    assert "scientific notation" in found[0][2]


async def test_formulas_are_texts_and_go_out_harmless(world: World, db: Database, file: Path) -> None:
    write(file, f"{HEADER}1;{number(1)};=1+1\n2;@SUM(A1);=HYPERLINK(A1)\n")
    result = await loaded(db, file, world.campaign_id, MAPPING)
    assert await names(world) == ["=1+1"]
    ((_, reason, *cells),) = await rejects(db, result.load_id)
    assert reason == "bad_phone"
    assert cells[-2:] == ["'@SUM(A1)", "'=HYPERLINK(A1)"]
    assert not any(text.startswith(("=", "@", "+", "-")) for text in cells)


async def test_an_open_document_is_looked_at_and_loaded(world: World, db: Database, file: Path) -> None:
    rows = (("doc", "phone", "name"), (1.0, float(number(1)[1:]), "José"), ("2", "5", "Eva"))
    write(file, ods(*(ods_row(*row) for row in rows)))
    seen = previewing.preview(file)
    assert (seen.encoding, seen.header, seen.rows[0][0]) == (None, ("doc", "phone", "name"), "1")
    result = await loaded(db, file, world.campaign_id, MAPPING)
    assert figures(result) == (2, 1, 1, 0, 0)
    assert [row[:2] for row in await rejects(db, result.load_id)] == [["3", "bad_phone"]]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        pytest.param(
            xlsx(f'<row r="1">{cell("doc", "A1")}</row><row r="1048576">{cell("b", "XFD1048576")}</row>'),
            "more than can be read",
            id="one cell at the far end",
        ),
        pytest.param(
            ods(ods_row("x", times=1_048_576, columns=16_384)), "cannot be read", id="an open document's"
        ),
        pytest.param(
            xlsx(f"<row>{cell('&b;')}</row>", '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]>'),
            "cannot be read",
            id="entities",
        ),
        pytest.param(xlsx(f"<row>{cell('doc')}</row>")[:-80], "damaged", id="torn"),
    ],
)
async def test_a_workbook_that_is_a_bomb_or_torn_is_told_and_nobody_falls(
    world: World, db: Database, file: Path, content: bytes, sentence: str
) -> None:
    await refuse(world, db, file, content, sentence)


async def test_a_workbook_packed_a_thousand_times_is_not_unpacked(
    world: World, db: Database, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workbook, "MAX_UNPACKED", 1 << 20)
    await refuse(world, db, file, xlsx(" " * (3 << 20)), "unpacks to 3 MB")
