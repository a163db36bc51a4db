"""A base while a file goes into it: nobody takes it away meanwhile, and a second file waits."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from lists import customers, dial_lists
from lists.errors import LoadError, Refused
from lists.loading import load
from lists.loading.mapping import ColumnMap
from lists.loading.model import LoadResult, LoadSpec
from storage.database import Database
from tests.integration.lists.world import NOON, World, number

DEADLINE_S = 1.5
TEXT = f"doc;phone;name\n1;{number(1)};Ana\n"


async def _loaded(db: Database, world: World, folder: Path, text: str = TEXT) -> LoadResult:
    path = folder / "clients.csv"
    path.write_text(text)
    mapping = ColumnMap.parse("phone=phone,key=doc,name=name")
    spec = LoadSpec(path, "FR", campaign_id=world.campaign_id, mapping=mapping, base="known by doc")
    return await load.load_file(db, spec, now=NOON)


async def test_a_base_is_not_deleted_while_a_file_goes_into_it(
    world: World, db: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else the file's contacts would be dialled for a base that is gone."""
    base_id = (await _loaded(db, world, tmp_path)).base_id
    staged = load._stage
    refused = []

    async def meanwhile(*args: Any) -> Any:
        try:
            async with db.transaction() as conn:
                await dial_lists.delete_base(conn, base_id, NOON)
        except Refused as error:
            refused.append(error.error_id)
        return await staged(*args)

    monkeypatch.setattr(load, "_stage", meanwhile)
    second = await _loaded(db, world, tmp_path, TEXT + f"2;{number(2)};Luis\n")
    assert (refused, second.loaded) == (["base_busy"], 1)
    async with db.transaction() as conn:
        assert await dial_lists.delete_base(conn, base_id, NOON) == 2
    assert await customers.by_phone(world.conn, number(2)) == []


async def test_a_file_for_a_base_deleted_while_it_waited_is_refused(
    world: World, db: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    base_id = (await _loaded(db, world, tmp_path)).base_id
    found = load._base

    async def then_deleted(*args: Any) -> Any:
        answer = await found(*args)
        async with db.transaction() as conn:
            await dial_lists.delete_base(conn, base_id, NOON)
        return answer

    monkeypatch.setattr(load, "_base", then_deleted)
    with pytest.raises(LoadError, match="deleted"):
        await _loaded(db, world, tmp_path, TEXT + f"2;{number(2)};Luis\n")
    assert await customers.by_phone(world.conn, number(2)) == []


async def test_a_second_file_waits_for_the_first_longer_than_a_statement_may_take(
    world: World, db: Database, database_dsn: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await _loaded(db, world, tmp_path)
    staged, begun = load._stage, asyncio.Event()

    async def slow(*args: Any) -> Any:
        if not begun.is_set():
            begun.set()
            await asyncio.sleep(2 * DEADLINE_S)
        return await staged(*args)

    monkeypatch.setattr(load, "_stage", slow)
    first, second = tmp_path / "first", tmp_path / "second"
    first.mkdir()
    second.mkdir()
    async with await Database.open(database_dsn, command_timeout=DEADLINE_S) as hurried:
        under_way = asyncio.create_task(_loaded(db, world, first, TEXT + f"2;{number(2)};Luis\n"))
        await begun.wait()
        result = await _loaded(hurried, world, second, TEXT + f"3;{number(3)};Eva\n")
        assert (result.loaded, (await under_way).loaded) == (1, 1)
