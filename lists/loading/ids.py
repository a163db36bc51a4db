"""Ids for a load: millions of UUIDv7 of one moment, made thousands at a time."""

import secrets
from array import array
from datetime import datetime
from uuid import UUID

from asyncpg.pgproto.pgproto import UUID as FastUUID

_RAND_B_BITS = 62
_RAND_B = (1 << _RAND_B_BITS) - 1
_START_BITS = 73  # of the 74 random ones, so that the counter has room above it


class IdSource:
    """Growing ids, as storage.ids gives them (RFC 9562 §6.2, method 2: a random start, random steps)."""

    def __init__(self, now: datetime) -> None:
        millisecond = int(now.timestamp()) * 1000 + now.microsecond // 1000
        self._head = millisecond << 80 | 0x7 << 76 | 0b10 << _RAND_B_BITS
        self._tail = secrets.randbits(_START_BITS)

    def take(self, count: int) -> list[UUID]:
        head, tail = self._head, self._tail
        ids: list[UUID] = []
        for step in array("I", secrets.token_bytes(4 * count)):
            tail += 1 + step
            value = head | (tail >> _RAND_B_BITS) << 64 | (tail & _RAND_B)
            ids.append(FastUUID(value.to_bytes(16, "big")))
        self._tail = tail
        return ids
