"""The demo's parts: people who do not exist, agents who choose, and the screen that shows them."""

import csv
import random
from collections import Counter
from pathlib import Path
from typing import Any

import phonenumbers
import pytest
import typer
from rich.console import Console

from marcador.commands.demo import seconds
from marcador.demo import fiction
from marcador.demo.dashboard import AgentLine, Header, render
from marcador.demo.desk import called, choose
from marcador.demo.figures import Figures
from marcador.demo.results import TREE, Leaf


def node(leaf: Leaf) -> dict[str, Any]:
    """As the screen-pop carries a result."""
    result = {"id": f"id of {leaf.name}", "name": leaf.name, "action": leaf.action}
    return {"result": result, "children": [node(child) for child in leaf.children]}


def leaves(tree: tuple[Leaf, ...]) -> list[Leaf]:
    return [leaf for one in tree for leaf in (leaves(one.children) if one.children else [one])]


def test_an_agent_always_chooses_a_way_to_the_trees_end_and_in_time_every_way() -> None:
    luck = random.Random(1)
    chosen: Counter[str] = Counter()
    for _ in range(500):
        path, names, action = choose([node(leaf) for leaf in TREE], luck)
        assert path == [f"id of {name}" for name in names]
        (last,) = [leaf for leaf in leaves(TREE) if leaf.name == names[-1]]
        assert action == last.action
        chosen[names[-1]] += 1

    assert chosen.keys() == {leaf.name for leaf in leaves(TREE)}
    assert {leaf.action for leaf in leaves(TREE)} == {
        *("recall", "recall_alternate", "no_action", "do_not_call", "schedule")
    }


def test_a_result_somebody_else_added_is_chosen_from_like_the_others() -> None:
    stranger = node(Leaf("Nuevo", action="recall"))

    assert choose([stranger], random.Random(1)) == (["id of Nuevo"], ["Nuevo"], "recall")


def test_whoever_has_no_name_is_shown_by_key_or_number() -> None:
    pop = {"number": "+33199000001", "customer": {"name": "Inés", "key": "7"}}
    assert called(pop) == "Inés"
    assert called(pop | {"customer": {"name": "", "key": "7"}}) == "7"
    assert called(pop | {"customer": None}) == "+33199000001"


def test_the_fictional_list_holds_numbers_kept_for_fiction_each_once(tmp_path: Path) -> None:
    fiction.write_csv(tmp_path / "people.csv", 2000, seed=3)

    with (tmp_path / "people.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter=";"))
    numbers = [n for row in rows for n in (row["telefono"], row["telefonos_alternativos"]) if n]
    assert len(rows) == 2000
    assert len(numbers) == len(set(numbers)) > 2400
    assert all(number.startswith(fiction.FICTION_RANGES) for number in numbers)
    assert all(phonenumbers.is_possible_number(phonenumbers.parse(n, fiction.REGION)) for n in numbers)
    assert len({row["documento"] for row in rows}) == 2000


def test_the_same_seed_gives_the_same_people() -> None:
    assert list(fiction.rows(50, seed=9)) == list(fiction.rows(50, seed=9))
    assert list(fiction.rows(50, seed=9)) != list(fiction.rows(50, seed=8))


def test_the_screen_shows_calls_agents_outcomes_pops_and_abandonment() -> None:
    console = Console(width=160, record=True, file=Path("/dev/null").open("w"))  # noqa: SIM115
    figures = Figures(
        contacts=500,
        placed=120,
        answered=60,
        connected=57,
        abandoned=3,
        popped=57,
        typified=50,
        contacts_by_state={"pending": 400, "done": 70, "do_not_call": 30},
        attempts_by_outcome={"connected": 57, "busy": 9},
    )
    header = Header("Marcador demo", "http://api", "http://api/docs", [("admin", "pw-1")], "Hours are OFF.")
    agents = [AgentLine("Ana", "talking", "Inés Vega")]

    console.print(render(header, figures, "dialling", agents, ["Ana pop Inés Vega"], 61.0))

    shown = console.export_text()
    console.file.close()
    for text in (
        *("http://api/docs", "admin / pw-1", "Hours are OFF.", "100 of 500", "3  (5.0%)"),
        *("talking", "Inés Vega", "Ana pop Inés Vega", "do_not_call", "busy", "61 s"),
    ):
        assert text in shown


@pytest.mark.parametrize(
    ("text", "wanted"), [("90", 90), ("60s", 60), ("2m", 120), ("1.5h", 5400), (" 5s ", 5)]
)
def test_a_time_is_read_with_its_unit(text: str, wanted: float) -> None:
    assert seconds(text) == wanted


@pytest.mark.parametrize("text", ["", "soon", "5d", "-3s", "1e3"])
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(typer.BadParameter):
        seconds(text)
