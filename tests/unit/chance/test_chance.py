"""The model of who answers: it finds the odds there are, is calibrated, and knows when it knows nothing."""

import json
import random
from datetime import UTC, datetime
from math import exp, log
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialer.chance import Chances, Standing, traits
from dialer.chance.model import LEAST, MOST

ODDS = {
    "hour": {f"hour={hour:02d}": 0.5 + 0.15 * (hour - 9) for hour in range(9, 20)},
    "phone": {"phone=mobile": 1.8, "phone=fixed": 0.7},
    "attempts": {"attempts=0": 1.4, "attempts=1": 1.0, "attempts=2": 0.6},
    "weekday": {f"weekday={day}": 1.0 for day in range(1, 6)},
}
BASE_ODDS = 1 / 3


def drawn(luck: random.Random) -> tuple[tuple[str, ...], float]:
    """The traits of one call and its true answer probability."""
    chosen = tuple(luck.choice(list(levels)) for levels in ODDS.values())
    odds = BASE_ODDS
    for trait, levels in zip(chosen, ODDS.values(), strict=True):
        odds *= levels[trait]
    return chosen, odds / (1 + odds)


def taught(calls: int, seed: int = 1) -> Chances:
    luck, model = random.Random(seed), Chances()
    for _ in range(calls):
        known, p = drawn(luck)
        model.learn(known, luck.random() < p)
    return model


def test_the_odds_that_made_the_answers_are_recovered() -> None:
    model = taught(20_000)
    found = {level.trait: level.odds for level in model.levels()}
    # Only ratios within one feature mean something: what all levels share is in the base.
    assert found["phone=mobile"] / found["phone=fixed"] == pytest.approx(1.8 / 0.7, rel=0.15)
    assert found["attempts=0"] / found["attempts=2"] == pytest.approx(1.4 / 0.6, rel=0.15)
    assert found["hour=19"] / found["hour=09"] == pytest.approx(2.0 / 0.5, rel=0.25)
    assert found["weekday=1"] / found["weekday=5"] == pytest.approx(1.0, rel=0.15)


def test_its_interval_holds_the_odds_it_names() -> None:
    levels = {level.trait: level for level in taught(5_000).levels()}
    mobile, fixed = levels["phone=mobile"], levels["phone=fixed"]
    assert mobile.low < mobile.odds < mobile.high
    assert mobile.low / fixed.high < 1.8 / 0.7 < mobile.high / fixed.low
    assert mobile.calls + fixed.calls == 5_000


def test_predictions_beat_the_average_and_are_calibrated() -> None:
    model, luck = taught(5_000), random.Random(9)
    brier = loss = average_brier = average_loss = 0.0
    deciles: list[tuple[float, bool]] = []
    for _ in range(10_000):
        known, true = drawn(luck)
        answered, p = luck.random() < true, model.predict(known)
        deciles.append((p, answered))
        brier += (p - answered) ** 2
        average_brier += (model.rate - answered) ** 2
        loss -= log(p if answered else 1 - p)
        average_loss -= log(model.rate if answered else 1 - model.rate)
    assert brier < 0.96 * average_brier
    assert loss < 0.96 * average_loss
    deciles.sort()
    for n in range(0, 10_000, 1000):
        part = deciles[n : n + 1000]
        told, came = sum(p for p, _ in part) / 1000, sum(answered for _, answered in part) / 1000
        assert told == pytest.approx(came, abs=0.06)


def test_it_is_not_believed_before_it_has_seen_enough() -> None:
    assert taught(400).standing is Standing.TOO_LITTLE
    assert taught(4_000).standing is Standing.USED


def test_it_is_not_believed_where_traits_say_nothing() -> None:
    luck, model = random.Random(3), Chances()
    standings = set()
    for n in range(10_000):
        known, _ = drawn(luck)
        model.learn(known, luck.random() < 0.25)
        if n > 1000 and n % 500 == 0:
            standings.add(model.standing)
    assert standings == {Standing.NO_BETTER}


def test_what_held_long_ago_gives_way() -> None:
    model, luck = Chances(), random.Random(5)
    for share in (0.5, 0.1):
        for _ in range(10_000):
            model.learn(("phone=mobile",), luck.random() < share)
    assert model.predict(("phone=mobile",)) == pytest.approx(0.1, abs=0.04)


def test_a_trait_never_met_says_nothing() -> None:
    model = taught(2_000)
    known, _ = drawn(random.Random(2))
    assert model.predict((*known, "past=machine")) == model.predict(known)


def test_it_goes_on_after_a_restart_as_if_nothing_had_been() -> None:
    whole, first = taught(3_000), taught(3_000)
    again = Chances()
    again.restore(json.loads(json.dumps(first.snapshot())))
    luck = random.Random(8)
    for _ in range(500):
        known, p = drawn(luck)
        answered = luck.random() < p
        whole.learn(known, answered)
        again.learn(known, answered)
    assert again.levels() == whole.levels()
    assert (again.gain, again.standing) == (whole.gain, whole.standing)


def test_a_memory_of_another_version_is_left_alone() -> None:
    model = Chances()
    model.restore({"version": 99, "base": "?"})
    assert model.calls == 0


@given(st.lists(st.tuples(st.lists(st.text(max_size=3), max_size=5), st.booleans()), max_size=60))
def test_whatever_it_is_told_it_stays_a_probability(history: list[tuple[list[str], bool]]) -> None:
    model = Chances()
    for known, answered in history:
        model.learn(known, answered)
        assert LEAST <= model.predict(known) <= MOST
    assert all(0.0 < level.odds < exp(20) for level in model.levels())


def test_traits_are_read_in_the_customers_own_time() -> None:
    at = datetime(2026, 3, 1, 23, 30, tzinfo=UTC)  # a Sunday; Monday in Paris
    known = traits(at, ZoneInfo("Europe/Paris"), attempts=3, cursor=1, phone="mobile", past={"no_answer": 2})
    assert known == (
        "hour=00",
        "weekday=1",
        "attempts=3",
        "phone=mobile",
        "number=alternative",
        "past=no_answer",
        "past=talked",
    )


def test_a_contact_never_called_has_no_past() -> None:
    known = traits(datetime(2026, 3, 2, 9, tzinfo=UTC), ZoneInfo("UTC"))
    assert known == ("hour=09", "weekday=1", "attempts=0", "phone=unknown", "number=main")
