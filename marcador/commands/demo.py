"""`marcador demo`: everything at once, on people who do not exist, or on your own list and Asterisk."""

import json
import re
from pathlib import Path
from typing import Annotated
from urllib.parse import quote

import typer
from rich.console import Console

from ami.connection import Server
from lists.errors import LoadError
from lists.loading.mapping import ColumnMap
from marcador.cli import JsonOption, run, settings
from marcador.config import Config, ami_server
from marcador.demo.fiction import MAPPING, REGION, ZONE
from marcador.demo.figures import Figures
from marcador.demo.run import Demo
from marcador.demo.run import run as run_demo
from marcador.demo.setup import Mode, Plan
from marcador.errors import CannotGoOn, ConfigError
from marcador.files import readable

PLAN = Plan()
_UNITS = {"": 1.0, "s": 1.0, "m": 60.0, "h": 3600.0}


def seconds(text: str) -> float:
    """`90`, `90s`, `2m`, `1h` as seconds."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?)([smh]?)", text.strip())
    if not found:
        raise typer.BadParameter("a time reads 60s, 5m or 1h")
    return float(found[1]) * _UNITS[found[2]]


def register(app: typer.Typer) -> None:
    @app.command("demo")
    def command(
        for_: Annotated[str | None, typer.Option("--for", help="End after this time: 60s, 5m.")] = None,
        as_json: JsonOption = False,
        list_file: Annotated[
            Path | None, typer.Option("--list", help="A CSV file instead of fictional people.")
        ] = None,
        mapping: Annotated[str, typer.Option("--map", help="role=column, comma-separated.")] = MAPPING,
        delimiter: Annotated[str | None, typer.Option(help="Found by itself when not given.")] = None,
        encoding: Annotated[str | None, typer.Option(help="Found by itself when not given.")] = None,
        region: Annotated[str, typer.Option(help="How national numbers are read.")] = REGION,
        zone: Annotated[str, typer.Option(help="Where nobody knows a number's zone.")] = ZONE,
        asterisk: Annotated[
            str | None, typer.Option(help="HOST:PORT of a real one's AMI, instead of the simulated PBX.")
        ] = None,
        ami_user: Annotated[
            str, typer.Option(envvar="MARCADOR_AMI_USER", help="Of manager.conf, with --asterisk.")
        ] = "marcador",
        ami_secret: Annotated[
            str, typer.Option(envvar="MARCADOR_AMI_SECRET", help="Better given in the environment.")
        ] = "",
        trunk: Annotated[str, typer.Option(help="The trunk's dial string, with {number}.")] = PLAN.dial,
        agent_phone: Annotated[str, typer.Option(help="The agents' phones, with {code}.")] = PLAN.agent_dial,
        agents: Annotated[int, typer.Option(min=1, max=500, help="How many people work.")] = PLAN.agents,
        contacts: Annotated[int, typer.Option(min=1, max=15_000, help="Of the fictional list.")] = 500,
        mode: Annotated[Mode, typer.Option(help="How the campaign paces its calls.")] = PLAN.mode,
        port: Annotated[int, typer.Option(min=0, max=65_535, help="Of the API; 0 takes a free one.")] = 0,
    ) -> None:
        """A whole contact centre at work. Nothing to install, nothing asked; Ctrl-C ends it.

        Ten simulated agents log in through the API, get calls, see the customer's record and typify.
        """
        plan = Plan(agents=agents, mode=mode, region=region, zone=zone, dial=trunk, agent_dial=agent_phone)
        servers = [_server(asterisk, ami_user, ami_secret)] if asterisk else []
        _check_dial_strings(trunk, agent_phone)
        if list_file:
            readable(list_file)
        demo = Demo(
            plan=plan,
            servers=servers,
            list_file=list_file,
            mapping=_column_map(mapping),
            encoding=encoding,
            delimiter=delimiter,
            contacts=contacts,
            seconds=seconds(for_) if for_ else None,
        )
        run(_demo(settings(http_port=port), demo, as_json))


async def _demo(config: Config, demo: Demo, as_json: bool) -> None:
    console = None if as_json else Console()
    _tell(await run_demo(config, demo, console), as_json)


def _check_dial_strings(trunk: str, agent_phone: str) -> None:
    if "{number}" not in trunk:
        raise CannotGoOn("--trunk is a dial string with {number} in it: PJSIP/{number}@carrier")
    if "{" in agent_phone.replace("{code}", "") or "}" in agent_phone.replace("{code}", ""):
        raise CannotGoOn("--agent-phone knows {code} alone: PJSIP/{code}")


def _tell(figures: Figures, as_json: bool) -> None:
    said = figures.as_json()
    if as_json:
        typer.echo(json.dumps(said))
        return
    for name, value in said.items():
        shown = (
            ", ".join(f"{word} {count}" for word, count in value.items())
            if isinstance(value, dict)
            else value
        )
        typer.echo(f"{name.replace('_', ' ')}: {shown}")


def _column_map(text: str) -> ColumnMap:
    try:
        return ColumnMap.parse(text)
    except LoadError as error:
        raise CannotGoOn(str(error)) from error


def _server(address: str, user: str, secret: str) -> Server:
    if not secret:
        raise CannotGoOn("the AMI user's secret is missing: set MARCADOR_AMI_SECRET")
    try:
        return ami_server(f"ami://{quote(user, safe='')}:{quote(secret, safe='')}@{address}")
    except (ConfigError, ValueError) as error:
        raise CannotGoOn("--asterisk reads HOST:PORT") from error
