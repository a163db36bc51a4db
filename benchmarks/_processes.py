"""Processor time of processes, from /proc."""

import os
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")


def seconds(pid: int) -> float:
    """What the process itself has used."""
    return sum(_fields(pid)[11:13]) / _TICKS


def family(pid: int) -> float:
    """Of a process and its children, living and ended: a PostgreSQL server with its backends."""
    children = (int(stat.parent.name) for stat in Path("/proc").glob("[0-9]*/stat"))
    return sum(_fields(pid)[11:15]) / _TICKS + sum(_of_child(child, pid) for child in children)


def parent(pid: int) -> int:
    return _fields(pid)[1]


def _of_child(pid: int, parent: int) -> float:
    try:
        fields = _fields(pid)
    except (FileNotFoundError, ProcessLookupError):
        return 0.0  # ended just now: the parent counts it
    return sum(fields[11:13]) / _TICKS if fields[1] == parent else 0.0


def _fields(pid: int) -> list[int]:
    """proc(5), from the third on: after the command's name, which may hold blanks and brackets."""
    state, *numbers = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return [ord(state[0]), *map(int, numbers)]
