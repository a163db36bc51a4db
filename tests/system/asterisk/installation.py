"""Where the real Asterisk is, and how its programs are started."""

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

_OWN_ROOT = Path(os.environ.get("MARCADOR_ASTERISK_ROOT", "/var/lib/marcador/asterisk"))


@dataclass(frozen=True, slots=True)
class Installation:
    """An Asterisk 22: a folder entered with chroot, or (`root` is `/`) the machine's own."""

    root: Path
    program: str

    def command(self, *arguments: str) -> list[str]:
        """How `asterisk` is called with these arguments."""
        if self.root == Path("/"):
            return [self.program, *arguments]
        return ["chroot", "--userspec=asterisk:asterisk", str(self.root), self.program, *arguments]

    def inside(self, path: Path) -> str:
        """A path as Asterisk sees it."""
        return f"/{path.relative_to(self.root)}"

    @property
    def runs(self) -> Path:
        """Where the folders of single runs are made: inside what Asterisk can see."""
        return Path("/tmp") if self.root == Path("/") else self.root / "srv" / "marcador"

    @property
    def modules(self) -> Path:
        """The folder of its modules."""
        found = next(self.root.glob("usr/lib/*/asterisk/modules"), None)
        return found or self.root / "usr/lib/asterisk/modules"

    def give(self, path: Path) -> None:
        """Make everything below `path` Asterisk's own."""
        if self.root == Path("/"):
            return
        passwd = (self.root / "etc/passwd").read_text()
        found = re.search(r"^asterisk:[^:]*:(\d+):(\d+):", passwd, re.MULTILINE)
        assert found, "the installation has no user named asterisk"
        for each in [path, *path.rglob("*")]:
            os.chown(each, int(found[1]), int(found[2]), follow_symlinks=False)


def find() -> Installation | None:
    """The Asterisk 22 of this machine as `make asterisk` would find it; None when there is none."""
    named = os.environ.get("MARCADOR_ASTERISK")
    if named:
        place = Path(named)
        candidates = [
            Installation(place, "asterisk") if place.is_dir() else Installation(Path("/"), str(place))
        ]
    else:
        candidates = [Installation(_OWN_ROOT, "asterisk")] if _OWN_ROOT.is_dir() else []
        if on_path := shutil.which("asterisk"):
            candidates.append(Installation(Path("/"), on_path))
    return next((each for each in candidates if _is_22(each)), None)


def why_not() -> str | None:
    """What the system tests miss on this machine, as a sentence; None when nothing."""
    if find() is None:
        return "no Asterisk 22 here: `make asterisk` as root installs one, MARCADOR_ASTERISK names another"
    if shutil.which("sipp") is None:
        return "no sipp on PATH: it plays the carrier (Debian: sip-tester)"
    return None


def _is_22(installation: Installation) -> bool:
    try:
        said = subprocess.run(installation.command("-V"), capture_output=True, text=True, timeout=10)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return said.stdout.startswith("Asterisk 22.")
