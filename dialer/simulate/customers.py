"""The customers, one after another: what each of them will do if dialled."""

from dataclasses import dataclass
from math import comb

import numpy as np

from dialer.simulate.luck import BLOCK, Array, uniforms
from dialer.simulate.mix import Mix

ANSWER, DELAY, FAIL, FAIL_DELAY, TALK, WRAPUP, HOLD, RING, FINISH, FINISH_AT, CHANCE, PAST = range(12)


KEPT = 64


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
    chance: list[float]
    """The customer's own answer probability, over the average;"""
    told: list[float]
    """and as the dialer is told it."""


class Customers:
    """Drawn in blocks by hash of (seed, stream, index)."""

    def __init__(self, mix: Mix, seed: int) -> None:
        self.mix = mix
        self.seed = seed
        self.blocks: dict[int, Block] = {}

    def at(self, index: int) -> Block:
        """The block of a customer; those long past are forgotten (and drawn again, alike, if asked for)."""
        number = index // BLOCK
        block = self.blocks.get(number)
        if block is None:
            block = self.blocks[number] = self._draw(number)
            self.blocks.pop(number - KEPT, None)
        return block

    def _draw(self, number: int) -> Block:
        def draw(stream: int) -> Array:
            return uniforms(self.seed, stream, number * BLOCK)

        mix = self.mix
        chance = self._chances(draw(CHANCE))
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
            finish_at=draw(FINISH_AT).tolist(),
            chance=chance.tolist(),
            told=self._told(chance, draw(PAST)).tolist(),
        )

    def _chances(self, u: Array) -> Array:
        """Beta quantiles over their mean, by a table of the density."""
        if not self.mix.unlike:
            return np.ones_like(u)
        p = self.mix.answer(0.0)
        alpha, beta = p * self.mix.unlike, (1.0 - p) * self.mix.unlike
        x = np.linspace(0.0, 1.0, 20001)[1:-1]
        density = np.exp((alpha - 1.0) * np.log(x) + (beta - 1.0) * np.log1p(-x))
        mass = density.cumsum() / density.sum()
        return np.asarray(np.interp(u, mass, x) / p)

    def _told(self, chance: Array, u: Array) -> Array:
        """The posterior mean after `Signals.past` earlier calls, (α + answers) / (α + β + calls), over p."""
        past, unlike = self.mix.signals.past, self.mix.unlike
        if not past or not unlike:
            return chance
        p = self.mix.answer(0.0)
        own = np.minimum(p * chance, 1.0)
        mass, answers = np.zeros_like(u), np.zeros_like(u)
        for k in range(past):
            mass += comb(past, k) * own**k * (1.0 - own) ** (past - k)
            answers += u >= mass
        return np.asarray((p * unlike + answers) / (unlike + past) / p)
