"""The price of risk follows the budget."""

import pytest

from dialer.pacing import make
from dialer.pacing.budget import CHEAPEST, Budget
from dialer.pacing.predictive import Predictive


def test_what_is_left_is_the_share_allowed_less_the_calls_lost() -> None:
    budget = Budget(0.03, live_answers=200, abandonments=4)
    assert budget.left == pytest.approx(2.0)
    assert budget.open
    budget.lose()
    budget.lose()
    budget.lose()
    assert not budget.open


def test_a_loss_lowers_the_price_and_answers_raise_it_again() -> None:
    budget = Budget(0.03, live_answers=400, abandonments=10)
    before = budget.price()
    budget.lose()
    dearer = budget.price()
    assert dearer < before
    for _ in range(60):
        budget.win()
    assert budget.price() > dearer


def test_a_spent_budget_lowers_the_price_and_never_to_nothing() -> None:
    budget = Budget(0.03, live_answers=1000, abandonments=900)
    fresh = Budget(0.03)
    assert 0.0 < budget.price() < fresh.price()
    assert budget.price() >= CHEAPEST * 0.5 * fresh.price()


def test_answers_the_price_did_not_decide_on_teach_nothing_of_it() -> None:
    budget = Budget(0.03)
    before = budget.level
    for _ in range(300):
        budget.win(priced=False)
    assert budget.level == before
    assert budget.left == pytest.approx(9.0)


def test_a_floor_that_fills_for_the_first_time_teaches_nothing_of_the_price() -> None:
    pacer = Predictive(0.03)
    pacer.start.warm = True
    for agent in range(50):
        pacer.ready(agent, 0.0)
    before = pacer.money.level
    for agent in range(50):
        pacer.dialed(agent, 0.0)
        pacer.answered(agent, 5.0)
        pacer.connected(agent, agent, 5.0)
    assert pacer.money.level == before
    pacer.ready(0, 60.0)
    pacer.dialed("next", 60.0)
    pacer.answered("next", 65.0)
    pacer.connected("next", 0, 65.0)
    assert pacer.money.level > before


def test_calls_placed_before_the_floor_was_full_teach_nothing_though_they_are_lost() -> None:
    pacer = Predictive(0.03)
    for agent in range(20):
        pacer.ready(agent, 0.0)
    for call in range(30):
        pacer.dialed(call, 30.0)
        pacer.answered(call, 40.0)
    for agent in range(20):
        pacer.connected(agent, agent, 40.0)
    before = pacer.money.level
    for call in range(20, 25):
        pacer.abandoned(call, 42.0)
    assert pacer.money.level == before
    assert pacer.money.left < -4.0
    for call in range(25, 30):
        pacer.abandoned(call, 80.0)
    assert pacer.money.level < before


def test_until_the_price_decides_it_is_a_lower_one() -> None:
    pacer = Predictive(0.03)
    pacer.ready("A", 0.0)
    first = pacer.explain(0.0)["price"]
    pacer.start.warm = True
    assert first < pacer.explain(0.0)["price"]


def test_where_the_answer_rate_wanders_more_of_the_budget_is_kept_in_hand() -> None:
    budget = Budget(0.03, live_answers=1000, abandonments=24)
    assert budget.price(wander=0.5) < budget.price(wander=0.2) < budget.price()


@pytest.mark.parametrize("target", [0.005, 0.01, 0.03, 0.05])
def test_the_price_is_proportional_to_the_target(target: float) -> None:
    assert Budget(target).price() / target == pytest.approx(Budget(0.03).price() / 0.03)


def test_the_counts_of_the_legal_window_replace_those_of_the_shift() -> None:
    pacer = make("predictive", target=0.03, abandoned=9, answered=100)
    assert pacer.explain(0.0)["budget_left"] == pytest.approx(-6.0)
    pacer.budget(1, 100)
    assert pacer.explain(0.0)["budget_left"] == pytest.approx(2.0)


def test_the_target_changes_while_it_dials() -> None:
    pacer = make("predictive", target=0.03)
    before = pacer.explain(0.0)["price"]
    pacer.retarget(0.01)
    assert pacer.explain(0.0)["price"] < before


def test_the_learned_price_and_the_counts_survive_a_restart() -> None:
    pacer = make("predictive", target=0.03)
    pacer.ready("ana", 0.0)
    for call in range(200):
        at = 10.0 * call
        pacer.dialed(call, at)
        pacer.answered(call, at + 5.0)
        pacer.connected(call, "ana", at + 5.0)
        pacer.ready("ana", at + 9.0)
    heir = make("predictive", target=0.03)
    heir.restore(pacer.snapshot())
    assert heir.explain(0.0)["price"] == pytest.approx(pacer.explain(0.0)["price"])
    assert heir.explain(0.0)["budget_left"] == pytest.approx(6.0)
