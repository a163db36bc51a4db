"""The real Asterisk, for twenty minutes: what the simulator says of the same customers, agents and pacing.

Its figures stand in `benchmarks/results/long-*.json`. MARCADOR_LIKENESS_S makes it shorter.
"""

import os
import random
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import count, islice
from math import exp, log, sqrt
from statistics import NormalDist
from typing import cast

import numpy as np
import pytest

from dialer.campaigns import Desired
from dialer.pacing import make
from dialer.settings import Mode
from dialer.simulate import Lognormal, Mix, Shift, Uniform, always, run
from dialer.simulate.customers import Customers
from dialer.simulate.luck import BLOCK, Array
from dialer.simulate.mix import Spread
from tests.helpers import until
from tests.helpers.likeness import interval
from tests.system.asterisk.carrier import Carrier, Customer, graded
from tests.system.asterisk.installation import Installation
from tests.system.asterisk.running import running
from tests.system.asterisk.server import Asterisk
from tests.system.campaign.centre import Centre, open_centre, settings
from typifications.model import Action

LENGTH_S = float(os.environ.get("MARCADOR_LIKENESS_S", "1200"))
pytestmark = [pytest.mark.asterisk, pytest.mark.long, pytest.mark.timeout(LENGTH_S + 600)]

AGENTS, P, TARGET = 30, 0.25, 0.03
TALK_S, WRAPUP_S, RING_LIMIT_S, BUSY_AFTER_S = 30.0, 10.0, 26, 3.0
BUSY_SHARE = 0.2
SEED, SIMULATED_SHIFTS, CERTAINTY = 1, 20, 0.99
Record = Callable[[str, object], None]


def grades(mean: float, cv: float, least: float = 0.0) -> tuple[float, ...]:
    """Ten equally likely values of a lognormal: one for each digit of a number."""
    sigma = sqrt(log(1 + cv**2))
    middle = log(mean) - sigma**2 / 2
    return tuple(least + exp(middle + sigma * NormalDist().inv_cdf((n + 0.5) / 10)) for n in range(10))


RINGS, TALKS = grades(8.0, 0.6, 1.0), grades(TALK_S, 1.0)


@dataclass(frozen=True, slots=True)
class Graded:
    """The same values, as the simulator draws them."""

    values: tuple[float, ...]

    def quantile(self, u: Array) -> Array:
        chosen: Array = np.asarray(self.values)[np.minimum((u * 10).astype(int), 9)]
        return chosen


MIX = Mix(
    AGENTS,
    always(P),
    Graded(TALKS),
    wrapup=Lognormal(WRAPUP_S, 0.7),
    answer_after=Graded(RINGS),
    early_failures=BUSY_SHARE,
    early_after=Uniform(BUSY_AFTER_S, BUSY_AFTER_S),
    ring_limit=RING_LIMIT_S,
    length=LENGTH_S,
)


@dataclass(frozen=True, slots=True)
class Turned:
    """Other draws of the same distribution."""

    spread: Spread
    by: float

    def quantile(self, u: Array) -> Array:
        return self.spread.quantile((u + self.by) % 1.0)


def numbers() -> Iterator[str]:
    """The simulator's customers, in their order: ring and talk are digits of the number, its end the kind."""
    customers, met = Customers(MIX, SEED), Counter[str]()
    for index in count():
        block, k = customers.at(index), index % BLOCK
        ring, talk = RINGS.index(block.answer_after[k]), TALKS.index(block.talk[k])
        kind = Customer.SILENT
        if block.answer[k] < P:
            kind = Customer.ANSWERS
        elif block.fails_early[k] < BUSY_SHARE:
            kind = Customer.BUSY
        alike = f"{ring}{talk}{kind}"
        assert met[alike] < 100, "no number is left for such a customer"
        yield f"+33199{ring}{talk}{met[alike]:02d}{kind}"
        met[alike] += 1


@pytest.fixture
def carrier_of_all_kinds() -> Iterator[Carrier]:
    times = graded([1000 * s for s in RINGS], [1000 * s for s in TALKS], BUSY_AFTER_S)
    with running(Carrier("graded", change=times)) as one:
        yield one


