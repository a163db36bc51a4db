"""The customers, one after another: what each of them will do if dialled."""

from dataclasses import dataclass

import numpy as np

from dialer.simulate.luck import BLOCK, uniforms
from dialer.simulate.mix import Mix

ANSWER, DELAY, FAIL, FAIL_DELAY, TALK, WRAPUP, HOLD, RING, FINISH, CHANCE = range(10)


@dataclass(frozen=True, slots=True)
class Block:
    """`BLOCK` customers, as plain lists: a list is read faster than an array."""

    answer: list[float]
    answer_after: list[float]
    fails_early: list[float]
    early_after: list[float]
    talk: list[float]
    wrapup: list[float]
    hold: list[float]
    ring: list[float]
    finish: list[float]
    finish_at: list[float]


class Customers:
    """Drawn in blocks by hash of (seed, stream, index)."""

    def __init__(self, mix: Mix, seed: int) -> None:
        self.mix = mix
        self.seed = seed
        self.number = -1
        self.block = self._draw(0)

    def at(self, index: int) -> Block:
        number = index // BLOCK
        if number != self.number:
            self.block = self._draw(number)
        return self.block

    def _draw(self, number: int) -> Block:
        self.number = number

        def draw(stream: int) -> "np.ndarray[tuple[int], np.dtype[np.float64]]":
            return uniforms(self.seed, stream, number * BLOCK)

        mix = self.mix
        return Block(
            answer=draw(ANSWER).tolist(),
            answer_after=mix.answer_after.quantile(draw(DELAY)).tolist(),
            fails_early=draw(FAIL).tolist(),
            early_after=mix.early_after.quantile(draw(FAIL_DELAY)).tolist(),
            talk=mix.talk.quantile(draw(TALK)).tolist(),
            wrapup=mix.wrapup.quantile(draw(WRAPUP)).tolist(),
            hold=mix.machine_hold.quantile(draw(HOLD)).tolist(),
            ring=(0.3 + 2.7 * draw(RING)).tolist(),
            finish=draw(FINISH).tolist(),
            finish_at=draw(CHANCE).tolist(),
        )
