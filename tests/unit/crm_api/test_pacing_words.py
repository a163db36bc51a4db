"""Why it dials, in words: both languages say every reason there is."""

import pytest

from crm_api.pacing import words
from dialer.chance import FEATURES, Level, Standing
from dialer.live import Bound

FIGURES = {
    "idle": 1,
    "in_flight": 12,
    "waiting": 0,
    "expected_answers": 2.25,
    "expected_free": 3.5,
    "within": 8.0,
    "price": 0.031,
    "budget_left": 4.2,
    "target": 0.03,
    "cold": 0.0,
    "bound": "pacer",
}
SURE = Level("hour=18", 320, 112, 1.6, 1.2, 2.1)
UNSURE = Level("weekday=1", 30, 9, 1.1, 0.8, 1.5)


def test_predictive_tells_expectation_price_and_budget() -> None:
    assert words.pacing(FIGURES, "en") == [
        "Within 8 s, 2.2 answers and 3.5 free agents are expected.",
        "A call is placed while its risk of finding no agent is at most 3.1%.",
        "4 more calls may be abandoned within the 3.0%.",
    ]
    assert words.pacing(FIGURES, "es")[0] == (
        "En los próximos 8 s se esperan 2.2 respuestas y 3.5 agentes libres."
    )


def test_a_simple_mode_tells_its_counts() -> None:
    simple = {"idle": 1, "in_flight": 2, "waiting": 0, "bound": "pacer"}
    assert words.pacing(simple, "en") == ["1 free agents, 2 calls in flight, 0 customers waiting."]
    assert words.pacing({"bound": "pacer"}, "en") == []  # a pacer that failed says nothing


@pytest.mark.parametrize("bound", [Bound.CHANNELS, Bound.TRUNKS])
@pytest.mark.parametrize("language", ["es", "en"])
def test_what_holds_it_back_is_said(bound: Bound, language: str) -> None:
    said = words.pacing(FIGURES | {"bound": bound, "cold": 1.0, "budget_left": -1.0}, language)
    assert len(said) == 5
    assert len(set(said)) == 5


@pytest.mark.parametrize("language", ["es", "en"])
def test_every_standing_and_every_feature_has_words(language: str) -> None:
    said = {words.standing(standing, 600, 0.02, language) for standing in Standing}
    assert len(said) == len(Standing)
    for feature in FEATURES:
        value = "3" if feature in ("hour", "weekday", "attempts") else "main"
        assert "320" in words.level(feature, value, SURE, language)


def test_a_level_says_whether_it_is_told_from_the_average() -> None:
    assert words.level("hour", "18", SURE, "en") == (
        "At 18:00: the odds of an answer times 1.60 (1.20 to 2.10; 320 calls)."
    )
    assert (
        words.level("weekday", "1", UNSURE, "es") == "Los lunes: no se distingue del promedio (30 llamadas)."
    )
    assert words.level("past", "strange_word", UNSURE, "en").startswith("Before: strange_word:")
