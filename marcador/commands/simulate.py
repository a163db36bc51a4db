"""`marcador simulate`: what a campaign would be like, before anybody is called."""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table

from dialer.simulate import Estimate, Forecast
from marcador.charts import chart
from marcador.cli import JsonOption
from marcador.errors import CannotGoOn
from marcador.files import writable
from marcador.scenarios import Floor, Scenario, as_json, past_calls, predict, scenarios

FLOOR = Floor()
BAR = 10
Mode = Literal["progressive", "power", "predictive"]


def register(app: typer.Typer) -> None:
    @app.command("simulate")
    def command(
        agents: Annotated[
            list[str],
            typer.Option(help="How many agents. Again with 10, +5 or -5: what if there were so many?"),
        ] = [str(FLOOR.agents)],  # noqa: B006 - typer copies it
        target: Annotated[
            list[str], typer.Option(help="Abandonment aimed at: 0.03 is 3 %. Again with 0.01: what if?")
        ] = [str(FLOOR.target)],  # noqa: B006
        answer_rate: Annotated[
            float, typer.Option(min=0.01, max=1, help="Share of calls a person answers.")
        ] = FLOOR.answer_rate,
        talk: Annotated[float, typer.Option(min=1, help="Mean seconds of talk.")] = FLOOR.talk,
        wrapup: Annotated[float, typer.Option(min=0, help="Mean seconds of wrap-up.")] = FLOOR.wrapup,
        hours: Annotated[float, typer.Option(min=0.1, max=24, help="Length of the shift.")] = FLOOR.hours,
        mode: Annotated[Mode, typer.Option(help="How calls are paced.")] = "predictive",
        ratio: Annotated[float, typer.Option(min=1, help="Calls for each free agent, in mode power.")] = 1.5,
        lines: Annotated[
            int | None, typer.Option(min=1, help="The trunks' lines, where they are few.")
        ] = None,
        calls: Annotated[
            Path | None, typer.Option(help="A CSV file of past calls, to be drawn from instead of means.")
        ] = None,
        columns: Annotated[
            str,
            typer.Option(
                "--map",
                help="Its columns of seconds; talk alone, or ringing too: then an empty talk is no answer.",
            ),
        ] = "talk=talk_s,ringing=ringing_s,wrapup=wrapup_s",
        shifts: Annotated[
            int, typer.Option(min=1, max=100, help="More of them: narrower intervals, a longer wait.")
        ] = 6,
        picture: Annotated[
            Path | None, typer.Option("--chart", help="Write the comparison as a picture, an SVG file.")
        ] = None,
        as_json_: JsonOption = False,
    ) -> None:
        """Predict occupancy, abandonment, contacts an hour and lines, with the engine's own pacing.

        Every further --agents and --target is a scenario beside the first, with the same customers:
        'marcador simulate --agents 30 --agents +5 --target 0.03 --target 0.01'.
        """
        if picture is not None:
            writable(picture, "--chart")
        floor = replace(FLOOR, answer_rate=answer_rate, talk=talk, wrapup=wrapup, hours=hours)
        floor = replace(floor, mode=mode, ratio=ratio, lines=lines)
        wanted = scenarios(floor, agents, target)
        past = past_calls(calls, columns) if calls else None
        found = list(predict(wanted, past, shifts, _Progress(len(wanted))))
        if picture is not None:
            draw(picture, found)
        if as_json_:
            typer.echo(json.dumps([as_json(*one) for one in found]))
        else:
            Console().print(table(found))


def draw(file: Path, found: Sequence[tuple[Scenario, Forecast]]) -> None:
    """Raises CannotGoOn."""
    floor = found[0][0].floor
    title = f"{floor.agents} agents, {floor.mode}, aim {100 * floor.target:.3g} %"
    try:
        file.write_text(chart(title, [(scenario.name, forecast) for scenario, forecast in found]))
    except OSError as error:
        raise CannotGoOn(f"{file}: {error.strerror}") from error


class _Progress:
    """One line on standard error that rewrites itself on a terminal, and one a scenario elsewhere."""

    def __init__(self, scenarios: int) -> None:
        self._console = Console(stderr=True)
        self._scenarios = scenarios
        self._begun: list[str] = []

    def __call__(self, name: str, done: int, total: int) -> None:
        if name not in self._begun:
            self._begun.append(name)
        of = f"{len(self._begun)} of {self._scenarios}"
        if self._console.is_terminal:
            end = "\n" if done == total else "\r"
            self._console.print(f"{of}, {name}: shift {done} of {total} ", end=end, highlight=False)
        elif done == total:
            typer.echo(f"{of}, {name}: {total} shifts simulated", err=True)


def table(found: Sequence[tuple[Scenario, Forecast]]) -> Table:
    """Means with their 95 % intervals, and the occupancy drawn."""
    shown = Table(
        box=SIMPLE,
        padding=(0, 1, 0, 0),
        caption="± half of the 95 % interval; lines: the most in use at once",
    )
    for title in ("scenario", "occupancy", "", "abandoned", "contacts/h", "calls/h", "lines"):
        shown.add_column(title, justify="left" if title in ("scenario", "") else "right", no_wrap=True)
    for scenario, forecast in found:
        filled = round(forecast.occupancy.mean * BAR)
        shown.add_row(
            scenario.name,
            _percent(forecast.occupancy),
            "█" * filled + "░" * (BAR - filled),
            _percent(forecast.abandonment),
            _count(forecast.contacts_per_hour),
            _count(forecast.calls_per_hour),
            str(forecast.lines),
        )
    return shown


def _percent(estimate: Estimate) -> str:
    return f"{estimate.mean:.1%} ±{100 * (estimate.high - estimate.low) / 2:.1f}"


def _count(estimate: Estimate) -> str:
    return f"{estimate.mean:.0f} ±{(estimate.high - estimate.low) / 2:.0f}"
