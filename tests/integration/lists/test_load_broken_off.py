"""A load whose process ended in the middle of it is not said to run for ever."""

from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from lists.loading import load
from lists.loading.mapping import ColumnMap
from lists.loading.model import LoadSpec, LoadState
from storage.database import Database
from storage.ids import uuid7
from tests.integration.lists.world import NOON, World, number

LATER = NOON + timedelta(hours=1)


async def _begun(world: World) -> UUID:
    """What a killed process leaves: the load's own row."""
    load_id = uuid7(NOON)
    await world.conn.execute(load.SQL.start, load_id, world.campaign_id, "a.csv", "hash", {}, NOON, None)
    return load_id


async def _state(world: World, load_id: UUID) -> LoadState:
    return (await load.status(world.conn, load_id)).state


async def test_a_load_whose_process_ended_has_failed(world: World, db: Database) -> None:
    load_id = await _begun(world)
    async with db.transaction() as conn:
        assert await load.give_up(conn, NOON + timedelta(seconds=1)) == []  # perhaps it only begins
        assert await load.give_up(conn, LATER) == [load_id]
    found = await load.status(world.conn, load_id)
    assert (found.state, found.finished_at) == (LoadState.FAILED, LATER)
    assert found.error


async def test_a_load_that_runs_is_left_alone_however_long_it_takes(
    world: World, db: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    staged = load._stage
    given_up: list[UUID] = []

    async def slow(*args: Any) -> Any:
        async with db.transaction() as conn:
            given_up.extend(await load.give_up(conn, LATER))
        return await staged(*args)

    monkeypatch.setattr(load, "_stage", slow)
    path = tmp_path / "clients.csv"
    path.write_text(f"phone\n{number(1)}\n")
    spec = LoadSpec(path, "FR", campaign_id=world.campaign_id, mapping=ColumnMap.parse("phone=phone"))
    done = await load.load_file(db, spec, now=NOON)
    assert (given_up, await _state(world, done.load_id)) == ([], LoadState.DONE)
