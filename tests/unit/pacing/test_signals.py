"""Signals are learned before they are believed, and then they count."""

import random

import numpy as np
import pytest

from dialer.pacing import Pacer, make
from dialer.pacing.inflight import InFlight
from dialer.pacing.ringing import TRUST_AFTER, Tones


def test_a_trunk_that_sends_no_ringing_tone_is_not_listened_to() -> None:
    tones = Tones()
    for _ in range(10 * TRUST_AFTER):
        tones.ended(rang=False, answered=True)
    assert not tones.trusted


def test_ringing_tones_are_believed_once_nearly_all_answers_came_after_one() -> None:
    tones = Tones()
    for _ in range(TRUST_AFTER - 1):
        tones.ended(rang=True, answered=True)
    assert not tones.trusted
    tones.ended(rang=True, answered=True)
    assert tones.trusted


def settled(rings: bool) -> InFlight:
    """Half are answered after a tone at 1 s, half fail at 3 s in silence."""
    flight = InFlight()
    for n in range(400):
        at = float(10 * n)
        flight.advance(at)
        placed = flight.dialed(at, None)
        if n % 2:
            flight.advance(at + 1.0)
            if rings:
                flight.progress(placed, at + 1.0, 180)
            flight.advance(at + 8.0)
            flight.ended(placed, at + 8.0, True)
        else:
            flight.advance(at + 3.0)
            flight.ended(placed, at + 3.0, False)
    flight.refresh()
    return flight


def chance_after_two_seconds(flight: InFlight, rings: bool) -> float:
    at = 10_000.0
    flight.advance(at)
    placed = flight.dialed(at, None)
    if rings:
        flight.advance(at + 1.0)
        flight.progress(placed, at + 1.0, 180)
    flight.advance(at + 2.0)
    table = flight.answer_table(0.5, np.ones((flight.slots, 1)))
    return float((flight.by_age() @ table)[0])


def test_a_call_that_rings_is_likelier_and_a_silent_one_less_likely_to_be_answered() -> None:
    assert chance_after_two_seconds(settled(rings=True), rings=True) > 0.9
    assert chance_after_two_seconds(settled(rings=True), rings=False) < 0.1
    assert chance_after_two_seconds(settled(rings=False), rings=False) == pytest.approx(0.5, abs=0.1)


def test_calls_with_a_better_chance_count_for_more_answers() -> None:
    flight = InFlight()
    for chance in (0.1, 0.4):
        flight.dialed(0.0, chance)
    flight.dialed(0.0, 0.4)
    flight.dialed(0.0, 0.1)
    flight.advance(1.0)
    table = flight.answer_table(0.25, np.ones((flight.slots, 1)))[:, 0]
    rows = flight.slots + 1
    by_level = {level: float(table[row * rows + 4]) for (_, level), row in flight.groups.items()}
    assert by_level[max(by_level)] > 1.5 * by_level[min(by_level)]


def talking(pacer: Pacer) -> None:
    for agent in range(4):
        pacer.ready(agent, 0.0)
        pacer.dialed(agent, 0.0)
        pacer.answered(agent, 5.0)
        pacer.connected(agent, agent, 5.0)


def test_an_agent_who_asked_for_a_pause_is_not_expected_to_be_free() -> None:
    staying, going = make("predictive", target=0.03), make("predictive", target=0.03)
    talking(staying)
    talking(going)
    for agent in range(4):
        going.leaving(agent, 6.0)
    assert staying.explain(60.0)["expected_free"] > 0.1
    assert going.explain(60.0)["expected_free"] == 0.0


def test_opening_the_form_brings_an_agent_nearer_once_it_was_seen_to_mean_so() -> None:
    pacer = make("predictive", target=0.03)
    pacer.ready("ana", 0.0)
    for call in range(60):
        at = 200.0 * call
        pacer.dialed(call, at)
        pacer.answered(call, at + 5.0)
        pacer.connected(call, "ana", at + 5.0)
        pacer.wrapup("ana", at + 105.0)
        pacer.finishing("ana", at + 145.0)
        pacer.ready("ana", at + 148.0)
    start = 200.0 * 60
    pacer.connected(60, "ana", start)
    pacer.wrapup("ana", start + 100.0)
    pacer.decide(start + 101.0, 0)
    before = pacer.explain(start + 101.0)["expected_free"]
    pacer.finishing("ana", start + 101.5)
    assert pacer.explain(start + 102.0)["expected_free"] > before


def test_it_can_be_explained_at_any_moment_also_between_a_new_kind_of_call_and_the_next_decision() -> None:
    pacer = make("predictive", target=0.03)
    luck = random.Random(1)
    for agent in range(5):
        pacer.ready(f"agent {agent}", 0.0)
    for call in range(300):
        at = 0.3 * call
        pacer.dialed(call, at, p=luck.choice([None, 0.1, 0.9, 3.0]))
        assert pacer.explain(at)["expected_answers"] >= 0
        if luck.random() < 0.7:
            pacer.progress(call, at, 180)
        if call % 3 == 0:
            pacer.decide(at, 10)
        if call > 8:
            pacer.failed(call - 8, at, "no_answer")
        assert pacer.explain(at)["expected_free"] >= 0
