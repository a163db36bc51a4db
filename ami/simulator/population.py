"""Who answers the phones: customers drawn from a seed, agents' phones as told. Pure.

What a number does at its n-th call depends on (seed, number, n) alone, so that two runs that dial in another
order meet the same people.
"""

import math
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path


class Fate(StrEnum):
    """What becomes of one call."""

    ANSWER = "answer"
    MACHINE = "machine"
    """Answered, by an answering machine."""
    BUSY = "busy"
    """486."""
    NO_ANSWER = "no_answer"
    """Rings until the dialer gives up."""
    INVALID = "invalid"
    """404."""
    CONGESTION = "congestion"
    """503."""
    REJECTED = "rejected"
    """Rings, then is turned away (480)."""


@dataclass(frozen=True, slots=True)
class Amd:
    """What machine detection would say, and after how long."""

    status: str = "HUMAN"
    cause: str = "HUMAN-800-800"
    took_ms: int = 900


MACHINE = Amd("MACHINE", "LONGGREETING-1600-1500", 1600)


@dataclass(frozen=True, slots=True)
class Behaviour:
    """One call's course, in seconds of business time."""

    fate: Fate = Fate.ANSWER
    setup_s: float = 0.3
    """From the INVITE to the ringing, or to the refusal of a number that never rings."""
    early_s: float | None = None
    """Early media (183) so long after the INVITE."""
    ring_s: float = 5.0
    talk_s: float = 60.0
    """From the joining to the customer's hang-up."""
    gives_up_s: float | None = None
    """Hangs up so long after the answer, if nobody came by then."""
    amd: Amd = Amd()
    opts_out: bool = False
    """Presses 9 at the message."""
    presses: str = ""
    """The keys pressed at a broadcast, one each time its audio plays."""
    presses_after_s: float = 3.0


@dataclass(frozen=True, slots=True)
class Phone:
    """An agent's phone."""

    registered: bool = True
    answers: bool = True
    setup_s: float = 0.05
    ring_s: float = 1.0


@dataclass(frozen=True, slots=True)
class Shares:
    """How the calls of one population end; together 1."""

    answer: float = 0.35
    machine: float = 0.12
    busy: float = 0.08
    no_answer: float = 0.36
    invalid: float = 0.05
    congestion: float = 0.02
    rejected: float = 0.02

    def __post_init__(self) -> None:
        shares = [share for _, share in self.items()]
        if min(shares) < 0 or not math.isclose(sum(shares), 1.0, abs_tol=1e-9):
            raise ValueError(f"shares are parts of 1, and these make {sum(shares):g}")

    def items(self) -> list[tuple[Fate, float]]:
        return [(fate, getattr(self, fate.value)) for fate in Fate]


@dataclass(frozen=True, slots=True)
class Spread:
    """Log-normal seconds around a median, cut at both ends: ring and talk times lean to the right."""

    median: float
    sigma: float = 0.5
    low: float = 0.0
    high: float = math.inf

    def draw(self, luck: random.Random) -> float:
        return min(self.high, max(self.low, luck.lognormvariate(math.log(self.median), self.sigma)))


def past_talks(path: Path) -> tuple[float, ...]:
    """Talk times from a file of past calls: seconds, one a line, under a heading or none."""
    seconds = []
    for number, line in enumerate(path.read_text().splitlines()):
        try:
            if line.strip():
                seconds.append(float(line))
        except ValueError:
            if number:
                raise ValueError(f"{path}, line {number + 1}: {line!r} is no number of seconds") from None
    if not seconds:
        raise ValueError(f"{path} holds no talk times")
    return tuple(seconds)


@dataclass(frozen=True, slots=True)
class Population:
    seed: int = 0
    shares: Shares = Shares()
    ring: Spread = Spread(median=8.0, sigma=0.6, low=1.0, high=40.0)
    talk: Spread | Sequence[float] = Spread(median=90.0, sigma=0.8, low=2.0, high=1800.0)
    """A distribution, or past talks to draw from."""
    gives_up: float = 0.05
    """Share of people who hang up on silence within `gives_up_within` seconds of their answer."""
    gives_up_within: float = 4.0
    opts_out: float = 0.02
    presses: Mapping[str, float] = field(default_factory=dict)
    """Shares of the people who press a key at a broadcast: {"1": 0.05, "9": 0.01}."""
    amd_wrong: float = 0.03
    """Share of wrong verdicts, either way."""
    numbers: Mapping[str, Behaviour | Sequence[Behaviour]] = field(default_factory=dict)
    """What given numbers do instead: always, or call by call (the last of them from then on)."""

    def behaviour(self, number: str, nth: int = 0) -> Behaviour:
        """What `number` does when it is called for the (`nth` + 1)-th time."""
        given = self.numbers.get(number)
        if isinstance(given, Behaviour):
            return given
        if given:
            return given[min(nth, len(given) - 1)]
        return self._drawn(random.Random(f"{self.seed}/{number}/{nth}"))

    def _drawn(self, luck: random.Random) -> Behaviour:
        fates, weights = zip(*self.shares.items(), strict=True)
        fate: Fate = luck.choices(fates, weights)[0]
        machine = fate is Fate.MACHINE
        wrong = luck.random() < self.amd_wrong
        return Behaviour(
            fate=fate,
            setup_s=luck.uniform(0.1, 0.6),
            ring_s=self.ring.draw(luck),
            talk_s=self.talk.draw(luck) if isinstance(self.talk, Spread) else luck.choice(self.talk),
            gives_up_s=luck.uniform(0.2, self.gives_up_within) if luck.random() < self.gives_up else None,
            amd=MACHINE if machine != wrong else Amd(),
            opts_out=luck.random() < self.opts_out,
            presses="" if machine else self._key(luck),
        )

    def _key(self, luck: random.Random) -> str:
        """Drawn last, and only where keys are pressed: nobody else's luck changes by it."""
        if not self.presses:
            return ""
        none = max(0.0, 1.0 - sum(self.presses.values()))
        return luck.choices([*self.presses, ""], [*self.presses.values(), none])[0]
