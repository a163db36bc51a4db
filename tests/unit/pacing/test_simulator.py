"""The simulated floor keeps its own rules, and the pacers do on it what they promise."""

from dataclasses import replace

import numpy as np
import pytest

from dialer.pacing import make
from dialer.simulate import (
    Absence,
    Either,
    Lognormal,
    Mix,
    PastCall,
    Signals,
    always,
    forecast,
    mix_of_past,
    run,
    simple_mix,
    what_if,
)
from dialer.simulate.luck import uniforms

pytestmark = pytest.mark.slow

HOUR = 3600.0
FLOOR = Mix(10, always(0.25), Lognormal(120.0, 1.0), length=0.5 * HOUR)


def test_luck_is_a_function_of_seed_stream_and_index_alone() -> None:
    assert np.array_equal(uniforms(3, 1, 100, 50), uniforms(3, 1, 0, 200)[100:150])
    assert not np.array_equal(uniforms(3, 1, 0, 50), uniforms(3, 2, 0, 50))
    assert not np.array_equal(uniforms(3, 1, 0, 50), uniforms(4, 1, 0, 50))
    assert abs(uniforms(7, 0, 0, 100_000).mean() - 0.5) < 0.005


def test_a_lognormal_has_its_mean_and_its_bounds() -> None:
    even = (np.arange(200_000) + 0.5) / 200_000
    talk = Lognormal(120.0, 1.0).quantile(even)
    assert talk.mean() == pytest.approx(120.0, rel=0.01)
    assert talk.std() == pytest.approx(120.0, rel=0.05)
    answer = Lognormal(8.0, 0.6, 1.0, 25.0).quantile(even)
    assert answer.min() >= 1.0
    assert answer.max() <= 25.0


def test_two_kinds_of_conversation_keep_their_shares() -> None:
    even = (np.arange(100_000) + 0.5) / 100_000
    drawn = Either(0.6, Lognormal(24.0, 0.5), Lognormal(264.0, 0.5)).quantile(even)
    assert drawn.mean() == pytest.approx(0.6 * 24 + 0.4 * 264, rel=0.01)


def test_progressive_never_loses_a_customer_while_agents_stay() -> None:
    shift = run(FLOOR, make("progressive", target=0.03), 1)
    assert shift.abandoned == 0
    assert 0.55 < shift.occupancy < 0.75


def test_the_same_seed_gives_the_same_shift() -> None:
    assert run(FLOOR, make("predictive", target=0.03), 5) == run(FLOOR, make("predictive", target=0.03), 5)


def test_predictive_keeps_agents_busier_than_progressive_within_its_budget() -> None:
    floor = replace(FLOOR, length=1.5 * HOUR)
    ours = run(floor, make("predictive", target=0.03), 2)
    plain = run(floor, make("progressive", target=0.03), 2)
    assert ours.occupancy > plain.occupancy + 0.12
    assert ours.abandonment < 0.04


def test_a_lower_target_is_obeyed() -> None:
    floor = replace(FLOOR, agents=30, length=0.7 * HOUR)
    assert run(floor, make("predictive", target=0.01), 3).abandonment < 0.015


def test_no_more_lines_are_used_than_there_are() -> None:
    assert run(replace(FLOOR, lines=14), make("predictive", target=0.03), 1).most_lines == 14


@pytest.mark.parametrize(
    "mix",
    [
        replace(FLOOR, answer=always(1.0)),
        replace(FLOOR, answer=always(0.0), length=200.0),
        replace(FLOOR, answer=always(0.0), early_failures=1.0, length=100.0),
        replace(FLOOR, absences=(Absence(1.0, 600.0, 1700.0),)),
        replace(FLOOR, machines=1.0),
    ],
    ids=[
        "all answered",
        "none answered",
        "all invalid",
        "all agents leave at once",
        "all the others machines",
    ],
)
def test_hostile_floors_lose_few_calls(mix: Mix) -> None:
    shift = run(mix, make("predictive", target=0.03), 1)
    assert shift.abandoned <= max(0.06 * (shift.connected + shift.abandoned), 12)


