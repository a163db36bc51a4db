"""What a PostgreSQL server says of itself in `postmaster.pid` (miscadmin.h, LOCK_FILE_LINE_*).

And whether it is still true: after a kill -9 the file stays, and its process id may be somebody else's.
"""

from pathlib import Path

_PID_LINE = 0
_PORT_LINE = 3
_STATUS_LINE = 7


def running_pid(cluster: Path) -> int | None:
    """The process that serves this cluster now, None when there is none."""
    lines = _lines(cluster)
    try:
        pid = abs(int(lines[_PID_LINE]))  # negative for a single-user server
    except (IndexError, ValueError):
        return None
    return pid if _serves(pid, cluster) else None


def ready_port(cluster: Path) -> int | None:
    """The port of a server that takes connections; None while it starts, stops or does not run."""
    lines = _lines(cluster)
    if len(lines) <= _STATUS_LINE or lines[_STATUS_LINE].strip() != "ready":
        return None
    return int(lines[_PORT_LINE]) if running_pid(cluster) is not None else None


def forget_stranger(cluster: Path) -> None:
    """Remove a `postmaster.pid` whose process is not this cluster's server.

    PostgreSQL does so by itself when no such process lives; when the number was given to another process of
    the same user it would refuse to start for ever.
    """
    if running_pid(cluster) is None:
        (cluster / "postmaster.pid").unlink(missing_ok=True)


def _lines(cluster: Path) -> list[str]:
    try:
        return (cluster / "postmaster.pid").read_text().splitlines()
    except FileNotFoundError:
        return []


def _serves(pid: int, cluster: Path) -> bool:
    # The command line, because it may be read of any user's process; the working directory may not.
    try:
        arguments = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return False
    return str(cluster).encode() in arguments
