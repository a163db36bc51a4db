"""Estimators against what they estimate."""

import numpy as np
import pytest

from dialer.pacing.curves import free_within, fresh
from dialer.pacing.durations import BINS, EDGES, WIDTHS, Durations
from dialer.pacing.inflight import InFlight
from dialer.pacing.rates import AnswerRate, Dispersion


def feed(flight: InFlight, p: float, seconds: int, per_second: int, seed: int, start: int = 0) -> None:
    """Dials at an even pace; people answer after 3 to 13 s, the others ring out at 26 s. Ends at `start +
    seconds`."""
    luck = np.random.default_rng(seed)
    ends: list[tuple[float, int, object, bool]] = []
    for second in range(start, start + seconds):
        for n in range(per_second):
            at = second + n / per_second
            while ends and ends[0][0] <= at:
                when, _, placed, answered = ends.pop(0)
                flight.advance(when)
                flight.ended(placed, when, answered)  # type: ignore[arg-type]
            flight.advance(at)
            answers = bool(luck.random() < p)
            placed = flight.dialed(at, None)
            ends.append((at + (luck.uniform(3, 13) if answers else 26.0), len(ends), placed, answers))
            ends.sort(key=lambda end: end[0])


@pytest.mark.parametrize("p", [0.1, 0.25, 0.5])
def test_the_answer_rate_is_right_though_most_young_dials_have_not_ended(p: float) -> None:
    flight = InFlight()
    feed(flight, p, 400, 5, seed=1)
    flight.refresh()
    rate = flight.estimate()
    assert abs(rate.p - p) < 3.0 * rate.error * p


def test_the_answer_rate_follows_a_jump_within_half_a_minute() -> None:
    flight = InFlight()
    feed(flight, 0.15, 400, 10, seed=2)
    flight.refresh()
    assert flight.estimate().p == pytest.approx(0.15, rel=0.2)
    feed(flight, 0.45, 30, 10, seed=3, start=400)
    assert flight.estimate().p > 0.3


def test_a_steady_answer_rate_is_not_taken_for_changed_by_chance() -> None:
    luck, rate, none = np.random.default_rng(5), AnswerRate(), np.zeros(1)
    errors = []
    for slot in range(8000):
        rate.settle(slot, 2.0, float(luck.binomial(2, 0.25)))
        if slot > 2000:
            errors.append(rate.estimate(none, none).p / 0.25 - 1.0)
    assert np.sqrt(np.mean(np.square(errors))) < 0.05


def test_an_answer_rate_from_young_dials_is_as_unsure_as_the_answer_times() -> None:
    unsure, sure = InFlight(), InFlight()
    for n in range(500):
        sure.times.add(3.0 + n / 50, True)
    errors = []
    for flight in (unsure, sure):
        feed(flight, 0.25, 10, 50, seed=4)
        errors.append(flight.estimate().error)
    assert errors[0] > 2.0 * errors[1]


def test_answer_times_come_from_dials_old_enough_to_have_ended() -> None:
    flight = InFlight()
    feed(flight, 0.4, 600, 5, seed=4)
    flight.refresh()
    by_8_seconds = flight.answered_by[32]
    assert by_8_seconds == pytest.approx(0.5, abs=0.06)
    assert flight.answered_by[-1] == pytest.approx(1.0)


def test_an_old_call_that_still_rings_is_less_likely_to_be_answered() -> None:
    flight = InFlight()
    feed(flight, 0.4, 600, 5, seed=5)
    flight.refresh()
    ever = flight.answer_table(0.4, np.ones((flight.slots, 1)))[:, 0]
    assert ever[0] == pytest.approx(0.4, abs=0.02)
    assert ever[40] < 0.25
    assert ever[80] < 0.02


def test_a_call_never_told_to_have_ended_fades_out() -> None:
    flight = InFlight()
    flight.dialed(0.0, None)
    flight.advance(1000.0)
    assert flight.by_age().sum() == 0.0


