"""Ids made by the application: UUIDv7 (RFC 9562), so that they sort by time and need no round trip."""

import secrets
from collections.abc import Callable
from datetime import datetime
from threading import Lock
from uuid import UUID

_TAIL_BITS = 74  # rand_a (12) and rand_b (62), taken as one counter
_TAIL_MAX = (1 << _TAIL_BITS) - 1
_RAND_B_BITS = 62
_RAND_B_MASK = (1 << _RAND_B_BITS) - 1
_STEP_BITS = 32  # a random step, so that one id does not give away its neighbour


class Uuid7Source:
    """Gives ids that grow within a millisecond: RFC 9562 §6.2, method 2 (a random start, random steps).

    `bits(n)` returns n random bits; a seeded one makes a run repeatable.
    """

    def __init__(self, bits: Callable[[int], int] = secrets.randbits) -> None:
        self._bits = bits
        self._lock = Lock()
        self._millisecond = -1
        self._tail = 0

    def __call__(self, now: datetime) -> UUID:
        # Whole milliseconds by integer arithmetic: a float's rounding could move an id back by one.
        millisecond = int(now.timestamp()) * 1000 + now.microsecond // 1000
        with self._lock:
            if millisecond == self._millisecond:
                self._tail += 1 + self._bits(_STEP_BITS)
                if self._tail > _TAIL_MAX:  # cannot happen in practice: the start leaves 2^73 of room
                    raise OverflowError("more UUIDv7 in one millisecond than its random part can hold")
            else:
                self._millisecond, self._tail = millisecond, self._bits(_TAIL_BITS - 1)
            tail = self._tail
        return UUID(
            int=millisecond << 80
            | 0x7 << 76
            | (tail >> _RAND_B_BITS) << 64
            | 0b10 << 62
            | (tail & _RAND_B_MASK)
        )


uuid7 = Uuid7Source()
"""The process's own source: `uuid7(now) -> UUID`, `now` aware."""


def uuid7_floor(at: datetime) -> UUID:
    """None made at that moment or later is less: for a range of ids in place of a range of times."""
    return UUID(int=(int(at.timestamp()) * 1000 + at.microsecond // 1000) << 80)


def uuid7_time_ms(value: UUID) -> int:
    """Milliseconds since 1970 that a UUIDv7 carries."""
    return value.int >> 80
