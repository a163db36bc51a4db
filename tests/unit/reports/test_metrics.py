"""Each formula, by a case one can check by head."""

from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialer import compliance, metrics
from dialer.compliance import Counts
from dialer.metrics import DERIVED, Figures, occupancy, rank_hours, share, wilson_lower
from dialer.outcome import Outcome

DAY = Figures(
    outcomes={"connected": 40, "abandoned": 2, "machine": 10, "gone": 8, "no_answer": 100, "busy": 40},
    talk_ms=4_000_000,
    wait_ms=8_000,
    paced_connected=38,
    paced_abandoned=2,
    interactions=40,
    untypified=4,
    right_party=20,
    successes=5,
    machines_met=1,
    measure=Decimal("12.5"),
    ready_ms=1_800_000,
    talking_ms=4_050_000,
    hold_ms=405_000,
    wrapup_ms=1_350_000,
    paused_ms=900_000,
)


CASES: dict[str, float] = {
    "attempts": 200,
    "contacts": 40,
    "answered": 60,
    "answer_rate": 0.3,
    "contact_rate": 0.2,
    "machine_rate": 10 / 60,
    "abandonment": 2 / 40,
    "right_party_rate": 0.5,
    "conversion": 0.125,
    "closing_rate": 0.25,
    "typified_rate": 0.9,
    "occupancy": 0.75,
    "worked_ms": 7_200_000,
    "contacts_per_hour": 20,
    "successes_per_hour": 2.5,
    "measure_per_hour": 6.25,
    "mean_talk_s": 100,
    "mean_hold_s": 10.125,
    "hold_share": 0.1,
    "mean_wrapup_s": 33.75,
    "mean_wait_s": 0.2,
}


@pytest.mark.parametrize(("figure", "value"), CASES.items())
def test_each_figure_follows_its_formula(figure: str, value: float) -> None:
    assert getattr(DAY, figure) == pytest.approx(value)


def test_every_derived_figure_is_checked_here_and_stated_in_the_documentation() -> None:
    text = (Path(__file__).parents[3] / "docs" / "metrics.md").read_text(encoding="utf-8")
    for name in DERIVED:
        assert f"`{name}`" in text, name
    assert set(CASES) == set(DERIVED)


def test_a_share_of_nothing_is_none_and_abandonment_of_nothing_is_zero() -> None:
    for name in set(DERIVED) - {"attempts", "contacts", "answered", "worked_ms", "abandonment"}:
        assert getattr(Figures(), name) is None, name
    assert Figures().abandonment == 0.0
    assert share(0, 5) == 0.0


def test_pauses_count_neither_as_busy_nor_as_ready() -> None:
    assert occupancy(talk=30, hold=10, wrapup=20, ready=20) == 0.75
    assert Figures(paused_ms=10).occupancy is None


def test_customers_gone_and_machines_are_in_neither_term_of_abandonment() -> None:
    noise = Figures(outcomes={"gone": 500, "machine": 500})
    assert (DAY + noise).abandonment == DAY.abandonment


counts = st.integers(0, 10_000)
some_figures = st.builds(
    Figures,
    outcomes=st.dictionaries(st.sampled_from([o.value for o in Outcome]), counts),
    talk_ms=counts,
    paced_connected=counts,
    paced_abandoned=counts,
    interactions=counts,
    measure=st.decimals(0, 1000, places=2),
    ready_ms=counts,
    talking_ms=counts,
    wrapup_ms=counts,
)


@given(st.lists(some_figures, max_size=5))
def test_the_sum_of_parts_is_the_whole(parts: list[Figures]) -> None:
    whole = metrics.total(parts)
    assert whole.attempts == sum(part.attempts for part in parts)
    assert whole.measure == sum(part.measure for part in parts)
    assert whole.worked_ms == sum(part.worked_ms for part in parts)
    assert whole.abandonment == compliance.ratio(compliance.total(part.paced for part in parts))


@given(some_figures)
def test_shares_of_calls_lie_between_nothing_and_all(found: Figures) -> None:
    for name in ("answer_rate", "contact_rate", "machine_rate", "occupancy", "abandonment"):
        value = getattr(found, name)
        assert value is None or 0 <= value <= 1, name


def test_the_pacing_counts_and_the_report_use_one_ratio() -> None:
    assert DAY.abandonment == compliance.ratio(Counts(connected=38, abandoned=2))


def test_wilsons_lower_end_agrees_with_published_values() -> None:
    # 81 of 263: Newcombe (1998), Statistics in Medicine 17, table I: 0.2553 to 0.3662; 1 of 29: 0.0061.
    assert wilson_lower(81, 263) == pytest.approx(0.2553, abs=5e-5)
    assert wilson_lower(1, 29) == pytest.approx(0.0061, abs=5e-5)
    assert wilson_lower(0, 20) == 0.0
    assert wilson_lower(3, 0) == 0.0


def test_the_best_hour_is_the_one_that_can_be_relied_on() -> None:
    ranked = rank_hours(
        {
            (1, 9): Figures(outcomes={"connected": 300, "no_answer": 700}, right_party=200),
            (2, 18): Figures(outcomes={"connected": 5, "no_answer": 5}, right_party=5),
            (3, 11): Figures(outcomes={"connected": 20, "no_answer": 20}, right_party=9),
            (4, 8): Figures(right_party=3),
        }
    )
    # 9 of 40 is the better rate, 200 of 1000 the safer one; 5 of 10 is too little to say anything.
    assert [(s.weekday, s.hour) for s in ranked] == [(1, 9), (3, 11), (2, 18)]
    assert ranked[1].rate > ranked[0].rate
    assert ranked[-1].score == 0.0
    assert ranked[-1].rate == 0.5


def test_without_results_hours_are_ranked_by_conversations() -> None:
    (only,) = rank_hours({(1, 9): Figures(outcomes={"connected": 30, "no_answer": 70})})
    assert (only.hits, only.rate) == (30, 0.3)
