"""`marcador simulate` as it is typed."""

from pathlib import Path

from tests.integration.marcador.command import marcador

QUICK = ("--hours", "0.3", "--shifts", "2", "--talk", "60")


def test_a_prediction_is_one_json_list_with_a_scenario_for_each_what_if(tmp_path: Path) -> None:
    ran = marcador(
        *("simulate", "--agents", "8", "--agents", "+4", "--target", "0.03", "--target", "0.01"),
        *(*QUICK, "--json"),
        cwd=tmp_path,
    )

    assert ran.code == 0, ran.err
    assert [(one["scenario"], one["agents"], one["target"]) for one in ran.json] == [
        ("as it is", 8, 0.03),
        ("12 agents", 12, 0.03),
        ("aim at 1 %", 8, 0.01),
    ]
    for one in ran.json:
        for name in ("occupancy", "abandonment", "contacts_per_hour", "calls_per_hour"):
            assert one[name]["low"] <= one[name]["mean"] <= one[name]["high"]
        assert 0 < one["occupancy"]["mean"] <= 1
    assert ran.json[1]["contacts_per_hour"]["mean"] > ran.json[0]["contacts_per_hour"]["mean"]
    assert ran.err.splitlines()[0] == "1 of 3, as it is: 2 shifts simulated"


def test_past_calls_are_drawn_from_and_the_table_fits_a_terminal(tmp_path: Path) -> None:
    calls = tmp_path / "llamadas.csv"
    lines = [f"{5 + n % 7},{40 + n},15" if n % 3 == 0 else "24,," for n in range(90)]
    calls.write_text("\n".join(["ringing_s,talk_s,wrapup_s", *lines]) + "\n")

    ran = marcador("simulate", "--agents", "8", "--calls", str(calls), *QUICK, cwd=tmp_path, COLUMNS="80")

    assert ran.code == 0, ran.err
    assert "as it is" in ran.out
    assert "█" in ran.out
    assert "…" not in ran.out
    assert max(len(line) for line in ran.out.splitlines()) <= 80


def test_what_cannot_be_simulated_ends_with_one_sentence(tmp_path: Path) -> None:
    assert "3 % are abandoned" in marcador("simulate", "--target", "3", cwd=tmp_path).sentence()
    missing = marcador("simulate", "--calls", "nada.csv", cwd=tmp_path)
    assert missing.code == 2
    assert "nada.csv" in missing.sentence()
