"""`marcador simulate`: a floor, and what would be if one thing were different."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from dialer.simulate import PastCall
from marcador.errors import CannotGoOn
from marcador.scenarios import Floor, as_json, mix_for, past_calls, predict, scenarios

FLOOR = Floor()
COLUMNS = "talk=duracion_s,ringing=timbre,wrapup=cierre"


def told(name: str, done: int, total: int) -> None:
    """Nobody watches."""


def test_the_first_plain_number_is_the_floor_and_each_other_one_a_scenario_beside_it() -> None:
    found = scenarios(FLOOR, ["+5", "30", "-10", "40"], ["0.03", "0.01"])

    assert [(one.name, one.floor.agents, one.floor.target) for one in found] == [
        ("as it is", 30, 0.03),
        ("35 agents", 35, 0.03),
        ("20 agents", 20, 0.03),
        ("40 agents", 40, 0.03),
        ("aim at 1 %", 30, 0.01),
    ]


def test_without_a_plain_number_the_usual_floor_is_meant() -> None:
    found = scenarios(FLOOR, ["+5"], [])

    assert [one.floor.agents for one in found] == [FLOOR.agents, FLOOR.agents + 5]


@pytest.mark.parametrize(
    ("agents", "targets", "said"),
    [
        (["ten"], ["0.03"], "'ten' cannot be simulated"),
        (["2.5"], ["0.03"], "'2.5' cannot be simulated"),
        (["20", "-20"], ["0.03"], "without agents"),
        (["0"], ["0.03"], "without agents"),
        (["20"], ["3"], "3 % are abandoned"),
        (["20"], ["0.03", "0.0"], "cannot be kept"),
        (["20"], ["-0.03"], "'-0.03' cannot be simulated"),
    ],
)
def test_what_cannot_be_simulated_is_refused(agents: list[str], targets: list[str], said: str) -> None:
    with pytest.raises(CannotGoOn, match=said):
        scenarios(FLOOR, agents, targets)


def test_past_calls_are_read_by_their_columns_and_an_empty_talk_was_no_answer(tmp_path: Path) -> None:
    file = tmp_path / "llamadas.csv"
    file.write_text("Timbre;Duracion_s;cierre\n8;120,5;20\n26;;\n3;0;\n", encoding="utf-8")

    assert past_calls(file, COLUMNS) == [PastCall(8, 120.5, 20), PastCall(26), PastCall(3)]


@pytest.mark.parametrize(
    ("content", "columns", "said"),
    [
        ("a;b\n1;2\n", COLUMNS, "has no column 'duracion_s'; it has a, b"),
        ("duracion_s\n", "talk=duracion_s", "holds no calls"),
        ("duracion_s;x\n12;\nmucho;\n", "talk=duracion_s", "line 3: 'mucho'"),
        ("duracion_s;x\n-1;\n", "talk=duracion_s", "line 2: '-1'"),
        ("duracion_s;x\n1;\n", "ringing=duracion_s", "say which columns"),
        ("duracion_s;x\n1;\n", "talk=duracion_s,mood=x", "say which columns"),
    ],
)
def test_a_file_that_cannot_be_drawn_from_is_refused_with_the_reason(
    tmp_path: Path, content: str, columns: str, said: str
) -> None:
    file = tmp_path / "llamadas.csv"
    file.write_text(content, encoding="utf-8")

    with pytest.raises(CannotGoOn, match=said):
        past_calls(file, columns)


def test_past_calls_give_the_answer_rate_too_where_some_of_them_failed() -> None:
    past = [PastCall(6, 100, 10)] * 3 + [PastCall(25)] * 7

    assert mix_for(FLOOR, past).answer(0) == pytest.approx(0.3)


@pytest.mark.parametrize(
    ("past", "said"),
    [([PastCall(6, 100)], "all of the past calls were answered"), ([PastCall(25)], "none of")],
)
def test_past_calls_that_all_went_the_same_way_say_nothing_of_the_rest(
    past: list[PastCall], said: str
) -> None:
    with pytest.raises(CannotGoOn, match=said):
        mix_for(FLOOR, past)


def test_past_talks_alone_keep_the_answer_rate_that_was_given() -> None:
    mix = mix_for(Floor(answer_rate=0.4), [PastCall(0, 60), PastCall(0), PastCall(0, 180)])

    assert mix.answer(0) == 0.4
    assert mix.talk.quantile(np.array([0.0, 1.0])).tolist() == [60.0, 180.0]


def test_progressive_abandons_nobody_and_works_less_and_few_lines_are_never_exceeded() -> None:
    floor = Floor(agents=12, hours=0.5, talk=60)
    floors = (floor, replace(floor, mode="progressive"), replace(floor, lines=9))
    wanted = [one for floor in floors for one in scenarios(floor, [], [])]

    predictive, progressive, limited = (as_json(*one) for one in predict(wanted, None, 1, told))

    assert progressive["abandonment"] == {"mean": 0.0, "low": 0.0, "high": 0.0}
    assert predictive["occupancy"]["mean"] > progressive["occupancy"]["mean"]  # type: ignore[index]
    assert 0 < limited["lines"] <= 9  # type: ignore[operator]