def test_longer_ringing_than_supposed_is_learned() -> None:
    flight = InFlight(ring_limit=20.0)
    placed = flight.dialed(0.0, None)
    flight.advance(45.0)
    flight.ended(placed, 45.0, False)
    assert flight.ring_limit >= 45.0


def test_steady_answers_show_no_dispersion_and_bursts_do() -> None:
    luck = np.random.default_rng(6)
    steady, bursts = Dispersion(), Dispersion()
    for _ in range(300):
        steady.add(40.0, float(luck.binomial(40, 0.25)), 0.25)
        bursts.add(40.0, float(luck.binomial(40, luck.choice([0.1, 0.4]))), 0.25)
    assert steady.spread() < 0.2
    assert 0.45 < bursts.spread() < 0.75


def test_a_lull_is_as_uncertain_as_the_long_run_and_a_rush_in_proportion() -> None:
    luck, rate = np.random.default_rng(7), AnswerRate()
    for block in range(200):
        p = luck.choice([0.1, 0.4])
        for slot in range(block * 80, block * 80 + 80):
            rate.settle(slot, 2.0, float(luck.binomial(2, p)))
    spread, long_run = rate.dispersion.spread(), 0.25
    assert spread > 0.3
    assert rate.wander(0.05) * 0.05 == pytest.approx(spread * long_run, rel=0.2)
    assert rate.wander(0.5) == spread
    assert rate.wander(0.001) <= 5.0 * spread


def test_a_steady_rate_does_not_wander_however_low_it_is_just_now() -> None:
    luck, rate = np.random.default_rng(8), AnswerRate()
    for slot in range(8000):
        rate.settle(slot, 2.0, float(luck.binomial(2, 0.25)))
    assert rate.wander(0.05) < 0.5


def test_hazards_recover_an_exponential_and_count_the_running_ones() -> None:
    luck = np.random.default_rng(7)
    talk = Durations(1, prior_mean=60.0)
    lasted = luck.exponential(50.0, 4000)
    for seconds in lasted[lasted < 40.0]:
        talk.add(float(seconds), 0)
    hazards = talk.hazards(np.full(int((lasted >= 40.0).sum()), 40.0))[0]
    young = EDGES < 38.0
    mean = float((hazards[young] * WIDTHS[young]).sum() / WIDTHS[young].sum())
    assert mean == pytest.approx(1 / 50.0, rel=0.1)


def test_a_conversation_cut_short_by_log_out_is_no_end() -> None:
    talk = Durations(1, prior_mean=60.0)
    for _ in range(500):
        talk.add(10.0, None)
    assert talk.hazards()[0][:9].max() < 0.001


def test_free_within_agrees_with_drawn_conversations() -> None:
    luck = np.random.default_rng(8)
    talk, wrapup = Durations(3, 100.0), Durations(2, 20.0)
    talks, wraps = luck.gamma(4.0, 10.0, 6000), luck.gamma(3.0, 4.0, 6000)
    for t, w in zip(talks, wraps, strict=True):
        talk.add(float(t), 1)
        wrapup.add(float(w), 0)
    from_talk, from_wrapup, _ = free_within(talk.hazards(), wrapup.hazards(), Durations(1, 5.0).hazards(), 30)
    still = talks > 30.5
    drawn = ((talks + wraps)[still] < 30.5 + 20.0).mean()
    assert from_talk[30, 20] == pytest.approx(drawn, abs=0.05)
    assert fresh(from_wrapup)[12] == pytest.approx((wraps < 12.0).mean(), abs=0.05)


def test_a_curve_never_falls_and_never_passes_one() -> None:
    empty = [Durations(n, 60.0).hazards() for n in (3, 2, 1)]
    for curve in free_within(empty[0], empty[1], empty[2], 30):
        assert curve.shape == (BINS, 31)
        assert (np.diff(curve, axis=1) >= -1e-12).all()
        assert curve.min() >= 0.0
        assert curve.max() <= 1.0
