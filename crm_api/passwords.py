"""Argon2 costs memory and a fifth of a second by design: in a thread, and only a few at a time."""

import asyncio

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

SHORTEST = 10
LONGEST = 200


class Passwords:
    """Hashing and checking, bounded. `hasher` is a parameter so that tests need not wait."""

    def __init__(self, hasher: PasswordHasher | None = None, *, at_once: int = 2) -> None:
        self._hasher = hasher or PasswordHasher()
        self._turn = asyncio.Semaphore(at_once)
        self._nobody: str | None = None

    async def hash(self, password: str) -> str:
        async with self._turn:
            return await asyncio.to_thread(self._hasher.hash, password)

    async def matches(self, stored: str | None, password: str) -> bool:
        """An unknown user (`stored` None) takes as long as a wrong password: the time tells nothing."""
        if stored is None:
            if self._nobody is None:
                self._nobody = await self.hash("nobody's password")
            await self._verify(self._nobody, password)
            return False
        return await self._verify(stored, password)

    async def _verify(self, stored: str, password: str) -> bool:
        async with self._turn:
            try:
                return await asyncio.to_thread(self._hasher.verify, stored, password)
            except (VerificationError, InvalidHashError):
                return False
