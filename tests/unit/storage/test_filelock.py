"""Locks on files."""

from pathlib import Path

import pytest

from storage.errors import StorageError
from storage.filelock import FileLock


def test_many_may_share_and_only_the_last_gets_it_alone(tmp_path: Path) -> None:
    one, two = FileLock(tmp_path / "lock"), FileLock(tmp_path / "lock")
    one.share(1)
    two.share(1)
    one.release()
    assert not one.try_exclusive()
    two.release()
    assert one.try_exclusive()
    one.release()


def test_a_wait_for_a_lock_ends(tmp_path: Path) -> None:
    one, two = FileLock(tmp_path / "lock"), FileLock(tmp_path / "lock")
    with one.exclusive(1), pytest.raises(StorageError, match="another process has held"):
        two.share(0.05)
    two.share(1)
    two.release()


def test_locking_twice_with_one_object_is_a_mistake(tmp_path: Path) -> None:
    lock = FileLock(tmp_path / "lock")
    with lock.exclusive(1), pytest.raises(StorageError, match="already locked"):
        lock.share(1)
