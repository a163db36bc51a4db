"""Waiting for a condition instead of sleeping for a while."""

import asyncio
import inspect
import time
from collections.abc import Awaitable, Callable
from typing import Protocol, TypeVar, overload

T = TypeVar("T")

_POLL_S = 0.005


class SleepingClock(Protocol):
    async def sleep(self, seconds: float) -> None: ...


@overload
async def until(
    condition: Callable[[], Awaitable[T]],
    deadline: float = ...,
    message: str = ...,
    *,
    clock: SleepingClock | None = ...,
    every: float = ...,
) -> T: ...


@overload
async def until(
    condition: Callable[[], T],
    deadline: float = ...,
    message: str = ...,
    *,
    clock: SleepingClock | None = ...,
    every: float = ...,
) -> T: ...


async def until(
    condition: Callable[[], object],
    deadline: float = 5.0,
    message: str = "",
    *,
    clock: SleepingClock | None = None,
    every: float = _POLL_S,
) -> object:
    """Return the condition's first true value; fail when there is none for `deadline` seconds.

    With `clock` both are business seconds: a condition that comes true by the clock's timers only.
    """
    value = await _value(condition)
    if clock is not None:
        for _ in range(max(1, round(deadline / every))):
            if value:
                return value
            await clock.sleep(every)
            value = await _value(condition)
    else:
        end = time.monotonic() + deadline
        while not value and time.monotonic() < end:
            await asyncio.sleep(every)
            value = await _value(condition)
    if not value:
        raise AssertionError(
            f"not so after {deadline:g} s: {message or _source(condition)} (last: {value!r})"
        )
    return value


def until_sync(condition: Callable[[], T], deadline: float = 5.0, message: str = "") -> T:
    """The same for code without a loop."""
    end = time.monotonic() + deadline
    while not (value := condition()):
        if time.monotonic() > end:
            raise AssertionError(f"not so after {deadline:g} s: {message or _source(condition)}")
        time.sleep(_POLL_S)
    return value


async def _value(condition: Callable[[], object]) -> object:
    value = condition()
    return await value if inspect.isawaitable(value) else value


def _source(condition: Callable[[], object]) -> str:
    try:
        return " ".join(inspect.getsource(condition).split())
    except (OSError, TypeError):
        return repr(condition)
