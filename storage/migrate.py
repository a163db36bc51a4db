"""Numbered SQL files, applied once each and in order, each in a transaction of its own.

`NNNN_pre_room_what.sql` may run while the release before it still works; `NNNN_post_…` only after the switch.
One process migrates at a time; a file that was changed or lost after it was applied is refused.
"""

import asyncio
import hashlib
import re
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable

import asyncpg

from storage.database import Connection, translated
from storage.errors import MigrationError
from storage.queries import Queries

LOCK_S = 60.0
_LOCK_POLL_S = 0.1
_NAME = re.compile(r"(?P<number>\d{4})_(?:pre|post)_[a-z0-9]+_[a-z0-9_]+\.sql")
_SQL = Queries.load("storage", "migrate.sql")


@dataclass(frozen=True, slots=True)
class Migration:
    number: int
    name: str
    sql: str

    @property
    def checksum(self) -> str:
        return hashlib.sha256(self.sql.encode()).hexdigest()


def read_migrations(folder: Traversable | None = None) -> list[Migration]:
    """The migrations of the folder (default: the project's) in order; a badly named file is refused."""
    folder = folder if folder is not None else files("storage").joinpath("migrations")
    found: dict[int, Migration] = {}
    for file in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if not file.name.endswith(".sql"):
            continue
        match = _NAME.fullmatch(file.name)
        if match is None:
            raise MigrationError(f"{file.name} is not named NNNN_pre|post_room_what.sql")
        number = int(match["number"])
        if number in found:
            raise MigrationError(f"{found[number].name} and {file.name} have the same number")
        found[number] = Migration(number, file.name, file.read_text(encoding="utf-8"))
    return list(found.values())


async def migrate(conn: Connection, migrations: Sequence[Migration] | None = None) -> list[str]:
    """Bring the database up to date; returns the names applied now. `conn` must not be in a transaction."""
    known = read_migrations() if migrations is None else migrations
    with translated():
        async with _alone(conn):
            await conn.execute(_SQL.create_table)
            rows = await conn.fetch(_SQL.applied)
            waiting = pending(known, {row["number"]: (row["name"], row["checksum"]) for row in rows})
            for migration in waiting:
                await _apply(conn, migration)
    return [migration.name for migration in waiting]


async def unapplied(conn: Connection) -> list[str]:
    """The names of the migrations this database still lacks; changes nothing."""
    known = read_migrations()
    if await conn.fetchval("SELECT to_regclass('schema_migration') IS NULL"):
        return [migration.name for migration in known]
    rows = await conn.fetch(_SQL.applied)
    waiting = pending(known, {row["number"]: (row["name"], row["checksum"]) for row in rows})
    return [migration.name for migration in waiting]


def pending(known: Sequence[Migration], applied: dict[int, tuple[str, str]]) -> list[Migration]:
    """What is still to be applied; `applied` is number → (name, checksum). Refuses histories that differ."""
    on_disk = {migration.number: migration for migration in known}
    for number, (name, checksum) in applied.items():
        if number not in on_disk:
            raise MigrationError(
                f"{name} was applied to this database, but its file is missing (older release?)"
            )
        if on_disk[number].checksum != checksum:
            raise MigrationError(f"{name} was changed after it was applied: write a new migration instead")
    newest = max(applied, default=-1)
    waiting = [migration for migration in known if migration.number not in applied]
    for migration in waiting:
        if migration.number < newest:
            raise MigrationError(f"{migration.name} comes late: {applied[newest][0]} was already applied")
    return waiting


async def _apply(conn: Connection, migration: Migration) -> None:
    try:
        async with conn.transaction():
            await conn.execute(migration.sql)
            await conn.execute(_SQL.record, migration.number, migration.name, migration.checksum)
    except asyncpg.PostgresError as error:
        raise MigrationError(f"{migration.name}: {error}") from error


@asynccontextmanager
async def _alone(conn: Connection) -> AsyncIterator[None]:
    """One migrating process per database; the lock ends with the connection, whatever happens."""
    loop = asyncio.get_running_loop()
    end = loop.time() + LOCK_S
    while not await conn.fetchval(_SQL.try_lock):
        if loop.time() > end:
            raise MigrationError(f"another process has been migrating this database for {LOCK_S:g} s")
        await asyncio.sleep(_LOCK_POLL_S)
    try:
        yield
    finally:
        if not conn.is_closed():
            await conn.execute(_SQL.unlock)
