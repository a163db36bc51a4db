"""Which migrations are to be applied, and which histories are refused."""

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from storage.errors import MigrationError
from storage.migrate import Migration, pending, read_migrations
from storage.partitions import months_from

FIRST = Migration(1, "0001_pre_lists_tables.sql", "SELECT 1")
SECOND = Migration(2, "0002_post_lists_drop_old.sql", "SELECT 2")
THIRD = Migration(3, "0003_pre_dialer_tables.sql", "SELECT 3")


def applied(*migrations: Migration) -> dict[int, tuple[str, str]]:
    return {migration.number: (migration.name, migration.checksum) for migration in migrations}


def test_only_what_is_new_is_applied_in_order() -> None:
    assert pending([FIRST, SECOND, THIRD], applied(FIRST)) == [SECOND, THIRD]
    assert pending([FIRST], applied(FIRST)) == []


def test_a_file_changed_after_it_was_applied_is_refused() -> None:
    changed = Migration(1, FIRST.name, "SELECT 'other'")
    with pytest.raises(MigrationError, match=r"0001_pre_lists_tables.sql was changed"):
        pending([changed], applied(FIRST))


def test_a_missing_file_is_refused() -> None:
    with pytest.raises(MigrationError, match=r"0002_post_lists_drop_old.sql was applied .* missing"):
        pending([FIRST], applied(FIRST, SECOND))


def test_a_migration_older_than_the_newest_applied_is_refused() -> None:
    with pytest.raises(MigrationError, match=r"0002_post_lists_drop_old.sql comes late"):
        pending([FIRST, SECOND, THIRD], applied(FIRST, THIRD))


def test_files_are_read_in_order_and_others_left_alone(tmp_path: Path) -> None:
    for migration in (SECOND, FIRST):
        (tmp_path / migration.name).write_text(migration.sql)
    (tmp_path / "README.md").write_text("about")
    assert read_migrations(tmp_path) == [FIRST, SECOND]


@pytest.mark.parametrize("name", ["1_pre_lists_x.sql", "0001_lists_x.sql", "0001_pre_lists.sql", "x.sql"])
def test_a_badly_named_file_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("SELECT 1")
    with pytest.raises(MigrationError, match="is not named"):
        read_migrations(tmp_path)


def test_two_files_with_one_number_are_refused(tmp_path: Path) -> None:
    (tmp_path / "0001_pre_lists_x.sql").write_text("SELECT 1")
    (tmp_path / "0001_pre_dialer_x.sql").write_text("SELECT 1")
    with pytest.raises(MigrationError, match="same number"):
        read_migrations(tmp_path)


def test_the_projects_migrations_are_numbered_without_holes() -> None:
    numbers = [migration.number for migration in read_migrations()]
    assert numbers == list(range(1, len(numbers) + 1))


def test_months_run_over_the_end_of_the_year_in_utc() -> None:
    late = datetime(2026, 11, 30, 22, 0, tzinfo=timezone(timedelta(hours=-5)))  # already December in UTC
    assert list(months_from(late, 1)) == [
        (datetime(2026, 12, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)),
        (datetime(2027, 1, 1, tzinfo=UTC), datetime(2027, 2, 1, tzinfo=UTC)),
    ]