@pytest.fixture
async def centre(
    installation: Installation, carrier_of_all_kinds: Carrier, database_dsn: str
) -> AsyncIterator[Centre]:
    with running(Asterisk(installation, (carrier_of_all_kinds.trunk,), ())) as asterisk:
        async with open_centre(database_dsn, asterisk, carrier_of_all_kinds) as one:
            yield one


@pytest.fixture(scope="module")
def told() -> list[Shift]:
    """What the simulator says of these customers and other wrap-ups; before the centre opens, whose loop must
    not stand still for it."""
    mixes = [replace(MIX, wrapup=Turned(MIX.wrapup, n / SIMULATED_SHIFTS)) for n in range(SIMULATED_SHIFTS)]
    return [run(mix, make("predictive", target=TARGET), SEED) for mix in mixes]


async def test_twenty_minutes_on_asterisk_lie_within_the_simulators_interval(
    told: list[Shift], centre: Centre, record_property: Record
) -> None:
    """Wrap-ups differ from run to run: one in a hundred may lie outside; the 95 % are recorded too."""
    began = await a_floor_at_work(centre)
    await centre.clock.sleep(LENGTH_S)
    occupancy, connected, abandoned = await what_came_of_it(centre, began)
    abandonment = abandoned / (connected + abandoned)
    occupancies, abandonments = (
        [shift.occupancy for shift in told],
        [shift.abandonment for shift in told],
    )
    for name, value in (
        ("seconds", LENGTH_S),
        ("occupancy", occupancy),
        ("occupancy_interval", interval(occupancies)),
        ("abandonment", abandonment),
        ("abandonment_interval", interval(abandonments)),
        ("connected", connected),
        ("abandoned", abandoned),
        ("load_average", os.getloadavg()),
    ):
        record_property(name, value)
        print(name, value)
    least, most = interval(occupancies, CERTAINTY)
    assert least <= occupancy <= most
    assert abandonment <= interval(abandonments, CERTAINTY)[1]


async def a_floor_at_work(centre: Centre) -> datetime:
    """All agents ready, and only then the first call; when that was."""
    campaign = await centre.campaign(
        settings(
            mode=Mode.PREDICTIVE,
            target=TARGET,
            ring_timeout_s=RING_LIMIT_S,
            channels=300,
            abandon_window="shift",
            wrapup_s=600,
        )
    )
    await centre.want(campaign.id, Desired.PAUSED)
    done = await centre.result(campaign.id, Action.NO_ACTION)
    people = await centre.list_(campaign.id)
    for phone in islice(numbers(), int(4 * LENGTH_S)):
        await centre.contact(people, phone)
    luck = random.Random(2)
    sigma = sqrt(log(1 + 0.7**2))
    for n in range(AGENTS):
        desk = await centre.desk(f"{300 + n}", campaign)
        desk.typifies_everything(done, lambda: luck.lognormvariate(log(WRAPUP_S) - sigma**2 / 2, sigma))
    await centre.want(campaign.id, Desired.RUNNING)

    async def first_call() -> datetime | None:
        row = await centre.row("SELECT min(begun_at) AS at FROM attempt")
        return cast(datetime | None, row["at"])

    began = await until(first_call, 10, "the first call is placed", every=0.05)
    assert began is not None
    return began


async def what_came_of_it(centre: Centre, began: datetime) -> tuple[float, int, int]:
    """Occupancy, conversations, abandoned calls of the shift."""
    end = began + timedelta(seconds=LENGTH_S)
    await centre.clock.sleep(1)  # what happened last is written
    spans = await centre.rows(
        "SELECT from_at AS since, to_at AS until FROM agent_log WHERE state IN ('talking', 'wrapup') "
        "UNION ALL SELECT since, $1 FROM agent_presence WHERE state IN ('talking', 'wrapup')",
        end,
    )
    busy = sum(
        max((min(span["until"], end) - max(span["since"], began)).total_seconds(), 0.0) for span in spans
    )
    calls = await centre.row(
        "SELECT count(*) FILTER (WHERE connected_at < $1) AS connected, "
        "count(*) FILTER (WHERE outcome = 'abandoned') AS abandoned FROM attempt",
        end,
    )
    return busy / (AGENTS * LENGTH_S), calls["connected"], calls["abandoned"]