def test_a_cold_start_of_a_large_floor_brings_no_burst() -> None:
    mix = Mix(100, always(0.25), Lognormal(120.0, 1.0), length=601.0)
    shift = run(mix, make("predictive", target=0.03), 1)
    assert shift.first_abandoned <= 0.06 * shift.first_answered


def test_agents_away_are_not_counted_as_logged_in() -> None:
    shift = run(replace(FLOOR, absences=(Absence(0.5, 300.0, 900.0),)), make("progressive", target=0.03), 1)
    assert 5 - 5 * 600 / 3600 - 0.1 < shift.hours < 5.0


def test_who_does_not_come_back_is_away_to_the_end() -> None:
    shift = run(replace(FLOOR, absences=(Absence(0.5, 300.0, HOUR),)), make("progressive", target=0.03), 1)
    assert 5.0 - 5 * 1500 / 3600 <= shift.hours < 5.0 - 5 * 1000 / 3600


def test_who_talks_through_an_absence_takes_no_second_call() -> None:
    talk = replace(FLOOR, talk=Lognormal(500.0, 0.1), absences=(Absence(1.0, 200.0, 210.0),))
    shift = run(talk, make("progressive", target=0.03), 1)
    assert shift.occupancy <= 1.0
    assert shift.hours == pytest.approx(5.0, abs=10 * 10 / 3600)


def test_knowing_each_customers_chance_makes_agents_busier() -> None:
    mix = replace(FLOOR, unlike=2.6, length=0.7 * HOUR)
    told = replace(mix, signals=Signals(chance=True))
    without = sum(run(mix, make("predictive", target=0.03), seed).occupancy for seed in range(2))
    with_it = sum(run(told, make("predictive", target=0.03), seed).occupancy for seed in range(2))
    assert with_it > without


def test_signals_never_lead_astray() -> None:
    told = replace(FLOOR, signals=Signals(finishing=True, ringing=True))
    shift = run(told, make("predictive", target=0.03), 4)
    assert shift.occupancy > 0.75
    assert shift.abandonment < 0.05


def test_a_warm_start_loses_no_more_and_begins_faster() -> None:
    pacer = make("predictive", target=0.03)
    run(replace(FLOOR, agents=50), pacer, 1)
    heir = make("predictive", target=0.03)
    heir.restore(pacer.snapshot())
    ten_minutes = replace(FLOOR, agents=50, length=601.0)
    warm, cold = run(ten_minutes, heir, 2), run(ten_minutes, make("predictive", target=0.03), 2)
    assert warm.occupancy >= cold.occupancy - 0.005
    assert warm.first_abandoned <= max(0.06 * warm.first_answered, 5)


def test_a_forecast_tells_progress_and_an_interval() -> None:
    told: list[tuple[int, int]] = []
    seen = forecast(
        simple_mix(5, 0.3, 60, 15, 0.5), shifts=3, progress=lambda done, of: told.append((done, of))
    )
    assert told == [(1, 3), (2, 3), (3, 3)]
    assert seen.occupancy.low <= seen.occupancy.mean <= seen.occupancy.high <= 1.0
    assert seen.lines >= 5
    assert seen.shifts == 3


def test_more_agents_are_busier_each() -> None:
    answers = what_if(simple_mix(5, 0.3, 60, 15, 0.4), [5, 20], shifts=1)
    assert answers[20].occupancy.mean > answers[5].occupancy.mean


def test_the_past_can_be_the_mix() -> None:
    past = [PastCall(8.0, 90.0, 20.0), PastCall(26.0), PastCall(3.0), PastCall(26.0)] * 5
    mix = mix_of_past(5, past, 1.0)
    assert mix.answer(0.0) == 0.25
    assert mix.early_failures == pytest.approx(1 / 3)
    assert forecast(mix, mode="progressive", shifts=2).contacts_per_hour.mean > 60
    with pytest.raises(ValueError, match="answered"):
        mix_of_past(5, [PastCall(26.0)], 1.0)
