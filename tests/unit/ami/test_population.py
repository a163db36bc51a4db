"""The simulated people: the same for the same seed, in the shares asked for."""

from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ami.simulator import Behaviour, Fate, Population, Shares, Spread, past_talks

NUMBERS = [f"+1555{n:07d}" for n in range(4000)]


def test_a_number_does_the_same_for_the_same_seed_in_whatever_order_it_is_called() -> None:
    first, second = Population(seed=7), Population(seed=7)
    forwards = {number: first.behaviour(number) for number in NUMBERS[:200]}
    backwards = {number: second.behaviour(number) for number in reversed(NUMBERS[:200])}
    assert forwards == backwards


def test_another_seed_and_another_try_meet_other_luck() -> None:
    people = Population(seed=7)
    fates = [people.behaviour(number).fate for number in NUMBERS]
    assert fates != [Population(seed=8).behaviour(number).fate for number in NUMBERS]
    assert fates != [people.behaviour(number, 1).fate for number in NUMBERS]


def test_calls_end_in_the_shares_asked_for() -> None:
    people = Population(seed=1)
    counts = Counter(people.behaviour(number).fate for number in NUMBERS)
    for fate, share in Shares().items():
        assert counts[fate] / len(NUMBERS) == pytest.approx(share, abs=0.03), fate


def test_shares_that_are_no_parts_of_one_are_refused() -> None:
    with pytest.raises(ValueError, match="parts of 1"):
        Shares(answer=0.9)
    with pytest.raises(ValueError, match="parts of 1"):
        Shares(answer=1.01, machine=-0.01, busy=0, no_answer=0, invalid=0, congestion=0, rejected=0)


@given(st.integers(), st.floats(0.5, 100), st.floats(0, 2))
def test_drawn_times_stay_in_their_bounds(seed: int, median: float, sigma: float) -> None:
    ring = Spread(median, sigma, low=1.0, high=40.0)
    behaviour = Population(seed=seed, ring=ring, talk=ring).behaviour("1")
    assert 1.0 <= behaviour.ring_s <= 40.0
    assert 1.0 <= behaviour.talk_s <= 40.0


def test_a_given_number_does_as_told_call_by_call_and_stays_at_the_last() -> None:
    busy, answers = Behaviour(fate=Fate.BUSY), Behaviour()
    people = Population(numbers={"1": busy, "2": [busy, answers]})
    assert [people.behaviour("1", nth) for nth in range(3)] == [busy] * 3
    assert [people.behaviour("2", nth) for nth in range(3)] == [busy, answers, answers]


def test_talk_times_come_from_past_talks(tmp_path: Path) -> None:
    path = tmp_path / "talks.csv"
    path.write_text("seconds\n12\n\n30.5\n")
    talks = past_talks(path)
    assert talks == (12.0, 30.5)
    people = Population(talk=talks)
    assert {people.behaviour(number).talk_s for number in NUMBERS[:100]} == {12.0, 30.5}


@pytest.mark.parametrize("text", ["", "seconds\n", "1\ntwo\n"])
def test_a_file_of_past_talks_that_holds_none_or_worse_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "talks.csv"
    path.write_text(text)
    with pytest.raises(ValueError, match=r"talk times|number of seconds"):
        past_talks(path)


def test_people_who_answer_are_mostly_told_from_machines() -> None:
    people = Population(seed=2, amd_wrong=0.1)
    behaviours = [people.behaviour(number) for number in NUMBERS]
    wrong = [b for b in behaviours if (b.amd.status == "MACHINE") != (b.fate is Fate.MACHINE)]
    assert len(wrong) / len(behaviours) == pytest.approx(0.1, abs=0.03)


def test_people_press_keys_by_their_shares_and_machines_press_none() -> None:
    people = Population(seed=3, presses={"1": 0.2, "9": 0.05})
    drawn = [people.behaviour(str(n)) for n in range(4000)]
    pressing = [one for one in drawn if one.fate is not Fate.MACHINE]
    for key, share in people.presses.items():
        assert abs(sum(one.presses == key for one in pressing) / len(pressing) - share) < 0.02
    assert not any(one.presses for one in drawn if one.fate is Fate.MACHINE)


def test_that_somebody_may_press_a_key_changes_nothing_else_of_anybody() -> None:
    quiet, pressing = Population(seed=3), Population(seed=3, presses={"1": 0.5})
    for number in map(str, range(200)):
        assert replace(pressing.behaviour(number), presses="") == quiet.behaviour(number)
